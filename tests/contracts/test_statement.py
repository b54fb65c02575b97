"""A statement in a spreadsheet: French, and nobody's text is run as a formula."""

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from portal.contracts import actions
from portal.contracts.statement import csv_of, plain_number, safe
from portal.contracts.working import restored, working_of
from portal.terms.points import intervention_points
from tests.contracts.conftest import NOON, Opener, People

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from portal.terms import Library

#: rules.md: (kind of work, real minutes, minutes counted, points).
EXAMPLES = (
    ("remote-desktop", 7, 15, "15.00"),
    ("remote-server", 20, 20, "26.67"),
    ("onsite-desktop", 10, 30, "37.50"),
    ("onsite-server", 40, 40, "63.33"),
)


@pytest.mark.parametrize(("service", "real", "counted", "points"), EXAMPLES)
def test_a_charge_keeps_how_it_was_worked_out(
    library: "Library", service: str, real: int, counted: int, points: str
) -> None:
    version = library.version("2018-10-01")
    held = working_of(intervention_points(version.tariff, [(service, real)]), version, day=NOON.date(), ticket="TIC")
    working = restored(held)
    assert working is not None
    assert (working.worked, working.counted, working.points) == (real, counted, Decimal(points))
    assert working.below_minimum is (counted > real)
    assert (working.article, working.url) == ("7.1.2", "/cgv/2018-10-01/article-7/#art-7-1-2")
    assert restored(None) is None


def test_three_interventions_of_twenty_minutes_are_added_rounded(
    sessions: "sessionmaker[Session]", people: People, opener: Opener, library: "Library"
) -> None:
    points = intervention_points(library.version("2018-10-01").tariff, [("remote-server", 20)]).points
    with sessions.begin() as session:
        contract = opener(session, "100")
        for number in range(3):
            actions.charge(session, people.client, points=points, source=f"i{number}", by=people.staff, at=NOON)
        assert actions.balance(session, contract) == 100 - Decimal("80.01")


def test_the_statement_is_french_and_holds_no_formula(
    sessions: "sessionmaker[Session]", people: People, opener: Opener, library: "Library"
) -> None:
    version = library.version("2018-10-01")
    worked = intervention_points(version.tariff, [("remote-desktop", 7)])
    with sessions.begin() as session:
        contract = opener(session, "1234.5")
        actions.charge(
            session, people.client, points=worked.points, source="i", by=people.staff, at=NOON,
            words='=HYPERLINK("http://x.example";"a")', working=working_of(worked, version, day=NOON.date()),
        )  # fmt: skip
        raw = csv_of(contract.entries)
    assert raw.startswith(b"\xef\xbb\xbfDate;Heure;Mouvement;")
    lines = raw.decode("utf-8-sig").split("\r\n")
    assert "1234,50;0,00;1234,50" in lines[1]
    assert ";-15,00;1234,50;1219,50;7;15;" in lines[2]
    assert ";\"'=HYPERLINK" in lines[2]


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_what_a_spreadsheet_would_run_is_made_text(typed: str) -> None:
    assert safe(typed) == f"'{typed}"


def test_numbers_and_plain_words_are_left_alone() -> None:
    assert safe("Écran") == "Écran"
    assert plain_number(Decimal("-26.7")) == "-26,70"
