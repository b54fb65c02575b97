"""A page or a file with one address: what it reads decides when it is made again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from portal.publish.publication import Publication


def nothing(_: Publication) -> Mapping[str, Any]:
    """Give no context: the page says what the layout knows."""
    return {}


@dataclass(frozen=True, slots=True)
class FixedPage:
    """An HTML page. `reads` names entries of `Publication.sources`; every page reads the company."""

    url: str
    template: str
    reads: tuple[str, ...] = ()
    context: Callable[[Publication], Mapping[str, Any]] = nothing
    section: str = ""

    @property
    def endpoint(self) -> str:
        """Name of the view in the app."""
        return "page " + self.url

    def key(self, publication: Publication) -> str:
        """Digest of all that the page reads."""
        return _key(publication, ("company", *self.reads))


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file for programs: JSON, feed, sitemap."""

    url: str
    mimetype: str
    reads: tuple[str, ...]
    body: Callable[[Publication], str | bytes]

    @property
    def endpoint(self) -> str:
        """Name of the view in the app."""
        return "file " + self.url

    def key(self, publication: Publication) -> str:
        """Digest of all that the file reads."""
        return _key(publication, self.reads)


def _key(publication: Publication, reads: tuple[str, ...]) -> str:
    from portal.publish.publication import digest

    return digest(*(publication.sources[name] for name in reads))
