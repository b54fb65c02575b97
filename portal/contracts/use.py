"""How points are used: month by month, how fast, and the day they run out at that pace. Pure.

A forecast is arithmetic on what was charged, not a promise: it says what it was worked out from,
and says nothing where there is too little to tell.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Final

NOTHING = Decimal(0)
MONTHS: Final = 12
#: The use of this many days gives the pace.
WINDOW: Final = 91
#: Fewer days of use, or fewer interventions, tell nothing.
LEAST_DAYS: Final = 28
LEAST_CHARGES: Final = 3
#: A day further away than this is no forecast.
FURTHEST: Final = 3 * 366


@dataclass(frozen=True, slots=True)
class Use:
    """Points that went on a day (above zero), or came back by a correction (below)."""

    day: date
    points: Decimal


@dataclass(frozen=True, slots=True)
class Forecast:
    """The day points run out at the pace of a period; ``last_day`` is None where it cannot be told, ``why`` says why."""

    since: date
    until: date
    used: Decimal
    charges: int
    left: Decimal
    last_day: date | None
    why: str = ""  # "little", "idle", "over", "far"

    @property
    def days(self) -> int:
        """Days of the period, both included."""
        return (self.until - self.since).days + 1

    @property
    def days_left(self) -> int:
        """Whole days that the points last from the day of the forecast on."""
        return (self.last_day - self.until).days if self.last_day else 0


def forecast(uses: Iterable[Use], *, left: Decimal, opened: date, today: date) -> Forecast:
    """Work out the day on which what is left runs out, from the use of the last WINDOW days or since the opening."""
    since = max(opened, today - timedelta(days=WINDOW - 1))
    recent = [use for use in uses if since <= use.day <= today]
    used = sum((use.points for use in recent), NOTHING)
    charges = sum(use.points > 0 for use in recent)
    days = (today - since).days + 1

    def told(last_day: date | None, why: str = "") -> Forecast:
        return Forecast(since, today, used, charges, left, last_day, why)

    if left <= 0:
        return told(None, "over")
    if days < LEAST_DAYS:
        return told(None, "little")
    if used <= 0:
        return told(None, "idle")
    if charges < LEAST_CHARGES:
        return told(None, "little")
    lasts = floor(Fraction(left) * days / Fraction(used))
    return told(None, "far") if lasts > FURTHEST else told(today + timedelta(days=lasts))


@dataclass(frozen=True, slots=True)
class Month:
    """What a month used."""

    first: date
    points: Decimal


def by_month(uses: Iterable[Use], *, today: date) -> list[Month]:
    """The last MONTHS months, this one included, the oldest first."""
    firsts = [today.replace(day=1)]
    while len(firsts) < MONTHS:
        firsts.append((firsts[-1] - timedelta(days=1)).replace(day=1))
    firsts.reverse()
    ends = [*(later for _, later in pairwise(firsts)), date.max]
    listed = list(uses)
    return [
        Month(first, sum((use.points for use in listed if first <= use.day < end), NOTHING))
        for first, end in zip(firsts, ends, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the chart, in units of its drawing."""

    month: Month
    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A bar chart: the bars, the lines across with their value, its size."""

    bars: tuple[Bar, ...]
    lines: tuple[tuple[int, Decimal], ...]  # (y, points)
    width: int
    height: int
    base: int  # y of zero
    bar: int  # width of one


_STEPS = tuple(Decimal(step) for step in (1, 2, 5))
#: Drawing: left margin for the values, one step a month, room above and below.
_LEFT, _STEP, _BAR, _TOP, _TALL, _BELOW = 44, 46, 28, 12, 160, 26


def chart(months: Iterable[Month]) -> Chart:
    """Lay out the months; a month that gave more back than it used stands at zero."""
    shown = list(months)
    highest = _round_up(max((month.points for month in shown), default=NOTHING))
    base = _TOP + _TALL

    def height(points: Decimal) -> int:
        return round(Fraction(max(points, NOTHING)) * _TALL / Fraction(highest))

    bars = tuple(
        Bar(month, _LEFT + index * _STEP + (_STEP - _BAR) // 2, base - height(month.points), height(month.points))
        for index, month in enumerate(shown)
    )
    lines = tuple((base - height(part), part) for part in (NOTHING, highest / 2, highest))
    return Chart(bars, lines, _LEFT + len(shown) * _STEP, base + _BELOW, base, _BAR)


def _round_up(points: Decimal) -> Decimal:
    """The next 1, 2 or 5 of its order: 83 → 100, 120 → 200."""
    scale = Decimal(10)
    while True:
        for step in _STEPS:
            if points <= step * scale:
                return step * scale
        scale *= 10
