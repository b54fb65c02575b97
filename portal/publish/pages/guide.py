"""The pages that answer a reader's question from the terms: home, tariff, contact, glossary, references."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.publish.citations import Cited
from portal.publish.data.jsonld import company_jsonld, site_jsonld, tariff_jsonld
from portal.publish.pages.fixed import FixedPage
from portal.publish.pages.text import defined_words, home_of

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        "coming": publication.coming,
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


def _references(publication: Publication) -> Mapping[str, Any]:
    return {
        "row": publication.current,
        "terms": Cited(publication.current),
        "references": publication.references,
    }


HOME = FixedPage("/", "home.html", ("terms", "history", "coming", "conventions"), _home)
PAGES = (
    FixedPage("/tarifs/", "tariff.html", ("terms", "coming", "law", "conventions"), _tariff),
    FixedPage("/contact/", "contact.html", ("terms",), _contact),
    FixedPage("/conventions/", "conventions.html", ("terms", "conventions"), _conventions),
    FixedPage("/glossaire/", "glossary.html", ("terms",), _glossary),
    FixedPage("/references/", "references.html", ("terms", "references"), _references),
    FixedPage("/404.html", "404.html", (), section="/404.html"),
)
