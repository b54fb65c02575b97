"""Deadlines: the day of the event does not count, the last day is inclusive and may be extended."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.terms import Library
from portal.terms.days import (
    Deadline,
    MonthsDeadline,
    WorkingDays,
    force_majeure_terminable_from,
    is_open,
)

ALSACE = WorkingDays("FR", "6AE")


@pytest.mark.parametrize(
    ("key", "event", "nominal", "last_day"),
    [
        ("quote_validity", "2026-11-23", "2026-12-03", "2026-12-03"),
        ("quote_validity", "2026-12-16", "2026-12-26", "2026-12-28"),
        ("quote_validity", "2026-03-24", "2026-04-03", "2026-04-07"),
        ("invoice_dispute", "2026-11-30", "2026-12-15", "2026-12-15"),
        ("invoice_dispute", "2026-12-11", "2026-12-26", "2026-12-28"),
        ("formal_notice", "2026-12-10", "2026-12-25", "2026-12-28"),
    ],
)
def test_the_worked_examples_come_out(library: Library, key: str, event: str, nominal: str, last_day: str) -> None:
    deadline = library.version("2018-10-01").deadline(key)
    assert deadline.nominal(date.fromisoformat(event)).isoformat() == nominal
    assert deadline.last_day(date.fromisoformat(event)).isoformat() == last_day
    assert deadline.figure is not None


@pytest.mark.parametrize(
    ("received", "last_day", "extended"),
    [
        ("2026-01-31", "2026-03-02", "2026-04-30"),
        ("2026-11-26", "2026-12-28", "2027-02-26"),
        ("2024-01-31", "2024-02-29", "2024-04-30"),
        ("2026-12-31", "2027-02-01", "2027-03-31"),
    ],
)
def test_a_month_is_the_same_date_number_clamped_then_the_next_working_day(
    library: Library, received: str, last_day: str, extended: str
) -> None:
    day = date.fromisoformat(received)
    assert library.law.gdpr.last_day(day).isoformat() == last_day
    assert library.law.gdpr_extended.last_day(day).isoformat() == extended


def test_a_period_is_open_on_its_last_day_and_closed_on_the_next() -> None:
    last = date(2026, 12, 28)
    assert is_open(last, last)
    assert not is_open(last, last + timedelta(days=1))


def test_force_majeure_opens_the_right_to_terminate_on_the_sixteenth(library: Library) -> None:
    days = library.version("2018-10-01").figure("force_majeure").whole
    assert force_majeure_terminable_from(date(2026, 12, 1), days) == date(2026, 12, 16)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 4, 3), "Vendredi saint"),
        (date(2026, 12, 26), "Saint-Étienne"),
        (date(2026, 11, 22), "dimanche"),
        (date(2026, 11, 21), "samedi"),
        (date(2026, 11, 23), None),
    ],
)
def test_alsace_rests_on_good_friday_and_on_26_december(day: date, why: str | None) -> None:
    assert ALSACE.closed(day) == why


def test_every_holiday_of_the_years_asked_for_is_listed_in_order() -> None:
    found = ALSACE.between(2026, 2027)
    assert len(found) == 26
    assert list(found) == sorted(found)


DAYS = st.dates(date(2018, 1, 1), date(2060, 12, 31))


@given(DAYS, st.integers(1, 60))
def test_the_enforced_day_is_worked_and_never_before_the_nominal_one(event: date, days: int) -> None:
    deadline = Deadline(days, ALSACE)
    nominal, last = deadline.nominal(event), deadline.last_day(event)
    assert (nominal - event).days == days
    assert nominal <= last <= nominal + timedelta(days=5)
    assert ALSACE.closed(last) is None
    assert all(ALSACE.closed(nominal + timedelta(days=n)) for n in range((last - nominal).days))


@given(DAYS, st.integers(1, 24))
def test_months_keep_the_date_number_or_take_the_end_of_the_month(event: date, months: int) -> None:
    nominal = MonthsDeadline(months, ALSACE).nominal(event)
    assert (nominal.year * 12 + nominal.month) - (event.year * 12 + event.month) == months
    assert nominal.day == event.day or (nominal.day < event.day and (nominal + timedelta(days=1)).day == 1)
