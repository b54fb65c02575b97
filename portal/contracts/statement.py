"""The statement of a contract: every movement, with the balance before and after; CSV and paper."""

import csv
from collections.abc import Iterable
from decimal import Decimal
from io import StringIO
from pathlib import Path

from portal.clock import PARIS
from portal.contracts.models import LedgerEntry
from portal.contracts.working import Working, restored
from portal.french import clock_time, listing, minutes, points, short_date
from portal.paper import Papers

#: A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    "Date", "Heure", "Mouvement", "Libellé", "Points", "Solde avant", "Solde après", "Minutes réelles",
    "Minutes comptées", "Calcul", "Article", "Version des CGV", "Motif", "Par",
)  # fmt: skip
PAPERS = Papers(Path(__file__).resolve().parent / "templates" / "contracts" / "paper")


def csv_of(entries: Iterable[LedgerEntry]) -> bytes:
    """Movements as a French spreadsheet opens them: BOM, semicolons, decimal commas; no cell is a formula."""
    stream = StringIO()
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(entry) for entry in entries)
    return stream.getvalue().encode("utf-8-sig")


def safe(text: str) -> str:
    """A text that no spreadsheet runs, whatever somebody typed."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain_number(value: Decimal) -> str:
    """``-1234,50``: as a spreadsheet reads a number, without grouping."""
    return f"{value:.2f}".replace(".", ",")


def calculation(working: Working) -> str:
    """``15 min (7 réelles, minimum 15) à 60 points par heure``, one kind of work after the other."""
    parts = []
    for line in working.lines:
        counted = minutes(line.minutes + line.missing)
        real = f" (dont {minutes(line.missing)} pour atteindre le minimum)" if line.missing else ""
        parts.append(f"{counted}{real} à {points(line.rate)} par heure")
    return listing(parts)


def _row(entry: LedgerEntry) -> list[str]:
    local, working = entry.at.astimezone(PARIS), restored(entry.working)
    return [
        short_date(local.date()), clock_time(local.time()), entry.movement.label, safe(entry.words),
        plain_number(entry.points), plain_number(entry.before), plain_number(entry.balance),
        str(working.worked) if working else "", str(working.counted) if working else "",
        safe(calculation(working)) if working else "", working.article if working else "",
        working.version if working else "", safe(entry.reason or ""), safe(entry.by),
    ]  # fmt: skip
