"""An estimate: its address, what is refused and said, what it costs."""

from decimal import Decimal
from pathlib import Path

import pytest

from portal.terms import load_library
from portal.terms.estimate import (
    Cost,
    Draft,
    DraftEntry,
    DraftLine,
    Line,
    break_even,
    judge,
    work_out,
)
from portal.terms.estimate_address import read_query, write_query
from portal.terms.estimate_fields import (
    LIMITS,
    MESSAGES,
    messages,
    read_duration,
    read_km,
    read_point,
    read_times,
)
from portal.terms.tariff import Tariff

CONTENT = Path(__file__).resolve().parents[2] / "content"


@pytest.fixture(scope="module")
def tariff() -> Tariff:
    return load_library(CONTENT).versions[0].tariff


def cost(tariff: Tariff, query: str) -> Cost:
    return work_out(judge(read_query(query), tariff), tariff, Decimal(20))


def kinds(tariff: Tariff, query: str) -> list[str]:
    return [f"{problem.where} {problem.kind}" for problem in judge(read_query(query), tariff).problems]


@pytest.mark.parametrize(
    ("query", "points"),
    [
        ("ligne=remote-desktop:7", "15.00"),
        ("ligne=remote-server:20", "26.67"),
        ("ligne=onsite-desktop:10", "37.50"),
        ("ligne=onsite-server:40", "63.33"),
        ("ligne=remote-server:20,x3", "80.01"),
        ("ligne=remote-server:20&ligne=remote-server:20&ligne=remote-server:20", "80.01"),
    ],
)
def test_points_are_rounded_once_per_intervention_then_counted(tariff: Tariff, query: str, points: str) -> None:
    assert cost(tariff, query).points == Decimal(points)


def test_all_the_work_of_an_intervention_counts_towards_its_minimum(tariff: Tariff) -> None:
    line = cost(tariff, "ligne=onsite-server:10,project:5").lines[0]
    assert line is not None
    assert (line.intervention.worked, line.intervention.counted) == (15, 30)
    assert line.points == Decimal("42.50")


def test_project_management_alone_has_no_minimum(tariff: Tariff) -> None:
    assert cost(tariff, "ligne=project:1").points == Decimal("1.33")


def test_without_contract_time_and_kilometres_are_rounded_once_together(tariff: Tariff) -> None:
    result = cost(tariff, "ligne=onsite-server:15,engineering,km:12.5")
    assert result.net == Decimal("36.00")
    assert cost(tariff, "ligne=onsite-server:20,technical,km:0.01").net == Decimal("29.34")


def test_vat_is_worked_out_on_the_sum(tariff: Tariff) -> None:
    query = "ligne=remote-server:20,x3&ligne=onsite-server:10,project:5,engineering,km:12.5&point=1.2"
    without, with_vat = cost(tariff, query), cost(tariff, f"{query}&tva=1")
    assert (without.net, without.net_vat, without.contract_vat) == (Decimal("123.99"), Decimal("0.00"), Decimal("0.00"))
    assert (with_vat.net_vat, with_vat.contract, with_vat.contract_vat) == (
        Decimal("24.80"),
        Decimal("147.01"),
        Decimal("29.40"),
    )


def test_the_break_even_price_makes_both_ways_cost_the_same(tariff: Tariff) -> None:
    assert cost(tariff, "ligne=remote-desktop:60").break_even == Decimal("1.4667")
    assert break_even(Decimal("100.00"), Decimal("80.00")) == Decimal("1.2500")
    assert break_even(Decimal("100.00"), Decimal(0)) is None


def test_without_a_price_of_a_point_the_contract_has_no_cost_in_euros(tariff: Tariff) -> None:
    result = cost(tariff, "ligne=remote-desktop:60")
    assert result.contract is None
    assert result.contract_vat is None


@pytest.mark.parametrize("typed", ["1 h 20", "1:20", "1h20", "80", "80 min", "1 h 20 min", "1\u00a0h\u202f20", " 80 "])
def test_a_duration_may_be_typed_in_many_ways(typed: str) -> None:
    assert read_duration(typed) == 80


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("", "duration_missing"),
        ("abc", "duration_unreadable"),
        ("-5", "duration_unreadable"),
        ("1,5", "duration_unreadable"),
        ("1:60", "duration_unreadable"),
        ("1 h 60", "duration_unreadable"),
        ("10\u2079", "duration_unreadable"),
        ("9" * 41, "duration_unreadable"),
        ("0", "duration_zero"),
        ("0 h 00", "duration_zero"),
        ("1000000000", "duration_long"),
        (str(LIMITS.minutes + 1), "duration_long"),
    ],
)
def test_a_duration_that_cannot_be_used_says_why(typed: str, kind: str) -> None:
    assert read_duration(typed) == kind


def test_the_longest_duration_is_allowed() -> None:
    assert read_duration(str(LIMITS.minutes)) == LIMITS.minutes


def test_times_kilometres_and_prices_have_limits() -> None:
    assert (read_times("1"), read_times("999")) == (1, 999)
    assert {read_times(typed) for typed in ("0", "1000", "x", "-1", "1.5", "")} == {"times_unreadable"}
    assert (read_km(""), read_km("12,5 km"), read_km("10000")) == (Decimal(0), Decimal("12.5"), Decimal(10000))
    assert (read_km("1 000"), read_km("1\u202f000,5 km")) == (Decimal(1000), Decimal("1000.5"))
    assert (read_km("1 00"), read_km("1000 000")) == ("km_unreadable", "km_unreadable")
    assert (read_km("10000.01"), read_km("-3"), read_km("1.234")) == ("km_large", "km_unreadable", "km_unreadable")
    assert (read_point(""), read_point("1,2345 €"), read_point("1000")) == (None, Decimal("1.2345"), Decimal(1000))
    assert (read_point("abc"), read_point("0"), read_point("1000.1")) == (
        "point_unreadable",
        "point_unreadable",
        "point_large",
    )


def test_a_faulty_line_is_left_out_and_the_others_are_worked_out(tariff: Tariff) -> None:
    result = cost(tariff, "ligne=remote-server:abc&ligne=remote-desktop:60")
    assert result.lines[0] is None
    assert result.points == Decimal("60.00")


def test_each_fault_says_where_it_is(tariff: Tariff) -> None:
    assert kinds(tariff, "ligne=nothing:20,remote-server:x,x0,nobody,km:a&tva=oui&point=abc") == [
        "vat vat_unreadable",
        "l0.e0.service service_unknown",
        "l0.e1.duration duration_unreadable",
        "l0.times times_unreadable",
        "l0.hour rate_unknown",
        "l0.km km_unreadable",
        "point point_unreadable",
    ]
    assert kinds(tariff, "ligne=") == ["l0 line_empty"]
    assert kinds(tariff, "ligne=remote-desktop:5,onsite-desktop:5") == ["l0.e1.service service_mixed"]
    assert kinds(tariff, "ligne=remote-desktop:5,km:3") == ["l0.km km_remote"]
    assert kinds(tariff, "ligne=project:10080,project:1") == ["l0 line_long"]


def test_twenty_interventions_are_allowed_and_the_next_is_refused(tariff: Tariff) -> None:
    line = "ligne=project:60"
    assert kinds(tariff, "&".join([line] * LIMITS.lines)) == []
    assert kinds(tariff, "&".join([line] * (LIMITS.lines + 1))) == ["lines lines_many"]
    assert cost(tariff, "&".join([line] * (LIMITS.lines + 1))).points == Decimal(80 * LIMITS.lines)


def test_six_works_are_allowed_in_an_intervention_and_the_next_is_refused(tariff: Tariff) -> None:
    works = ",".join(["project:60"] * LIMITS.entries)
    assert kinds(tariff, f"ligne={works}") == []
    assert kinds(tariff, f"ligne={works},project:60") == ["l0 entries_many"]
    assert cost(tariff, f"ligne={works},project:60").points == Decimal(80 * LIMITS.entries)


def test_every_kind_of_fault_has_its_sentence(tariff: Tariff) -> None:
    assert messages().keys() == MESSAGES.keys()
    assert not any("{" in sentence for sentence in messages().values())
    assert "168" in messages()["duration_long"]


def test_an_address_says_the_whole_estimate_and_is_read_back(tariff: Tariff) -> None:
    query = "version=2018-10-01&ligne=remote-server:20,project:15,x3,technical&ligne=onsite-server:40,engineering,km:12.5&tva=1&point=1.5"
    draft = read_query(query)
    assert draft == Draft(
        "2018-10-01",
        (
            DraftLine((DraftEntry("remote-server", "20"), DraftEntry("project", "15")), "3", "technical", ""),
            DraftLine((DraftEntry("onsite-server", "40"),), "1", "engineering", "12.5"),
        ),
        "1",
        "1.5",
    )
    assert write_query(draft) == query
    assert judge(draft, tariff).lines[1] == Line((("onsite-server", 40),), 1, "engineering", Decimal("12.5"))


def test_an_address_writes_what_can_be_read_in_its_shortest_form() -> None:
    line = DraftLine((DraftEntry("remote-server", "1 h 20"),), "03", "technical", "012,50 km")
    assert write_query(Draft(lines=(line,), point="1,50 €")) == (
        "ligne=remote-server:80,x3,technical,km:12.50&point=1.50"
    )


@pytest.mark.parametrize("typed", ["abc", "1,5", "a:b", "&=#?", "é", "<script>", "-5", "\uff0c"])
def test_what_cannot_be_read_travels_as_typed(typed: str) -> None:
    draft = Draft(lines=(DraftLine((DraftEntry("remote-server", typed),), typed, "technical", typed),), point=typed)
    back = read_query(write_query(draft))
    assert back.lines[0].entries[0].duration == typed.replace("\uff0c", ",")
    assert back.point == read_query(write_query(back)).point


def test_an_empty_address_asks_nothing(tariff: Tariff) -> None:
    assert read_query("") == Draft()
    result = cost(tariff, "")
    assert (result.lines, result.points, result.net, result.break_even) == ((), Decimal("0.00"), Decimal("0.00"), None)


@pytest.mark.parametrize(
    ("typed", "minutes"), [("1,5 h", 90), ("1.5 h", 90), ("0,25h", 15), ("2.0 heures", 120), ("1,05 h", 63)]
)
def test_hours_are_read_with_their_decimals(typed: str, minutes: int) -> None:
    assert read_duration(typed) == minutes


@pytest.mark.parametrize("typed", ["1,33 h", "1,5", "1,555 h", ",5 h"])
def test_hours_that_are_no_whole_minutes_are_not_guessed(typed: str) -> None:
    assert read_duration(typed) == "duration_unreadable"


def test_a_message_groups_its_thousands() -> None:
    assert "10\u202f000\u00a0kilomètres" in messages()["km_large"]
    assert "1\u202f000\u00a0€" in messages()["point_large"]
