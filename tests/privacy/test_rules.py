"""The month of an answer: calendar month, working day, standstill, extension."""

from datetime import date, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.privacy.rules import AlreadyClosed, AlreadyExtended, State, Timing, TooLateToExtend, check_open
from portal.terms import Library, load_library
from portal.terms.law import Law
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("received", "extended", "last"),
    [
        (date(2026, 1, 31), False, date(2026, 3, 2)),  # 28 February is a Saturday
        (date(2026, 1, 31), True, date(2026, 4, 30)),
        (date(2026, 11, 26), False, date(2026, 12, 28)),  # 26 December: a Saturday, and a holiday in Alsace
        (date(2026, 11, 24), False, date(2026, 12, 24)),
    ],
)
def test_an_answer_is_due_within_a_calendar_month(library: Library, received: date, extended: bool, last: date) -> None:
    assert Timing(received, extended=extended).last_day(library.law, received) == last


def test_days_that_the_clock_stood_still_are_added(library: Library) -> None:
    asked = date(2026, 11, 2)
    assert Timing(asked).last_day(library.law, asked) == date(2026, 12, 2)
    assert Timing(asked, paused_days=5).last_day(library.law, asked) == date(2026, 12, 7)
    waiting = Timing(asked, waiting_since=date(2026, 11, 10))
    assert waiting.last_day(library.law, date(2026, 11, 10)) == date(2026, 12, 2)
    assert waiting.last_day(library.law, date(2026, 11, 17)) == date(2026, 12, 9)


def test_an_extension_is_said_within_the_first_month_and_not_a_day_later(library: Library) -> None:
    timing = Timing(date(2026, 1, 31))
    timing.check_extendable(library.law, date(2026, 3, 2))
    with pytest.raises(TooLateToExtend) as refused:
        timing.check_extendable(library.law, date(2026, 3, 3))
    assert refused.value.last_day == date(2026, 3, 2)


def test_it_is_extended_once(library: Library) -> None:
    with pytest.raises(AlreadyExtended):
        Timing(date(2026, 1, 31), extended=True).check_extendable(library.law, date(2026, 2, 1))


@pytest.mark.parametrize("state", list(State))
def test_what_is_over_stays_over(state: State) -> None:
    if state in {State.DONE, State.REFUSED, State.WITHDRAWN}:
        with pytest.raises(AlreadyClosed):
            check_open(state)
    else:
        check_open(state)


@cache
def _law() -> Law:
    return load_library(ROOT / "content").law


@given(st.dates(date(2019, 1, 1), date(2035, 1, 1)), st.integers(0, 60))
def test_the_last_day_is_worked_and_never_before_the_month_is_over(received: date, paused: int) -> None:
    law = _law()
    last = Timing(received, paused_days=paused).last_day(law, received)
    assert law.days.closed(last) is None
    assert last >= received + timedelta(days=28 + paused)
