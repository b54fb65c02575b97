"""Where a number on a page comes from: « art. 7.1.2, version du 1er octobre 2018 », linked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.french import NO_BREAK
from portal.terms import UnknownClause, UnknownFigure

if TYPE_CHECKING:
    from portal.publish.publication import Row
    from portal.terms.days import Deadline
    from portal.terms.figures import Figure
    from portal.terms.tariff import Tariff
    from portal.terms.text import Clause

_ORDINALS = ("premier", "second", "troisième", "quatrième")


@dataclass(frozen=True, slots=True)
class Citation:
    """A clause of one version: `article` is how a page names it (« 6.3 (second) »)."""

    article: str
    url: str
    version: str

    @property
    def label(self) -> str:
        """``art. 7.1.2``, with a space that does not break."""
        return f"art.{NO_BREAK}{self.article}"


class Cited:
    """One version, asked by pages: each answer can be cited."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.version = row.version

    @property
    def tariff(self) -> Tariff:
        """The tariff of this version."""
        return self.version.tariff

    def at(self, name: str) -> Citation:
        """Cite a clause by its number, or its anchor where the number is printed twice."""
        clause = self.version.clause(name)
        article = next(a for a in self.version.articles if clause in a.clauses)
        url = f"/cgv/{self.row.slug}/{article.slug}/#{clause.anchor}"
        return Citation(printed_number(clause, article.clauses), url, self.row.name)

    def has_clause(self, name: str) -> bool:
        """Tell whether this version has that clause."""
        try:
            self.version.clause(name)
        except UnknownClause:
            return False
        return True

    def figure(self, key: str) -> Figure | None:
        """Give a figure of the text, None where this version does not say it."""
        try:
            return self.version.figure(key)
        except UnknownFigure:
            return None

    def deadline(self, key: str) -> Deadline:
        """Give a period of the text."""
        return self.version.deadline(key)


def printed_number(clause: Clause, clauses: tuple[Clause, ...]) -> str:
    """Number of a clause as one says it: a number printed twice says which one."""
    twins = [other.anchor for other in clauses if other.number == clause.number]
    if len(twins) == 1:
        return clause.number
    place = twins.index(clause.anchor)
    return f"{clause.number} ({_ORDINALS[place] if place < len(_ORDINALS) else place + 1})"
