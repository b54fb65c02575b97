"""A version of the CGV: its bytes, its hash, and what is read out of them on first use."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Any

from portal.terms.days import Deadline, WorkingDays
from portal.terms.figures import Definition, Figure, Note, unit_of
from portal.terms.findings import UnknownClause, UnknownFigure
from portal.terms.tariff import Tariff, read_tariff
from portal.terms.text import Article, Clause, Parts, article_slug, parse_article, repeat_suffix, split

SLUG = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})(?:-[a-z0-9]+)*")
#: Tables of clauses.toml that are not figures.
STRUCTURE = ("version", "tariff", "definitions", "notes")
DEADLINES = ("quote_validity", "invoice_dispute", "formal_notice")


@lru_cache(maxsize=512)
def parse_clauses(source: bytes) -> Mapping[str, Any]:
    """Parse a ``clauses.toml``, once for identical bytes (versions often share theirs)."""
    return tomllib.loads(source.decode())


@dataclass(frozen=True, eq=False)
class Version:
    """One version of the CGV. ``sha256`` is that of the bytes of ``cgv.md``, published as they are."""

    slug: str
    in_force_from: date
    raw: bytes
    raw_clauses: bytes
    days: WorkingDays = field(repr=False)

    @property
    def source(self) -> str:
        return self.raw.decode()

    @cached_property
    def sha256(self) -> str:
        return sha256(self.raw).hexdigest()

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the text and the clauses: changes when anything of this version does."""
        return sha256(self.raw + b"\0" + self.raw_clauses).hexdigest()

    @property
    def data(self) -> Mapping[str, Any]:
        return parse_clauses(self.raw_clauses)

    @property
    def draft(self) -> bool:
        return bool(self.data.get("version", {}).get("draft", False))

    @cached_property
    def parts(self) -> Parts:
        return split(self.source)

    @property
    def title(self) -> str:
        return self.parts.title

    @property
    def closing(self) -> str:
        return self.parts.closing

    @cached_property
    def _suffixed(self) -> tuple[tuple[int, str, str], ...]:
        """(line, chunk, suffix): an article number printed twice gets ``-bis`` (the check refuses it undeclared)."""
        seen: dict[str, int] = {}
        out = []
        for line, chunk in self.parts.chunks:
            slug = article_slug(chunk)
            out.append((line, chunk, repeat_suffix(seen.get(slug, 0))))
            seen[slug] = seen.get(slug, 0) + 1
        return tuple(out)

    @cached_property
    def articles(self) -> tuple[Article, ...]:
        return tuple(parse_article(chunk, suffix) for _, chunk, suffix in self._suffixed)

    @cached_property
    def article_slugs(self) -> tuple[str, ...]:
        """``article-1`` …, known without parsing the articles."""
        # From the headings alone: asked of every version, also when one page of 2,800 is to be made.
        seen: dict[str, int] = {}
        slugs = []
        for piece in (b"\n" + self.raw).split(b"\n## ")[1:]:
            slug = article_slug("## " + piece.partition(b"\n")[0].decode())
            slugs.append(slug + repeat_suffix(seen.get(slug, 0)))
            seen[slug] = seen.get(slug, 0) + 1
        return tuple(slugs)

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """Every clause, in the order of the text."""
        return tuple(clause for article in self.articles for clause in article.clauses)

    def article(self, slug: str) -> Article:
        """The article of this slug (``article-7``); only that one is parsed.

        Raises:
            UnknownClause: when there is none.
        """
        for _, chunk, suffix in self._suffixed:
            if article_slug(chunk) + suffix == slug:
                return parse_article(chunk, suffix)
        raise UnknownClause(f"{self.slug} : pas d'{slug}")

    @cached_property
    def _by_name(self) -> Mapping[str, Clause]:
        names: dict[str, Clause] = {}
        for clause in self.clauses:
            names.setdefault(clause.number, clause)
            names[clause.anchor] = clause
        return names

    def clause(self, name: str) -> Clause:
        """The clause of this number ("7.1.2", the first when printed twice) or anchor ("art-6-3-bis").

        Raises:
            UnknownClause: when there is none.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownClause(f"La version {self.slug} n'a pas d'article {name}.") from None

    def line(self, clause: Clause, offset: int | None = None) -> int:
        """Line of cgv.md (1-based) of a clause's heading, or of a block's ``offset`` in the same article."""
        for (first, _, _), article in zip(self._suffixed, self.articles, strict=True):
            if clause in article.clauses:
                return first + (clause.offset if offset is None else offset)
        return 0

    def permalink(self, anchor: str) -> str:
        """Address of an anchor in this version, kept for ever, without the site's prefix."""
        for article in self.articles:
            if any(clause.anchor == anchor for clause in article.clauses) or any(
                block.anchor == anchor for block in article.blocks
            ):
                return f"/cgv/{self.slug}/{article.slug}/#{anchor}"
        raise UnknownClause(f"La version {self.slug} n'a pas d'ancre {anchor}.")

    @cached_property
    def figures(self) -> Mapping[str, Figure]:
        """Every figure of ``clauses.toml``, by key; checked by :mod:`portal.terms.check`."""
        found = {}
        for key, table in self.data.items():
            unit = unit_of(table) if isinstance(table, dict) and key not in STRUCTURE else None
            if unit is None:
                continue
            clause = self.clause(str(table["article"]))
            value = table[unit] if unit == "words" else Decimal(str(table[unit]))
            found[key] = Figure(key, unit, value, clause.number, clause.anchor, table["quote"])
        return found

    def figure(self, key: str) -> Figure:
        """A figure of the text.

        Raises:
            UnknownFigure: when this version gives none of that key.
        """
        try:
            return self.figures[key]
        except KeyError:
            raise UnknownFigure(f"La version {self.slug} ne donne pas « {key} ».") from None

    def deadline(self, key: str) -> Deadline:
        """A period of the CGV in civil days (``quote_validity``, ``invoice_dispute``, ``formal_notice``)."""
        return Deadline(self.figure(key).whole, self.days, figure=self.figure(key))

    @cached_property
    def tariff(self) -> Tariff:
        where = self.data["tariff"]
        minimum = {
            mode: self.figures[f"minimum_{mode}"] for mode in ("remote", "onsite") if f"minimum_{mode}" in self.figures
        }
        return read_tariff(self.clause(where["hourly"]), self.clause(where["points"]), minimum)

    @cached_property
    def _definitions(self) -> tuple[Definition, ...]:
        found = []
        for table in self.data.get("definitions", ()):
            article = str(table.get("article", ""))
            anchor = self.clause(article).anchor if article else ""
            found.append(Definition(table["term"], tuple(table["words"]), article, anchor, table.get("quote", "")))
        return tuple(found)

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """Words that the text defines."""
        return tuple(definition for definition in self._definitions if definition.quote)

    @property
    def undefined(self) -> tuple[Definition, ...]:
        """Words that the text uses and defines nowhere."""
        return tuple(definition for definition in self._definitions if not definition.quote)

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """Editor's notes, beside the text and never inside."""
        return tuple(
            Note(clause.number, clause.anchor, table["text"])
            for table in self.data.get("notes", ())
            for clause in (self.clause(table["article"]),)
        )
