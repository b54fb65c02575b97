"""Words as the search compares them: without accents or case, cut to the French stem. Pure."""

import re
import unicodedata
from functools import lru_cache

from snowballstemmer import stemmer

LONGEST_STEM = 40
#: What a ticket is indexed by, at most: a mail of 25 MB of text is no reason to index it all.
MOST_STEMS = 5_000
_WORDS = re.compile(r"[^\W_]+")
_PIECES = re.compile(r"[^\W_]+(?:[-'’.@][^\W_]+)+")
#: Words that every text holds: they would only cost room.
STOP = frozenset(
    """a ai as au aux avec c ce ces cet cette d dans de des du elle en est et eu il ils j je l la le les leur lui m ma
    mais me mes mon n ne nos notre nous on ou par pas pour qu que qui s sa se ses son sont sur t ta te tes ton tu un
    une vos votre vous y""".split()  # noqa: SIM905 - a list of sixty literals says no more
)
_STEMMER = stemmer("french")


def fold(text: str) -> str:
    """Lower case, without accents, ligatures undone: ``Cœur d'Été`` is ``coeur d'ete``."""
    plain = text.casefold().replace("œ", "oe").replace("æ", "ae").replace("’", "'")
    return "".join(ch for ch in unicodedata.normalize("NFD", plain) if not unicodedata.combining(ch))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of one word as it is written, without its accents; numbers and references stay as they are."""
    if any(ch.isdigit() for ch in word):
        return fold(word)[:LONGEST_STEM]
    return fold(str(_STEMMER.stemWord(word.casefold())))[:LONGEST_STEM]


@lru_cache(maxsize=20_000)
def variants(word: str) -> frozenset[str]:
    """Every stem that a word may be looked for by: with its accents, without them, and with those it may have lost.

    The stemmer knows endings by their accents: "bloquées" and "bloquees" have two stems.
    """
    plain = fold(word)
    found = {stem(word), stem(plain)}
    if lost := re.fullmatch(r"(.{2,}?)ees?", plain):
        found.add(stem(f"{lost[1]}é"))
    return frozenset(found)


def stems(*texts: str) -> set[str]:
    """Every stem of some texts, stop words left out; a reference also whole (``tic-2026-0001``)."""
    found: set[str] = set()
    for text in texts:
        for match in _PIECES.finditer(text):
            found.add(fold(match[0])[:LONGEST_STEM])
        for match in _WORDS.finditer(text):
            word = fold(match[0])
            if word not in STOP:
                found |= variants(match[0])
            if len(found) >= MOST_STEMS:
                return found
    return found


def asked(query: str) -> list[str]:
    """The stems that a reader looks for, each once, in their order; a reference counts as one."""
    found: list[str] = []
    for match in re.finditer(rf"{_PIECES.pattern}|{_WORDS.pattern}", query):
        whole = match[0]
        if re.fullmatch(r"(?i)tic-\d{4}-\d{4,}", whole):
            parts = [fold(whole)]
        else:
            parts = [stem(word) for word in _WORDS.findall(whole) if fold(word) not in STOP]
        found += [part for part in parts if part not in found]
    return found[:12]
