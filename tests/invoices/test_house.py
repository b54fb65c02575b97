"""What the house asks of each room: personal data, conventions that say what the code does, the demo."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from portal import demo
from portal.accounts.actions import add_person
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import ClientRole
from portal.invoices.demo import INVOICES
from portal.invoices.dispute_answer_actions import answer_as_client
from portal.invoices.dispute_draft_actions import save_draft
from portal.invoices.dispute_letters import DisputeLetters
from portal.invoices.dispute_models import Dispute, DisputeDraft
from portal.invoices.dispute_rules import Act, Channel, DisputeState
from portal.invoices.holding import held
from portal.invoices.letters import Letters
from portal.invoices.links import Links
from portal.invoices.models import Invoice
from portal.invoices.payment_rules import Standing
from portal.invoices.personal_data import PERSONAL_DATA
from portal.invoices.rules import came_late
from portal.privacy import client_file
from portal.privacy.erasure import words
from portal.privacy.rooms import declared
from portal.registry import Erasure
from portal.terms import Library
from tests.accounts.conftest import CLAIRE, MARC, STAFF, Portal, portal
from tests.invoices.conftest import BOOKKEEPER, NOON
from tests.invoices.test_dispute_views import confirm, write
from tests.invoices.test_views import Given, biller, give, text
from tests.quotes.conftest import signed_in
from tests.tickets.test_client_pages import ask

__all__ = ["biller", "give", "portal"]


@pytest.mark.parametrize(("seen", "late"), [("2026-11-17T22:59", False), ("2026-11-17T23:00", True)])
def test_an_invoice_of_friday_comes_late_after_tuesday_of_paris_as_the_convention_says(
    library: Library, seen: str, late: bool
) -> None:
    allowed = library.conventions["late_import"]
    assert f"plus de {allowed.days} jours ouvrés" in allowed.text
    at = datetime.fromisoformat(seen).replace(tzinfo=UTC)
    assert came_late(date(2026, 11, 13), at, allowed.days or 0, library.law.days) is late


def test_the_room_is_a_processing_of_the_notice(library: Library) -> None:
    assert PERSONAL_DATA.purpose in {processing.key for processing in library.processing}


def test_a_person_finds_what_was_disputed_and_an_erasure_takes_drafts_alone(portal: Portal, give: Given) -> None:
    number = give()
    marc = signed_in(portal, MARC)
    write(marc, number)
    reference = confirm(marc, number)
    write(marc, number, words="Un autre brouillon.")
    with portal.sessions.begin() as session:
        found = list(PERSONAL_DATA.find(session, MARC.upper()))
        first, second = [record.reference for record in found]
        assert first == reference
        assert second.startswith("brouillon-")
        assert "Le prix convenu était 90 €." in dict(found[0].values)["Contestation"]
        assert dict(found[1].values)["Brouillon de contestation"] == "Un autre brouillon."
        assert all([name for name, _ in record.values] == [f.label for f in PERSONAL_DATA.fields] for record in found)
        assert PERSONAL_DATA.erase(session, MARC, NOON) == Erasure((second,))
    library = portal.app.extensions["portal"].library
    with portal.sessions() as session:
        (left,) = PERSONAL_DATA.find(session, MARC)
        assert left.reference == reference
        assert f"à compter de la clôture de l'exercice où la contestation {reference}" in words(left, library)
        client = session.get_one(Organisation, portal.ids["client"])
        stays, _ = client_file.kept(session, library, client, rooms=declared(), today=NOON.date())
        assert f"à compter de la clôture de l'exercice où la contestation {reference}" in stays
        dispute = session.scalars(select(Dispute)).one()
        dispute.state, dispute.closed_at = DisputeState.SETTLED, datetime(2027, 1, 4, 9, tzinfo=UTC)
        (left,) = PERSONAL_DATA.find(session, MARC)
        until = "jusqu'au 31\u00a0décembre\u00a02037"
        assert f"conservé {until} en vertu du Code de commerce, L123-22" in words(left, library)
        assert until in client_file.kept(session, library, client, rooms=declared(), today=NOON.date())[0]


def test_words_are_their_writer_s_whatever_the_names(portal: Portal, give: Given) -> None:
    number, namesake = give(), "marc.weber@client.example"
    marc = signed_in(portal, MARC)
    write(marc, number)
    reference = confirm(marc, number)
    services = portal.app.extensions["portal"]
    letters = DisputeLetters(Letters(services.library, Links("http://localhost"), "localhost"))
    with portal.sessions.begin() as session:
        client = session.get_one(Organisation, portal.ids["client"])
        other = add_person(
            session,
            organisation=client,
            email=namesake,
            name="Marc Weber",
            roles=[ClientRole.BILLING],
            by=None,
            now=NOON,
        )
        dispute = session.scalars(select(Dispute)).one()
        answer_as_client(
            session, dispute, Act.ANSWER, by=other, words="Un mot de l'autre.", form_key="o", letters=letters, at=NOON
        )
    with portal.sessions() as session:
        (mine,), (theirs,) = (
            [dict(each.values) for each in PERSONAL_DATA.find(session, mail) if each.reference == reference]
            for mail in (MARC, namesake)
        )
    assert "Le prix convenu était 90 €." in mine["Échanges"]
    assert "Un mot de l'autre." not in mine["Échanges"]
    assert theirs["Échanges"].endswith("Un mot de l'autre.")
    assert "Le prix convenu" not in "".join(theirs.values())
    assert (theirs["Nom"], theirs["Adresse électronique"]) == ("Marc Weber", namesake)


def test_nobody_else_is_found(sessions: sessionmaker[Session], add: Callable[..., Invoice], bookkeeper: Person) -> None:
    invoice = add()
    with sessions.begin() as session:
        save_draft(
            session,
            session.get_one(Invoice, invoice.id),
            session.merge(bookkeeper),
            {"words": "x"},
            form_key="k",
            at=NOON,
        )
    with sessions.begin() as session:
        assert list(PERSONAL_DATA.find(session, "other@client.example")) == []
        assert len(list(PERSONAL_DATA.find(session, BOOKKEEPER))) == 1
        PERSONAL_DATA.erase(session, "other@client.example", NOON)
        assert session.scalar(select(func.count()).select_from(DisputeDraft)) == 1


def test_the_demo_shows_every_standing(portal: Portal) -> None:
    with portal.sessions.begin() as session:  # an empty base is what a demo is loaded into
        for person in session.scalars(select(Person)):
            person.email = f"old-{person.id}@client.example"
    demo.load(portal.app, now=portal.clock())
    with portal.sessions() as session:
        invoices = list(session.scalars(select(Invoice)))
        standings = {held(session, each).account(each).standing(portal.clock().date()) for each in invoices}
        assert standings >= {Standing.PAID, Standing.DUE, Standing.OVERDUE, Standing.CREDIT}
        assert {each.late for each in session.scalars(select(Dispute))} == {True, False}
        ours = {made.number for made in INVOICES}
        assert all("démonstration" in each.findings[0]["words"] for each in invoices if each.number in ours)
        assert any(each.organisation_id is None for each in invoices)


def test_a_client_shows_its_invoices_to_those_who_bill(portal: Portal, give: Given, biller: str) -> None:
    give()
    page = text(signed_in(portal, biller).open(f"bureau/clients/{portal.ids['client']}"))
    assert "Facture F-2026-0042" in page


def test_a_ticket_that_is_a_disagreement_becomes_a_dispute_of_its_day(portal: Portal, give: Given) -> None:
    number = give()
    ask(signed_in(portal, CLAIRE))
    portal.clock.pass_(days=30)
    staff = signed_in(portal, STAFF)  # an adviser who also administers
    page = staff.open("bureau/tickets/TIC-2026-0001")
    assert "Ce ticket conteste une facture" in page
    choice = staff.open("bureau/factures/depuis-ticket/TIC-2026-0001")
    assert f"/factures/{number}/contestation?ticket=TIC-2026-0001" in choice
    path = f"bureau/factures/{number}/contestation"
    shown = staff.open(f"{path}?ticket=TIC-2026-0001")
    assert 'value="23/11/2026"' in shown
    given: dict[str, Any] = {
        "key": "k", "scope": "facture", "reason": "PU_ERR", "words": "Trop cher.", "channel": "ticket",
        "sent_on": "23/11/2026", "author": "Claire Muller", "mail": CLAIRE, "ticket": "TIC-2026-0001",
    }  # fmt: skip
    staff.send(path, on=path, **given)
    with portal.sessions() as session:
        dispute = session.scalars(select(Dispute)).one()
        assert (dispute.ticket, dispute.late, dispute.channel) == ("TIC-2026-0001", False, Channel.TICKET)
    staff.open("bureau/factures/depuis-ticket/TIC-2026-9999", 404)
