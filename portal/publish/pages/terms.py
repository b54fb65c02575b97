"""The pages of the terms: a version whole, and one page per article.

These two templates (version.html, article.html) and home.html are all that a small theme needs.
What they are given:

    row        the version: row.slug, row.url, row.day, row.period, row.status, row.word, row.name,
               row.version.sha256, row.version.title
    contents   every article of the version, in order: (url, anchor, number, title); contents_links is
               the same as links, the one of the page marked
    version.html   articles (HTML of each), closing (last line of the text), whole: True at /cgv/,
                   coming: versions that are announced (at /cgv/ only)
    article.html   article, html, definitions ((definition, its citation) ...), closing (after the last
                   article), previous, following: entries of `contents` or None
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Blueprint, abort
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape

from portal.publish.citations import Cited
from portal.publish.current import current_publication, render, row_or_404
from portal.publish.data.jsonld import version_jsonld
from portal.publish.pages.text import Word, article_html, defined_words, home_of, notes_html

if TYPE_CHECKING:
    from portal.publish.publication import Row
    from portal.terms.text import Article

terms = Blueprint("terms", __name__)


class Entry(NamedTuple):
    """An article in the table of contents."""

    url: str
    anchor: str
    number: str
    title: str


@lru_cache(maxsize=8)
def _contents(row: Row) -> tuple[Entry, ...]:
    # Made once per version, not once per page: no address is worked out in a template.
    return tuple(Entry(f"{row.url}{a.slug}/", a.anchor, a.number, a.title) for a in row.version.articles)


@lru_cache(maxsize=16)
def _links(row: Row, root: str, *, inside: bool) -> str:
    """Links to every article: to their pages, or inside the whole text. One string for a version's pages."""
    return "\n".join(
        f'<a href="{f"#{entry.anchor}" if inside else escape(root + entry.url)}">'
        f"<b>{escape(entry.number)}</b> {escape(entry.title)}</a>"
        for entry in _contents(row)
    )


@lru_cache(maxsize=16)
def _described(row: Row) -> str:
    return htmlsafe_json_dumps(version_jsonld(current_publication(), row), separators=(",", ":"))


@terms.get("/cgv/")
def in_force() -> str:
    """The version in force, whole."""
    publication = current_publication()
    return _whole(publication.current, whole=True, coming=publication.coming)


@terms.get("/cgv/<slug>/")
def version(slug: str) -> str:
    """One version, whole."""
    return _whole(row_or_404(slug), whole=False)


def _whole(row: Row, *, whole: bool, **context: Any) -> str:
    version = row.version
    defined = tuple((d, home_of(version, d)) for d in version.definitions)
    prefix = f"{row.slug}/" if whole else ""
    notes = notes_html(version, current_publication().options.portal_url)
    articles = [
        article_html(
            article,
            level=2,
            # Relative, so that versions that share an article share its HTML.
            permalink=f"{prefix}{article.slug}/",
            words=tuple(
                Word(d.words, f"#{home}") for d, home in defined if d.article.partition(".")[0] != article.number
            ),
            notes=notes,
        )
        for article in version.articles
    ]
    return render(
        "version.html", row=row, contents=_contents(row), articles=articles,
        contents_links=Markup(_links(row, "", inside=True)),  # noqa: S704  # escaped there
        closing=version.closing, whole=whole, jsonld=_described(row),
        path="/cgv/" if whole else row.url, canonical=row.url, section="/cgv/",
        **context,
    )  # fmt: skip


@terms.get("/cgv/<slug>/<article_slug>/")
def article(slug: str, article_slug: str) -> str:
    """One article of one version."""
    row = row_or_404(slug)
    contents = _contents(row)
    url = f"{row.url}{article_slug}/"
    place = next((place for place, entry in enumerate(contents) if entry.url == url), None)
    if place is None:
        abort(404)
    found = row.version.articles[place]
    definitions = _definitions(row, found)
    html = article_html(
        found,
        level=1,
        permalink="",
        words=tuple(Word(d.words, f"#def-{d.key}") for d, _ in definitions),
        notes=notes_html(row.version, current_publication().options.portal_url),
    )
    root = current_publication().root
    return render(
        "article.html", row=row, contents=contents, article=found, html=html, definitions=definitions,
        closing="" if place + 1 < len(contents) else row.version.closing,
        previous=contents[place - 1] if place else None,
        following=contents[place + 1] if place + 1 < len(contents) else None,
        jsonld=_described(row), contents_links=_here(_links(row, root, inside=False), root + url), path=url, section="/cgv/",
    )  # fmt: skip


def _here(links: str, address: str) -> Markup:
    # Not a loop over the articles for each article.
    mark = f'href="{escape(address)}"'
    return Markup(links.replace(mark, f'{mark} aria-current="page"', 1))  # noqa: S704  # escaped in _links


def _definitions(row: Row, found: Article) -> list[tuple[Any, Any]]:
    cited = Cited(row)
    return [(d, cited.at(d.anchor)) for d in defined_words(found, row.version.definitions)]
