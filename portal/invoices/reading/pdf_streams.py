"""The bytes of a PDF's streams, their filters undone within a budget."""

import re
import zlib
from base64 import a85decode
from binascii import Error as NotHex
from binascii import unhexlify
from typing import Any

from portal.invoices.reading.pdf_objects import Budget, Malformed, Stream
from portal.invoices.reading.refusal import FILE, SAFETY, STRUCTURE, Unreadable

LARGEST_STREAM = 32 * 2**20
#: A predictor is undone byte by byte, which costs that many times what looking at a byte does.
_PREDICTOR_COST = 100
_PNG, _WIDEST_ROW = 10, 1_000_000
_ENDSTREAM = re.compile(rb"\r?\n?endstream")


def unpack(
    data: bytes, stream: Stream, length: int | None, filters: list[tuple[str, dict[str, Any]]], budget: Budget
) -> bytes:
    """The bytes of a stream, its filters undone.

    Raises:
        Malformed: they are not what its filters make.
        Unreadable: they unpack to more than any invoice is, or need a filter that no invoice needs.
    """
    raw = _raw(data, stream.start, length, budget)
    for name, options in filters:
        budget.spend(work=len(raw))
        raw = _undo(raw, name, budget)
        if options.get("Predictor", 1) != 1:
            budget.spend(work=_PREDICTOR_COST * len(raw))
            raw = _unpredict(raw, options)
    return raw


def _raw(data: bytes, start: int, length: int | None, budget: Budget) -> bytes:
    if length is not None and 0 <= length <= LARGEST_STREAM and _ENDSTREAM.match(data, start + length):
        return data[start : start + length]
    # The length is wrong or not known: up to the word that ends a stream.
    end = data.find(b"endstream", start)
    budget.spend(work=(len(data) if end < 0 else end) - start)
    if end < 0:
        raise Malformed(start)
    if end - start > LARGEST_STREAM:
        raise Unreadable(SAFETY, FILE, "un flux du PDF est démesuré")
    return data[start:end]


def _undo(raw: bytes, name: str, budget: Budget) -> bytes:
    match name:
        case "FlateDecode" | "Fl":
            return _inflate(raw, budget)
        case "ASCIIHexDecode" | "AHx":
            try:
                digits = re.sub(rb"\s", b"", raw.partition(b">")[0])
                return unhexlify(digits + b"0" * (len(digits) % 2))
            except NotHex as error:
                raise Malformed from error
        case "ASCII85Decode" | "A85":
            try:
                return a85decode(raw.partition(b"~>")[0].strip())
            except ValueError as error:
                raise Malformed from error
        case _:
            raise Unreadable(
                STRUCTURE, FILE, f"le filtre PDF « {name[:30]} » n'est pas pris en charge pour une pièce jointe"
            )


def _inflate(raw: bytes, budget: Budget) -> bytes:
    machine = zlib.decompressobj()
    limit = min(LARGEST_STREAM, budget.unpacked)
    try:
        content = machine.decompress(raw, limit + 1)
    except zlib.error as error:
        raise Malformed from error
    if len(content) > limit:
        raise Unreadable(SAFETY, FILE, "le PDF contient un flux qui se décompresse démesurément")
    budget.unpacked -= len(content)
    return content


def _unpredict(raw: bytes, options: dict[str, Any]) -> bytes:
    """Undo a PNG predictor: cross-reference streams have one."""
    predictor, columns, colors, bits = (
        _whole(options, name, default)
        for name, default in (("Predictor", 1), ("Columns", 1), ("Colors", 1), ("BitsPerComponent", 8))
    )
    width, step = (columns * colors * bits + 7) // 8, max(1, colors * bits // 8)
    if predictor < _PNG or not 0 < width < _WIDEST_ROW:
        raise Malformed
    before, out = bytearray(width), bytearray()
    for at in range(0, len(raw), width + 1):
        kind, row = raw[at], bytearray(raw[at + 1 : at + 1 + width])
        if len(row) < width:
            break
        _unfilter(kind, row, before, step)
        out += row
        before = row
    return bytes(out)


def _whole(options: dict[str, Any], name: str, default: int) -> int:
    value = options.get(name, default)
    if not isinstance(value, int):
        raise Malformed
    return value


def _unfilter(kind: int, row: bytearray, before: bytearray, step: int) -> None:
    for index, value in enumerate(row):
        left = row[index - step] if index >= step else 0
        corner = before[index - step] if index >= step else 0
        match kind:
            case 0:
                return
            case 1:
                added = left
            case 2:
                added = before[index]
            case 3:
                added = (left + before[index]) // 2
            case 4:
                added = _paeth(left, before[index], corner)
            case _:
                raise Malformed
        row[index] = (value + added) & 0xFF


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    to_left, to_up, to_corner = abs(guess - left), abs(guess - up), abs(guess - corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner
