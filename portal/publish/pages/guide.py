"""The pages that answer a reader's question from the terms: home, tariff, contact, glossary, references."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from portal.publish.citations import Cited
from portal.publish.data.jsonld import company_jsonld, site_jsonld, tariff_jsonld
from portal.publish.pages.fixed import FixedPage
from portal.publish.pages.text import home_of
from portal.terms import ContentError, Finding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from portal.publish.publication import Publication
    from portal.terms.figures import Definition


def _home(publication: Publication) -> Mapping[str, Any]:
    return {
        "row": publication.current,
        "rows": publication.rows,
        "coming": publication.coming,
        "terms": Cited(publication.current),
        "conventions": publication.library.conventions,
        "jsonld": [company_jsonld(publication), site_jsonld(publication)],
    }


def _tariff(publication: Publication) -> Mapping[str, Any]:
    return {
        "row": publication.current,
        "terms": Cited(publication.current),
        "conventions": publication.library.conventions,
        "vat": publication.library.law.vat,
        "vat_source": publication.library.law.vat_source,
        "jsonld": tariff_jsonld(publication),
    }


def _contact(publication: Publication) -> Mapping[str, Any]:
    return {
        "row": publication.current,
        "terms": Cited(publication.current),
        "jsonld": company_jsonld(publication),
    }


def _conventions(publication: Publication) -> Mapping[str, Any]:
    cited = Cited(publication.current)
    return {
        "row": publication.current,
        "conventions": [
            (convention, [cited.at(name) for name in convention.articles if cited.has_clause(name)])
            for convention in publication.library.conventions.values()
        ],
    }


@dataclass(frozen=True, slots=True)
class _Term:
    definition: Definition
    url: str
    cited: Any
    used: tuple[tuple[str, str], ...]  # (number, address) of each article that uses the word


def _glossary(publication: Publication) -> Mapping[str, Any]:
    from portal.publish.pages.text import defined_words

    row = publication.current
    version, cited = row.version, Cited(row)

    def term(definition: Definition) -> _Term:
        used = tuple(
            (article.number, f"{row.url}{article.slug}/")
            for article in version.articles
            if defined_words(article, (definition,))
        )
        if not definition.quote:
            return _Term(definition, "", None, used)
        at = cited.at(definition.anchor)
        return _Term(definition, at.url.partition("#")[0] + f"#{home_of(version, definition)}", at, used)

    return {
        "row": row,
        "defined": [term(d) for d in sorted(version.definitions, key=lambda d: d.key)],
        "undefined": [term(d) for d in sorted(version.undefined, key=lambda d: d.key)],
    }


@dataclass(frozen=True, slots=True)
class Reference:
    """A client that is named as a reference."""

    name: str
    since: str


def read_references(path: Path) -> tuple[Reference, ...]:
    """Read the file that the portal exports: ``{"references": [{"name": …, "since": "2021-03-04"}]}``.

    Raises:
        ContentError: when the file does not have that shape.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["references"]
        found = [Reference(str(entry["name"]), str(entry.get("since") or "")) for entry in entries]
        for reference in found:
            if reference.since:
                int(reference.since[:4])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ContentError(
            [Finding(str(path), 0, f'références illisibles, {{"references": [{{"name", "since"}}]}} attendu : {error}')]
        ) from error
    return tuple(sorted(found, key=lambda reference: reference.name.casefold()))


def _references(publication: Publication) -> Mapping[str, Any]:
    path = publication.options.references
    return {
        "row": publication.current,
        "terms": Cited(publication.current),
        "references": read_references(path) if path else (),
    }


def since_words(text: str) -> str:
    """``2021-03-04`` as ``2021``; a year stays a year."""
    try:
        return str(date.fromisoformat(text).year)
    except ValueError:
        return text



PAGES = (
    FixedPage("/", "home.html", ("terms", "history", "coming", "conventions"), _home),
    FixedPage("/tarifs/", "tariff.html", ("terms", "law", "conventions"), _tariff),
    FixedPage("/contact/", "contact.html", ("terms",), _contact),
    FixedPage("/conventions/", "conventions.html", ("terms", "conventions"), _conventions),
    FixedPage("/glossaire/", "glossary.html", ("terms",), _glossary),
    FixedPage("/references/", "references.html", ("terms", "references"), _references),
    FixedPage("/404.html", "404.html", (), section="/404.html"),
)
