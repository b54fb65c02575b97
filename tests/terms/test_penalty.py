"""Late penalty: by half-year, rounded once, never guessed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.terms import Library
from portal.terms.law import Law, MissingLegalRate, half_year
from portal.terms.penalty import InvalidPeriod, Penalty, late_penalty


def penalty(library: Library, amount: str, due: str, until: str, *payments: tuple[str, str]) -> Penalty:
    multiple = Decimal(library.version("2018-10-01").figure("late_penalty").value)
    return late_penalty(
        library.law,
        multiple,
        Decimal(amount),
        date.fromisoformat(due),
        date.fromisoformat(until),
        [(date.fromisoformat(day), Decimal(paid)) for day, paid in payments],
    )


def test_the_worked_example_comes_out_over_two_half_years(library: Library) -> None:
    found = penalty(library, "1200.00", "2025-11-30", "2026-02-10")
    assert [(line.half_year, line.days) for line in found.lines] == [("2025-S2", 31), ("2026-S1", 41)]
    assert (found.penalty, found.floor, found.days) == (Decimal("9.52"), Decimal("19.03"), 72)


def test_paid_on_the_due_day_costs_nothing_and_a_day_later_one_day(library: Library) -> None:
    assert penalty(library, "1000", "2026-01-10", "2026-01-10").lines == ()
    assert penalty(library, "1000", "2026-01-10", "2026-01-10").penalty == Decimal("0.00")
    assert penalty(library, "1000", "2026-01-10", "2026-01-11").days == 1


def test_a_rate_that_is_not_known_is_named_and_not_guessed(library: Library) -> None:
    assert penalty(library, "1000", "2026-05-01", "2026-06-30").days == 60
    with pytest.raises(MissingLegalRate, match="second semestre 2026") as refusal:
        penalty(library, "1000", "2026-05-01", "2026-07-01")
    assert refusal.value.half_year == "2026-S2"


def test_a_leap_year_is_counted_over_365_days_too(library: Library) -> None:
    found = penalty(library, "36500", "2024-02-28", "2024-03-01")
    assert found.days == 2
    assert found.lines[0].interest(Decimal(1)) == 2 * Decimal("5.07")


def test_a_partial_payment_counts_from_the_day_after_it(library: Library) -> None:
    found = penalty(library, "1000", "2026-01-01", "2026-01-21", ("2026-01-11", "400"))
    assert [(line.due, line.days) for line in found.lines] == [(Decimal(1000), 10), (Decimal(600), 10)]


def test_what_was_paid_in_full_stops_the_count(library: Library) -> None:
    found = penalty(library, "1000", "2026-01-01", "2026-03-01", ("2026-01-11", "1000"))
    assert found.days == 10


@pytest.mark.parametrize(
    "payment", [("2025-12-31", "1"), ("2026-02-02", "1"), ("2026-01-15", "1001"), ("2026-01-15", "0")]
)
def test_a_payment_outside_the_period_or_the_sum_is_refused(library: Library, payment: tuple[str, str]) -> None:
    with pytest.raises(InvalidPeriod):
        penalty(library, "1000", "2026-01-01", "2026-02-01", payment)


def test_paid_before_due_is_no_lateness(library: Library) -> None:
    with pytest.raises(InvalidPeriod, match="précède"):
        penalty(library, "1000", "2026-01-10", "2026-01-09")


def test_a_half_year_turns_on_the_first_of_july() -> None:
    assert half_year(date(2026, 6, 30)) == "2026-S1"
    assert half_year(date(2026, 7, 1)) == "2026-S2"


@given(st.dates(date(2018, 1, 1), date(2026, 6, 29)), st.integers(0, 900), st.integers(0, 900))
def test_a_period_cut_in_two_costs_the_same_before_rounding(due: date, first: int, second: int) -> None:
    law = LAW
    middle = min(due + timedelta(days=first), date(2026, 6, 30))
    end = min(middle + timedelta(days=second), date(2026, 6, 30))
    whole = late_penalty(law, Decimal("1.5"), Decimal(1000), due, end)
    parts = [late_penalty(law, Decimal("1.5"), Decimal(1000), a, b) for a, b in ((due, middle), (middle, end))]
    assert sum(line.interest(Decimal(1)) for line in whole.lines) == sum(
        line.interest(Decimal(1)) for part in parts for line in part.lines
    )
    assert whole.days == (end - due).days


def _law() -> Law:
    from pathlib import Path

    from portal.terms import load_library

    return load_library(Path(__file__).parents[2] / "content").law


LAW = _law()
