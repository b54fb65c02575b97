"""Points: a minimum that is not a step, counted once, rounded once."""

from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.terms import Library, load_library
from portal.terms.points import (
    LONGEST,
    InvalidMinutes,
    MixedModes,
    UnknownService,
    check_minutes,
    intervention_points,
)
from portal.terms.tariff import Service, Tariff

MINUTES = st.integers(1, 600)
SERVICES = st.sampled_from([service.value for service in Service])


@pytest.fixture(scope="module")
def tariff(library: Library) -> Tariff:
    return library.version("2018-10-01").tariff


@pytest.mark.parametrize(
    ("service", "minutes", "points"),
    [
        ("remote-desktop", 7, "15.00"),
        ("remote-server", 20, "26.67"),
        ("onsite-desktop", 10, "37.50"),
        ("onsite-server", 40, "63.33"),
        ("project", 1, "1.33"),
    ],
)
def test_the_worked_examples_come_out(tariff: Tariff, service: str, minutes: int, points: str) -> None:
    assert intervention_points(tariff, [(service, minutes)]).points == Decimal(points)


def test_three_rounded_interventions_of_twenty_minutes_on_a_server_make_80_01(tariff: Tariff) -> None:
    assert intervention_points(tariff, [("remote-server", 20)]).points * 3 == Decimal("80.01")


@pytest.mark.parametrize(("service", "minimum"), [("remote-desktop", 15), ("onsite-desktop", 30)])
def test_the_minimum_holds_up_to_its_last_minute_and_is_no_step_after_it(
    tariff: Tariff, service: str, minimum: int
) -> None:
    counted = [intervention_points(tariff, [(service, minutes)]).counted for minutes in range(1, minimum + 3)]
    assert counted == [minimum] * minimum + [minimum + 1, minimum + 2]


def test_project_management_alone_has_no_minimum(tariff: Tariff) -> None:
    assert intervention_points(tariff, [("project", 1)]).counted == 1


def test_the_minimum_counts_once_for_all_the_work_of_an_intervention(tariff: Tariff) -> None:
    done = intervention_points(tariff, [("remote-desktop", 7), ("remote-server", 8)])
    assert (done.worked, done.missing) == (15, 0)


def test_missing_minutes_count_at_the_lowest_rate_worked(tariff: Tariff) -> None:
    done = intervention_points(tariff, [("onsite-server", 10), ("onsite-desktop", 10)])
    assert done.missing == 10
    assert [line.missing for line in done.lines] == [0, 10]
    exact = Fraction(95 * 10, 60) + Fraction(75 * 20, 60)
    assert abs(Fraction(done.points) - exact) <= Fraction(1, 200)
    assert done.points == Decimal("40.83")


def test_an_intervention_is_remote_or_on_site_never_both(tariff: Tariff) -> None:
    with pytest.raises(MixedModes, match="à distance ou sur site"):
        intervention_points(tariff, [("remote-desktop", 10), ("onsite-desktop", 10)])


@pytest.mark.parametrize("minutes", [0, -1, LONGEST + 1, 10**9, True, 1.5, "7"])
def test_minutes_that_are_no_duration_are_refused(tariff: Tariff, minutes: int) -> None:
    with pytest.raises(InvalidMinutes):
        intervention_points(tariff, [("project", minutes)])


def test_the_shortest_and_the_longest_duration_are_taken() -> None:
    assert (check_minutes(1), check_minutes(LONGEST)) == (1, LONGEST)


def test_an_unknown_service_and_an_empty_intervention_are_refused(tariff: Tariff) -> None:
    with pytest.raises(UnknownService, match="coffee"):
        intervention_points(tariff, [("coffee", 10)])
    with pytest.raises(InvalidMinutes):
        intervention_points(tariff, [])


@given(SERVICES, MINUTES)
def test_points_are_the_counted_minutes_at_the_rate_to_half_a_hundredth(service: str, minutes: int) -> None:
    tariff = _tariff()
    done = intervention_points(tariff, [(service, minutes)])
    exact = Fraction(done.lines[0].rate.rate) * done.counted / 60
    assert abs(Fraction(done.points) - exact) <= Fraction(1, 200)
    assert done.counted == max(minutes, tariff.minimum_minutes(done.mode))


@given(SERVICES, MINUTES)
def test_one_more_minute_never_costs_less(service: str, minutes: int) -> None:
    tariff = _tariff()
    less, more = (intervention_points(tariff, [(service, m)]).points for m in (minutes, minutes + 1))
    assert less <= more


@given(
    st.lists(
        st.tuples(st.sampled_from(["remote-desktop", "remote-server", "project"]), MINUTES), min_size=1, max_size=5
    )
)
def test_the_order_of_the_work_changes_nothing(entries: list[tuple[str, int]]) -> None:
    tariff = _tariff()
    forward = intervention_points(tariff, entries)
    assert intervention_points(tariff, entries[::-1]).points == forward.points
    # One session never costs more than the same work in as many sessions, rounding aside.
    apart = sum((intervention_points(tariff, [entry]).points for entry in entries), Decimal())
    assert forward.points <= apart + Decimal("0.01") * len(entries)


@cache
def _tariff() -> Tariff:
    return load_library(Path(__file__).parents[2] / "content").version("2018-10-01").tariff
