"""Another address takes over by its own link, in a session of who asked, once, for a day; the former may undo it."""

import pytest
from sqlalchemy import select

from portal.accounts.models import Person
from portal.privacy.models import PrivacyRequest
from portal.privacy.moving import lapse
from portal.privacy.rules import State
from portal.tickets.models import Ticket
from tests.accounts.conftest import LEA, MARC, OTTO, Portal, portal
from tests.privacy.test_rights import NEW, a_ticket, wants
from tests.privacy.test_views import asked, kinds, plain
from tests.quotes.conftest import hidden, signed_in

__all__ = ["portal"]


def addresses(portal: Portal) -> set[str]:
    with portal.sessions() as session:
        return set(session.scalars(select(Person.email)))


def test_another_address_takes_over_by_its_own_link_once_and_the_former_is_told_before(portal: Portal) -> None:
    number, marc = a_ticket(portal), portal.sign_in(MARC)
    link = wants(portal, marc, NEW)
    before = portal.mails(MARC)[-1]
    assert (before.event, NEW in before.text) == ("privacy/address_asked", True)
    assert MARC not in portal.mails(NEW)[-1].text  # a mistyped mailbox is not told it
    for _ in range(2):  # a scanner opens it, and changes nothing
        assert "Confirmer cette adresse" in marc.open(link)
    assert NEW not in addresses(portal)
    marc.send(link, on=link)
    with portal.sessions() as session:
        person = session.scalars(select(Person).where(Person.email == NEW)).one()
        ticket = session.get_one(Ticket, number)
        assert {ticket.creator_mail, ticket.messages[0].author_mail, ticket.participants[0].mail} == {NEW}
        assert person.name == "Marc Weber"
    assert asked(portal).email == NEW
    assert "remplace" in portal.mails(MARC)[-1].text
    marc.send(link, 410, on="mes-donnees/")
    assert portal.sign_in(NEW).is_signed_in()


def test_the_link_is_worth_nothing_without_a_session_of_who_asked(portal: Portal) -> None:
    link = wants(portal, portal.sign_in(MARC), NEW)
    stranger = portal.visitor()
    page = stranger.open(link)
    assert "Connectez-vous d'abord" in page
    assert "Marc" not in page
    assert NEW not in page.replace(link, "")
    stranger.send(link, 403, csrf_token=hidden(stranger.open("vos-donnees"))["csrf_token"])
    for somebody in (OTTO, LEA):
        other = signed_in(portal, somebody)
        assert "n'est pas pour ce compte" in other.open(link, 404)
        other.send(link, 404, on="mes-donnees/")
    assert NEW not in addresses(portal)
    assert asked(portal).state is State.RECEIVED  # the wish is kept
    again = signed_in(portal, MARC)
    again.send(link, on=link)
    assert NEW in addresses(portal)


@pytest.mark.parametrize(("hours", "status"), [(23.99, 303), (24, 410)])
def test_the_link_lives_a_day_and_what_was_not_confirmed_is_closed(portal: Portal, hours: float, status: int) -> None:
    marc = portal.sign_in(MARC)
    wanted = wants(portal, marc, NEW)
    portal.clock.pass_(hours=hours)
    marc.send(wanted, status, on="mes-donnees/")
    assert (NEW in addresses(portal)) is (status == 303)
    with portal.app.app_context(), portal.sessions.begin() as session:
        assert lapse(session, at=portal.clock()) == (status == 410)
    assert asked(portal).state is (State.DONE if status == 303 else State.WITHDRAWN)
    if status == 410:
        assert "n'a pas été suivi à temps" in marc.open(f"mes-donnees/{asked(portal).reference}")


def test_an_address_that_somebody_else_signs_in_with_is_not_taken(portal: Portal) -> None:
    marc = portal.sign_in(MARC)
    link = wants(portal, marc, OTTO)
    marc.send(link, 409, on=link)
    assert addresses(portal) >= {MARC, OTTO}


def test_the_address_of_before_keeps_its_place(portal: Portal) -> None:
    marc = portal.sign_in(MARC)
    link = wants(portal, marc, NEW)
    former, stranger = portal.link(MARC), portal.visitor()
    assert NEW in stranger.open(former)
    stranger.send(former, on=former)
    marc.send(link, 410, on="mes-donnees/")
    assert (asked(portal).state, NEW in addresses(portal)) == (State.WITHDRAWN, False)
    stranger.open(former, 410)


@pytest.mark.parametrize(("days", "status"), [(13.9, 303), (14, 410)])
def test_the_address_of_before_takes_its_place_again_for_two_weeks(portal: Portal, days: float, status: int) -> None:
    number, marc = a_ticket(portal), portal.sign_in(MARC)
    link = wants(portal, marc, NEW)
    marc.send(link, on=link)
    former, stranger = portal.link(MARC), portal.visitor()
    stranger.open(former)
    portal.clock.pass_(days=days)
    stranger.send(former, status, csrf_token=hidden(stranger.open("vos-donnees"))["csrf_token"])
    assert (MARC in addresses(portal)) is (status == 303)
    if status == 410:
        return
    with portal.sessions() as session:
        assert session.get_one(Ticket, number).creator_mail == MARC
        assert set(session.scalars(select(PrivacyRequest.email))) == {MARC}
    assert not marc.is_signed_in()
    assert {portal.mails(to)[-1].event for to in (MARC, NEW)} == {"privacy/address_back"}
    assert "de nouveau" in plain(portal.mails(MARC)[-1].subject)
    assert kinds(portal)[-1] == "privacy.done"
    stranger.open(former, 410)
