"""What became of a file, where the governing terms come from, whether an invoice came late to its client. Pure."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from portal.terms.days import WorkingDays

PARIS = ZoneInfo("Europe/Paris")
#: Working days after its issue from which an invoice is said to have come late (a convention, ``late_import``): the
#: days of 7.4 run from the issue, whenever its client could first see it.
LATE_AFTER = 2


class Import(StrEnum):
    """What became of a file; the values are those that the import prints."""

    IMPORTED = "imported"
    UNMATCHED = "unmatched"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"

    @property
    def label(self) -> str:
        """The word that a reader sees."""
        return {"imported": "Importée", "unmatched": "À rattacher", "duplicate": "Doublon", "rejected": "Rejetée"}[self]


class TermsFrom(StrEnum):
    """Where the version that governs an invoice comes from."""

    ORDER = "order"
    CONTRACT = "contract"
    DAY = "day"  # in force on the day it was issued: a convention


def came_late(issued_on: date, available_at: datetime | None, days: WorkingDays) -> bool:
    """Whether an invoice was available to its client only well after its issue."""
    if available_at is None:
        return False
    last = issued_on
    for _ in range(LATE_AFTER):
        last = days.next_working(last + timedelta(days=1))
    return available_at.astimezone(PARIS).date() > last
