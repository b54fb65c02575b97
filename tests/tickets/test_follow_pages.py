"""Who has no account follows their ticket by the link of a mail; opening it does nothing, its buttons do."""

import re
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import icalendar
import pytest
from sqlalchemy import select

from portal.accounts.models import Person
from portal.tickets.actions import Asked, Caller, enter_call, ticket_from_mail
from portal.tickets.appointment_actions import Wanted, plan
from portal.tickets.cover import cover_of
from portal.tickets.models import Ticket
from portal.tickets.rules import Backup, Channel, Place, State
from portal.tickets.serving import letters
from tests.accounts.test_sign_in import everything
from tests.tickets.conftest import ARRIVED, STAFF, Portal, Visitor, hidden
from tests.tickets.test_client_pages import tickets

JEAN = "jean@inconnu.example"


@pytest.fixture
def link(portal: Portal) -> str:
    """The path of the link that a stranger's acknowledgement holds."""
    with portal.app.test_request_context(), portal.sessions.begin() as session:
        library = portal.app.extensions["portal"].library
        ticket_from_mail(
            session, replace(ARRIVED, from_mail=JEAN, from_name="Jean Inconnu"), person=None, quarantined=True,
            cover=cover_of(session, library, None, portal.clock().date()), letters=letters(), at=portal.clock(),
        )  # fmt: skip
    found = re.search(r"https?://localhost(/espace-client/suivi-de-ticket/\S+)", portal.mails(JEAN)[-1].text)
    assert found
    return found[1]


def push(visitor: Visitor, link: str, act: str, status: int = 303, **values: object) -> str:
    page = visitor.open(link)
    visitor.last = visitor.client.post(f"{link}/{act}", data={**hidden(page), **values})
    return visitor._page(status)


def test_opening_the_link_shows_the_rates_and_accepts_nothing(portal: Portal, link: str) -> None:
    before = everything(portal)
    page = portal.visitor().open(link)
    for rate in portal.app.extensions["portal"].library.in_force(portal.clock().date()).tariff.hourly:
        assert rate.line in page
    assert "J'accepte ces conditions" in page
    assert everything(portal) == before


def test_the_button_accepts_once_with_its_proof(portal: Portal, link: str) -> None:
    jean = portal.visitor()
    push(jean, link, "accepter-les-conditions")
    (ticket,) = tickets(portal)
    assert ticket.terms_accepted_by == "Jean Inconnu"
    assert "J'accepte ces conditions" not in jean.open(link)
    push(jean, link, "accepter-les-conditions")
    assert len(tickets(portal)[0].evidence) == 2


def test_the_creator_writes_with_a_file_closes_and_reopens_without_an_account(portal: Portal, link: str) -> None:
    jean = portal.visitor()
    push(jean, link, "repondre", words="Voici le journal.", files=(BytesIO(b"une ligne"), "journal.log"))
    page = jean.open(link)
    assert "Voici le journal." in page
    (address,) = re.findall(r'href="([^"]+/fichiers/\d+-[0-9a-f]{32})"', page)
    assert jean.client.get(address).data == b"une ligne"
    push(jean, link, "clore")
    assert tickets(portal)[0].state is State.CLOSED
    push(jean, link, "clore")
    push(jean, link, "rouvrir")
    assert tickets(portal)[0].state is State.OPEN
    push(jean, link, "rouvrir")


def test_an_appointment_is_answered_and_taken_along_and_a_mail_seen_as_it_was_laid_out(
    portal: Portal, link: str
) -> None:
    starts = portal.clock() + timedelta(days=3)
    with portal.app.test_request_context(), portal.sessions.begin() as session:
        ticket = session.scalars(select(Ticket)).one()
        ticket.messages[0].html = "<p>Bonjour</p>"
        wanted = Wanted(starts, starts + timedelta(hours=1), Place.REMOTE, None, None)
        by = session.get_one(Person, portal.ids[STAFF])
        plan(session, ticket, wanted, by=by, form_key="a", letters=letters(), at=portal.clock())
    jean = portal.visitor()
    push(jean, link, "rendez-vous/1/sauvegarde", backup="to_do")
    assert tickets(portal)[0].backup is Backup.TO_DO
    push(jean, link, "rendez-vous/1/sauvegarde", 400, backup="peut-être")
    push(jean, link, "rendez-vous/2/sauvegarde", 404, backup="done")
    page = jean.open(link)
    assert "non, pas encore" in page
    (entry,) = re.findall(r'href="([^"]+\.ics)"', page)
    calendar = icalendar.Calendar.from_ical(jean.client.get(entry).data)
    assert (calendar["METHOD"], str(calendar.walk("VEVENT")[0]["URL"])) == ("PUBLISH", f"http://localhost{link}")
    (layout,) = re.findall(r'href="([^"]+/mise-en-forme)"', page)
    answer = jean.client.get(layout)
    assert "<p>Bonjour</p>" in answer.get_data(as_text=True)
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    jean.open(f"{link[:-1]}/messages/1/mise-en-forme", 404)


def test_a_link_that_is_none_of_ours_or_was_replaced_opens_nothing(portal: Portal, link: str) -> None:
    visitor = portal.visitor()
    visitor.open(link[:-1], 404)
    visitor.open("/espace-client/suivi-de-ticket/nonsense", 404)
    with portal.sessions.begin() as session:
        session.scalars(select(Ticket)).one().link_key = "another"
    visitor.open(link, 404)


def test_the_link_is_told_to_nobody_else(portal: Portal, link: str) -> None:
    answer = portal.visitor().client.get(link)
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_caller_who_gave_an_address_gets_such_a_link_too(portal: Portal) -> None:
    with portal.app.test_request_context(), portal.sessions.begin() as session:
        library = portal.app.extensions["portal"].library
        enter_call(
            session, Asked("Panne", "Plus rien."), caller=Caller("Jean", JEAN, "03 89 00 00 00"), organisation=None,
            channel=Channel.VOICEMAIL, by=session.get_one(Person, portal.ids[STAFF]), call_back=True,
            cover=cover_of(session, library, None, portal.clock().date()), form_key="k", letters=letters(),
            at=portal.clock(),
        )  # fmt: skip
    (mail,) = portal.mails(JEAN)
    assert "/suivi-de-ticket/" in mail.text
    assert "Lire et accepter les conditions" in mail.text
