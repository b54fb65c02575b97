"""Thresholds: one mail a crossing, to who chose it."""

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.accounts.actions import add_person
from portal.accounts.models import Person
from portal.accounts.rules import ClientRole
from portal.contracts import actions
from portal.contracts.alerts import MOST, TooManyAlerts, alerts_of, drop_alert, set_alert, tell_crossings
from portal.contracts.letters import Letters
from portal.contracts.personal_data import erase, find
from portal.contracts.rules import InvalidPoints
from portal.mail.models import OutgoingMail
from tests.contracts.conftest import NOON, Opener, People

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from portal.terms import Library


@pytest.fixture
def letters(library: "Library") -> Letters:
    return Letters(library, "https://portail.example", "portail.example")


def claire(session: "Session", people: People) -> Person:
    return add_person(
        session, organisation=session.merge(people.client), email="claire@muller.example", name="Claire Muller",
        roles=[ClientRole.ADMINISTRATOR], by=None, now=NOON,
    )  # fmt: skip


def subjects(session: "Session") -> list[str]:
    sent = select(OutgoingMail.subject).where(OutgoingMail.event == "contracts/threshold").order_by(OutgoingMail.id)
    return list(session.scalars(sent))


def test_a_crossing_is_told_once_and_armed_again_by_points_that_come_back(
    sessions: "sessionmaker[Session]", people: People, opener: Opener, letters: Letters
) -> None:
    from datetime import timedelta

    with sessions.begin() as session:
        contract, person = opener(session, "100"), claire(session, people)
        set_alert(session, contract, person=person, threshold=Decimal(50), at=NOON)

        def charge(points: str, source: str) -> int:
            actions.charge(session, people.client, points=Decimal(points), source=source, by=people.staff, at=NOON)
            return tell_crossings(session, letters=letters, at=NOON + timedelta(hours=len(subjects(session))))

        assert charge("49.99", "a") == 0
        assert charge("0.01", "b") == 1  # fifty left: the threshold itself
        assert charge("10", "c") == 0
        actions.credit(session, contract, points=Decimal(100), key="k", words="Ajout", by=people.staff, at=NOON)
        assert tell_crossings(session, letters=letters, at=NOON) == 0
        assert charge("100", "d") == 1
        assert len(subjects(session)) == 2
        mail = session.scalars(select(OutgoingMail).where(OutgoingMail.event == "contracts/threshold")).first()
        assert mail is not None
        assert mail.recipient == "claire@muller.example"
        assert f"https://portail.example/espace-client/contrats/{contract.reference}" in mail.text
        assert "50\u00a0points" in mail.subject


def test_a_threshold_that_is_reached_already_is_not_told(
    sessions: "sessionmaker[Session]", people: People, opener: Opener, letters: Letters
) -> None:
    with sessions.begin() as session:
        contract, person = opener(session, "20"), claire(session, people)
        assert set_alert(session, contract, person=person, threshold=Decimal(20), at=NOON).reached
        assert not set_alert(session, contract, person=person, threshold=Decimal("19.99"), at=NOON).reached
        assert tell_crossings(session, letters=letters, at=NOON) == 0


def test_thresholds_are_few_ones_own_and_numbers(
    sessions: "sessionmaker[Session]", people: People, opener: Opener
) -> None:
    with sessions.begin() as session:
        contract, person = opener(session, "20"), claire(session, people)
        for number in range(1, MOST + 1):
            set_alert(session, contract, person=person, threshold=Decimal(number), at=NOON)
        set_alert(session, contract, person=person, threshold=Decimal(1), at=NOON)  # there already
        with pytest.raises(TooManyAlerts):
            set_alert(session, contract, person=person, threshold=Decimal(99), at=NOON)
        with pytest.raises(InvalidPoints):
            set_alert(session, contract, person=person, threshold=Decimal(0), at=NOON)
        first = alerts_of(session, contract, person)[0]
        drop_alert(session, contract, first.id, person=people.staff)
        assert len(alerts_of(session, contract, person)) == MOST
        drop_alert(session, contract, first.id, person=person)
        assert len(alerts_of(session, contract, person)) == MOST - 1


def test_somebody_who_leaves_takes_their_thresholds_along(
    sessions: "sessionmaker[Session]", people: People, opener: Opener, letters: Letters
) -> None:
    with sessions.begin() as session:
        contract, person = opener(session, "60"), claire(session, people)
        set_alert(session, contract, person=person, threshold=Decimal(50), at=NOON)
        actions.charge(session, people.client, points=Decimal(20), source="a", by=people.staff, at=NOON)
        tell_crossings(session, letters=letters, at=NOON)
        assert len(list(find(session, "Claire@muller.example "))) == 2
        assert len(erase(session, "claire@muller.example", NOON)) == 2
        assert list(find(session, "claire@muller.example")) == []
        assert subjects(session) == ["(effacé)"]
        assert actions.balance(session, contract) == 40  # the ledger stays
