"""Civil days: holidays of Alsace, periods in days and in months, the extended last day.

The day of the event does not count; a period ends at the end of its last day
(Europe/Paris). Where the CGV are silent on a last day that is not a working
day, the house follows the rule of articles 641 and 642 of the Code de
procédure civile, and calls it a convention.
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from portal.terms.figures import Figure

SATURDAY = 5
DAY_NAMES = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


@lru_cache(maxsize=256)
def _holidays(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    # Imported on first use: the package of all countries' calendars is not light.
    from holidays import country_holidays

    return dict(country_holidays(country, subdiv=subdivision, years=year, language="fr"))


class WorkingDays(NamedTuple):
    """Which days are worked: neither Saturday, Sunday nor a public holiday of the place."""

    country: str
    subdivision: str

    def holiday(self, day: date) -> str | None:
        """French name of the public holiday on that day, None when it is none."""
        return _holidays(self.country, self.subdivision, day.year).get(day)

    def closed(self, day: date) -> str | None:
        """Why nobody works that day, in French ("samedi", "Vendredi saint"); None when they do."""
        holiday = self.holiday(day)
        if holiday:
            return holiday
        return DAY_NAMES[day.weekday()] if day.weekday() >= SATURDAY else None

    def next_working(self, day: date) -> date:
        """That day when it is worked, else the first worked day after it."""
        while self.closed(day):
            day += timedelta(days=1)
        return day

    def between(self, first_year: int, last_year: int) -> dict[date, str]:
        """Every public holiday of these years, both included, in order."""
        found: dict[date, str] = {}
        for year in range(first_year, last_year + 1):
            found.update(sorted(_holidays(self.country, self.subdivision, year).items()))
        return found


class Deadline(NamedTuple):
    """A period of civil days from an event (a quote received, an invoice issued)."""

    days: int
    calendar: WorkingDays
    figure: Figure | None = None

    def nominal(self, event: date) -> date:
        """Last day as the text counts it, the day of the event left out."""
        return event + timedelta(days=self.days)

    def last_day(self, event: date) -> date:
        """Last day that is enforced, inclusive: the nominal day or the next working day (convention)."""
        return self.calendar.next_working(self.nominal(event))


class MonthsDeadline(NamedTuple):
    """A period of calendar months (GDPR article 12(3), regulation 1182/71)."""

    months: int
    calendar: WorkingDays
    source: str = ""

    def nominal(self, event: date) -> date:
        """Same date number that many months later, or the last day of that month."""
        return months_after(event, self.months)

    def last_day(self, event: date) -> date:
        """The nominal day or the next working day after it."""
        return self.calendar.next_working(self.nominal(event))


def months_after(day: date, months: int) -> date:
    """Same date number that many calendar months later (before, when it is negative), or the last day of that month."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


def is_open(last_day: date, today: date) -> bool:
    """Tell whether a period still runs: its last day is inclusive."""
    return today <= last_day


def force_majeure_terminable_from(start: date, days: int) -> date:
    """First day on which either side may terminate: the day after that many consecutive days (7.5).

    Never extended: it opens a right, it does not end one.

    >>> force_majeure_terminable_from(date(2026, 12, 1), 15)
    datetime.date(2026, 12, 16)
    """
    return start + timedelta(days=days)
