"""The text of the terms as HTML: anchors, permalinks, defined words, notes beside; never another word.

Strings are put together here and not in templates: a build makes thousands of these pages. What is
the same in two versions is made once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.terms import Version
    from portal.terms.figures import Definition, Figure, Note
    from portal.terms.text import Article

_MAX_LEVEL = 6
_KEPT = 4096  # articles; more are let go at once
_SHORT_QUOTE = re.compile(r"« (?:<a [^>]*>)?[^«»<>]{1,24}(?:</a>)? »")
_TAGS_AND_LINKS = re.compile(r"(<a\b.*?</a>|<[^>]*>)", re.DOTALL)

_made: dict[tuple[object, ...], str] = {}
_found: dict[tuple[object, ...], tuple[int, ...]] = {}


@dataclass(frozen=True, slots=True)
class Word:
    """A defined word: the forms looked for in the text, and where its link leads."""

    forms: tuple[str, ...]
    target: str


def article_html(
    article: Article, *, level: int, permalink: str, words: tuple[Word, ...] = (), notes: Sequence[tuple[str, str]] = ()
) -> str:
    """One article from its own heading down; headings begin at `level` and never jump.

    `notes` are (anchor, HTML), see `notes_html`. `permalink` is put before each anchor: "" links inside the page, which is right on a page whose
    address is kept for ever.
    """
    anchors = {clause.anchor for clause in article.clauses}
    own_notes = tuple((anchor, html) for anchor, html in notes if anchor in anchors)
    # Not the article itself: its hash would walk through all its words.
    key = (article.digest, article.slug, level, permalink, words, own_notes)
    html = _made.get(key)
    if html is None:
        if len(_made) >= _KEPT:
            _made.clear()
        html = _made[key] = "\n".join(_pieces(article, level, permalink, words, own_notes))
    return html


def _pieces(
    article: Article, first_level: int, permalink: str, words: tuple[Word, ...], notes: tuple[tuple[str, str], ...]
) -> list[str]:
    pieces: list[str] = []
    links = _WordLinks(words)
    level = first_level - 1
    for clause in article.clauses:
        level = min(first_level + clause.depth - 1, level + 1, _MAX_LEVEL)
        heading = escape(clause.heading, quote=False)
        pieces.append(f'<h{level} id="{clause.anchor}"><a href="{permalink}#{clause.anchor}">{heading}</a></h{level}>')
        pieces.extend(html for anchor, html in notes if anchor == clause.anchor)
        pieces.extend(whole_quotes(links.into(block.html)) for block in clause.blocks)
    return pieces


def notes_html(version: Version, portal_url: str | None = None) -> tuple[tuple[str, str], ...]:
    """Editor's notes of a version as (anchor, HTML): beside the text, named as what they are.

    Where there is a portal, the note on the platform that the text names leads to it.
    """
    platform = version.figures.get("ticket_platform")
    return tuple((note.anchor, _note_html(note, platform, portal_url)) for note in version.notes)


def _note_html(note: Note, platform: Figure | None, portal_url: str | None) -> str:
    text = escape(note.text, quote=False)
    if portal_url and platform and note.anchor == platform.anchor:
        text += f' L’<a href="{escape(portal_url)}">espace client</a> en tient lieu.'
    return f'<div class="note" role="note"><p><b>Note de l’éditeur.</b> {text}</p></div>'


def whole_quotes(html: str) -> str:
    """Keep a word together with its guillemets: the printed spaces stay, no line ends at them."""
    return _SHORT_QUOTE.sub(r"<span>\g<0></span>", html) if "« " in html else html


class _WordLinks:
    """Links the first use of each defined word in an article, outside of links."""

    def __init__(self, words: tuple[Word, ...]) -> None:
        # Forms as they stand in HTML.
        self._left = {escape(form, quote=False): word for word in words for form in word.forms}

    def into(self, html: str) -> str:
        # Looking for plain words first spares most alinéas the expression: 17 % of a build of 200 versions.
        if not any(form in html for form in self._left):
            return html
        pattern = _pattern(tuple(self._left))
        pieces = _TAGS_AND_LINKS.split(html)
        for index in range(0, len(pieces), 2):
            pieces[index] = pattern.sub(self._link, pieces[index])
        return "".join(pieces)

    def _link(self, match: re.Match[str]) -> str:
        word = self._left.get(match[0])
        if word is None:
            return match[0]
        for form in word.forms:
            self._left.pop(escape(form, quote=False), None)
        return f'<a class="w" href="{word.target}">{match[0]}</a>'


@lru_cache(maxsize=512)
def _pattern(forms: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, longest_first)) + r")\b")


def home_of(version: Version, definition: Definition) -> str:
    """Anchor of the alinéa that defines a word; of its clause when no single alinéa holds the quote."""
    quote = " ".join(definition.quote.split())
    clause = version.clause(definition.anchor)
    for block in clause.blocks:
        if quote in " ".join(block.text.split()):
            return block.anchor
    return clause.anchor


def defined_words(article: Article, definitions: Sequence[Definition]) -> tuple[Definition, ...]:
    """Give the definitions whose words stand in an article; those of the article itself left out."""
    asked = tuple((d.words, d.article.partition(".")[0]) for d in definitions)
    key = (article.digest, asked)
    found = _found.get(key)
    if found is None:
        if len(_found) >= _KEPT:
            _found.clear()
        text = article.text
        found = _found[key] = tuple(
            place
            for place, (words, home) in enumerate(asked)
            if home != article.number and any(word in text for word in words) and _pattern(words).search(text)
        )
    return tuple(definitions[place] for place in found)
