"""How an order goes: the days that open a right to end it, boundary by boundary."""

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from portal.orders.progress_rules import (
    DayRefused,
    Event,
    EventKind,
    Ground,
    NotNow,
    NotTerminable,
    Side,
    Standing,
    check_event,
    check_terminable,
    notice_last_day,
    progress,
    rights,
)

if TYPE_CHECKING:
    from portal.terms import Library, Version

PLACED, LINES = date(2026, 11, 2), (1, 2)


@pytest.fixture
def version(library: "Library") -> "Version":
    return library.in_force(PLACED)


def suspended(ground: Ground, day: date) -> Event:
    return Event(EventKind.SUSPENDED, day, ground=ground, words="x")


def notice(sent: date, received: date | None = None, side: Side = Side.PROVIDER) -> list[Event]:
    found = [Event(EventKind.NOTICE_SENT, sent, side)]
    return [*found, Event(EventKind.NOTICE_RECEIVED, received, side)] if received else found


def test_what_became_of_a_line_that_was_dropped_since_counts_no_more() -> None:
    events = [Event(EventKind.DONE, PLACED, line=2), Event(EventKind.DELIVERED, PLACED, line=2)]
    assert progress(events, LINES).done == {2}
    now = progress(events, (1,))
    assert (now.standing, now.done, now.delivered) == (Standing.OPEN, frozenset(), {})
    assert progress([*events, Event(EventKind.DONE, PLACED)], (1,)).done == {1}


def test_an_order_is_done_when_each_line_is_done_or_delivered() -> None:
    half = [Event(EventKind.DONE, PLACED, line=1)]
    assert progress(half, LINES).standing is Standing.OPEN
    assert progress([*half, Event(EventKind.DELIVERED, PLACED, line=2)], LINES).standing is Standing.DONE


@pytest.mark.parametrize("side", Side)
def test_force_majeure_from_1_december_opens_the_right_on_the_16th_and_not_on_the_15th(
    version: "Version", side: Side
) -> None:
    now = progress([suspended(Ground.FORCE_MAJEURE, date(2026, 12, 1))], LINES)
    (right,) = rights(now, side, version)
    assert right.first_day == date(2026, 12, 16)
    check_terminable(now, side, Ground.FORCE_MAJEURE, version, date(2026, 12, 16))
    with pytest.raises(NotTerminable):
        check_terminable(now, side, Ground.FORCE_MAJEURE, version, date(2026, 12, 15))


def test_force_majeure_is_never_extended(version: "Version") -> None:
    # 26 December is a holiday in Alsace, and a Saturday in 2026.
    now = progress([suspended(Ground.FORCE_MAJEURE, date(2026, 12, 11))], LINES)
    assert rights(now, Side.CLIENT, version)[0].first_day == date(2026, 12, 26)


def test_days_that_do_not_follow_each_other_are_not_added_up(version: "Version") -> None:
    events = [
        suspended(Ground.FORCE_MAJEURE, date(2026, 11, 10)),
        Event(EventKind.RESUMED, date(2026, 11, 20)),
        suspended(Ground.FORCE_MAJEURE, date(2026, 12, 1)),
    ]
    assert rights(progress(events, LINES), Side.CLIENT, version)[0].first_day == date(2026, 12, 16)


def test_a_notice_received_on_10_december_ends_the_order_from_the_29th_only(version: "Version") -> None:
    now = progress(notice(date(2026, 12, 8), date(2026, 12, 10)), LINES)
    assert notice_last_day(version, now.notices[0]) == date(2026, 12, 28)
    check_terminable(now, Side.PROVIDER, Ground.NOTICE, version, date(2026, 12, 29))
    with pytest.raises(NotTerminable):
        check_terminable(now, Side.PROVIDER, Ground.NOTICE, version, date(2026, 12, 28))
    with pytest.raises(NotTerminable):  # the right is that of the side that sent it
        check_terminable(now, Side.CLIENT, Ground.NOTICE, version, date(2026, 12, 29))


def test_a_notice_that_was_not_received_or_was_answered_opens_nothing(version: "Version") -> None:
    assert rights(progress(notice(date(2026, 12, 8)), LINES), Side.PROVIDER, version) == []
    answered = [
        *notice(date(2026, 12, 8), date(2026, 12, 10)),
        Event(EventKind.NOTICE_ANSWERED, date(2026, 12, 20), Side.PROVIDER),
    ]
    assert rights(progress(answered, LINES), Side.PROVIDER, version) == []


def test_late_payment_gives_the_right_to_the_company_alone(version: "Version") -> None:
    now = progress([suspended(Ground.LATE_PAYMENT, date(2026, 12, 1))], LINES)
    check_terminable(now, Side.PROVIDER, Ground.LATE_PAYMENT, version, date(2026, 12, 1))
    assert rights(now, Side.CLIENT, version) == []


def test_what_is_over_is_ended_no_more(version: "Version") -> None:
    stopped = suspended(Ground.FORCE_MAJEURE, date(2026, 12, 1))
    ended = [stopped, Event(EventKind.TERMINATED, date(2026, 12, 16), Side.CLIENT, Ground.FORCE_MAJEURE)]
    for now in (progress(ended, LINES), progress([stopped], LINES, cancelled=True)):
        assert now.over
        assert rights(now, Side.CLIENT, version) == []
        with pytest.raises(NotNow):
            check_terminable(now, Side.CLIENT, Ground.FORCE_MAJEURE, version, date(2026, 12, 31))


@pytest.mark.parametrize(
    ("before", "event"),
    [
        ([suspended(Ground.OTHER, PLACED)], suspended(Ground.OTHER, PLACED)),
        ([], Event(EventKind.RESUMED, PLACED)),
        ([Event(EventKind.DONE, PLACED, line=1)], Event(EventKind.DONE, PLACED, line=1)),
        ([suspended(Ground.OTHER, PLACED)], Event(EventKind.DONE, PLACED, line=1)),
        (notice(PLACED), Event(EventKind.NOTICE_SENT, PLACED, Side.PROVIDER)),
        ([], Event(EventKind.NOTICE_RECEIVED, PLACED, Side.PROVIDER)),
        (notice(PLACED, PLACED), Event(EventKind.NOTICE_RECEIVED, PLACED, Side.PROVIDER)),
        ([Event(EventKind.TERMINATED, PLACED, Side.CLIENT, Ground.NOTICE)], Event(EventKind.DONE, PLACED, line=1)),
    ],
)  # fmt: skip
def test_what_cannot_happen_where_an_order_stands_is_refused(before: list[Event], event: Event) -> None:
    with pytest.raises(NotNow):
        check_event(progress(before, LINES), event, placed_on=PLACED, today=PLACED)


def test_a_day_between_the_order_and_today_is_taken_and_the_days_around_are_not() -> None:
    today, event = PLACED + timedelta(days=5), Event(EventKind.DONE, PLACED, line=1)
    for day in (PLACED, today):
        check_event(progress([], LINES), replace(event, day=day), placed_on=PLACED, today=today)
    for day in (PLACED - timedelta(days=1), today + timedelta(days=1)):
        with pytest.raises(DayRefused):
            check_event(progress([], LINES), replace(event, day=day), placed_on=PLACED, today=today)
    now = progress([suspended(Ground.OTHER, today)], LINES)
    with pytest.raises(DayRefused):
        check_event(now, Event(EventKind.RESUMED, PLACED), placed_on=PLACED, today=today)
