"""What lies inside a signed S/MIME file (``smime.p7m``, RFC 8551): the part that was signed, its signature not checked.

A reader of our own: it follows the one way that leads to the content, in either kind of lengths (BER), within a
budget, so that a hostile file costs what its bytes cost.
"""

from dataclasses import dataclass
from enum import Enum

_SIGNED = bytes.fromhex("2a864886f70d010702")
_ENCRYPTED = frozenset({bytes.fromhex("2a864886f70d010703"), bytes.fromhex("2a864886f70d0109100117")})
_SEQUENCE, _INTEGER, _SET, _OID, _OCTETS, _OCTETS_IN_PIECES, _EXPLICIT = 0x30, 0x02, 0x31, 0x06, 0x04, 0x24, 0xA0
#: Elements that are looked at: signed files of 25 MB come in pieces of a kilobyte or more.
_MOST = 200_000
_DEEPEST = 12
_LONG, _LENGTH_BYTES, _HIGH_TAG = 0x80, 8, 0x1F


class Sealed(Enum):
    """What such a file is."""

    SIGNED = "signed"
    ENCRYPTED = "encrypted"


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was opened; ``content``: the MIME part inside, b"" of an encrypted one."""

    kind: Sealed
    content: bytes = b""


class _Broken(ValueError):
    """Bytes that are no such file, or more of them than anybody signs."""


def opened(raw: bytes) -> Opened | None:
    """What a file holds; None: it is none of this kind, or broken."""
    reader = _Reader(raw)
    try:
        start, _ = reader.enter(0, len(raw), _SEQUENCE)
        name, start = reader.value(start, len(raw), _OID)
        if name in _ENCRYPTED:
            return Opened(Sealed.ENCRYPTED)
        if name != _SIGNED:
            return None
        start, end = reader.enter(start, len(raw), _EXPLICIT)
        start, end = reader.enter(start, end, _SEQUENCE)
        start = reader.after(start, end, _INTEGER)  # version
        start = reader.after(start, end, _SET)  # digest algorithms
        start, end = reader.enter(start, end, _SEQUENCE)
        start = reader.after(start, end, _OID)  # what the content is
        start, end = reader.enter(start, end, _EXPLICIT)
        content = b"".join(reader.pieces(start, end))
    except _Broken:
        return None
    return Opened(Sealed.SIGNED, content) if content else None


class _Reader:
    """Reads elements of BER at places of its bytes; every step counts against the budget."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._left = raw, _MOST

    def _element(self, place: int, end: int) -> tuple[int, int, int | None]:
        """Tag, where the content begins, where it ends (None: at its own end mark)."""
        self._left -= 1
        if self._left < 0 or place + 2 > min(end, len(self._raw)):
            raise _Broken
        tag, length, start = self._raw[place], self._raw[place + 1], place + 2
        if tag & _HIGH_TAG == _HIGH_TAG:
            raise _Broken
        if length == _LONG:
            return tag, start, None
        if length > _LONG:
            count = length - _LONG
            if count > _LENGTH_BYTES:
                raise _Broken
            length, start = int.from_bytes(self._raw[start : start + count]), start + count
        if start + length > end:
            raise _Broken
        return tag, start, start + length

    def enter(self, place: int, end: int, wanted: int) -> tuple[int, int]:
        """Where the content of an element begins, and where it ends at the latest."""
        tag, start, last = self._element(place, end)
        if tag != wanted:
            raise _Broken
        return start, end if last is None else last

    def value(self, place: int, end: int, wanted: int) -> tuple[bytes, int]:
        """The content of a plain element, and the place after it."""
        tag, start, last = self._element(place, end)
        if tag != wanted or last is None:
            raise _Broken
        return self._raw[start:last], last

    def after(self, place: int, end: int, wanted: int | None = None, depth: int = 0) -> int:
        """The place after an element."""
        tag, start, last = self._element(place, end)
        if (wanted is not None and tag != wanted) or depth > _DEEPEST:
            raise _Broken
        if last is not None:
            return last
        while self._raw[start : start + 2] != b"\0\0":
            start = self.after(start, end, depth=depth + 1)
        return start + 2

    def pieces(self, place: int, end: int) -> list[bytes]:
        """The octets of a string that is whole, or in pieces."""
        tag, start, last = self._element(place, end)
        if tag == _OCTETS and last is not None:
            return [self._raw[start:last]]
        if tag != _OCTETS_IN_PIECES:
            raise _Broken
        found, stop = [], end if last is None else last
        while start < stop and self._raw[start : start + 2] != b"\0\0":
            piece, start = self.value(start, stop, _OCTETS)
            found.append(piece)
        return found
