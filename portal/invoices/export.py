"""The list of invoices for a spreadsheet: nothing that somebody wrote can become a formula there."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from io import StringIO

from portal.invoices.listing import Row

COLUMNS = (
    "Numéro", "Type", "Émise le", "Échéance", "Devise", "Net HT", "TVA", "TTC", "À payer", "Payé", "Reste à payer",
    "Contesté", "État", "Contestée", "Dernier jour pour contester", "Client",
)  # fmt: skip
#: What a spreadsheet takes for the beginning of a formula, or skips on its way to one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe(text: str) -> str:
    """A cell of somebody's words: one that would be a formula becomes a text."""
    return f"'{text}" if text.lstrip(" \u00a0\u202f\ufeff").startswith(_FORMULA) else text


def table(rows: Iterable[Row]) -> Iterator[str]:
    """The lines of the file, with the mark that spreadsheets know UTF-8 by; semicolons and commas as in French."""
    yield "\ufeff" + _line(COLUMNS)
    for row in rows:
        invoice, account = row.invoice, row.account
        yield _line(
            (
                safe(invoice.number), invoice.title.partition(" ")[0], _day(invoice.issued_on), _day(account.due_on),
                safe(invoice.currency), _number(invoice.net), _number(invoice.tax), _number(invoice.gross),
                _number(invoice.payable), _number(account.paid), _number(account.left), _number(account.disputed_left),
                row.standing.label, "oui" if row.disputed else "non", _day(row.clock.last_day if row.clock else None),
                safe(invoice.organisation.legal_name if invoice.organisation else ""),
            )
        )  # fmt: skip


def _line(cells: Iterable[str]) -> str:
    into = StringIO()
    csv.writer(into, delimiter=";", lineterminator="\r\n").writerow(cells)
    return into.getvalue()


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def _number(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}".replace(".", ",")
