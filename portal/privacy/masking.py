"""Somebody's name, address and telephone taken out of a text, word by word, and a neutral label put in their place. Pure.

Accents and capitals make no difference, nor does the order of first and last name. A part of a name alone is replaced
where it is written with a capital and nobody else of the same client (or of the staff) bears it: "claire" in
"une réponse claire" is an adjective, and a colleague of the same family name keeps theirs.
"""

import re
import unicodedata
from collections.abc import Iterable
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


@dataclass(frozen=True)
class Identity:
    """Who is looked for. ``spared``: parts of names, folded, that others bear too; ``label`` takes the place."""

    label: str
    addresses: frozenset[str]
    names: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    spared: frozenset[str] = frozenset()

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
        # In an address bar and in a quoted header an address is written otherwise.
        written = {re.escape(each).replace("@", at) for each in addresses for at in ("@", "%40", "=40")}
        yield "address", rf"(?<![\w.+\-%])(?:{'|'.join(sorted(written))})(?![\w\-]|\.\w)" if written else ""
        whole = set()
        for name in self.names:
            found = parts(name)
            if len(found) > 1:
                whole |= {
                    _BETWEEN.join(found),
                    _BETWEEN.join([*found[1:], found[0]]),
                    _BETWEEN.join([found[-1], *found[:-1]]),
                }
        local = {each.partition("@")[0] for each in addresses}
        # The first half of an address is somebody's name only when it says so.
        whole |= {re.escape(each) for each in local if any(part in each for part in self.parts) and not each.isalpha()}
        yield (
            "name",
            rf"(?<!\w)(?:{'|'.join(sorted(whole, key=lambda each: (-len(each), each)))})(?!\w)" if whole else "",
        )
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
            start, stop = places[match.start()], places[match.end()]
            if match.lastgroup == "part" and not text[start].isupper():
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
