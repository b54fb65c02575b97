"""Amounts, days and types as accounting software writes them in a CSV."""

import re
from datetime import date
from decimal import Decimal

from portal.invoices.reading import fields
from portal.invoices.reading.csv_sources import plain
from portal.invoices.reading.fields import Pen, calendar_day, plain_day, plain_number, shown

_USUAL_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?", re.ASCII)
_SHORT_YEAR, _LONGEST_CODE = 2, 3
MONEY_SIGNS = re.compile(r"\s*(?:€|EUR|CHF|USD|\$|£)\s*$|^\s*(?:€|\$|£)\s*", re.IGNORECASE)
_BRACKETS = re.compile(r"\(\s*([^()]+?)\s*\)")
_ENDS_IN_COMMA, _ENDS_IN_POINT = re.compile(r"\d,\d{1,2}$"), re.compile(r"\d\.\d{1,2}$")
_TYPES = {
    "facture": "380", "fac": "380", "f": "380", "invoice": "380", "avoir": "381", "av": "381", "a": "381",
    "credit note": "381", "note de credit": "381", "acompte": "386", "facture d acompte": "386", "rectificative": "384",
    "facture rectificative": "384",
}  # fmt: skip


def decimal_sign(cell: str) -> str:
    """The decimal sign that a cell shows beyond doubt, or ""."""
    amount = MONEY_SIGNS.sub("", cell).strip(" )")
    return "," if _ENDS_IN_COMMA.search(amount) else "." if _ENDS_IN_POINT.search(amount) else ""


def type_code(pen: Pen, text: str) -> str:
    """The UNTDID 1001 code of a type, by code or by its usual word; "" when it is not known, which is noted."""
    if not text or (text.isascii() and text.isdigit() and len(text) <= _LONGEST_CODE):
        return text
    code = _TYPES.get(plain(text), "")
    if not code:
        pen.note(
            "type", fields.TYPE, f"{fields.TYPE}\u00a0: {shown(text)} n'est pas un type connu, il est laissé de côté."
        )
    return code


def day(text: str, form: str) -> date | None:
    """The day that a cell is, in the order that the source writes; ISO in any case."""
    found = _USUAL_DAY.fullmatch(text.strip())
    if found is None:
        return plain_day(text)
    first, second, year = found.groups()
    of_month, month = (second, first) if form == "mm/dd/yyyy" else (first, second)
    return calendar_day(f"20{year}" if len(year) == _SHORT_YEAR else year, month, of_month)


def number(text: str, decimal: str) -> Decimal | None:
    """An amount as accounting software writes it, with the file's decimal sign when it is known."""
    text = MONEY_SIGNS.sub("", text).strip()
    if bracketed := _BRACKETS.fullmatch(text):
        text = f"-{bracketed.group(1)}"  # accountants' minus
    if decimal and (thousands := {",": ".", ".": ","}[decimal]) in text:
        if not re.fullmatch(rf"[+-]?\d{{1,3}}(?:\{thousands}\d{{3}})+(?:\{decimal}\d+)?", text, re.ASCII):
            return None
        text = text.replace(thousands, "")
    if decimal == "," and re.fullmatch(r"[+-]?[\d \u00a0\u202f]+,\d{3}", text, re.ASCII):
        text = text.replace(",", ".")  # three decimals, where the file's comma is known
    return plain_number(text)
