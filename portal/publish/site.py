"""Every address of the site and what each depends on, without rendering anything."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from portal.publish.app import make_app, static_files
from portal.publish.pages.guide import HOME
from portal.publish.publication import Publication, digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from portal.publish.options import Options
    from portal.publish.pages.fixed import DataFile, FixedPage
    from portal.publish.publication import Row
    from portal.terms import Library


@dataclass(frozen=True, slots=True)
class Page:
    """An address of the site.

    Shapes: `url` begins with a slash and has no prefix; it ends with one where index.html stands
    inside. `key` is the digest of all that the page's bytes depend on, beside code, theme and options.
    """

    url: str
    key: str
    group: str


class Site:
    """The site of one publication: its app, its addresses, and what could not be published."""

    def __init__(self, options: Options, library: Library) -> None:
        self.options = options
        self.library = library
        self.publication = Publication(options, library)
        self.root = self.publication.root
        self._without_pdf = ""
        if self._wants("pdf"):
            # What is not asked for is not imported.
            from portal.publish.pdf import why_unavailable

            self._without_pdf = why_unavailable()

    @property
    def notices(self) -> tuple[str, ...]:
        """What is left out of this site, and why: --strict makes an error of it."""
        return (self._without_pdf,) if self._without_pdf else ()

    @cached_property
    def app(self) -> Flask:
        """The Flask application that answers at every address."""
        return make_app(
            self.publication,
            (HOME, *self._listed),
            self._files,
            with_comparisons=bool(self._pairs),
            with_pdf=self._wants("pdf") and not self._without_pdf,
        )

    def _wants(self, group: str) -> bool:
        groups = self.options.groups
        return groups is None or group in groups

    def pages(self) -> Iterator[Page]:
        """Every address, cheaply: no template is loaded, no text parsed beyond its headings."""
        for page in self._all_pages():
            if self._wants(page.group):
                yield page

    # What is not asked for is not imported.

    @cached_property
    def _listed(self) -> tuple[FixedPage, ...]:
        if not self._wants("pages"):
            return ()
        from portal.publish.pages.listed import PAGES

        return PAGES

    @cached_property
    def _files(self) -> tuple[DataFile, ...]:
        if not self._wants("data"):
            return ()
        from portal.publish.data.listed import FILES

        return FILES

    @cached_property
    def _pairs(self) -> tuple[tuple[Row, Row], ...]:
        if not self._wants("comparisons"):
            return ()
        from portal.publish.pages.history import pairs

        return pairs(self.publication)

    def _all_pages(self) -> Iterator[Page]:
        publication = self.publication
        yield from self._terms()
        for page in self._listed:
            yield Page(page.url, page.key(publication), "pages")
        for file in self._files:
            yield Page(file.url, file.key(publication), "data")
        if self._wants("data"):
            for row in publication.rows:
                yield Page(f"/cgv/{row.slug}.json", digest("json", row.version.digest, str(row.last_day)), "data")
                yield Page(f"/cgv/{row.slug}.md", row.version.sha256, "data")
        for old, new in self._pairs:
            yield Page(f"/cgv/comparer/{old.slug}/{new.slug}/", digest(self._company, old.key, new.key), "comparisons")
        if self._wants("pdf") and not self._without_pdf:
            for row in publication.rows:
                key = digest("pdf", self._company, row.version.digest, row.slug, str(row.last_day), row.status)
                yield Page(f"/cgv/{row.slug}.pdf", key, "pdf")
        if self._wants("static"):
            static = self.options.theme / "static"
            for name in static_files(self.options.theme):
                content = (static / name).read_bytes()
                yield Page(f"/static/{name}", hashlib.sha256(content).hexdigest(), "static")

    @cached_property
    def _company(self) -> str:
        return self.publication.sources["company"]

    def _terms(self) -> Iterator[Page]:
        publication = self.publication
        yield Page("/", HOME.key(publication), "terms")
        sources = publication.sources
        yield Page("/cgv/", digest(self._company, sources["terms"], sources["coming"]), "terms")
        for row in publication.rows:
            # The version's hash stands on each of its pages, so each depends on the whole version.
            key = digest(self._company, row.key)
            yield Page(row.url, key, "terms")
            for slug in row.version.article_slugs:
                yield Page(f"{row.url}{slug}/", key, "terms")


def create_site(options: Options, library: Library) -> Site:
    """Make the site of one build."""
    return Site(options, library)
