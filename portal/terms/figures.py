"""Figures of the CGV: a value, the article it stands in, the words it is taken from."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

UNITS = ("days", "minutes", "multiple", "words")

# A figure written in letters in the text must be recognised by the check.
_LETTERS = {
    "un": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8,
    "neuf": 9, "dix": 10, "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15,
    "seize": 16, "vingt": 20, "trente": 30, "quarante": 40, "quarante-cinq": 45,
    "cinquante": 50, "soixante": 60, "quatre-vingt-dix": 90, "cent": 100,
}  # fmt: skip
_TIMES = {"une fois et demi": Decimal("1.5"), "deux fois": Decimal(2), "trois fois": Decimal(3)}


class Figure(NamedTuple):
    """One value of ``clauses.toml``. ``anchor`` is the clause's own, in this version."""

    key: str
    unit: str
    value: Decimal | str
    article: str
    anchor: str
    quote: str

    @property
    def whole(self) -> int:
        """The value as a whole number of its unit (days, minutes)."""
        return int(Decimal(self.value))


class Definition(NamedTuple):
    """A word of the CGV and where they define it; ``quote`` is empty when they do not."""

    term: str
    words: tuple[str, ...]
    article: str
    anchor: str
    quote: str

    @property
    def key(self) -> str:
        """Anchor on the glossary page: ``conditions-particulieres-cp``."""
        plain = self.term.lower().translate(str.maketrans("àâäéèêëîïôöùûüç", "aaaeeeeiioouuuc"))
        return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


class Note(NamedTuple):
    """An editor's note, shown beside the text and never inside it."""

    article: str
    anchor: str
    text: str


def unit_of(table: Mapping[str, Any]) -> str | None:
    """Which of the known units a table of ``clauses.toml`` gives, None when it gives none."""
    return next((unit for unit in UNITS if unit in table), None)


@lru_cache(maxsize=1024)
def says(quote: str, value: Decimal | str) -> bool:
    """Tell whether the quoted words say this value, in digits or in letters.

    >>> says("dans un délai de quinze jours", Decimal(15))
    True
    """
    if isinstance(value, str):
        return squeeze(value) in squeeze(quote)
    digits = {Decimal(match.replace(",", ".")) for match in re.findall(r"\d+(?:[.,]\d+)?", quote)}
    words = {Decimal(_LETTERS[word]) for word in re.findall(r"[\w-]+", quote.lower()) if word in _LETTERS}
    times = {number for phrase, number in _TIMES.items() if phrase in quote.lower()}
    return value in (digits | words | times)


@lru_cache(maxsize=4096)
def squeeze(text: str) -> str:
    """Fold every run of white space to one space: line breaks are not text."""
    return " ".join(text.split())
