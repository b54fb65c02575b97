"""CSV: several invoices in a file, several rows for one, each source with its own columns."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from io import StringIO
from itertools import islice

from portal.invoices.document import ReadInvoice, ReadLine, ReadParty
from portal.invoices.reading import csv_values, fields
from portal.invoices.reading.checks import Sums, check
from portal.invoices.reading.cii import MOST_LINES
from portal.invoices.reading.csv_sources import NEEDED, USUAL, CsvSource
from portal.invoices.reading.fields import Pen, shown
from portal.invoices.reading.parties import party
from portal.invoices.reading.refusal import ENCODING, FILE, KIND, SIZE, STRUCTURE, Unreadable
from portal.invoices.reading.xml import CSV
from portal.invoices.reading.xml_source import surely_latin

LARGEST_CSV, MOST_ROWS = 24 * 2**20, 50_000
_DELIMITERS = ";,\t|"
#: Rows of titles that may stand above the header.
_TITLES = 10
_AMOUNTS = ("net", "tax", "gross", "payable", "prepaid", "unit_price", "line_net")
_LABELS = {
    "number": fields.NUMBER, "type": fields.TYPE, "issued_on": fields.ISSUED, "due_on": fields.DUE,
    "currency": fields.CURRENCY, "net": fields.NET, "tax": fields.TAX, "gross": fields.GROSS, "payable": fields.PAYABLE,
    "prepaid": "acomptes (BT-113)",
}  # fmt: skip
#: What two rows of one invoice may not say differently: nobody could tell which is right, or whether to add them.
_ONE_VALUE = ("issued_on", "type", "currency", "net", "tax", "gross", "payable")


@dataclass(frozen=True, slots=True)
class Refused:
    """One invoice of a file that is refused while the others are read."""

    number: str
    reason: Unreadable


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The rows under the header, and how to read them."""

    source: CsvSource
    places: dict[str, int]
    rows: list[tuple[int, list[str]]]  # with their line numbers in the file
    decimal: str
    delimiter: str
    header: int  # its line, from 1

    def cell(self, row: Sequence[str], name: str) -> str:
        place = self.places.get(name)
        value = row[place].strip() if place is not None and place < len(row) else ""
        return value or self.source.constants.get(name, "")


def read_csv(data: bytes, sources: Sequence[CsvSource] = ()) -> Iterator[ReadInvoice | Refused]:
    """Every invoice of a CSV, in the order of the file.

    Raises:
        Unreadable: the file as a whole cannot be read.
    """
    sheet = _sheet(_text(data, sources), sources)
    for number, rows in _grouped(sheet).items():
        try:
            yield _invoice(sheet, number, rows)
        except Unreadable as error:
            yield Refused(number, error)


def rows_of(data: bytes, number: str, sources: Sequence[CsvSource] = ()) -> tuple[str, str, int, list[int]]:
    """(text, delimiter, line of the header, lines that the rows of one invoice end on, from 1).

    Raises:
        Unreadable: the file as a whole cannot be read.
    """
    text = _text(data, sources)
    sheet = _sheet(text, sources)
    return text, sheet.delimiter, sheet.header, [line for line, _ in _grouped(sheet).get(number, ())]


def _text(data: bytes, sources: Sequence[CsvSource]) -> str:
    if len(data) > LARGEST_CSV:
        raise Unreadable(SIZE, FILE, f"un CSV de plus de {LARGEST_CSV // 2**20} Mo n'est pas lu")
    text = _decoded(data, sources)
    if "\0" in text:
        raise Unreadable(ENCODING, FILE, "le fichier contient des octets nuls")
    return text


def _decoded(data: bytes, sources: Sequence[CsvSource]) -> str:
    encodings = ["utf-16"] if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ["utf-8-sig"]
    for encoding in [*encodings, *(source.encoding for source in sources if source.encoding)]:
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    text = surely_latin(data)
    if text is None:
        raise Unreadable(ENCODING, FILE, "l'encodage n'est ni UTF-8, ni UTF-16, ni Windows-1252")
    return text


def _sheet(text: str, sources: Sequence[CsvSource]) -> _Sheet:
    best: tuple[int, CsvSource, str, int, dict[str, int]] | None = None
    # Lines as the reader of CSV counts them: str.splitlines would also end one at a form feed.
    head = list(enumerate(islice(StringIO(text[: 64 * 1024], newline=""), _TITLES)))
    for source in (*sources, USUAL):
        for delimiter in source.delimiter or _DELIMITERS:
            for index, line in head:
                places = source.found_in(next(csv.reader([line], delimiter=delimiter), []))
                whole = source is USUAL or set(places) == set(source.columns)
                if whole and all(name in places for name in NEEDED) and (best is None or len(places) > best[0]):
                    best = (len(places), source, delimiter, index, places)
        if best is not None:
            break  # a source that is known comes before what columns usually mean
    if best is None:
        raise Unreadable(
            KIND, FILE,
            "ni une facture XML ou PDF, ni un CSV dont les colonnes sont reconnues "
            "(numéro, date et total TTC sont nécessaires)",
        )  # fmt: skip
    _, source, delimiter, index, places = best
    rows = _rows(text, delimiter, index)
    return _Sheet(source, places, rows, source.decimal or _decimal_sign(rows, places), delimiter, index + 1)


def _rows(text: str, delimiter: str, header: int) -> list[tuple[int, list[str]]]:
    rows = []
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if reader.line_num > header + 1 and any(cell.strip() for cell in row):
                rows.append((reader.line_num, row))
                if len(rows) > MOST_ROWS:
                    raise Unreadable(SIZE, FILE, f"le CSV a plus de {MOST_ROWS} lignes")
    except csv.Error as error:
        raise Unreadable(STRUCTURE, FILE, f"CSV mal formé, ligne {reader.line_num}") from error
    if not rows:
        raise Unreadable(KIND, FILE, "le CSV n'a que son en-tête")
    return rows


def _decimal_sign(rows: list[tuple[int, list[str]]], places: dict[str, int]) -> str:
    """The file's decimal sign, when every amount that shows one agrees."""
    signs = set()
    for _, row in rows:
        for name in _AMOUNTS:
            place = places.get(name)
            if place is not None and place < len(row):
                signs.add(csv_values.decimal_sign(row[place]))
    signs.discard("")
    return signs.pop() if len(signs) == 1 else ""


def _grouped(sheet: _Sheet) -> dict[str, list[tuple[int, list[str]]]]:
    """The rows of each number. A row without one goes on with the invoice above it."""
    found: dict[str, list[tuple[int, list[str]]]] = {}
    last = ""
    for line, row in sheet.rows:
        number = " ".join(sheet.cell(row, "number").split())
        if not number and sheet.cell(row, "gross"):
            number, last = "", ""  # an invoice of its own, whose number is missing
            found.setdefault("", []).append((line, row))
            continue
        last = number or last
        found.setdefault(last, []).append((line, row))
    return found


def _invoice(sheet: _Sheet, number: str, rows: list[tuple[int, list[str]]]) -> ReadInvoice:
    first = rows[0][0]
    if not number:
        raise Unreadable("BR-02", fields.NUMBER, f"il manque, ligne {first} du fichier")
    if len(rows) > MOST_LINES:
        raise Unreadable(SIZE, FILE, f"la facture a {len(rows)} lignes, au plus {MOST_LINES} sont lues")
    pen = Pen()
    values = {name: _value(sheet, pen, name, rows) for name in _HEADER}
    day = values["issued_on"]
    gross = values["gross"]
    lines = tuple(_lines(sheet, pen, rows))
    invoice = ReadInvoice(
        syntax=CSV,
        profile=sheet.source.name,
        number=fields.needed_number(number),
        issued_on=fields.needed_day(csv_values.day(day, sheet.source.dates), day),
        gross=fields.needed_gross(csv_values.number(gross, sheet.decimal), gross),
        type_code=csv_values.type_code(pen, values["type"]),
        due_on=_dated(sheet, pen, values["due_on"], fields.DUE),
        currency=pen.currency(values["currency"]),
        seller=_party(pen, "vendeur (BG-4)", values, "seller"),
        buyer=_party(pen, "acheteur (BG-7)", values, "buyer"),
        net=_amount(sheet, pen, values["net"], fields.NET),
        tax=_amount(sheet, pen, values["tax"], fields.TAX),
        payable=_amount(sheet, pen, values["payable"], fields.PAYABLE),
        prepaid=_amount(sheet, pen, values["prepaid"], "acomptes (BT-113)"),
        lines=lines,
        purchase_order=pen.words(values["purchase_order"], "commande (BT-13)", 200),
        contract=pen.words(values["contract"], "contrat (BT-12)", 200),
        preceding=tuple(filter(None, (pen.words(values["preceding"], "facture antérieure (BT-25)", 200),))),
        delivered_on=_dated(sheet, pen, values["delivered_on"], "livraison (BT-72)"),
        notes=tuple(filter(None, (pen.text(values["note"], "note (BT-22)"),))),
        payment_terms=pen.text(values["payment_terms"], "conditions (BT-20)"),
    )
    check(pen, invoice, Sums(counted=()))
    _check_lines(pen, invoice)
    return replace(invoice, findings=tuple(pen.findings)) if pen.findings else invoice


_HEADER = (
    "type", "issued_on", "due_on", "currency", "seller", "seller_vat", "seller_siren", "buyer", "buyer_vat", "buyer_siren",
    "net", "tax", "gross", "payable", "prepaid", "purchase_order", "contract", "payment_terms", "note", "preceding",
    "delivered_on",
)  # fmt: skip


def _value(sheet: _Sheet, pen: Pen, name: str, rows: list[tuple[int, list[str]]]) -> str:
    """What the rows of an invoice say of one field: the same thing, or an amount that the source says to add up."""
    cells = [(line, cell) for line, row in rows if (cell := sheet.cell(row, name))]
    if not cells:
        return ""
    if name in sheet.source.added:
        amounts = [csv_values.number(cell, sheet.decimal) for _, cell in cells]
        wrong = next((cell for (_, cell), amount in zip(cells, amounts, strict=True) if amount is None), None)
        total = sum((amount for amount in amounts if amount is not None), Decimal(0))
        return wrong if wrong is not None else f"{total:f}".replace(".", sheet.decimal or ".")
    for line, cell in cells[1:]:
        if cell == cells[0][1]:
            continue
        if name in _ONE_VALUE:
            words = f"{shown(cells[0][1])} puis {shown(cell)} (ligne {line}) pour une même facture"
            raise Unreadable("CSV", _LABELS.get(name, name), words)
        pen.note(
            "csv", name, f"Ligne {line} du CSV\u00a0: {shown(cell)} diffère de {shown(cells[0][1])}, qui est retenu."
        )
        break
    return cells[0][1]


def _lines(sheet: _Sheet, pen: Pen, rows: list[tuple[int, list[str]]]) -> Iterator[ReadLine]:
    if not {"description", "quantity", "unit_price", "line_net"} & set(sheet.places):
        return
    for position, (_, row) in enumerate(rows, 1):
        given = {name: sheet.cell(row, name) for name in ("description", "quantity", "unit_price", "line_net")}
        if not any(given.values()):
            continue
        number = sheet.cell(row, "line_number") or str(position)
        field = f"ligne {number}"
        yield ReadLine(
            number=pen.words(number, "ligne (BT-126)", 50),
            name=pen.words(given["description"], field),
            net=_amount(sheet, pen, given["line_net"], field),
            quantity=_amount(sheet, pen, given["quantity"], field),
            unit=sheet.cell(row, "unit")[:20],
            unit_price=_amount(sheet, pen, given["unit_price"], field),
            vat_rate=_amount(sheet, pen, sheet.cell(row, "vat_rate").rstrip("% \u00a0\u202f"), field),
            order_line=pen.words(sheet.cell(row, "order_line"), field, 50),
        )


def _check_lines(pen: Pen, invoice: ReadInvoice) -> None:
    """A CSV has no total of lines of its own: they are compared with the net."""
    amounts = [line.net for line in invoice.lines if line.net is not None]
    if invoice.net is None or not amounts or len(amounts) < len(invoice.lines):
        return
    if round(sum(amounts, Decimal(0)), 2) != round(invoice.net, 2):
        pen.note("BR-CO-13", fields.NET, f"{fields.NET}\u00a0: il n'est pas la somme des lignes du CSV.")


def _party(pen: Pen, side: str, values: dict[str, str], name: str) -> ReadParty:
    return party(
        pen, side, name=values[name], vat_number=values[f"{name}_vat"], numbers=(("", values[f"{name}_siren"]),), address=()
    )  # fmt: skip


def _dated(sheet: _Sheet, pen: Pen, text: str, field: str) -> date | None:
    found = csv_values.day(text, sheet.source.dates) if text else None
    if text and found is None:
        pen.note("date", field, f"{field}\u00a0: {shown(text)} n'est pas une date, elle est laissée de côté.")
    return found


def _amount(sheet: _Sheet, pen: Pen, text: str, field: str) -> Decimal | None:
    found = csv_values.number(text, sheet.decimal) if text else None
    if text and found is None:
        pen.note("number", field, f"{field}\u00a0: {shown(text)} n'est pas un nombre, il est laissé de côté.")
    return found
