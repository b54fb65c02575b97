"""Another address takes over by its own link, in a session of who asked, once, for a day; the former may undo it."""

from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.models import MailCode, Person
from portal.mail.models import OutgoingMail
from portal.privacy.models import PrivacyRequest
from portal.privacy.moving import lapse
from portal.privacy.rules import State
from portal.tickets.models import Ticket
from tests.accounts.conftest import LEA, MARC, OTTO, Portal, portal
from tests.privacy.test_erasure import quiet, work
from tests.privacy.test_rights import MANDATE, NEW, a_ticket, wants
from tests.privacy.test_views import asked, decide, kinds, officer, plain, public
from tests.quotes.conftest import hidden, signed_in

__all__ = ["portal", "quiet"]

THIRD = "trois@pirate.example"


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


def test_who_moves_on_from_an_address_they_took_does_not_keep_it(portal: Portal) -> None:
    marc = portal.sign_in(MARC)
    link = wants(portal, marc, NEW)
    marc.send(link, on=link)
    portal.clock.pass_(days=13)
    thief = portal.sign_in(NEW)
    link = wants(portal, thief, THIRD)
    thief.send(link, on=link)
    told = [mail.text for mail in portal.mails(MARC) if mail.event == "privacy/new_address"]
    assert ("7 décembre" in plain(told[0]), THIRD in told[1], "7 décembre" in plain(told[1])) == (True, True, True)
    passed_on, former, stranger = portal.link(NEW), portal.link(MARC), portal.visitor()
    waits = wants(portal, portal.sign_in(THIRD), "quatre@pirate.example")
    portal.ask_code(portal.visitor(), THIRD)
    with portal.sessions.begin() as session:
        held = session.scalars(select(Person).where(Person.email == THIRD)).one()
        held.password, held.tf_totp_secret, held.tf_primary_method = "x", "y", "authenticator"
        known_by = held.fs_uniquifier
    page = stranger.open(former)
    assert (MARC in page, THIRD in page) == (True, True)
    stranger.send(former, on=former)
    with portal.sessions() as session:
        held = session.scalars(select(Person).where(Person.email == MARC)).one()
        assert (held.password, held.tf_totp_secret, held.tf_primary_method) == (None, None, None)
        assert held.fs_uniquifier != known_by
        assert session.scalars(select(MailCode)).all() == []
    assert not addresses(portal) & {NEW, THIRD}
    for over in (former, passed_on):  # nobody in between takes it once more
        stranger.open(over, 410)
    marc = portal.sign_in(MARC)
    marc.send(waits, 410, on="mes-donnees/")
    assert MARC in addresses(portal)


def test_one_wish_at_a_time_and_what_is_told_is_what_was_replaced(portal: Portal) -> None:
    marc = portal.sign_in(MARC)
    first = wants(portal, marc, THIRD)
    second = wants(portal, marc, NEW)
    marc.send(first, 410, on="mes-donnees/")
    marc.send(second, on=second)
    assert addresses(portal) >= {NEW}
    with portal.sessions() as session:
        states = session.scalars(select(PrivacyRequest.state).order_by(PrivacyRequest.id)).all()
    assert states == [State.WITHDRAWN, State.DONE]


def by_mandate(portal: Portal, right: str) -> str:
    otto, where = signed_in(portal, OTTO), "mes-donnees/pour-quelqu-un"
    otto.send(where, on=where, **dict[str, Any](hidden(otto.open(where)) | MANDATE | {"right": right}))
    return f"bureau/donnees/{asked(portal).reference}"


def test_what_is_asked_for_somebody_follows_their_new_address(quiet: Portal) -> None:
    desk, marc = by_mandate(quiet, "erasure"), quiet.sign_in(MARC)
    link = wants(quiet, marc, NEW)
    marc.send(link, on=link)
    with quiet.sessions() as session:
        one = session.scalars(select(PrivacyRequest).where(PrivacyRequest.subject_email != "")).one()
        assert (one.email, one.subject_email) == (OTTO, NEW)
    decide(officer(quiet), desk, "effacer", "Mandat lu.")
    assert not addresses(quiet) & {MARC, NEW}


@pytest.mark.parametrize("mandated", [True, False])
def test_what_staff_corrected_is_undone_by_the_link_that_its_mail_promises(portal: Portal, mandated: bool) -> None:
    if mandated:
        desk = by_mandate(portal, "rectification")
    else:
        stranger = portal.visitor()
        public(stranger, right="rectification", name="Marc Weber", email=MARC, details="Nouvelle adresse")
        link = portal.link(MARC)
        stranger.send(link, on=link)
        desk = f"bureau/donnees/{asked(portal).reference}"
    typed: dict[str, Any] = {"corriger-words": "Fait", "corriger-email": THIRD, "corriger-name": "Marc Weber"}
    officer(portal).send(f"{desk}/corriger", on=desk, **typed)
    assert THIRD in addresses(portal)
    former, stranger = portal.link(MARC), portal.visitor()
    stranger.send(former, on=former)
    assert (MARC in addresses(portal), THIRD in addresses(portal)) == (True, False)
    assert portal.mails(MARC)[-1].event == "privacy/address_back"


@pytest.mark.parametrize("lapsed", [False, True])
def test_an_address_never_confirmed_goes_with_who_wanted_it(quiet: Portal, lapsed: bool) -> None:
    marc = quiet.sign_in(MARC)
    wants(quiet, marc, NEW)
    former = quiet.link(MARC)
    if lapsed:
        quiet.clock.pass_(days=1)
        with quiet.app.app_context(), quiet.sessions.begin() as session:
            lapse(session, at=quiet.clock())
        marc = quiet.sign_in(MARC)
    where = "mes-donnees/effacer"
    marc.send(where, on=where, **dict[str, Any](hidden(marc.open(where))))
    decide(officer(quiet), f"bureau/donnees/{asked(quiet).reference}", "effacer", "Aucune.")
    work(quiet)
    with quiet.sessions() as session:
        wish = session.scalars(select(PrivacyRequest).order_by(PrivacyRequest.id)).first()
        assert wish is not None
        assert (wish.state, wish.changes) == (State.WITHDRAWN, None)
        sent = session.scalars(select(OutgoingMail).where(OutgoingMail.event == "privacy/prove_address")).one()
        assert NEW not in f"{sent.recipient}{sent.subject}{sent.text}{sent.html}"
    page = quiet.visitor().open(former, 410)
    assert NEW not in page
