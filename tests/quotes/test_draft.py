"""A draft is its texts: what can be read makes an offer, the rest is told by its field, nothing is lost."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from portal.quotes.draft import MOST_LINES, cleaned, empty, read_draft, typed_of
from portal.quotes.offer import Deposit, Derogation, Kind

TODAY = date(2026, 11, 24)
CONTRACTS = ("liberty", "CTR-2026-0001")
LINE = {
    "kind": "service", "description": "Installation", "quantity": "2", "unit": "heure", "price": "88", "vat": "20",
    "contract": "",
}  # fmt: skip


def typed(**values: Any) -> dict[str, Any]:
    return empty(Decimal(20)) | {"subject": "Serveur", "lines": [LINE]} | values


def problems(**values: Any) -> list[tuple[str, str]]:
    return [(each.field, each.words) for each in read_draft(typed(**values), today=TODAY, contracts=CONTRACTS).problems]


def fields(**values: Any) -> list[str]:
    return [field for field, _ in problems(**values)]


def test_texts_make_an_offer() -> None:
    reading = read_draft(
        typed(
            conditions="Un jour\nde formation", delivery="mars 2027", deposit="30 %", own_last_day="31/12/2026",
            derogations=[{"article": "7.4", "words": "Trente jours", "day": "20/11/2026"}],
            lines=[LINE, LINE | {"kind": "points", "quantity": "100", "contract": "liberty", "price": "1,10"}],
        ),
        today=TODAY, contracts=CONTRACTS,
    )  # fmt: skip
    assert reading.problems == ()
    offer = reading.offer
    assert offer.totals.net == Decimal(286)
    assert offer.deposit == Deposit(percent=Decimal(30))
    assert offer.own_last_day == date(2026, 12, 31)
    assert offer.derogations == (Derogation("Trente jours", date(2026, 11, 20), "7.4"),)
    assert [(line.kind, line.unit, line.contract) for line in offer.lines] == [
        (Kind.SERVICE, "heure", None), (Kind.POINTS, "point", "liberty"),
    ]  # fmt: skip


def test_an_offer_goes_back_to_the_texts_that_make_it() -> None:
    given = typed(
        deposit="500", own_last_day="31/12/2026", lines=[LINE | {"price": "1 234,56", "quantity": "1,5"}],
        derogations=[{"article": "", "words": "x", "day": "20/11/2026"}],
    )  # fmt: skip
    offer = read_draft(given, today=TODAY, contracts=CONTRACTS).offer
    assert read_draft(typed_of(offer), today=TODAY, contracts=CONTRACTS).offer == offer


def test_an_empty_draft_says_what_is_missing_first() -> None:
    assert [each.field for each in read_draft({}, today=TODAY, contracts=()).problems] == [
        "subject", "lines-0-description",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price": ""}, "price"),
        ({"price": "douze"}, "price"),
        ({"price": "1,234"}, "price"),
        ({"price": "NaN"}, "price"),
        ({"price": "1e999"}, "price"),
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "-1"}, "quantity"),
        ({"quantity": "0,0005"}, "quantity"),
        ({"vat": "101"}, "vat"),
        ({"vat": "-1"}, "vat"),
        ({"kind": "king"}, "kind"),
        ({"description": ""}, "description"),
        ({"kind": "points"}, "contract"),
        ({"kind": "points", "contract": "CTR-2026-0009"}, "contract"),
        ({"kind": "points", "contract": "liberty", "quantity": "1,005"}, "quantity"),
    ],
)
def test_what_cannot_be_right_in_a_line_is_told_by_its_field(change: dict[str, str], field: str) -> None:
    assert fields(lines=[LINE, LINE | change]) == [f"lines-1-{field}"]


@pytest.mark.parametrize(
    "change", [{"price": "0"}, {"price": "-5"}, {"quantity": "0,001"}, {"vat": "0"}, {"vat": "100"}]
)
def test_the_edges_of_what_is_right(change: dict[str, str]) -> None:
    assert fields(lines=[LINE, LINE | change]) == []


def test_a_line_left_as_it_came_is_no_line() -> None:
    assert fields(lines=[LINE, LINE | {"description": "", "price": ""}]) == []


def test_a_quote_that_is_below_zero_is_none() -> None:
    assert fields(lines=[LINE | {"price": "-1"}]) == ["lines-0-price"]


def test_a_derogation_is_express_written_and_prior() -> None:
    row = {"article": "7.4", "words": "x", "day": "24/11/2026"}
    assert fields(derogations=[row]) == []
    assert fields(derogations=[row | {"day": "25/11/2026"}]) == ["derogations-0-day"]
    assert fields(derogations=[row | {"words": ""}]) == ["derogations-0-words"]
    assert fields(derogations=[row | {"day": ""}]) == ["derogations-0-day"]
    assert fields(derogations=[{}]) == []


def test_a_last_day_of_its_own_is_today_at_the_earliest() -> None:
    assert fields(own_last_day="24/11/2026") == []
    assert fields(own_last_day="23/11/2026") == ["own_last_day"]
    assert fields(own_last_day="31/02/2027") == ["own_last_day"]


def test_a_deposit_is_at_most_the_whole() -> None:
    assert fields(deposit="100 %") == fields(deposit="211,20") == []
    assert fields(deposit="101 %") == fields(deposit="211,21") == fields(deposit="peu") == ["deposit"]


def test_what_is_handed_in_is_cut_to_texts_and_nothing_else() -> None:
    held = cleaned({"subject": "a\nb", "evil": "x", "lines": [{"description": "a\r\nb", "hack": 1}, 3] * 300})
    assert held["subject"] == "a b"
    assert "evil" not in held
    assert held["lines"][0]["description"] == "a\nb"
    assert set(held["lines"][0]) == set(LINE)
    assert len(held["lines"]) == MOST_LINES
    assert cleaned(held) == held
