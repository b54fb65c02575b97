"""What is published on one day: the versions and where each stands, and digests of what pages read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from portal.french import long_date
from portal.publish.references import read_references
from portal.publish.search_index import read_synonyms
from portal.terms import ContentError, Finding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from portal.publish.options import Options
    from portal.terms import Library, Version
    from portal.terms.library import Status

STATUS_WORDS: Mapping[Status, str] = {
    "in_force": "En vigueur",
    "past": "Remplacée",
    "future": "À venir",
    "draft": "Projet",
}


def digest(*parts: str) -> str:
    """Short digest of what a page depends on; parts cannot run into each other."""
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()


@dataclass(frozen=True, eq=False)
class Row:
    """One version in the list of versions, with the words that every page says of it."""

    version: Version
    last_day: date | None
    status: Status

    @property
    def slug(self) -> str:
        """Slug of the version, part of its addresses."""
        return self.version.slug

    @cached_property
    def url(self) -> str:
        """Address of the whole text, without prefix."""
        return f"/cgv/{self.slug}/"

    @cached_property
    def day(self) -> str:
        """``1er octobre 2018``, the day it comes into force."""
        return long_date(self.version.in_force_from)

    @property
    def dating(self) -> str:
        """Why that day counts as the day it comes into force, where the text does not say it itself."""
        return str(self.version.data.get("version", {}).get("dating", ""))

    @cached_property
    def name(self) -> str:
        """``version du 1er octobre 2018``; a draft says that it is one."""
        return f"{'projet' if self.status == 'draft' else 'version'} du {self.day}"

    @property
    def word(self) -> str:
        """``En vigueur``, ``Remplacée``, ``À venir``, ``Projet``."""
        return STATUS_WORDS[self.status]

    @cached_property
    def period(self) -> str:
        """When it is in force, as a phrase that follows « version »."""
        if self.status == "draft":
            return "jamais entré en vigueur"
        if self.last_day is not None:
            return f"en vigueur du {self.day} au {long_date(self.last_day)}"
        return f"en vigueur {'à partir du' if self.status == 'future' else 'depuis le'} {self.day}"

    @property
    def span(self) -> str:
        """The same after the word of the status: ``depuis le 1er octobre 2018``."""
        return self.period if self.status == "past" else self.period.removeprefix("en vigueur ")

    @cached_property
    def key(self) -> str:
        """Digest of what a page of this version says of it: its text, clauses, days and status."""
        return digest(self.version.digest, self.slug, str(self.last_day), self.status)


class Publication:
    """The library, seen on the day of the build. Addresses are written without the site's prefix.

    Raises:
        ContentError: when no version is in force that day, or the references or synonyms cannot be read.
    """

    def __init__(self, options: Options, library: Library) -> None:
        self.options = options
        self.library = library
        base = options.base_url.rstrip("/")
        self.base = base
        self.root = urlsplit(base).path.rstrip("/")
        self.rows = _rows(library, options.today)
        self.current = self._in_force()
        self.references = read_references(options.references) if options.references else ()
        self.synonyms = read_synonyms(library.root)
        self._by_slug = {row.slug: row for row in self.rows}

    def _in_force(self) -> Row:
        for row in self.rows:
            if row.status == "in_force":
                return row
        message = f"aucune version n'est en vigueur le {self.options.today:%d/%m/%Y} : rien à publier"
        raise ContentError([Finding("cgv", 0, message)])

    @cached_property
    def coming(self) -> tuple[Row, ...]:
        """Versions that are announced, the next one first."""
        return tuple(row for row in self.rows if row.status == "future")

    def row(self, slug: str) -> Row:
        """Return the row of a version; KeyError when there is none."""
        return self._by_slug[slug]

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """Digest of each thing a page may say that it reads."""
        files = self.library.sources
        named = {name.removesuffix(".toml"): hashlib.sha256(raw).hexdigest() for name, raw in files.items()}
        return named | {
            "terms": self.current.key,
            "history": digest(*(f"{row.slug} {row.last_day} {row.status} {row.version.sha256}" for row in self.rows)),
            "versions": digest(*(row.key for row in self.rows)),
            "coming": digest(*(row.key for row in self.coming)),
            "year": str(self.options.today.year),
            "today": self.options.today.isoformat(),
            "synonyms": digest(*(f"{word} {others}" for word, others in self.synonyms.items())),
            "references": digest(*(f"{reference.name} {reference.since}" for reference in self.references)),
        }

    @cached_property
    def quote_url(self) -> str:
        """Where « demander un devis » leads: the portal, else a mail."""
        portal = self.options.portal_url
        if portal:
            return f"{portal.rstrip('/')}/demande-de-devis"
        return f"mailto:{self.library.company.mail}?subject={quote('Demande de devis')}"


def _rows(library: Library, today: date) -> tuple[Row, ...]:
    # One pass from the last version to the first: library.last_day looks at all of them each time.
    rows: list[Row] = []
    following: date | None = None
    for version in reversed(library.versions):
        if version.draft:
            rows.append(Row(version, None, "draft"))
            continue
        last = following - timedelta(days=1) if following else None
        following = version.in_force_from
        status: Status = "in_force"
        if version.in_force_from > today:
            status = "future"
        elif last is not None and last < today:
            status = "past"
        rows.append(Row(version, last, status))
    return tuple(reversed(rows))
