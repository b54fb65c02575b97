"""The text of a version: articles, numbered clauses, alinéas.

The Markdown is a small grammar on purpose: headings, paragraphs, ``- `` lists,
links. The number printed in a heading gives its depth and its anchor; a number
printed twice (6.3 in the text of 2018) keeps its number and gets ``-bis``.

Everything parsed is cached by identical source: two versions share most of
their articles, and two articles most of their paragraphs.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

ARTICLE = re.compile(r"ARTICLE (?P<number>\d+)\s*[-.–—]?\s*(?P<title>.*)")
CLAUSE = re.compile(r"(?P<number>\d+(?:\.\d+)+)\.?\s+(?P<title>.*)")
CLOSING = "Date de dernière mise à jour"
_SUFFIXES = ("", "-bis", "-ter", "-quater", "-quinquies", "-sexies", "-septies", "-octies")
# Enough for 200 versions with every article edited; older entries are let go.
_CACHED = 4096


@cache
def _markdown() -> "MarkdownIt":
    # Imported on first use: a build where nothing is rendered does not pay for it.
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False})


_MARKUP = re.compile(r"[\\`*_\[\]<>&!\n]")
_NAME = r"[a-z0-9]+(?:[.@/-][a-z0-9]+)*"
_LINK = re.compile(
    rf"\[(?P<words>[^\\`*_\[\]<>&!\n]+)\]\((?P<to>(?:mailto:|https?://){_NAME})\)|<(?P<itself>https?://{_NAME})>"
)


@lru_cache(maxsize=4 * _CACHED)
def render_inline(source: str) -> tuple[str, str]:
    """Return one paragraph's Markdown as (safe inline HTML, plain text)."""
    if _MARKUP.search(_LINK.sub("", source)):
        return _render_by_parser(source)
    # Words and plain links, which is all that the text of 2018 has, need no parser: 20 times faster, the
    # same bytes (tested), and its import alone is a tenth of a build of 16 pages.
    html, text, end = "", "", 0
    for link in _LINK.finditer(source):
        before, words = source[end : link.start()], link["words"] or link["itself"]
        html += f'{_escaped(before)}<a href="{link["to"] or words}">{_escaped(words)}</a>'
        text += before + words
        end = link.end()
    return html + _escaped(source[end:]), text + source[end:]


def _render_by_parser(source: str) -> tuple[str, str]:
    parser = _markdown()
    tokens = parser.parseInline(source)
    children = tokens[0].children or []
    text = "".join(" " if token.type == "softbreak" else token.content for token in children)
    return parser.renderer.render(tokens, parser.options, {}), text


def _escaped(words: str) -> str:
    return escape(words, quote=False).replace('"', "&quot;")


@dataclass(frozen=True)
class Block:
    """A paragraph or a list: what a lawyer calls an alinéa."""

    kind: Literal["paragraph", "list"]
    source: str
    anchor: str
    offset: int  # lines below the heading of the article

    @cached_property
    def _items(self) -> tuple[tuple[str, str], ...]:
        if self.kind == "paragraph":
            return (render_inline(self.source),)
        items = re.split(r"(?m)^- ", self.source)[1:]
        return tuple(render_inline(item.rstrip("\n")) for item in items)

    @property
    def items(self) -> tuple[str, ...]:
        """Plain text of each item; a paragraph is one item."""
        return tuple(text for _, text in self._items)

    @property
    def text(self) -> str:
        return "\n".join(self.items)

    @property
    def inner(self) -> str:
        """Inline HTML of a paragraph, ``<li>`` elements of a list."""
        if self.kind == "paragraph":
            return self._items[0][0]
        return "".join(f"<li>{html}</li>" for html, _ in self._items)

    @property
    def html(self) -> str:
        """The whole element, with its anchor."""
        tag = "p" if self.kind == "paragraph" else "ul"
        return f'<{tag} id="{self.anchor}">{self.inner}</{tag}>'


@dataclass(frozen=True)
class Clause:
    """A numbered piece of the text, its own heading and blocks only (not those below it)."""

    number: str  # as printed: "7.1.2"
    anchor: str  # "art-7-1-2", "art-6-3-bis"
    heading: str  # as printed, number included
    title: str  # heading without its number
    depth: int  # 1 article, 2 for 7.1, 3 for 7.1.2
    offset: int  # lines below the heading of the article
    level: int  # depth of the Markdown heading, less one
    blocks: tuple[Block, ...]
    article: str = ""  # number of the article it stands in

    @cached_property
    def text(self) -> str:
        """Plain text of the blocks, one per line, without the heading."""
        return "\n".join(block.text for block in self.blocks)


@dataclass(frozen=True)
class Article:
    """One article: ``clauses[0]`` is the article's own heading and first blocks."""

    number: str
    anchor: str
    slug: str
    heading: str
    title: str
    clauses: tuple[Clause, ...]
    digest: str
    unnumbered: tuple[tuple[int, str], ...] = field(default=())  # headings without a number

    @cached_property
    def text(self) -> str:
        """Plain text, headings included, as it reads on paper."""
        return "\n".join(f"{clause.heading}\n{clause.text}".rstrip() for clause in self.clauses)

    @property
    def blocks(self) -> Iterator[Block]:
        for clause in self.clauses:
            yield from clause.blocks


@dataclass(frozen=True, slots=True)
class Parts:
    """A version's source, cut: title, articles' Markdown with their first line, closing line."""

    title: str
    title_line: int
    chunks: tuple[tuple[int, str], ...]
    stray: tuple[tuple[int, str], ...]  # text before the first article: not allowed
    closing: str


def split(source: str) -> Parts:
    """Cut a version's Markdown into articles, without parsing them."""
    body, closing = source, ""
    last = source.rstrip("\n").rfind("\n\n")
    if last >= 0 and source[last + 2 :].startswith(CLOSING):
        body, closing = source[: last + 1], source[last + 2 :].strip()
    # Cut at line breaks, not by a regular expression: 200 versions are cut in 2 ms.
    head, *rest = ("\n" + body).split("\n## ")
    pieces = [f"{head}\n"[1:], *(f"## {piece}\n" for piece in rest)]
    title, title_line = "", 0
    stray: list[tuple[int, str]] = []
    for number, line in enumerate(pieces[0].split("\n"), start=1):
        if line.startswith("# ") and not title:
            title, title_line = line[2:].strip(), number
        elif line.strip():
            stray.append((number, line))
    line_number = pieces[0].count("\n") + 1
    chunks = []
    for piece in pieces[1:]:
        chunks.append((line_number, _one_copy(piece.rstrip("\n"))))
        line_number += piece.count("\n")
    return Parts(title, title_line, tuple(chunks), tuple(stray), closing)


@lru_cache(maxsize=_CACHED)
def _one_copy(chunk: str) -> str:
    """Give the first of equal strings: an article that 200 versions share is held once."""
    return chunk


@lru_cache(maxsize=_CACHED)
def chunk_digest(chunk: str) -> str:
    """SHA-256 (hex) of one article's Markdown."""
    return sha256(chunk.encode()).hexdigest()


@lru_cache(maxsize=_CACHED)
def article_slug(chunk: str) -> str:
    """``article-7`` from an article's Markdown, without parsing the rest of it."""
    match = ARTICLE.match(chunk[3:].split("\n", 1)[0].strip())
    return f"article-{match['number']}" if match else ""


@lru_cache(maxsize=_CACHED)
def parse_article(chunk: str, suffix: str = "") -> Article:
    """Parse one article's Markdown; ``suffix`` when the version has this article number already."""
    clauses: list[Clause] = []
    seen: dict[str, int] = {}
    unnumbered: list[tuple[int, str]] = []
    first = ARTICLE.match(chunk[3:].split("\n", 1)[0].strip())
    number = first["number"] if first else ""
    heading: tuple[int, int, str] = (0, 1, "")
    pending: list[tuple[int, str]] = []

    def finish() -> None:
        offset, level, words = heading
        match = ARTICLE.match(words) if level == 1 else CLAUSE.match(words)
        if match is None:
            unnumbered.append((offset, words))
        printed = match["number"] if match else words
        key = "art-" + re.sub(r"[^0-9a-z]+", "-", printed.lower()).strip("-")
        anchor = key + (suffix if level == 1 else repeat_suffix(seen.get(key, 0)))
        seen[key] = seen.get(key, 0) + 1
        clauses.append(
            Clause(
                number=printed,
                anchor=anchor,
                heading=words,
                title=match["title"] if match else words,
                depth=len(printed.split(".")) if match else level,
                offset=offset,
                level=level,
                blocks=tuple(_blocks(pending, anchor)),
                article=number,
            )
        )

    for offset, source in _paragraphs(chunk):
        marks = re.match(r"(#{2,}) +(.*)", source)
        if marks is None:
            pending.append((offset, source))
            continue
        if offset:
            finish()
        heading, pending = (offset, len(marks[1]) - 1, marks[2].strip()), []
    finish()
    top = clauses[0]
    return Article(
        number=number,
        anchor=top.anchor,
        slug=f"article-{number}{suffix}",
        heading=top.heading,
        title=top.title,
        clauses=tuple(clauses),
        digest=chunk_digest(chunk),
        unnumbered=tuple(unnumbered),
    )


def repeat_suffix(times_before: int) -> str:
    """Suffix of an anchor whose number was printed that many times before: "", "-bis", "-ter"."""
    if times_before < len(_SUFFIXES):
        return _SUFFIXES[times_before]
    return f"-{times_before + 1}"


def _paragraphs(chunk: str) -> Iterator[tuple[int, str]]:
    """Pieces between blank lines, with their line; a heading is a piece even without a blank line."""
    start, held = 0, list[str]()
    for offset, line in enumerate(chunk.split("\n")):
        if line.startswith("##"):
            if held:
                yield start, "\n".join(held)
                held = []
            yield offset, line
        elif line.strip():
            if not held:
                start = offset
            held.append(line)
        elif held:
            yield start, "\n".join(held)
            held = []
    if held:
        yield start, "\n".join(held)


def _blocks(pieces: Iterable[tuple[int, str]], anchor: str) -> Iterator[Block]:
    for index, (offset, source) in enumerate(pieces, start=1):
        kind: Literal["paragraph", "list"] = "list" if source.startswith("- ") else "paragraph"
        yield Block(kind, source, f"{anchor}-al-{index}", offset)
