"""What became of a file, where the governing terms come from, whether an invoice came late to its client. Pure."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.clock import PARIS
from portal.terms.days import WorkingDays
from portal.terms.labelled import Labelled


class Import(Labelled):
    """What became of a file; the values are those that the import prints."""

    IMPORTED = "imported", "Importée"
    UNMATCHED = "unmatched", "À rattacher"
    DUPLICATE = "duplicate", "Doublon"
    REJECTED = "rejected", "Rejetée"


class TermsFrom(StrEnum):
    """Where the version that governs an invoice comes from."""

    ORDER = "order"
    CONTRACT = "contract"
    DAY = "day"  # in force on the day it was issued: a convention


def came_late(issued_on: date, available_at: datetime | None, late_after: int, days: WorkingDays) -> bool:
    """Whether its client could see an invoice only more than ``late_after`` working days after its issue.

    The days of 7.4 run from the issue, whenever its client could first see it (a convention, ``late_import``).
    """
    if available_at is None:
        return False
    last = issued_on
    for _ in range(late_after):
        last = days.next_working(last + timedelta(days=1))
    return available_at.astimezone(PARIS).date() > last
