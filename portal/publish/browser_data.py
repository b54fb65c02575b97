"""What the pages hand to their scripts: rules and words as JSON-able data, made from the terms.

Nothing of it is typed again in JavaScript. Decimals travel as text, days as ISO dates, addresses
without the site's prefix (the scripts put `root` before them).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from portal import french
from portal.terms import Library, Version
from portal.terms.days import Deadline
from portal.terms.estimate import Line, Reading, work_out
from portal.terms.estimate_fields import LIMITS, messages
from portal.terms.figures import Figure
from portal.terms.points import intervention_points
from portal.terms.price import hours_price
from portal.terms.tariff import HourRate, KilometreRate, PointRate, Tariff

Json = dict[str, Any]

# The durations of the tables that stand in for the calculator where no script runs.
DURATIONS: Final = (5, 10, 15, 20, 30, 45, 60, 90, 120)
# The duration that the calculator opens with: an example, not a figure of the CGV.
START_MINUTES: Final = 60
DEADLINES: Final = ("quote_validity", "invoice_dispute", "formal_notice")
# What the answers about deadlines rest on, where the CGV are silent.
DEADLINE_CONVENTIONS: Final = ("extended_day", "late_dispute", "dispute_address", "invoice_version")
# What the calculator says is not said, in the order of its notes.
CALCULATOR_CONVENTIONS: Final = (
    "minimum_once",
    "lowest_rate",
    "project_minimum",
    "rounding",
    "hour_kind",
    "hour_fraction",
    "zones",
    "kilometres",
    "kilometre_net",
    "point_price",
)
# Years of holidays after the day of the build that the deadlines page knows.
YEARS_AHEAD: Final = 15


def tariff_data(version: Version) -> Json:
    """The tariff of a version, with where each rate comes from. Stands in its JSON as `tariff`."""
    tariff = version.tariff
    return {
        "version": version.slug,
        "from": version.in_force_from.isoformat(),
        "sha256": version.sha256,
        "liberty": [
            {"key": rate.key, "label": rate.label, "mode": rate.mode} | _rate(version, rate) for rate in tariff.liberty
        ],
        "hourly": [{"key": rate.key, "label": rate.label} | _rate(version, rate) for rate in tariff.hourly],
        "kilometre": _rate(version, tariff.kilometre),
        "minimum": {
            mode: {"minutes": figure.whole} | _source(version, figure) for mode, figure in tariff.minimum.items()
        },
    }


def _rate(version: Version, rate: PointRate | HourRate | KilometreRate) -> Json:
    return {
        "rate": str(rate.rate),
        "article": rate.article,
        "url": version.permalink(rate.anchor),
        "line": rate.line,
    }


def _source(version: Version, figure: Figure) -> Json:
    return {
        "article": figure.article,
        "url": version.permalink(figure.anchor),
        "quote": figure.quote,
    }


def calculator_data(library: Library, day: date, *, root: str, portal_url: str | None) -> Json:
    """Everything the calculator computes with, on the day of the build."""
    version = library.in_force(day)
    return {
        "root": root,
        "portal": portal_url.rstrip("/") if portal_url else None,
        "mail": library.company.mail,
        "company": library.company.name,
        "inForce": version.slug,
        "versions": versions_data(library, day),
        "tariff": tariff_data(version),
        "vat": {"percent": str(library.law.vat), "source": library.law.vat_source},
        "limits": asdict(LIMITS),
        "messages": messages(),
        "conventions": {key: library.conventions[key].title for key in CALCULATOR_CONVENTIONS},
        "start": _start(version.tariff),
    }


def _start(tariff: Tariff) -> Json:
    """The estimate that the page opens with, worked out here: nothing moves when the script is there."""
    service, hour = tariff.liberty[0].key, tariff.hourly[0].key
    line = Line(((service, START_MINUTES),), times=1, hour=hour, km=Decimal(0))
    cost = work_out(Reading((line,), vat=False, point=None), tariff, Decimal(0))
    return {
        "duration": french.minutes(START_MINUTES),
        "points": french.points(cost.points),
        "net": french.money(cost.net),
        "even": f"{french.number(cost.break_even, places=4)}\u00a0€" if cost.break_even else "–",
    }


def versions_data(library: Library, day: date) -> list[Json]:
    """Every published version: slug, first and last day in force (null: no end), status."""
    return [
        {
            "slug": version.slug,
            "from": version.in_force_from.isoformat(),
            "to": last.isoformat() if (last := library.last_day(version)) else None,
            "status": library.status(version, day),
        }
        for version in library.versions
    ]


def deadlines_data(library: Library, day: date, *, root: str) -> Json:
    """The periods of each version, and the holidays of the years the page answers for.

    `deadlines` are those of the version in force, whose words stand in the page; a typed day is
    answered by the version that was, or will be, in force on it (`versions`, the oldest first).
    """
    version = library.in_force(day)
    first, last = holiday_years(library, day)
    return {
        "root": root,
        "mail": library.company.mail,
        "deadlines": {
            key: {"days": figure.whole} | _source(version, figure)
            for key in DEADLINES
            if (figure := version.figures.get(key))
        },
        "versions": [_periods(each) for each in library.versions if not each.draft],
        "conventions": {
            key: library.conventions[key].title for key in DEADLINE_CONVENTIONS if key in library.conventions
        },
        "holidays": {holiday.isoformat(): name for holiday, name in library.law.days.between(first, last).items()},
        "first": f"{first:04}-01-01",
        "last": f"{last:04}-12-31",
    }


def _periods(version: Version) -> Json:
    """The rules of one version: how long each period is, and how an invoice is disputed."""

    def place(figure: Figure) -> Json:
        return {"article": figure.article, "url": version.permalink(figure.anchor)}

    form = version.figures.get("dispute_form")
    return {
        "slug": version.slug,
        "from": version.in_force_from.isoformat(),
        "deadlines": {
            key: {"days": figure.whole} | place(figure) for key in DEADLINES if (figure := version.figures.get(key))
        },
        "dispute": {"words": str(form.value)} | place(form) if form else None,
    }


def holiday_years(library: Library, day: date) -> tuple[int, int]:
    """First and last year of the holidays handed to the browser."""
    return min(library.versions[0].in_force_from.year, day.year), day.year + YEARS_AHEAD


@dataclass(frozen=True, slots=True)
class Examples:
    """One row of a worked table: points, or euros before VAT, for each of `DURATIONS`."""

    label: str
    values: tuple[Decimal, ...]


def point_examples(tariff: Tariff) -> tuple[Examples, ...]:
    """Work out the table of points that needs no script."""
    return tuple(
        Examples(
            rate.label,
            tuple(intervention_points(tariff, [(rate.key, minutes)]).points for minutes in DURATIONS),
        )
        for rate in tariff.liberty
    )


def hour_examples(tariff: Tariff) -> tuple[Examples, ...]:
    """Work out the table of prices without contract that needs no script."""
    return tuple(
        Examples(
            rate.label,
            tuple(hours_price(tariff, rate.key, minutes).net for minutes in DURATIONS),
        )
        for rate in tariff.hourly
    )


@dataclass(frozen=True, slots=True)
class DeadlineExample:
    """One event and its last day; `closed` says why the nominal day was passed ("" when not)."""

    event: date
    nominal: date
    last_day: date
    closed: str


def deadline_examples(deadline: Deadline, day: date) -> tuple[DeadlineExample, ...]:
    """Give the next events that end on a working day, at a weekend, and on a public holiday."""
    calendar = deadline.calendar
    found: dict[str, DeadlineExample] = {}
    for event in _days_from(day):
        nominal = deadline.nominal(event)
        closed = calendar.closed(nominal) or ""
        kind = "holiday" if calendar.holiday(nominal) else "weekend" if closed else "working"
        example = DeadlineExample(event, nominal, deadline.last_day(event), closed)
        found.setdefault(kind, example)
        if len(found) == len(("working", "weekend", "holiday")):
            break
    return tuple(sorted(found.values(), key=lambda example: example.event))


def _days_from(day: date) -> Iterator[date]:
    """A year holds every kind of day."""
    return (day + timedelta(days=days) for days in range(366))
