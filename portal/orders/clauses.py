"""The clauses that the pages of an order cite, in the version that governs it (article 9: its quote's)."""

from dataclasses import dataclass

from portal.terms import Library, UnknownVersion, Version
from portal.terms.figures import Figure


@dataclass(frozen=True, slots=True)
class Clause:
    """A figure of the text, and where it stands on the site."""

    figure: Figure
    path: str

    @property
    def article(self) -> str:
        return self.figure.article


def version_of(library: Library, slug: str) -> Version | None:
    """The version that was accepted; None when its text is not published here any more."""
    try:
        return library.version(slug)
    except UnknownVersion:
        return None


def clause(version: Version | None, key: str) -> Clause | None:
    """The clause that a page cites; None where the text has none, and the page then says nothing of it."""
    held = version.figures.get(key) if version else None
    return Clause(held, version.permalink(held.anchor)) if version and held else None


def clauses(version: Version | None, *keys: str) -> dict[str, Clause | None]:
    """Several of them, by their key."""
    return {key: clause(version, key) for key in keys}
