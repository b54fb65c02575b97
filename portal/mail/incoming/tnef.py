"""winmail.dat: what Exchange packs into one file of its own kind when it takes us for an Outlook.

A library was weighed (tnefparse): a count in the file that lies keeps it busy for ever, and it copies the rest
of the packet for each object in it. What is needed of the format is small; here nothing is read beyond its end.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from portal.mail.incoming.charsets import decode
from portal.mail.incoming.rtf import decompressed, text_of_rtf

SIGNATURE = bytes.fromhex("789F3E22")
#: Files that are unpacked of one packet, and values that are read of one group.
MOST = 500
_MOST_VALUES = 2_000
#: Objects of a packet.
_BODY, _PROPERTIES, _CODEPAGE = 0x800C, 0x9003, 0x9007
_FILE_BEGINS, _FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
#: Properties of the message and of a file.
_TEXT, _HTML, _RTF, _INTERNET_CODEPAGE = 0x1000, 0x1013, 0x1009, 0x3FDE
_CONTENT, _NAME, _SHORT_NAME, _SHOWN_NAME, _MEDIA_TYPE, _CONTENT_ID = 0x3701, 0x3707, 0x3704, 0x3001, 0x370E, 0x3712
#: Kinds of values: their length, where it does not stand before them.
_LENGTHS = {0x2: 4, 0x3: 4, 0x4: 4, 0xA: 4, 0xB: 4, 0x5: 8, 0x6: 8, 0x7: 8, 0x14: 8, 0x40: 8, 0x48: 16}
_COUNTED = frozenset({0x0D, 0x1E, 0x1F, 0x102})
_SEVERAL, _NAMED = 0x1000, 0x8000
_GUID = 16
_CODEPAGES = {20127: "us-ascii", 20866: "koi8-r", 65001: "utf-8", 936: "gb18030", 1200: "utf-16-le"}


@dataclass(slots=True)
class Packed:
    """One file of a packet."""

    filename: str = ""
    content: bytes = field(default=b"", repr=False)
    media_type: str = ""
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A packet: its text, its HTML, its files."""

    text: str
    html: str
    files: tuple[Packed, ...]


def unpack(content: bytes) -> Unpacked | None:
    """What is in a packet; None when it is none. One that breaks off gives what came before."""
    if not content.startswith(SIGNATURE):
        return None
    files: list[Packed] = []
    message: dict[int, bytes] = {}
    body, codepage = b"", ""
    for kind, data in _objects(content):
        if kind == _CODEPAGE:
            codepage = codepage or _codepage(data)
        elif kind == _BODY:
            body = data
        elif kind == _PROPERTIES:
            message.update(_properties(data))
        elif kind == _FILE_BEGINS and len(files) < MOST:
            files.append(Packed())
        elif files and kind == _FILE_TITLE:
            files[-1].filename = files[-1].filename or _text(data, codepage)
        elif files and kind == _FILE_DATA:
            files[-1].content = data
        elif files and kind == _FILE_PROPERTIES:
            _describe(files[-1], dict(_properties(data)), codepage)
    codepage = _codepage(message[_INTERNET_CODEPAGE]) if _INTERNET_CODEPAGE in message else codepage
    html = _text(message.get(_HTML, b""), codepage)
    text = _text(message.get(_TEXT, b"") or body, codepage)
    if not text.strip() and not html.strip() and _RTF in message:
        text = text_of_rtf(decompressed(message[_RTF]))
    return Unpacked(text, html, tuple(file for file in files if file.content or file.filename))


def _describe(file: Packed, given: dict[int, bytes], codepage: str) -> None:
    for name in (_NAME, _SHORT_NAME, _SHOWN_NAME):
        if given.get(name):
            file.filename = _text(given[name], codepage)
            break
    file.media_type = _text(given.get(_MEDIA_TYPE, b""), codepage).lower()
    file.content_id = _text(given.get(_CONTENT_ID, b""), codepage).strip("<>")
    embedded = given.get(_CONTENT, b"")
    if embedded and not file.content:
        # A message within the message: a packet of its own, behind the name of its kind.
        file.content = embedded[_GUID:] if embedded[_GUID : _GUID + 4] == SIGNATURE else embedded


def _objects(content: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, data) of each object: a level, a kind, a type, a length, the data, a checksum."""
    place = 6
    while place + 9 <= len(content):
        length = _number(content, place + 5, 4)
        data = content[place + 9 : place + 9 + length]
        yield _number(content, place + 1, 2), data
        place += 9 + length + 2


def _properties(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(name, value) of each property; of several values the first."""
    place = 4
    for _ in range(min(_number(data, 0, 4), _MOST_VALUES)):
        if place + 4 > len(data):
            return
        kind, name = _number(data, place, 2), _number(data, place + 2, 2)
        place += 4
        if name >= _NAMED:
            place = _after_name(data, place)
        several, kind = bool(kind & _SEVERAL), kind & ~_SEVERAL
        values = 1
        if several or kind in _COUNTED:
            values = min(_number(data, place, 4), _MOST_VALUES)
            place += 4
        if kind not in _LENGTHS and kind not in _COUNTED:
            return
        for number in range(values):
            if place >= len(data):
                return
            length = _LENGTHS.get(kind)
            if length is None:
                length = _number(data, place, 4)
                place += 4
            if number == 0:
                yield name, data[place : place + length]
            place += length + -length % 4


def _after_name(data: bytes, place: int) -> int:
    by_words = _number(data, place + _GUID, 4)
    length = _number(data, place + _GUID + 4, 4)
    return place + _GUID + 8 + (length + -length % 4 if by_words else 0)


def _number(data: bytes, place: int, length: int) -> int:
    return int.from_bytes(data[place : place + length], "little")


def _codepage(data: bytes) -> str:
    number = _number(data, 0, 4)
    return _CODEPAGES.get(number, f"cp{number}")


def _text(value: bytes, codepage: str) -> str:
    if value[1:2] == b"\0" and len(value) % 2 == 0:
        return decode(value, "utf-16-le").strip("\0")
    return decode(value.rstrip(b"\0"), codepage)
