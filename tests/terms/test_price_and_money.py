"""Prices without contract, and how amounts are read and rounded."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.terms import Library
from portal.terms.money import InvalidAmount, amount, round_cents, vat
from portal.terms.points import InvalidMinutes
from portal.terms.price import FARTHEST, UnknownHour, hours_price
from portal.terms.tariff import Tariff


@pytest.fixture(scope="module")
def tariff(library: Library) -> Tariff:
    return library.version("2018-10-01").tariff


@pytest.mark.parametrize(
    ("kind", "minutes", "km", "net"),
    [
        ("technical", 60, "0", "88.00"),
        ("engineering", 60, "0", "114.00"),
        ("technical", 1, "0", "1.47"),
        ("technical", 90, "25", "147.00"),
        ("engineering", 20, "12.5", "45.50"),
    ],
)
def test_hours_count_to_the_minute_and_kilometres_as_given(
    tariff: Tariff, kind: str, minutes: int, km: str, net: str
) -> None:
    assert hours_price(tariff, kind, minutes, Decimal(km)).net == Decimal(net)


def test_a_price_shows_its_labour_and_its_travel(tariff: Tariff) -> None:
    price = hours_price(tariff, "technical", 90, Decimal(25))
    assert (price.labour, price.travel) == (Decimal("132.00"), Decimal("15.00"))


@pytest.mark.parametrize("km", ["-0.01", "NaN", "Infinity", str(FARTHEST + Decimal("0.01"))])
def test_a_distance_that_is_none_is_refused(tariff: Tariff, km: str) -> None:
    with pytest.raises(InvalidAmount):
        hours_price(tariff, "technical", 60, Decimal(km))


def test_the_farthest_distance_is_taken(tariff: Tariff) -> None:
    assert hours_price(tariff, "technical", 60, FARTHEST).km == FARTHEST


def test_an_unknown_hour_and_no_minutes_are_refused(tariff: Tariff) -> None:
    with pytest.raises(UnknownHour, match="lunch"):
        hours_price(tariff, "lunch", 60)
    with pytest.raises(InvalidMinutes):
        hours_price(tariff, "technical", 0)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [("0.004", "0.00"), ("0.005", "0.01"), ("2.675", "2.68"), ("-0.005", "-0.01"), ("26.666", "26.67")],
)
def test_rounding_is_half_up_away_from_zero(exact: str, rounded: str) -> None:
    assert round_cents(Fraction(exact)) == Decimal(rounded)


@given(st.fractions(min_value=-(10**6), max_value=10**6))
def test_rounding_moves_a_value_by_half_a_cent_at_most(exact: Fraction) -> None:
    assert abs(Fraction(round_cents(exact)) - exact) <= Fraction(1, 200)
    assert round_cents(exact).as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("typed", "value"),
    [("1 234,56", "1234.56"), ("1\u202f234,56\u00a0€", "1234.56"), ("0.60", "0.60"), (" 12 ", "12"), ("0", "0")],
)
def test_an_amount_is_read_as_people_type_it(typed: str, value: str) -> None:
    assert amount(typed) == Decimal(value)


@pytest.mark.parametrize("typed", ["", "douze", "-1", "NaN", "1e400", "Infinity", "1,2,3", "1000000001"])
def test_what_is_no_amount_is_refused_with_what_was_typed(typed: str) -> None:
    with pytest.raises(InvalidAmount, match="nombre"):
        amount(typed)


def test_vat_is_worked_out_on_the_sum_to_the_cent(library: Library) -> None:
    assert vat(Decimal("147.03"), library.law.vat) == Decimal("29.41")
