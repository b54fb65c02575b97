"""A PDF as a graph of objects: its tables, what they lead to, the files attached to it."""

import re
from collections.abc import Iterator
from typing import Any

from portal.invoices.reading.pdf_objects import (
    MOST_OBJECTS,
    Budget,
    Malformed,
    Name,
    Reference,
    Stream,
    every_object,
    parse,
    parse_indirect,
)
from portal.invoices.reading.pdf_streams import unpack
from portal.invoices.reading.refusal import FILE, KIND, SAFETY, Unreadable

_STARTXREF = re.compile(rb"startxref\s+(\d{1,12})")
_MOST_TABLES, _MOST_ATTACHMENTS, _MOST_FOLLOWED, _MOST_FILTERS = 64, 100, 40, 4
_TAIL = 2048  # how far from its end a PDF says where its table is
_XREF_FIELDS, _WIDEST_FIELD, _IN_OBJECT_STREAM = 3, 8, 2
_SPACES = re.compile(rb"\s*")
_SECTION = re.compile(rb"\s*(\d{1,10})[ \t]+(\d{1,10})\s+")
_ENTRY = re.compile(rb"\s{0,3}(\d{10})[ \t]\d{5}[ \t]([nf])[ \t\r\n]{0,2}")
_TRAILER = re.compile(rb"\s*trailer")


class Document:
    """A PDF whose objects are read when they are asked for, each once."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._budget = Budget()
        self._places: dict[int, int | tuple[int]] = {}  # an offset, or the object stream it is in
        self._read: dict[int, Any] = {}
        self._packed: dict[int, dict[int, Any]] = {}
        self._trailer: dict[str, Any] = {}
        self._busy: set[int] = set()

    def open(self) -> None:
        """Follow the cross-reference tables from the last one back.

        Raises:
            Malformed: there is none, or it is damaged.
            Unreadable: the file is encrypted.
        """
        last = None
        for found in _STARTXREF.finditer(self._data, max(0, len(self._data) - _TAIL)):
            last = found
        if last is None:
            raise Malformed
        waiting, seen = [int(last.group(1))], set[int]()
        while waiting:
            at = waiting.pop(0)
            if at in seen:
                raise Unreadable(SAFETY, FILE, "les tables du PDF tournent en rond")
            seen.add(at)
            if len(seen) > _MOST_TABLES:
                raise Unreadable(SAFETY, FILE, "le PDF a trop de tables")
            trailer = self._table(at)
            for key, value in trailer.items():
                self._trailer.setdefault(key, value)
            waiting += [trailer[key] for key in ("XRefStm", "Prev") if isinstance(trailer.get(key), int)]
        self._check_open()

    def search(self) -> None:
        """Find the objects without any table."""
        self._read.clear()
        self._packed.clear()
        self._busy.clear()
        self._places = dict(every_object(self._data))
        for found in re.finditer(rb"\btrailer\b", self._data):
            try:
                trailer, _ = parse(self._data, found.end(), self._budget)
            except Malformed:
                continue
            if isinstance(trailer, dict):
                self._trailer.update(trailer)
        self._check_open()
        for number in list(self._places):
            self._search_object(number)
        self._check_open()

    def _search_object(self, number: int) -> None:
        """Take what an object found by search says of others: it is an object stream, a table, the catalogue."""
        try:
            content = self._object(number)
        except Malformed:
            return
        held = content.dictionary if isinstance(content, Stream) else content
        if not isinstance(held, dict):
            return
        match held.get("Type"):
            case "Catalog":
                self._trailer.setdefault("Root", Reference(number))
            case "XRef":
                for key, value in held.items():
                    self._trailer.setdefault(key, value)
            case "ObjStm":
                try:
                    packed = self._object_stream(number)
                except Malformed:
                    return
                for inner, value in packed.items():
                    self._place(inner, number, packed=True)
                    if isinstance(value, dict) and value.get("Type") == "Catalog":
                        self._trailer.setdefault("Root", Reference(inner))

    def attachments(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of each embedded file: of the name tree, then of the associated files."""
        root = self._at(self._trailer.get("Root"))
        if not isinstance(root, dict):
            raise Malformed
        seen: set[int] = set()
        count = 0
        names = self._at(root.get("Names"))
        tree = names.get("EmbeddedFiles") if isinstance(names, dict) else None
        for specification in (*self._leaves(tree, 0, set()), *self._list(root.get("AF"))):
            count += 1
            if count > _MOST_ATTACHMENTS:
                raise Unreadable(SAFETY, FILE, "le PDF a trop de pièces jointes")
            held = self._at(specification)
            if not isinstance(held, dict):
                continue
            files = self._at(held.get("EF"))
            reference = (files.get("UF") or files.get("F")) if isinstance(files, dict) else None
            if not isinstance(reference, Reference) or reference.number in seen:
                continue
            seen.add(reference.number)
            stream = self._at(reference)
            if isinstance(stream, Stream):
                yield self._file_name(held), self._content(stream)

    def _leaves(self, node: Any, depth: int, seen: set[int]) -> Iterator[Any]:
        """The values of a name tree."""
        if isinstance(node, Reference):
            if node.number in seen:
                raise Unreadable(SAFETY, FILE, "les pièces jointes du PDF tournent en rond")
            seen.add(node.number)
        held = self._at(node)
        if not isinstance(held, dict) or depth > _MOST_FOLLOWED:
            return
        yield from self._list(held.get("Names"))[1::2]
        for kid in self._list(held.get("Kids")):
            yield from self._leaves(kid, depth + 1, seen)

    def _file_name(self, specification: dict[str, Any]) -> str:
        for key in ("UF", "F"):
            value = self._at(specification.get(key))
            if isinstance(value, bytes) and value:
                text = (
                    value.decode("utf-16", "replace")
                    if value[:2] in {b"\xfe\xff", b"\xff\xfe"}
                    else value.decode("latin-1")
                )
                return text.lstrip("\ufeff").replace("\\", "/").rpartition("/")[2]
        return ""

    def _list(self, value: Any) -> list[Any]:
        held = self._at(value)
        return held if isinstance(held, list) else [] if held is None else [value]

    def _at(self, value: Any) -> Any:
        """What a reference leads to; anything else is itself."""
        steps = 0
        while isinstance(value, Reference):
            steps += 1
            if steps > _MOST_FOLLOWED:
                raise Unreadable(SAFETY, FILE, "les objets du PDF tournent en rond")
            value = self._object(value.number)
        return value

    def _object(self, number: int) -> Any:
        if number in self._read:
            return self._read[number]
        place = self._places.get(number)
        if place is None:
            return None
        if number in self._busy:
            raise Unreadable(SAFETY, FILE, "les objets du PDF tournent en rond")
        self._busy.add(number)
        try:
            if isinstance(place, tuple):
                content = self._object_stream(place[0]).get(number)
            else:
                found, content = parse_indirect(self._data, place, self._budget)
                if found != number:
                    raise Malformed(place)
        finally:
            self._busy.discard(number)
        self._read[number] = content
        return content

    def _place(self, number: int, place: int, *, packed: bool = False) -> None:
        """Note where an object is; what was noted before, of a later table, stays."""
        self._places.setdefault(number, (place,) if packed else place)
        if len(self._places) > MOST_OBJECTS:
            raise Unreadable(SAFETY, FILE, "le PDF a trop d'objets")

    def _object_stream(self, number: int) -> dict[int, Any]:
        if number in self._packed:
            return self._packed[number]
        stream = self._object(number)
        if not isinstance(stream, Stream) or stream.dictionary.get("Type") != "ObjStm":
            raise Malformed
        count, first = self._at(stream.dictionary.get("N")), self._at(stream.dictionary.get("First"))
        if not isinstance(count, int) or not isinstance(first, int) or not 0 <= count <= MOST_OBJECTS:
            raise Malformed
        content = self._content(stream)
        head = content[:first].split()
        if len(head) < 2 * count or not all(word.isdigit() for word in head[: 2 * count]):
            raise Malformed
        packed = {
            int(head[2 * index]): parse(content, first + int(head[2 * index + 1]), self._budget)[0]
            for index in range(count)
        }
        self._packed[number] = packed
        return packed

    def _content(self, stream: Stream) -> bytes:
        length = self._at(stream.dictionary.get("Length"))
        names = self._list(stream.dictionary.get("Filter") or stream.dictionary.get("F"))
        options = self._list(stream.dictionary.get("DecodeParms") or stream.dictionary.get("DP"))
        filters = []
        for index, given in enumerate(names):
            name, extra = self._at(given), self._at(options[index]) if index < len(options) else None
            if not isinstance(name, Name):
                raise Malformed
            filters.append((str(name), extra if isinstance(extra, dict) else {}))
        if len(filters) > _MOST_FILTERS:
            raise Unreadable(SAFETY, FILE, "un flux du PDF a trop de filtres")
        return unpack(self._data, stream, length if isinstance(length, int) else None, filters, self._budget)

    def _check_open(self) -> None:
        if self._trailer.get("Encrypt") is not None:
            raise Unreadable(KIND, FILE, "le PDF est chiffré ou protégé par mot de passe")

    def _table(self, at: int) -> dict[str, Any]:
        """Read one table, classic or stream; what a later table said of an object stays. Returns its trailer."""
        if not 0 <= at < len(self._data):
            raise Malformed(at)
        at = _SPACES.match(self._data, at).end()  # type: ignore[union-attr]  # it matches nothing at worst
        if self._data.startswith(b"xref", at):
            return self._classic_table(at + 4)
        _, stream = parse_indirect(self._data, at, self._budget)
        if not isinstance(stream, Stream) or stream.dictionary.get("Type") != "XRef":
            raise Malformed(at)
        self._stream_table(stream)
        return stream.dictionary

    def _classic_table(self, at: int) -> dict[str, Any]:
        while found := _SECTION.match(self._data, at):
            first, count, at = int(found.group(1)), int(found.group(2)), found.end()
            for number in range(first, first + count):
                entry = _ENTRY.match(self._data, at)
                if entry is None:
                    raise Malformed(at)
                at = entry.end()
                if entry.group(2) == b"n":
                    self._place(number, int(entry.group(1)))
        found = _TRAILER.match(self._data, at)
        if found is None:
            raise Malformed(at)
        trailer, _ = parse(self._data, found.end(), self._budget)
        if not isinstance(trailer, dict):
            raise Malformed(at)
        return trailer

    def _stream_table(self, stream: Stream) -> None:
        held = stream.dictionary
        widths, size = held.get("W"), held.get("Size")
        index = held.get("Index") or [0, size]
        if (
            not isinstance(widths, list)
            or len(widths) != _XREF_FIELDS
            or not all(isinstance(width, int) and 0 <= width <= _WIDEST_FIELD for width in widths)
        ):
            raise Malformed
        if not isinstance(index, list) or not all(isinstance(value, int) and value >= 0 for value in index):
            raise Malformed
        content, at, row = self._content(stream), 0, sum(widths)
        if not row:
            raise Malformed
        for first, count in zip(index[::2], index[1::2], strict=False):
            for number in range(first, first + count):
                if at + row > len(content):
                    return
                values, start = [], at
                for width in widths:
                    values.append(int.from_bytes(content[start : start + width]))
                    start += width
                at += row
                kind = values[0] if widths[0] else 1
                if kind == 1:
                    self._place(number, values[1])
                elif kind == _IN_OBJECT_STREAM:
                    self._place(number, values[1], packed=True)
