"""The work behind an invoice: named by its lines, proposed by its period, put there by hand; what the client reads of it."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from portal.accounts.actions import add_staff
from portal.accounts.models import Organisation
from portal.accounts.rules import StaffRole
from portal.contracts.agreement_actions import open_contract
from portal.contracts.rules import Kind, Overdraft, SpecialConditions
from portal.evidence.models import Entry
from portal.invoices.models import Invoice
from portal.invoices.work_actions import WorkError, link
from portal.invoices.work_models import InvoiceWork
from portal.orders.actions import place_order
from portal.orders.letters import OrderLetters
from portal.orders.links import Links
from portal.orders.progress_actions import note_event
from portal.orders.progress_rules import Event, EventKind
from portal.tickets.intervention_actions import Noted, note_time
from portal.tickets.intervention_count_actions import bill_intervention, charge_intervention
from portal.tickets.intervention_models import WorkIntervention
from portal.tickets.models import Ticket
from tests.accounts.conftest import MARC, OTTO, STAFF, Portal, portal
from tests.invoices.conftest import NOON, reading
from tests.invoices.test_views import BILLER, Given, biller, give, text
from tests.orders.test_orders import GOODS, WORK
from tests.quotes.conftest import signed_in
from tests.tickets.test_interventions import a_ticket

__all__ = ["biller", "give", "portal"]
DAY = date(2026, 11, 20)


def work(
    portal: Portal, number: int, *, day: date = DAY, of: str = "client", minutes: int = 45, points: bool = False,
    words: str = "Commutateur remplacé",
) -> int:  # fmt: skip
    """A ticket with one counted intervention; its number."""
    library, at = portal.app.extensions["portal"].library, portal.clock()
    version = library.in_force(day)
    with portal.sessions.begin() as session:
        adviser = session.merge(portal.person("luc@ims.example")) if number > 1 else add_staff(
            session, email="luc@ims.example", name="Luc Roth", roles=[StaffRole.ADVISER], now=at
        )  # fmt: skip
        ticket = a_ticket(session, portal.ids[of], number)
        ticket.terms_sha256 = version.sha256
        noted = Noted("onsite-server", minutes, words, day, adviser)
        entry = note_time(
            session, ticket, noted, intervention=None, by=adviser, form_key=f"e{number}", library=library, at=at
        )
        if points:
            open_contract(
                session, organisation=session.get_one(Organisation, portal.ids[of]), kind=Kind.LIBERTY, points=Decimal(500),
                terms_slug=version.slug, terms_sha256=version.sha256, special_conditions=SpecialConditions(""),
                overdraft=Overdraft(), by=adviser, at=at, reason="Signé.", signed_on=day, form_key="c",
            )  # fmt: skip
            charge_intervention(session, entry.intervention, by=adviser, library=library, at=at)
        else:
            bill_intervention(
                session, entry.intervention, hour="technical", km=Decimal(0), by=adviser, library=library, at=at
            )
        return entry.intervention_id


def naming(reference: str, number: str = "F-2026-0042"):  # type: ignore[no-untyped-def]
    first, second = reading().lines
    return reading(number, lines=(replace(first, description=f"Suivant {reference}"), second))


def test_the_work_of_a_ticket_that_a_line_names_is_read_behind_it(portal: Portal, give: Given) -> None:
    work(portal, 1)
    work(portal, 2, of="other", words="Chez un autre")
    page = text(signed_in(portal, MARC).open(f"factures/{give(naming('TIC-2026-0001, tic-2026-0002'))}"))
    assert "Derrière « Intervention sur site »" in page
    assert "Commutateur remplacé Sur site - Serveur et réseau 20 novembre 2026 45 min" in page
    rate = portal.app.extensions["portal"].library.in_force(DAY).tariff.hour_rate("technical")
    assert f"{rate.rate:.2f}".replace(".", ",") + " € HT / h" in page
    assert f"article {rate.article}" in page
    assert "Chez un autre" not in page


def test_the_entries_of_an_order_that_it_names_are_read_line_by_line(portal: Portal, give: Given) -> None:
    version = portal.app.extensions["portal"].library.in_force(DAY)
    by = portal.person(STAFF)
    with portal.sessions.begin() as session:
        placed = place_order(
            session, organisation=session.get_one(Organisation, portal.ids["client"]), quote_reference="DEV-2026-0001",
            lines=(WORK, GOODS), terms_slug=version.slug, terms_sha256=version.sha256,
            special_conditions=SpecialConditions(""), accepted_client_at=NOON, accepted_provider_at=NOON,
            by=session.merge(by), at=NOON,
        )  # fmt: skip
        note_event(
            session, placed, Event(EventKind.DELIVERED, NOON.date(), line=2), by=session.merge(by),
            form_key="d", letters=OrderLetters(portal.app.extensions["portal"].library, Links("http://localhost"), "l"), at=NOON,
        )  # fmt: skip
        reference = placed.reference
    screen = replace(reading().lines[1], name=" SERVEUR ")
    page = text(signed_in(portal, MARC).open(f"factures/{give(reading(sales_order=reference, lines=(screen,)))}"))
    sold = f"Commande {reference} , Serveur : 1 unité à 2 190,00 € HT, livré le 23 novembre 2026"
    assert re.search(r"Derrière « *SERVEUR *» " + re.escape(sold), page), page
    assert (
        f"Derrière la facture entière Commande {reference} , Remplacement du serveur : 1,5 jour à 640,55 € HT" in page
    )


def test_what_points_have_paid_says_so_with_its_own_clause(portal: Portal, give: Given) -> None:
    work(portal, 1, points=True, minutes=10)
    page = text(signed_in(portal, MARC).open(f"factures/{give(naming('TIC-2026-0001'))}"))
    rate = portal.app.extensions["portal"].library.in_force(DAY).tariff.point_rate("onsite-server")
    assert f"{rate.rate} points / h article {rate.article}" in page
    assert "décomptés du contrat" in page
    assert "10 min réelles, 30 min comptées (minimum de 30 min)" in page


def test_work_after_the_invoice_or_outside_its_period_or_behind_another_one_is_not_its_own(
    portal: Portal, give: Given
) -> None:
    work(portal, 1, day=date(2026, 11, 24))  # the invoice is of the day before
    work(portal, 2)
    period = (date(2026, 10, 1), date(2026, 10, 31))
    give(naming("TIC-2026-0001"))
    give(replace(naming("TIC-2026-0002", "F-2"), period=period))
    with portal.sessions() as session:
        assert session.scalars(select(InvoiceWork)).all() == []
    give(naming("TIC-2026-0002", "F-3"))
    give(naming("TIC-2026-0002", "F-4"))
    with portal.sessions() as session:
        assert [each.invoice.number for each in session.scalars(select(InvoiceWork))] == ["F-3"]


def test_staff_put_behind_it_what_its_period_proposes_and_take_it_back(
    portal: Portal, give: Given, biller: str
) -> None:
    give(reading("F-1", issued_on=date(2026, 11, 10)))
    early, mine = work(portal, 1, day=date(2026, 11, 9)), work(portal, 2, words="Pare-feu réglé")
    number = give()
    page = f"bureau/factures/{number}/travaux"
    staff = signed_in(portal, BILLER)
    shown = text(staff.open(page))
    assert "du 10 novembre 2026 au 23 novembre 2026" in shown
    assert "Pare-feu réglé" in shown
    assert "TIC-2026-0001" not in shown  # before the invoice before
    staff.send(page, 422, on=page)
    for _ in range(2):  # twice is once
        staff.send(page, on=page, intervention=mine, line="0")
    assert "Derrière la facture entière" in text(staff.open(page))
    client = signed_in(portal, MARC)
    assert "Pare-feu réglé" in text(client.open(f"factures/{number}"))
    assert "TIC-2026-0001" in text(staff.open(f"{page}?ticket=tic-2026-0001"))
    assert "TIC-2026-0001" in text(staff.open(f"{page}?du=09/11/2026&first=9/11/2026&last=9/11/2026"))
    with portal.sessions() as session:
        held = session.scalars(select(InvoiceWork)).one()
        line = session.get_one(Invoice, number).lines[1].id
        assert held.linked_by == "Anne Klein"
    staff.send(page, on=page, intervention=early, line=str(line))
    assert "Derrière « Écran 27 pouces »" in text(client.open(f"factures/{number}"))
    for _ in range(2):
        staff.send(f"{page}/{held.id}/retirer", on=page)
    assert "Pare-feu réglé" not in text(client.open(f"factures/{number}"))
    staff.send(page, on=page, intervention=mine, line="0")  # and put back
    assert "Pare-feu réglé" in text(client.open(f"factures/{number}"))
    with portal.sessions() as session:
        kinds = [kind for kind in session.scalars(select(Entry.kind)) if kind.startswith("invoices.work")]
    assert kinds == ["invoices.work_linked"] * 2 + ["invoices.work_unlinked", "invoices.work_linked"]
    staff.send(f"{page}/999/retirer", 404, on=page)
    signed_in(portal, OTTO).open(f"factures/{number}", 404)


def test_nobody_elses_work_and_no_uncounted_work_is_put_behind_it(portal: Portal, give: Given, biller: str) -> None:
    theirs, mine = work(portal, 1, of="other"), work(portal, 2)
    number = give()
    staff = signed_in(portal, BILLER)
    page = f"bureau/factures/{number}/travaux"
    assert "n'est pas de ce client" in text(staff.send(page, 409, on=page, intervention=theirs, line="0"))
    with portal.sessions.begin() as session:
        session.get_one(Ticket, session.get_one(WorkIntervention, mine).ticket_id).organisation_id = None
    with portal.sessions() as session:
        by = portal.person(BILLER)
        for chosen, line in ((mine, None), (mine, 999)):
            with pytest.raises(WorkError):
                link(session, session.get_one(Invoice, number), [chosen], line_id=line, by=by, at=portal.clock())
    alone = give(reading("F-nobody"), to=None)
    staff.open(f"bureau/factures/{alone}/travaux", 404)
