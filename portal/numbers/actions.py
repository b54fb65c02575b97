"""Give the next reference of a series."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.clock import PARIS

#: One statement on both engines: the row of the year is held until the transaction ends, so numbers rise in its order.
_NEXT = text(
    "INSERT INTO number_series (name, year, last) VALUES (:name, :year, 1) "
    "ON CONFLICT (name, year) DO UPDATE SET last = number_series.last + 1 RETURNING last"
)


def next_reference(session: Session, series: str, *, at: datetime) -> str:
    """``CTR-2026-0001``: the next number of a series in the year of Paris, in the caller's transaction.

    Whoever asks next waits until this transaction ends: no number is given twice, and none is
    skipped by a transaction that is undone.
    """
    year = at.astimezone(PARIS).year
    number = int(session.execute(_NEXT, {"name": series, "year": year}).scalar_one())
    return f"{series}-{year}-{number:04}"


def running_number(session: Session, series: str) -> int:
    """The next number of a series that does not begin again each year, in the caller's transaction."""
    return int(session.execute(_NEXT, {"name": series, "year": 0}).scalar_one())
