"""Which contract pays for what, and what it does when its points are used up."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.contracts.rules import (
    Account,
    CannotCorrect,
    InvalidPoints,
    NoContract,
    Overdraft,
    PointsExhausted,
    Policy,
    SpecialConditions,
    check_correction,
    check_points,
    share,
)

REFUSE, WARN, DOWN_TO_50 = Overdraft(), Overdraft(Policy.WARN), Overdraft(Policy.LIMIT, Decimal(50))


def accounts(*held: tuple[str, Overdraft]) -> list[Account]:
    return [Account(number, Decimal(balance), overdraft) for number, (balance, overdraft) in enumerate(held, start=1)]


def test_the_oldest_contract_pays_first_then_the_next() -> None:
    assert share(Decimal(25), accounts(("10", REFUSE), ("100", REFUSE))) == [(1, Decimal(10)), (2, Decimal(15))]


def test_a_contract_without_points_is_passed_over() -> None:
    assert share(Decimal(5), accounts(("0", REFUSE), ("10", REFUSE))) == [(2, Decimal(5))]


def test_what_balances_cover_to_the_last_hundredth_is_charged_and_one_more_is_refused() -> None:
    held = accounts(("10.00", REFUSE), ("16.67", REFUSE))
    assert sum(part for _, part in share(Decimal("26.67"), held)) == Decimal("26.67")
    with pytest.raises(PointsExhausted) as refusal:
        share(Decimal("26.68"), held)
    assert refusal.value.missing == Decimal("0.01")


def test_a_limit_is_reached_and_not_passed() -> None:
    assert share(Decimal(60), accounts(("10", DOWN_TO_50))) == [(1, Decimal(60))]
    with pytest.raises(PointsExhausted):
        share(Decimal("60.01"), accounts(("10", DOWN_TO_50)))


def test_what_no_balance_covers_goes_below_zero_on_the_newest_contract_that_allows_it() -> None:
    held = accounts(("10", WARN), ("10", DOWN_TO_50), ("10", REFUSE))
    assert share(Decimal(40), held) == [(1, Decimal(10)), (2, Decimal(20)), (3, Decimal(10))]
    assert share(Decimal(100), held) == [(1, Decimal(30)), (2, Decimal(60)), (3, Decimal(10))]


def test_a_contract_below_zero_leaves_only_the_rest_of_its_limit() -> None:
    assert share(Decimal(20), accounts(("-30", DOWN_TO_50))) == [(1, Decimal(20))]
    with pytest.raises(PointsExhausted) as refusal:
        share(Decimal(21), accounts(("-30", DOWN_TO_50)))
    assert refusal.value.available == 20


def test_nothing_is_charged_where_there_is_no_contract() -> None:
    with pytest.raises(NoContract):
        share(Decimal(1), [])


hundredths = st.integers(-20_000, 20_000).map(lambda number: Decimal(number).scaleb(-2))
overdrafts = st.sampled_from([REFUSE, WARN, DOWN_TO_50])


@given(
    st.integers(1, 60_000).map(lambda number: Decimal(number).scaleb(-2)),
    st.lists(st.tuples(hundredths, overdrafts), min_size=1, max_size=5),
)
def test_a_share_is_whole_or_refused_and_no_contract_passes_its_own_rule(
    points: Decimal, drawn: list[tuple[Decimal, Overdraft]]
) -> None:
    held = [Account(number, balance, overdraft) for number, (balance, overdraft) in enumerate(drawn)]
    try:
        parts = dict(share(points, held))
    except PointsExhausted as refusal:
        rooms = [account.overdraft.room(account.balance) for account in held]
        assert None not in rooms
        assert refusal.available == sum(room for room in rooms if room is not None) < points  # noqa: PT017
        return
    assert sum(parts.values()) == points
    for account in held:
        part = parts.get(account.id, Decimal(0))
        room = account.overdraft.room(account.balance)
        assert part >= 0
        assert room is None or part <= room


@pytest.mark.parametrize("points", ["0", "-1", "0.001", "1000000.01", "NaN"])
def test_what_is_no_number_of_points_is_refused(points: str) -> None:
    with pytest.raises(InvalidPoints):
        check_points(Decimal(points))


@pytest.mark.parametrize("points", ["0.01", "1000000"])
def test_what_is_one_passes(points: str) -> None:
    assert check_points(Decimal(points)) == Decimal(points)


def test_a_limit_goes_with_its_rule_and_only_with_it() -> None:
    with pytest.raises(InvalidPoints):
        Overdraft(Policy.LIMIT)
    with pytest.raises(InvalidPoints):
        Overdraft(Policy.REFUSE, Decimal(1))


def test_a_correction_gives_back_up_to_the_whole_and_takes_back_up_to_what_was_given() -> None:
    check_correction(Decimal(-40), left=Decimal(-40), change=Decimal(40))
    check_correction(Decimal(-40), left=Decimal(-10), change=Decimal(-30))
    for left, change in (("-40", "40.01"), ("-10", "-30.01"), ("-40", "0")):
        with pytest.raises(CannotCorrect):
            check_correction(Decimal(-40), left=Decimal(left), change=Decimal(change))


def test_special_conditions_come_back_as_they_were() -> None:
    from datetime import date

    from portal.contracts.rules import Derogation, KeptFile

    held = SpecialConditions(
        "Astreinte le samedi.", (KeptFile("k", "cp.pdf", "0" * 64),), (Derogation(date(2026, 11, 2), "Article 5.1"),)
    )
    assert SpecialConditions.restored(held.stored()) == held
