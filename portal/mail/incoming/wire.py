"""Bytes as they come off a pipe or a mailbox, made ready to be read: marks, envelopes and line ends of other systems."""

import re

_FROM_LINE = re.compile(rb">?From [^\n]{0,500}\n")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def prepared(raw: bytes) -> bytes:
    """The message to read; what is kept is ``raw`` itself.

    A byte-order mark and blank lines before it go, UTF-16 becomes UTF-8, a mailbox's "From " line goes, and a
    message whose lines end in carriage returns alone gets line feeds.
    """
    if raw.startswith(_MARKS[1:]):
        raw = raw.decode("utf-16", "replace").encode("utf-8", "replace")
    raw = raw.removeprefix(_MARKS[0])
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    if raw[:1] in {b"\r", b"\n", b" ", b"\t", b"\0"}:
        raw = raw.lstrip(b"\r\n \t\0")
    found = _FROM_LINE.match(raw)
    return raw[found.end() :] if found else raw
