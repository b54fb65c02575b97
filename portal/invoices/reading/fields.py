"""Numbers, days and words as they are written in files: read when sure, said when not, never guessed."""

import re
from datetime import date
from decimal import Decimal

from portal.invoices.document import ReadFinding
from portal.invoices.reading.refusal import Unreadable

#: xsd:decimal, within what any currency and any unit price need.
_PLAIN = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d{0,20})?|\.\d{1,20})", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[ \u00a0\u202f'’]\d{3}){1,4}(?:[.,]\d{1,20})?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d{1,15},(?:\d{1,2}|\d{4,20})", re.ASCII)
_BOTH = re.compile(r"[+-]?\d{1,3}(?:\.\d{3}){1,4},\d{1,20}|[+-]?\d{1,3}(?:,\d{3}){1,4}\.\d{1,20}", re.ASCII)
_SEPARATORS = re.compile(r"[ \u00a0\u202f'’]")
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{4}|\d{6})?", re.ASCII)
_ISO_DAY = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?(?:Z|[+-]\d{2}:\d{2})?", re.ASCII
)
_FIRST_YEAR, _LAST_YEAR = 1900, 2999
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_BETWEEN_FIGURES = str.maketrans("", "", ".-/")
_LONG_NUMBER = 100
#: What is printed back of a value that is refused.
_SHOWN = 40
LONG_NAME, LONG_TEXT = 500, 20_000

NUMBER, TYPE, ISSUED, DUE = "numéro de facture (BT-1)", "type (BT-3)", "date d'émission (BT-2)", "échéance (BT-9)"
CURRENCY, NET, TAX = "devise (BT-5)", "total HT (BT-109)", "total de TVA (BT-110)"
GROSS, PAYABLE = "total TTC (BT-112)", "net à payer (BT-115)"


def plain_number(text: str) -> Decimal | None:
    """The number that a text is, in whichever usual way of writing; None when it is none, or could be two.

    ``1,234`` could be one thousand or one: it is none.
    """
    text = text.strip()
    if _PLAIN.fullmatch(text):
        number = Decimal(text)
    elif _BOTH.fullmatch(text):
        decimal, thousands = (",", ".") if text.rfind(",") > text.rfind(".") else (".", ",")
        number = Decimal(text.replace(thousands, "").replace(decimal, "."))
    elif _GROUPED.fullmatch(text):
        number = Decimal(_SEPARATORS.sub("", text).replace(",", "."))
    elif _COMMA.fullmatch(text):
        number = Decimal(text.replace(",", "."))
    else:
        return None
    return number or abs(number)  # a zero has no sign


def plain_day(text: str) -> date | None:
    """The day that a text is: ISO, or eight digits; the day as written, whatever hour and zone follow."""
    text = text.strip()
    found = _COMPACT_DAY.fullmatch(text) or _ISO_DAY.fullmatch(text)
    return calendar_day(*found.groups()) if found else None


def calendar_day(year: str, month: str, day: str) -> date | None:
    """A day of the calendar, in the years that an invoice can be of."""
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def shown(text: str) -> str:
    """A value as a reason prints it: in quotes, short, on one line."""
    line = " ".join(text.split())
    return f"« {line[:_SHOWN]}{'…' if len(line) > _SHOWN else ''} »"


def compact(text: str) -> str:
    """A registration number without what people put between its figures."""
    return "".join(text.split()).translate(_BETWEEN_FIGURES).upper()


class Pen:
    """Writes down what is odd while the fields of one invoice are read."""

    __slots__ = ("findings",)

    def __init__(self) -> None:
        self.findings: list[ReadFinding] = []

    def note(self, code: str, field: str, words: str) -> None:
        """One more finding."""
        self.findings.append(ReadFinding(code, field, words))

    def number(self, text: str, field: str) -> Decimal | None:
        """An amount, a rate, a quantity; None when it is not there, or not one, which is noted."""
        if not text:
            return None
        found = plain_number(text)
        if found is None:
            self.note("number", field, f"{field}\u00a0: {shown(text)} n'est pas un nombre, il est laissé de côté.")
        return found

    def day(self, text: str, field: str) -> date | None:
        """A day; None when it is not there, or not one, which is noted."""
        if not text:
            return None
        found = plain_day(text)
        if found is None:
            self.note("date", field, f"{field}\u00a0: {shown(text)} n'est pas une date, elle est laissée de côté.")
        return found

    def words(self, text: str, field: str, limit: int = LONG_NAME) -> str:
        """A text of one line; cut where it is longer than anything a page shows, which is noted."""
        line = " ".join(text.split())
        if len(line) > limit:
            self.note("length", field, f"{field}\u00a0: texte de {len(line)} caractères, coupé à {limit}.")
            line = line[:limit]
        return line

    def text(self, text: str, field: str) -> str:
        """A text of several lines."""
        lines = "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
        if len(lines) > LONG_TEXT:
            self.note("length", field, f"{field}\u00a0: texte de {len(lines)} caractères, coupé à {LONG_TEXT}.")
            lines = lines[:LONG_TEXT]
        return lines

    def currency(self, text: str) -> str:
        """Three capitals, or nothing, which is noted."""
        code = text.strip().upper()
        if _CURRENCY.fullmatch(code):
            return code
        if text.strip():
            self.note("currency", CURRENCY, f"{CURRENCY}\u00a0: {shown(text)} n'est pas un code de devise.")
        return ""


def needed_number(text: str) -> str:
    """The invoice's own number.

    Raises:
        Unreadable: there is none (BR-02).
    """
    number = " ".join(text.split())
    if not number:
        raise Unreadable("BR-02", NUMBER, "il manque")
    if len(number) > _LONG_NUMBER:
        raise Unreadable("BR-02", NUMBER, f"il a {len(number)} caractères")
    return number


def needed_day(found: date | None, text: str) -> date:
    """The day of issue.

    Raises:
        Unreadable: there is none (BR-03).
    """
    if found is None:
        raise Unreadable("BR-03", ISSUED, f"{shown(text)} n'est pas une date" if text.strip() else "elle manque")
    return found


def needed_gross(found: Decimal | None, text: str) -> Decimal:
    """The total with VAT.

    Raises:
        Unreadable: there is none (BR-14).
    """
    if found is None:
        raise Unreadable("BR-14", GROSS, f"{shown(text)} n'est pas un montant" if text.strip() else "il manque")
    return found
