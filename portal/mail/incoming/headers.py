"""Header fields, however wrong: unfolding, encoded words (RFC 2047), parameters (RFC 2231).

The standard library's parser of header values is a recursive grammar: a field of a few kilobytes can cost it
seconds, or its stack. What is here is linear, and cuts what is too long.
"""

import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from portal.mail.incoming.charsets import clean, decode, label
from portal.mail.incoming.transfer import base64_bytes

#: What is read of one field, of all fields of a part, and how many of them.
LONGEST_FIELD = 32_768
LONGEST_HEAD = 1 << 20
MOST_FIELDS = 2_000
LONGEST_SUBJECT = 1_000
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
WORD = re.compile(rb"=\?([^?\s\x00-\x20]{0,80})\?([bBqQ])\?(.*?)\?=", re.DOTALL)
_Q = re.compile(rb"=([0-9A-Fa-f]{2})|_")
_PARAMETER = re.compile(rb';\s*([^\s=;"]{1,100})\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)', re.DOTALL)
ESCAPED = re.compile(rb'\\(["\\])')
_EXTENDED = re.compile(rb"([\w.+:-]{1,40})'[\w-]{0,20}'(.*)", re.DOTALL)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,400}>")
_BLANK = re.compile(rb"\n[ \t]*\r?\n")
_SPACES = re.compile(r"\s+")
#: Names that a mail's head has; a text that merely holds a colon has none of them.
KNOWN = frozenset({
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"received", b"return-path", b"mime-version",
    b"content-type", b"content-transfer-encoding", b"delivered-to", b"reply-to", b"sender", b"in-reply-to",
    b"references", b"x-mailer", b"user-agent", b"dkim-signature", b"authentication-results", b"auto-submitted",
    b"content-disposition", b"content-id", b"bcc", b"precedence", b"x-original-to", b"list-id", b"status",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """The fields of a part: (name in small letters, raw value without its folds), as many as are read."""

    fields: tuple[tuple[str, bytes], ...] = ()
    _first: Mapping[str, bytes] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_first", dict(reversed(self.fields)))

    def raw(self, name: str) -> bytes:
        """The first value of a name, as bytes; empty: there is none."""
        return self._first.get(name, b"")

    def text(self, name: str) -> str:
        """The first value of a name as one line of text."""
        return one_line(words(self.raw(name)))

    def all(self, name: str) -> list[bytes]:
        """Every value of a name, the topmost first."""
        return [value for each, value in self.fields if each == name]

    def __contains__(self, name: object) -> bool:
        return name in self._first


def read_head(raw: bytes, start: int, end: int) -> tuple[Head, int]:
    """The fields that begin at ``start``, and where the body does.

    A line that is none is taken for a fold that lost its indent when a known field follows it, else the body
    begins with it: mailers forget the empty line.
    """
    fields: list[tuple[str, bytes]] = []
    place, limit = start, min(end, start + LONGEST_HEAD)
    while place < end:
        after = raw.find(b"\n", place, end) + 1 or end
        line = raw[place : min(after, place + LONGEST_FIELD)]
        if not line.strip():
            return Head(tuple(fields)), after
        found = None if line[:1] in b" \t" else _FIELD.match(line)
        if found is None and line[:1] not in b" \t" and not _known_next(raw, place, after, end, first=not fields):
            return Head(tuple(fields)), place
        if place >= limit or len(fields) == MOST_FIELDS:
            blank = _BLANK.search(raw, place, end)
            return Head(tuple(fields)), blank.end() if blank else end
        if found is not None:
            fields.append((found[1].decode("latin-1").lower(), found[2].strip(b"\r\n")))
        elif fields and not line.startswith((b"From ", b">From ")):
            name, value = fields[-1]
            if len(value) < LONGEST_FIELD:
                fields[-1] = (name, value + b" " + line.strip())
        place = after
    return Head(tuple(fields)), end


def _known_next(raw: bytes, place: int, after: int, end: int, *, first: bool) -> bool:
    if first and raw.startswith((b"From ", b">From "), place):
        return True
    following = raw[after : min(end, after + 200)]
    found = _FIELD.match(following)
    return found is not None and found[1].lower() in KNOWN


def is_head(head: Head) -> bool:
    """Whether fields are a mail's: a known name, and not only an invented one."""
    return any(name.encode("latin-1") in KNOWN for name, _ in head.fields)


# --- Words ---------------------------------------------------------------------------------------


def words(raw: bytes) -> str:
    """A raw value as text: encoded words in any wrong form, bytes beyond ASCII without a label."""
    parts: list[str] = []
    end = 0
    for run in _runs(raw[:LONGEST_FIELD]):
        between = raw[end : run[0].start()]
        parts.append(decode(between))
        parts.append(_run_text(run))
        end = run[-1].end()
    return "".join((*parts, decode(raw[end:LONGEST_FIELD])))


def one_line(text: str) -> str:
    """Text without line breaks, marks of direction and doubled spaces."""
    kept = "".join(
        ch for ch in text if ch not in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    )
    return _SPACES.sub(lambda found: "\u00a0" if found[0] in {"\u00a0", "\u202f"} else " ", kept).strip()


def _runs(raw: bytes) -> Iterator[list[re.Match[bytes]]]:
    """Encoded words with nothing but space between them: one text, cut up (often inside a letter)."""
    run: list[re.Match[bytes]] = []
    for found in WORD.finditer(raw):
        if run and raw[run[-1].end() : found.start()].strip():
            yield run
            run = []
        run.append(found)
    if run:
        yield run


def _run_text(run: list[re.Match[bytes]]) -> str:
    parts: list[str] = []
    index = 0
    while index < len(run):
        name, coding = run[index][1].lower(), run[index][2].lower()
        same = [run[index]]
        while index + len(same) < len(run):
            other = run[index + len(same)]
            if (other[1].lower(), other[2].lower()) != (name, coding):
                break
            same.append(other)
        index += len(same)
        parts.append(decode(_word_bytes([found[3] for found in same], coding), name.decode("latin-1")))
    return "".join(parts)


def _word_bytes(texts: list[bytes], coding: bytes) -> bytes:
    if coding == b"q":
        return b"".join(
            _Q.sub(lambda found: binascii.unhexlify(found[1]) if found[1] else b" ", text) for text in texts
        )
    if any(len(text.strip().rstrip(b"=")) % 4 and not text.strip().endswith(b"=") for text in texts[:-1]):
        return base64_bytes(b"".join(texts))  # cut in the middle of four
    return b"".join(map(base64_bytes, texts))


# --- Parameters ----------------------------------------------------------------------------------


def value_of(raw: bytes) -> str:
    """The value before the parameters, in small letters: ``text/html``, ``attachment``."""
    return one_line(raw.partition(b";")[0].decode("latin-1")).strip("\"' ").lower()


def parameters(raw: bytes) -> dict[str, str]:
    """The parameters of a value, decoded: continuations, charsets, encoded words where none may be."""
    found: dict[str, list[tuple[int, bool, bytes]]] = {}
    for each in _PARAMETER.finditer(raw[:LONGEST_FIELD]):
        name, value = each[1].decode("latin-1").lower(), each[2].strip()
        if value.startswith(b'"'):
            value = ESCAPED.sub(rb"\1", value[1:-1] if len(value) > 1 and value.endswith(b'"') else value[1:])
        starred = name.endswith("*")
        name, _, number = name.rstrip("*").partition("*")
        pieces = found.setdefault(name, [])
        order = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 0  # noqa: PLR2004
        if all(order != piece[0] for piece in pieces):
            pieces.append((order, starred, value))
        elif starred and order == 0 and not pieces[0][1]:
            pieces[:] = [(0, True, value)]  # name*= beside name=: the better one
    return {name: one_line(_parameter(sorted(pieces, key=lambda piece: piece[0]))) for name, pieces in found.items()}


def _parameter(pieces: list[tuple[int, bool, bytes]]) -> str:
    first = pieces[0][2]
    extended = _EXTENDED.fullmatch(first)
    charset = ""
    if extended and (pieces[0][1] or (label(extended[1].decode("latin-1")) and b"%" in first)):
        charset, first = extended[1].decode("latin-1"), extended[2]
        pieces = [(0, True, first), *pieces[1:]]
    if any(starred for _, starred, _ in pieces):
        return decode(b"".join(unquote_to_bytes(value) if starred else value for _, starred, value in pieces), charset)
    return words(b"".join(value for _, _, value in pieces))


# --- The rest ------------------------------------------------------------------------------------


def message_ids(values: Iterable[bytes]) -> tuple[str, ...]:
    """The Message-IDs of some fields, in order, each once."""
    found: dict[str, None] = {}
    for value in values:
        for each in _MESSAGE_ID.findall(clean(value[:LONGEST_FIELD].decode("latin-1"))):
            found[each] = None
    return tuple(found)


def moment(raw: bytes) -> datetime | None:
    """A Date field in UTC; None when it is none."""
    try:
        found = parsedate_to_datetime(one_line(words(raw))[:200])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
