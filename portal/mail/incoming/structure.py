"""The tree of parts of a message, as places in its bytes: nothing is copied, nothing recurses deeper than DEPTH.

The standard library's parser holds a string for each line and a generator for each level: 25 MB of short
lines cost it some 700 MB, and a thousand levels its stack. Here a part is two numbers; a body is decoded when it is wanted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from portal.mail.incoming.headers import Head, is_head, parameters, read_head, value_of
from portal.mail.incoming.transfer import decoded

#: Levels of multiparts that are opened, and parts that are told apart: what is beyond stays a part as it is.
DEPTH = 30
MOST_PARTS = 10_000
_TYPE = re.compile(r"[\w!#$&^.+-]{1,100}/[\w!#$&^.+*-]{1,100}")
_LOOKS_LIKE_BOUNDARY = re.compile(rb"[\r\n \t]*--([^\r\n]{1,70}?)[ \t]*\r?\n")


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its fields, where its body stands in ``raw``, its own parts."""

    raw: bytes
    head: Head
    begin: int  # of the fields
    start: int  # of the body
    end: int
    media_type: str
    parts: tuple["Part", ...] = ()
    cut: bool = False  # it has parts that were not opened: too deep, or too many

    @property
    def body(self) -> bytes:
        """The body as it stands."""
        return self.raw[self.start : self.end]

    @property
    def content(self) -> bytes:
        """The body without its transfer encoding."""
        return decoded(self.body, value_of(self.head.raw("content-transfer-encoding")))

    @property
    def whole(self) -> bytes:
        """Fields and body, byte for byte."""
        return self.raw[self.begin : self.end]

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of its type."""
        return parameters(self.head.raw("content-type"))

    @property
    def disposition(self) -> tuple[str, dict[str, str]]:
        """``attachment`` or ``inline`` or "", and the parameters."""
        raw = self.head.raw("content-disposition")
        return value_of(raw), parameters(raw)

    def walk(self) -> Iterator["Part"]:
        """Itself and every part below, in order."""
        yield self
        for part in self.parts:
            yield from part.walk()


class _Count:
    """How many parts were made so far."""

    def __init__(self) -> None:
        self.made = 0


def read_structure(raw: bytes) -> Part:
    """The tree of a message; ``raw`` has line feeds (``wire.prepared``)."""
    head, _ = read_head(raw, 0, len(raw))
    if not is_head(head):
        return Part(raw, Head(), 0, 0, len(raw), "text/plain")  # nothing of a mail: all of it is text
    return _part(raw, 0, len(raw), "text/plain", 0, _Count())


def _part(raw: bytes, begin: int, end: int, default: str, depth: int, count: _Count) -> Part:
    count.made += 1
    head, start = read_head(raw, begin, end)
    media_type = _media_type(head, default)
    if not media_type.startswith("multipart/"):
        return Part(raw, head, begin, start, end, media_type)
    boundary = _boundary(raw, head, start, end)
    spans = list(_spans(raw, start, end, boundary, MOST_PARTS - count.made)) if boundary and depth < DEPTH else None
    if spans is None:
        return Part(raw, head, begin, start, end, media_type if boundary else "text/plain", cut=bool(boundary))
    if not spans:
        return Part(raw, head, begin, start, end, "text/plain")  # the boundary never comes: it is what it says
    inner = "message/rfc822" if media_type == "multipart/digest" else "text/plain"
    parts = tuple(_part(raw, first, last, inner, depth + 1, count) for first, last in spans)
    return Part(raw, head, begin, start, end, media_type, parts, cut=count.made >= MOST_PARTS)


def _media_type(head: Head, default: str) -> str:
    named = value_of(head.raw("content-type"))
    if not named:
        return default
    found = _TYPE.match(named)
    if found:
        return found[0]
    # "text", "html", "pdf": one word where two belong.
    return {"html": "text/html", "multipart": "multipart/mixed"}.get(named, "text/plain")


def _boundary(raw: bytes, head: Head, start: int, end: int) -> bytes:
    given = parameters(head.raw("content-type")).get("boundary", "").encode("latin-1", "replace").rstrip()
    if given and (b"--" + given) in raw[start : min(end, start + (1 << 20))]:
        return given
    found = _LOOKS_LIKE_BOUNDARY.match(raw, start, min(end, start + 1000))
    return found[1] if found else given


def _spans(raw: bytes, start: int, end: int, boundary: bytes, most: int) -> Iterator[tuple[int, int]]:
    """Where the parts between delimiters begin and end; one that never closes goes on to the end."""
    delimiter = re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?=\n|\Z)")
    opened: int | None = None
    # A delimiter may be the first line: the line feed of the empty line before it is its own.
    place = start - 1 if start and raw[start - 1 : start] == b"\n" else start
    for found in delimiter.finditer(raw, place, end):
        if opened is not None:
            last = found.start()
            yield opened, max(opened, last - 1 if raw[last - 1 : last] == b"\r" else last)
            most -= 1
        if found[1] is not None or most <= 0:
            return
        opened = min(found.end() + 1, end)
    if opened is not None:
        yield opened, end
