"""HTML of strangers: made safe to show, and read as text.

nh3 goes first (its parser is a browser's, and linear); what comes out of it is well formed, so that a second,
simple reading can take the pictures out and put their words in their place.
"""

import re
from collections.abc import Callable, Mapping
from html import escape, unescape
from html.parser import HTMLParser

import nh3

from portal.mail.incoming.charsets import clean

#: How much HTML is read: beyond it nobody reads on, and the message itself is kept.
LONGEST = 1_000_000
_TAGS = frozenset({
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd", "del", "div", "dl", "dt",
    "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "samp",
    "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul",
})  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"}, "img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"},
    "ol": {"start"},
}  # fmt: skip
_DROPPED = {"script", "style", "title", "template", "noembed", "noframes", "iframe", "object", "svg", "math", "select"}
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}
_BLOCKS = frozenset({
    "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "dt", "dd", "table", "tr", "caption", "center",
    "blockquote", "pre", "hr", "li",
})  # fmt: skip
_SPACED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "pre"})
#: Elements within elements, and letters' dresses opened again: what a mail may cost.
_DEEPEST, _DEAREST = 1_500, 500_000
_EMPTY = frozenset({"br", "img", "hr", "meta", "link", "input", "col", "area", "base", "wbr"})
#: They end where the next of their kind begins.
_CLOSED_BY_THEMSELVES = frozenset({"p", "li", "td", "th", "tr", "dt", "dd", "option"})
_DRESS = frozenset({"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"})
#: A picture written into the page: nothing to show, and longer than the words around it.
_DATA = re.compile(r"data:image/[\w.+-]{1,30};base64,[A-Za-z0-9+/=\s]+")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,20})")
_ANY_TAG = re.compile(r"<[^<>]{0,1000}>")
_SPACE = re.compile(r"[ \t\r\n\f]+")
_BLANKS = re.compile(r"\n{3,}")


def sanitised(html: str, shown: Mapping[str, str] | None = None) -> str:
    """HTML that a page can hold. A picture becomes its words: from elsewhere, its description; of the message itself
    (``shown``: content id -> file name), where it is attached."""
    held = shown or {}

    def picture(source: str, description: str) -> str:
        return escape(_picture_words(source, description, held))

    writer = _Writer(picture)
    writer.feed(_cleaned(html))
    writer.close()
    return "".join(writer.parts).strip()


def text_of(html: str, shown: Mapping[str, str] | None = None) -> str:
    """The text of HTML as one would read it: paragraphs, lists, cells, addresses of links, "> " before quotes."""
    reader = _Reader(shown or {})
    reader.feed(_cleaned(html))
    reader.close()
    return reader.text()


def _cleaned(html: str) -> str:
    html = _DATA.sub("", html)[:LONGEST]
    if _is_too_deep(html):
        # Nobody wrote that; a browser's parser takes time that grows with the square of the depth.
        return escape(unescape(_ANY_TAG.sub(" ", html)))
    return nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=_DROPPED,
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def _is_too_deep(html: str) -> bool:
    """Whether elements lie deeper in one another, or letters are dressed more often, than a person's mail does.

    A browser opens every dress that was never closed again in each paragraph that follows: their product is counted.
    """
    open_now: dict[str, int] = {}
    depth = dressed = cost = 0
    for found in _TAG.finditer(html):
        name, closing = found[2].lower(), found[1]
        if name in _EMPTY:
            continue
        if not closing:
            cost += dressed
            if name in _DRESS:
                dressed += 1
        elif name in _DRESS and dressed and open_now.get(name):
            dressed -= 1
        if name in _CLOSED_BY_THEMSELVES:
            pass
        elif not closing:
            open_now[name] = open_now.get(name, 0) + 1
            depth += 1
        elif open_now.get(name):
            open_now[name] -= 1
            depth -= 1
        if depth > _DEEPEST or cost > _DEAREST:
            return True
    return False


def _picture_words(source: str, description: str, shown: Mapping[str, str]) -> str:
    description = " ".join(description.split())[:300]
    if source.lower().startswith("cid:"):
        name = shown.get(source[4:].strip("<>"), "") or description
        return f"[image jointe\u00a0: {name}]" if name else "[image jointe]"
    return f"[image\u00a0: {description}]" if description else ""


class _Writer(HTMLParser):
    """Writes well-formed HTML again, with words for pictures."""

    def __init__(self, picture: Callable[[str, str], str]) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._picture = picture

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            given = dict(attrs)
            self.parts.append(self._picture(given.get("src") or "", given.get("alt") or ""))
            return
        written = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs if not _is_inner(name, value))
        self.parts.append(f"<{tag}{written}>")

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_entityref(self, name: str) -> None:
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.parts.append(f"&#{name};")


def _is_inner(name: str, value: str | None) -> bool:
    return name == "href" and (value or "").lower().startswith("cid:")


class _Reader(HTMLParser):
    """Reads well-formed HTML as text."""

    def __init__(self, shown: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self._shown = shown
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = self._pre = 0
        self._lists: list[int] = []
        self._link: tuple[str, int] | None = None
        self._blank = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _BLOCKS:
            self._end_line(blank=tag in _SPACED)
        match tag:
            case "br":
                self._end_line(forced=True)
            case "hr":
                self._lines.append(self._prefix() + "-" * 20)
            case "blockquote":
                self._quotes += 1
            case "pre":
                self._pre += 1
            case "ul" | "ol":
                self._lists.append(int(tag == "ol"))
            case "li":
                number = self._lists[-1] if self._lists else 0
                self._line.append(f"{number}. " if number else "- ")
                if number:
                    self._lists[-1] += 1
            case "td" | "th":
                if self._line:
                    self._line.append("\t")
            case "img":
                self._line.append(_picture_words(given.get("src") or "", given.get("alt") or "", self._shown))
            case "a":
                self._link = ((given.get("href") or "").strip(), len(self._line))
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "a" if self._link is not None:
                address, start = self._link
                self._link = None
                words = "".join(self._line[start:]).strip()
                bare = address.removeprefix("mailto:").removeprefix("tel:")
                if bare and not bare.startswith("cid:") and not _says_the_same(words, bare):
                    self._line.append(f" <{bare}>" if words else bare)
            case "pre":
                self._pre = max(0, self._pre - 1)
            case "ul" | "ol" if self._lists:
                self._lists.pop()
        if tag in _BLOCKS:
            self._end_line(blank=tag in _SPACED)
        if tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)

    def handle_data(self, data: str) -> None:
        if self._pre:
            first, *others = data.split("\n")
            self._line.append(first)
            for line in others:
                self._end_line(forced=True)
                self._line.append(line)
            return
        text = _SPACE.sub(" ", data)
        if text == " " and not self._line:
            return
        self._line.append(text)

    def text(self) -> str:
        self._end_line()
        return clean(_BLANKS.sub("\n\n", "\n".join(self._lines)).strip("\n"))

    def _prefix(self) -> str:
        return ">" * min(self._quotes, 20) + " " if self._quotes else ""

    def _end_line(self, *, blank: bool = False, forced: bool = False) -> None:
        line = "".join(self._line)
        line = line.rstrip() if self._pre else _SPACE.sub(lambda found: "\t" if "\t" in found[0] else " ", line).strip()
        if self._link is not None:
            self._link = (self._link[0], 0)
        self._line = []
        if line or forced:
            if self._blank and self._lines and self._lines[-1].strip("> "):
                self._lines.append(self._prefix().rstrip())
            self._blank = False
            self._lines.append((self._prefix() + line).rstrip())
        self._blank = self._blank or blank


def _says_the_same(words: str, address: str) -> bool:
    plain = address.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/").lower()
    said = words.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/").lower()
    return said.replace(" ", "") == plain.replace(" ", "")
