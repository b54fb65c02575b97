"""Somebody's name, address and telephone taken out of a text, word by word, and a neutral label put in their place. Pure.

Accents and capitals make no difference, nor does the order of first and last name. A part of a name alone is replaced
where it is written with a capital and nobody else of the same client (or of the staff) bears it: "claire" in
"une réponse claire" is an adjective, and a colleague of the same family name keeps theirs. So does whoever's name or
address holds this person's: "Jean-Marc Dupont" is not Marc Dupont, nor is "Anne Marie Durand" Marie Durand.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

#: A part of a name that is shorter says too little to be looked for alone.
SHORTEST = 3
#: How many last digits of a telephone number are the same however it is written.
LAST_DIGITS = 9
#: What may stand between two parts of a name, in text, in HTML and in an address bar.
_BETWEEN = r"(?:\s+|\s?[,\-]\s?|[_.'’+]|&#0*39;|&#x27;|&nbsp;|%20|%27)"
_DIGIT = r"[\s.\-/()\u00a0\u202f]*"
_MARKS = re.compile(r"[\u0300-\u036f]")
_WORD = re.compile(r"[^\W_]+")
#: A name stands by itself: not as the end of a longer one ("Jean-Marc", "jean.marc"), nor as its beginning. A full stop
#: after it ends a sentence; a dash or a stop before it that ends no word is a list's.
_BEFORE, _AFTER = r"(?<!\w)(?<!\w[.+\-])", r"(?!\w|-\w)"
#: What two addresses may not have before and after them, to be the same.
_BEFORE_ADDRESS, _AFTER_ADDRESS = r"(?<![\w.+\-%])", r"(?![\w\-]|\.\w)"
_KEPT = "kept"


@dataclass(frozen=True)
class Identity:
    """Who is looked for. ``spared``: parts of names, folded, that others bear too; ``label`` takes the place.

    ``others``: whole names and addresses of other people, which stay what they are.
    """

    label: str
    addresses: frozenset[str]
    names: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    spared: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    @cached_property
    def parts(self) -> frozenset[str]:
        """The parts of the names that stand for this person alone, folded."""
        found = {part for name in self.names for part in parts(name) if len(part) >= SHORTEST}
        return frozenset(found - self.spared)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(f"(?P<{kind}>{words})" for kind, words in self._ways() if words), re.IGNORECASE)

    def _ways(self) -> Iterable[tuple[str, str]]:
        addresses = sorted(_folded(each)[0] for each in self.addresses)
        theirs = {each.strip().lower() for each in self.others if "@" in each} - self.addresses
        for kind, of in ((_KEPT, [_folded(each)[0] for each in sorted(theirs)]), ("address", addresses)):
            # In an address bar and in a quoted header an address is written otherwise.
            written = {re.escape(each).replace("@", at) for each in of for at in ("@", "%40", "=40")}
            yield kind, f"{_BEFORE_ADDRESS}(?:{'|'.join(sorted(written))}){_AFTER_ADDRESS}" if written else ""
        mine, kept = _orders(self.names), _orders(each for each in self.others if "@" not in each)
        for each in {each.partition("@")[0] for each in addresses}:
            # The first half of an address is somebody's name only when it says so.
            if any(part in each for part in self.parts) and not each.isalpha():
                mine.setdefault(len(parts(each)), set()).add(re.escape(each))
        # The longest first: who bears a name within another's is neither taken for them nor hides them.
        for length in sorted({*mine, *kept}, reverse=True):
            said = mine.get(length, set())
            yield f"{_KEPT}{length}", _standing(kept.get(length, set()) - said)
            yield f"name{length}", _standing(said)
        yield "part", rf"(?<!\w)(?:{'|'.join(sorted(self.parts))})(?!\w)" if self.parts else ""
        numbers = {
            digits[-LAST_DIGITS:] for phone in self.phones if len(digits := re.sub(r"\D", "", phone)) >= LAST_DIGITS
        }
        written = {rf"(?:(?:\+|00)\d\d|0)?{_DIGIT}{_DIGIT.join(each)}" for each in numbers}
        yield "phone", rf"(?<!\d)(?:{'|'.join(sorted(written))})(?!\d)" if written else ""

    @cached_property
    def _hints(self) -> frozenset[str]:
        """One of these is in every text that names this person: looked for first, at little cost."""
        names = {part for name in self.names for part in parts(name)}
        halves = {_plain(each).partition("@")[0] for each in self.addresses}
        digits = {re.sub(r"\D", "", phone)[-1:] for phone in self.phones}
        return frozenset(names | halves | digits)

    def mask(self, text: str) -> str:
        """The text without this person; the same object when it does not name them."""
        plain = _plain(text)
        if not any(hint in plain for hint in self._hints):
            return text
        folded, places = _folded(text)
        pieces, end = [], 0
        for match in self._pattern.finditer(folded):
            kind, start, stop = match.lastgroup or "", places[match.start()], places[match.end()]
            if kind.startswith(_KEPT) or (kind == "part" and not text[start].isupper()):
                continue
            pieces += [text[end:start], self.label]
            end = stop
        return self._once("".join([*pieces, text[end:]])) if pieces else text

    def _once(self, text: str) -> str:
        # "Nom <adresse>" was one person, said twice.
        label = re.escape(self.label)
        return re.sub(rf"{label}(?:,? ?(?:&lt;|[<(«])?\s?{label}(?:&gt;|[>)])?)+", self.label, text)

    def mask_all(self, value: Any) -> Any:
        """The same in every text of a JSON value."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, list):
            return [self.mask_all(inner) for inner in value]
        if isinstance(value, dict):
            return {self.mask(key): self.mask_all(inner) for key, inner in value.items()}
        return value

    def is_in(self, text: str) -> bool:
        """Whether the text names this person."""
        return self.mask(text) is not text

    def owns(self, text: str) -> bool:
        """Whether the text is one of the addresses, whatever its capitals."""
        return text.strip().lower() in self.addresses


def alike(others: Iterable[str], names: Iterable[str], addresses: Iterable[str]) -> frozenset[str]:
    """Of whole names and addresses of others, those in which something of this person's could be found."""
    mine = {part for name in names for part in parts(name)}
    within = mine | {_plain(each).partition("@")[0] for each in addresses}
    return frozenset(
        each for each in others
        if (any(one in _plain(each) for one in within) if "@" in each else not mine.isdisjoint(parts(each)))
    )  # fmt: skip


def _orders(names: Iterable[str]) -> dict[int, set[str]]:
    """How names of several parts may be written, first name first or last, by their number of parts."""
    found: dict[int, set[str]] = {}
    for name in names:
        said = parts(name)
        if len(said) > 1:
            ways = ([*said], [*said[1:], said[0]], [said[-1], *said[:-1]])
            found.setdefault(len(said), set()).update(_BETWEEN.join(each) for each in ways)
    return found


def _standing(words: Iterable[str]) -> str:
    """A pattern of any of these where it stands by itself."""
    held = sorted(words, key=lambda each: (-len(each), each))
    return f"{_BEFORE}(?:{'|'.join(held)}){_AFTER}" if held else ""


def words(value: Any) -> Iterator[str]:
    """Every text of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from words(inner)


def parts(name: str) -> list[str]:
    """The parts of a name, folded, in their order."""
    return _WORD.findall(_folded(name)[0])


def _plain(text: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKD", text).casefold())


def _folded(text: str) -> tuple[str, list[int]]:
    """A text without accents and capitals, and where each of its signs stands in the first; the end too."""
    signs: list[str] = []
    places: list[int] = []
    for index, sign in enumerate(text):
        if sign.isascii():
            signs.append(sign.lower())
            places.append(index)
            continue
        plain = unicodedata.normalize("NFKD", sign).casefold()
        for each in plain:
            if not unicodedata.combining(each):
                signs.append(each)
                places.append(index)
    places.append(len(text))
    return "".join(signs), places
