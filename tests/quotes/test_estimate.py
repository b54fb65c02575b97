"""The estimate is worked out here, shown in words, and kept as it was shown."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.quotes.estimate import LONGEST_QUERY, read_estimate, restored
from portal.terms import Library

DAY = date(2026, 11, 23)


def test_a_minimum_is_told_with_its_article(library: Library) -> None:
    estimate = read_estimate("ligne=remote-desktop:7", library, DAY).estimate
    assert estimate is not None
    (line,) = estimate.lines
    assert (
        line.contract == "(60 × 7 + 60 × 8) ÷ 60 = 15\u00a0points, minimum de 15\u00a0min à distance (art.\u00a07.1.2)"
    )
    assert line.hours == "Heure technique\u00a0: 88 × 7 ÷ 60 = 10,27\u00a0€ HT"


def test_totals_hold_what_was_asked_for_and_no_more(library: Library) -> None:
    plain = read_estimate("ligne=remote-server:20", library, DAY).estimate
    assert plain is not None
    assert plain.totals == (("Avec contrat Liberty", "26,67\u00a0points"), ("Sans contrat", "29,33\u00a0€ HT"))
    whole = read_estimate("ligne=remote-server:20,x3&tva=1&point=1.5", library, DAY).estimate
    assert whole is not None
    assert [amount for _, amount in whole.totals] == [
        "80,01\u00a0points", "120,02\u00a0€ HT", "144,02\u00a0€ TTC", "87,99\u00a0€ HT", "105,59\u00a0€ TTC"
    ]  # fmt: skip


def test_kilometres_stand_in_the_working(library: Library) -> None:
    estimate = read_estimate("ligne=onsite-server:40,x2,engineering,km:12.5", library, DAY).estimate
    assert estimate is not None
    assert estimate.lines[0].title == "2 fois\u00a0: Sur site - Serveur et réseau (40\u00a0min)"
    assert estimate.lines[0].hours.startswith("Heure ingénierie\u00a0: 114 × 40 ÷ 60 + 0,60 × 12,5\u00a0km")


def test_the_query_kept_names_the_version_that_was_used(library: Library) -> None:
    estimate = read_estimate("ligne=remote-server:0:20", library, DAY).estimate
    assert estimate is not None
    assert estimate.query == "version=2018-10-01&ligne=remote-server:20"
    assert estimate.sha256 == library.version("2018-10-01").sha256


@pytest.mark.parametrize("query", ["", "utm_source=x", "version=2018-10-01", "tva=1&point=2"])
def test_an_address_without_an_intervention_is_no_estimate_and_no_fault(library: Library, query: str) -> None:
    reading = read_estimate(query, library, DAY)
    assert (reading.estimate, reading.problems) == (None, ())


def test_a_line_that_cannot_be_used_is_named_and_the_others_count(library: Library) -> None:
    reading = read_estimate("ligne=remote-server:20&ligne=magic:20&ligne=remote-desktop:soon", library, DAY)
    assert reading.estimate is not None
    assert len(reading.estimate.lines) == 1
    assert [problem.partition("\u00a0: ")[0] for problem in reading.problems] == ["Intervention 2", "Intervention 3"]


def test_a_version_that_does_not_exist_is_told_and_the_one_in_force_used(library: Library) -> None:
    reading = read_estimate("version=1999-01-01&ligne=remote-server:20", library, DAY)
    assert reading.estimate is not None
    assert reading.estimate.version == "2018-10-01"
    assert len(reading.problems) == 1


def test_an_address_is_read_up_to_its_limit_and_refused_beyond(library: Library) -> None:
    line = "ligne=remote-server:20"
    assert read_estimate(line + "&x=" + "y" * (LONGEST_QUERY - len(line) - 3), library, DAY).estimate is not None
    beyond = read_estimate(line + "&x=" + "y" * (LONGEST_QUERY - len(line) - 2), library, DAY)
    assert beyond.estimate is None
    assert len(beyond.problems) == 1


@given(query=st.text(max_size=200) | st.lists(st.sampled_from(
    ["ligne=", "remote-server:", "onsite-desktop:", "20", ",", "x3", "km:", "&", "point=", "tva=1", "9999", "%FF"]
)).map("".join))  # fmt: skip
def test_no_address_breaks_the_page_and_what_is_kept_reads_the_same_again(library: Library, query: str) -> None:
    estimate = read_estimate(query, library, DAY).estimate
    if estimate is not None:
        assert restored(estimate.query, estimate.version, estimate.sha256, estimate.stored()) == estimate
        again = read_estimate(estimate.query, library, DAY)
        assert again.estimate == estimate or len(estimate.query) > LONGEST_QUERY
