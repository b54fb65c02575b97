"""Months of use, the pace, the day points run out."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.contracts.use import Month, Use, by_month, chart, forecast

TODAY = date(2026, 11, 23)


def used(*each: tuple[int, str]) -> list[Use]:
    return [Use(TODAY - timedelta(days=ago), Decimal(points)) for ago, points in each]


def test_points_last_as_long_as_the_pace_of_three_months_says() -> None:
    told = forecast(used((90, "30"), (40, "30"), (5, "31")), left=Decimal(50), opened=date(2020, 1, 1), today=TODAY)
    assert (told.days, told.used, told.charges) == (91, Decimal(91), 3)
    assert told.last_day == TODAY + timedelta(days=50)
    assert told.days_left == 50


def test_a_use_of_the_day_before_the_window_is_left_out() -> None:
    told = forecast(used((91, "500"), (40, "30")), left=Decimal(50), opened=date(2020, 1, 1), today=TODAY)
    assert told.used == 30


@pytest.mark.parametrize(("days", "why"), [(26, "little"), (27, "")])
def test_four_weeks_of_use_are_needed(days: int, why: str) -> None:
    told = forecast(
        used((3, "1"), (2, "1"), (1, "1")), left=Decimal(5), opened=TODAY - timedelta(days=days), today=TODAY
    )
    assert told.why == why


@pytest.mark.parametrize(("count", "why"), [(2, "little"), (3, "")])
def test_and_three_interventions(count: int, why: str) -> None:
    told = forecast(used(*[(5, "10")] * count), left=Decimal(5), opened=date(2020, 1, 1), today=TODAY)
    assert told.why == why


def test_nothing_used_tells_nothing_and_no_points_are_over() -> None:
    assert forecast([], left=Decimal(5), opened=date(2020, 1, 1), today=TODAY).why == "idle"
    assert forecast([], left=Decimal(0), opened=date(2020, 1, 1), today=TODAY).why == "over"
    assert forecast(used(*[(5, "0.01")] * 3), left=Decimal(500), opened=date(2020, 1, 1), today=TODAY).why == "far"


def test_what_came_back_slows_the_pace() -> None:
    told = forecast(
        used((9, "40"), (8, "40"), (7, "40"), (6, "-29")), left=Decimal(91), opened=date(2020, 1, 1), today=TODAY
    )
    assert told.last_day == TODAY + timedelta(days=91)


def test_twelve_months_end_with_this_one() -> None:
    months = by_month(used((0, "5"), (22, "7"), (23, "9"), (400, "100")), today=TODAY)
    assert (len(months), months[0].first, months[-1].first) == (12, date(2025, 12, 1), date(2026, 11, 1))
    assert (months[-1].points, months[-2].points, months[0].points) == (Decimal(12), Decimal(9), Decimal(0))


@given(st.lists(st.integers(-5_000, 5_000_000), min_size=12, max_size=12))
def test_no_bar_leaves_its_drawing(hundredths: list[int]) -> None:
    months = [Month(TODAY, Decimal(number).scaleb(-2)) for number in hundredths]
    drawn = chart(months)
    for bar, month in zip(drawn.bars, months, strict=True):
        assert 0 <= bar.height <= drawn.base
        assert bar.y >= 0
        assert bar.y + bar.height == drawn.base
        assert month.points > 0 or bar.height == 0
