"""What is wrong with the content, as values: every problem, never only the first."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

Level = Literal["error", "todo", "legal"]


class Finding(NamedTuple):
    """One problem: file (relative to the content), line (1-based; 0 = the whole file), message in French.

    Level ``error`` stops a build, ``todo`` is a mention still to fill in,
    ``legal`` is for staff only (see :mod:`portal.terms.lint`).
    """

    file: str
    line: int
    message: str
    level: Level = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"


class TermsError(Exception):
    """Base of every refusal of this package."""


class ContentError(TermsError):
    """The content cannot be published; ``findings`` says why, all at once."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class UnknownVersion(TermsError):
    """No published version has this slug."""


class NoVersionInForce(TermsError):
    """The day is before the first version."""


class UnknownClause(TermsError):
    """The version has no clause of this number or anchor."""


class UnknownFigure(TermsError):
    """``clauses.toml`` of this version takes no such figure from the text."""
