"""A month or a year of a ledger, by the days of Paris. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from portal.clock import PARIS
from portal.french import month_name

_MONTHS = 12
_KEY = re.compile(r"2\d{3}(?:-(?:0[1-9]|1[0-2]))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Month:
    """One month, or (``month`` None) a whole year."""

    year: int
    month: int | None = None

    @property
    def key(self) -> str:
        """As an address names it: ``2026-11``, ``2026``."""
        return f"{self.year}-{self.month:02}" if self.month else str(self.year)

    @property
    def label(self) -> str:
        """``novembre 2026``, ``année 2026``."""
        return month_name(self.first) if self.month else f"année {self.year}"

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month or 1, 1)

    @property
    def following(self) -> date:
        """The day after its last."""
        if self.month is None or self.month == _MONTHS:
            return date(self.year + 1, 1, 1)
        return date(self.year, self.month + 1, 1)

    @property
    def begins(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.first, time(0), PARIS)

    @property
    def ends(self) -> datetime:
        """The first moment that is not of it any more."""
        return datetime.combine(self.following, time(0), PARIS)


def month_before(day: date) -> Month:
    """The month that was over before a day."""
    return Month(day.year, day.month - 1) if day.month > 1 else Month(day.year - 1, _MONTHS)


def months_between(first: date, last: date) -> list[Month]:
    """The months from one day to another, the latest first."""
    begin, end = first.year * _MONTHS + first.month - 1, last.year * _MONTHS + last.month - 1
    return [Month(each // _MONTHS, each % _MONTHS + 1) for each in range(end, begin - 1, -1)]


def years_of(months: Iterable[Month]) -> list[Month]:
    """The years of some months, the latest first."""
    return [Month(year) for year in dict.fromkeys(month.year for month in months)]


def parsed(key: str) -> Month | None:
    """The month or the year of an address; None: everything.

    Raises:
        ValueError: it is neither.
    """
    if not key:
        return None
    if not _KEY.fullmatch(key):
        raise ValueError(key)
    year, _, month = key.partition("-")
    return Month(int(year), int(month) if month else None)
