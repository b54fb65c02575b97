"""The objects of a PDF, read with a budget: no loop, no depth, no expansion is without a bound.

Only what leads to attached files is ever read: cross-reference tables and streams, object streams,
dictionaries. Pages, fonts and pictures are not looked at.
"""

import re
from binascii import unhexlify
from dataclasses import dataclass
from typing import Any

from portal.invoices.reading.refusal import FILE, SAFETY, Unreadable

#: What one file may cost: tokens, nesting of one object, bytes that its streams unpack to, bytes looked through
#: for them, objects.
MOST_TOKENS, DEEPEST, MOST_UNPACKED, MOST_WORK, MOST_OBJECTS = 400_000, 40, 64 * 2**20, 512 * 2**20, 300_000
_SPACE = re.compile(rb"[\x00\t\n\x0c\r ]*")
_COMMENT = re.compile(rb"%[^\r\n]*")
_REFERENCE = re.compile(rb"(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,5})[\x00\t\n\x0c\r ]+R(?![A-Za-z0-9])")
_NUMBER = re.compile(rb"[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})")
_NAME = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]{0,200})")
_WORD = re.compile(rb"[A-Za-z]{1,20}")
_HEX = re.compile(rb"<([0-9A-Fa-f\x00\t\n\x0c\r ]*)>")
_STRING_END = re.compile(rb"[()\\]")
_OBJECT = re.compile(rb"(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,5})[\x00\t\n\x0c\r ]+obj")
_ESCAPED_NAME = re.compile(rb"#([0-9A-Fa-f]{2})")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_OCTAL = re.compile(rb"[0-7]{1,3}")
_WORDS = {b"true": True, b"false": False, b"null": None}


class Name(str):
    """``/Name``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """``12 0 R``."""

    number: int


@dataclass(frozen=True, slots=True)
class Stream:
    """A dictionary, and where its bytes begin."""

    dictionary: dict[str, Any]
    start: int


class Malformed(Exception):
    """The bytes are not what the format says: another way of reading may still succeed."""


class Budget:
    """What is left of what one file may cost."""

    __slots__ = ("tokens", "unpacked", "work")

    def __init__(self) -> None:
        self.tokens, self.unpacked, self.work = MOST_TOKENS, MOST_UNPACKED, MOST_WORK

    def spend(self, *, work: int = 0) -> None:
        """One more token, and so many bytes looked through.

        Raises:
            Unreadable: the file has cost enough.
        """
        self.tokens -= 1
        self.work -= work
        if self.tokens < 0 or self.work < 0:
            raise Unreadable(SAFETY, FILE, "le PDF demande trop de travail pour ce qu'il contient")


def skip(data: bytes, at: int, budget: Budget) -> int:
    """Where the next token begins: past white space and comments."""
    while True:
        at = _SPACE.match(data, at).end()  # type: ignore[union-attr]  # it matches nothing at worst
        comment = _COMMENT.match(data, at)
        if comment is None:
            return at
        budget.spend()
        at = comment.end()


def parse(data: bytes, at: int, budget: Budget, depth: int = 0) -> tuple[Any, int]:
    """The object at a place, and where it ends.

    Raises:
        Malformed: there is none.
        Unreadable: it is nested too deeply, or the budget is spent.
    """
    budget.spend()
    if depth > DEEPEST:
        raise Unreadable(SAFETY, FILE, "les objets du PDF sont emboîtés trop profondément")
    at = skip(data, at, budget)
    first = data[at : at + 1]
    if first == b"<":
        return _dictionary(data, at + 2, budget, depth) if data[at + 1 : at + 2] == b"<" else _hexadecimal(data, at)
    if first == b"[":
        return _array(data, at + 1, budget, depth)
    if first == b"(":
        return _string(data, at + 1, budget)
    if first == b"/":
        return _name(data, at)
    if found := _REFERENCE.match(data, at):
        return Reference(int(found.group(1))), found.end()
    if found := _NUMBER.match(data, at):
        text = found.group()
        return (float(text) if b"." in text else int(text)), found.end()
    if (found := _WORD.match(data, at)) and found.group() in _WORDS:
        return _WORDS[found.group()], found.end()
    raise Malformed(at)


def parse_indirect(data: bytes, at: int, budget: Budget) -> tuple[int, Any]:
    """The number and the content of ``12 0 obj … endobj`` at a place."""
    at = skip(data, at, budget)
    head = _OBJECT.match(data, at)
    if head is None:
        raise Malformed(at)
    content, end = parse(data, head.end(), budget)
    end = skip(data, end, budget)
    if isinstance(content, dict) and data.startswith(b"stream", end):
        end += len(b"stream")
        end += 2 if data.startswith(b"\r\n", end) else 1 if data[end : end + 1] in {b"\n", b"\r"} else 0
        return int(head.group(1)), Stream(content, end)
    return int(head.group(1)), content


def every_object(data: bytes) -> dict[int, int]:
    """Where each object begins, found by looking through the file: for one whose table is lost. The last one counts."""
    places: dict[int, int] = {}
    for found in _OBJECT.finditer(data):
        places[int(found.group(1))] = found.start()
        if len(places) > MOST_OBJECTS:
            raise Unreadable(SAFETY, FILE, "le PDF a trop d'objets")
    return places


def _dictionary(data: bytes, at: int, budget: Budget, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while True:
        at = skip(data, at, budget)
        if data.startswith(b">>", at):
            return found, at + 2
        key, at = _name(data, at)
        found[key], at = parse(data, at, budget, depth + 1)


def _array(data: bytes, at: int, budget: Budget, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while True:
        at = skip(data, at, budget)
        if data[at : at + 1] == b"]":
            return found, at + 1
        value, at = parse(data, at, budget, depth + 1)
        found.append(value)


def _name(data: bytes, at: int) -> tuple[Name, int]:
    found = _NAME.match(data, at)
    if found is None:
        raise Malformed(at)
    raw = _ESCAPED_NAME.sub(lambda escape: bytes((int(escape.group(1), 16),)), found.group(1))
    return Name(raw.decode("utf-8", "replace")), found.end()


def _hexadecimal(data: bytes, at: int) -> tuple[bytes, int]:
    found = _HEX.match(data, at)
    if found is None:
        raise Malformed(at)
    digits = re.sub(rb"[^0-9A-Fa-f]", b"", found.group(1))
    return unhexlify(digits + b"0" * (len(digits) % 2)), found.end()


def _string(data: bytes, at: int, budget: Budget) -> tuple[bytes, int]:
    out, depth, start = bytearray(), 1, at
    while True:
        found = _STRING_END.search(data, at)
        if found is None:
            raise Malformed(start)
        budget.spend()
        out += data[at : found.start()]
        at = found.end()
        if found.group() == b"\\":
            escaped, at = _escape(data, at)
            out += escaped
            continue
        depth += 1 if found.group() == b"(" else -1
        if depth == 0:
            return bytes(out), at
        out += found.group()


def _escape(data: bytes, at: int) -> tuple[bytes, int]:
    sign = data[at : at + 1]
    if octal := _OCTAL.match(data, at):
        return bytes((int(octal.group(), 8) & 0xFF,)), octal.end()
    if sign == b"\r":
        return b"", at + (2 if data.startswith(b"\r\n", at) else 1)
    if sign == b"\n":
        return b"", at + 1
    return _ESCAPES.get(sign, sign), at + 1
