"""Mails about points: what staff move on a contract is told, a month is told once, each to who wants it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.contracts import actions
from portal.contracts.letters import Letters
from portal.contracts.mail_choices import choice_of, choose, tell_month, tell_moved
from portal.contracts.mail_models import PointsMails
from portal.contracts.period import Month, month_before, months_between, parsed, years_of
from portal.contracts.personal_data import erase, find
from portal.mail.models import OutgoingMail
from tests.contracts.conftest import NOON, Opener, People
from tests.contracts.test_alerts import claire, letters

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

__all__ = ["letters"]
OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)


def mails(session: "Session", event: str) -> list[OutgoingMail]:
    query = select(OutgoingMail).where(OutgoingMail.event == f"contracts/{event}").order_by(OutgoingMail.id)
    return list(session.scalars(query))


def test_points_that_staff_add_or_take_back_are_told_to_who_administers(
    sessions: "sessionmaker[Session]", people: People, opener: Opener, letters: Letters
) -> None:
    with sessions.begin() as session:
        contract, person = opener(session, "100"), claire(session, people)
        given = {"by": people.staff, "at": NOON}
        entry = actions.credit(session, contract, points=Decimal(50), key="a", words="Geste", reason="Panne", **given)  # type: ignore[arg-type]
        assert tell_moved(session, entry, letters=letters, at=NOON) == 1
        back = actions.correct(session, entry, points=Decimal(-20), key="b", reason="Erreur", **given)  # type: ignore[arg-type]
        tell_moved(session, back, letters=letters, at=NOON)
        tell_moved(session, back, letters=letters, at=NOON)
        up, down = mails(session, "moved")
        assert up.recipient == person.email
        assert "+50\u00a0points, il reste 150\u00a0points" in up.subject
        assert "> Panne" in up.text
        assert "\u221220\u00a0points, il reste 130\u00a0points" in down.subject
        choose(session, person, movements=False, monthly=False, at=NOON)
        more = actions.credit(session, contract, points=Decimal(5), key="c", words="Geste", **given)  # type: ignore[arg-type]
        assert tell_moved(session, more, letters=letters, at=NOON) == 0


def test_a_month_is_told_once_to_who_asked_before_it_ended(
    sessions: "sessionmaker[Session]", people: People, opener: Opener, letters: Letters
) -> None:
    with sessions.begin() as session:
        contract, person = opener(session, "100"), claire(session, people)
        actions.charge(session, people.client, points=Decimal(15), source="a", by=people.staff, at=NOON)
        later = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)  # the first of December in Paris
        actions.charge(session, people.client, points=Decimal(10), source="b", by=people.staff, at=later)
        assert tell_month(session, NOVEMBER, letters=letters, at=later) == 0
        choose(session, person, movements=True, monthly=True, at=NOON)
        assert choice_of(session, person) == (True, True)
        assert tell_month(session, OCTOBER, letters=letters, at=later) == 0
        for _ in range(2):
            tell_month(session, NOVEMBER, letters=letters, at=later)
        (mail,) = mails(session, "month")
        assert mail.subject == "Vos points en novembre\u00a02026"
        assert "15\u00a0points en moins, 100\u00a0points en plus. Il restait 85\u00a0points" in mail.text
        assert f"{contract.reference}/releve.pdf?periode=2026-11" in mail.text
        # Chosen again, it keeps its day; whose month had begun is told of the next one.
        choose(session, person, movements=True, monthly=True, at=later)
        held = session.get_one(PointsMails, person.id)
        assert held.monthly_since == NOON


def test_a_choice_is_found_and_forgotten_with_its_person(
    sessions: "sessionmaker[Session]", people: People, opener: Opener
) -> None:
    with sessions.begin() as session:
        opener(session, "100")
        person = claire(session, people)
        choose(session, person, movements=False, monthly=True, at=NOON)
        (record,) = find(session, person.email)
        assert record.values == (("Choix des courriels sur les points", "pas à chaque mouvement, relevé mensuel"),)
        erase(session, person.email, NOON)
        assert list(find(session, person.email)) == []


def test_months_are_those_of_paris_and_addresses_name_them() -> None:
    assert NOVEMBER.begins == datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    assert NOVEMBER.ends == datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
    assert Month(2026).ends - Month(2026).begins == timedelta(days=365)
    assert [month.key for month in months_between(date(2025, 11, 30), date(2026, 1, 1))] == [
        "2026-01",
        "2025-12",
        "2025-11",
    ]
    assert [year.key for year in years_of(months_between(date(2025, 11, 30), date(2026, 1, 1)))] == ["2026", "2025"]
    assert (month_before(date(2026, 1, 31)), month_before(date(2026, 3, 1))) == (Month(2025, 12), Month(2026, 2))
    assert (parsed(""), parsed("2026"), parsed("2026-11")) == (None, Month(2026), NOVEMBER)


@pytest.mark.parametrize("key", ["x", "2026-", "2026-13", "2026-1", "2026-00", "0000", "99999", "2026-11-03", "-11"])
def test_what_is_no_month_is_none(key: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever its words are
        parsed(key)
