"""Invented work behind one of the demo's invoices: what its line sells was worked on a ticket."""

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.invoices.models import Invoice
from portal.invoices.work_actions import link
from portal.terms import Library
from portal.terms.tariff import Hour, Service
from portal.tickets.intervention_actions import Noted, note_time
from portal.tickets.intervention_count_actions import bill_intervention
from portal.tickets.models import Ticket

NUMBER = "DEMO-2026-099"


def load(session: Session, *, library: Library, adviser: Person, biller: Person, now: datetime) -> None:
    """Put it into the base, in the caller's transaction; without that invoice or a ticket there is none."""
    invoice = session.scalars(select(Invoice).where(Invoice.number == NUMBER)).first()
    ticket = session.scalars(
        select(Ticket)
        .where(Ticket.organisation_id == (invoice.organisation_id if invoice else None))
        .order_by(Ticket.id)
    ).first()
    if invoice is None or ticket is None:
        return
    day = invoice.issued_on - timedelta(days=1)
    entry = None
    for key, minutes, words in (
        ("demo-work-1", 97, "Base de comptabilité réparée"), ("demo-work-2", 38, "Sauvegarde relancée et vérifiée"),
    ):  # fmt: skip
        entry = note_time(
            session, ticket, Noted(Service.REMOTE_SOFTWARE.value, minutes, words, day, adviser),
            intervention=entry.intervention if entry else None, by=adviser, form_key=key, library=library, at=now,
        )  # fmt: skip
    if entry is not None:
        bill_intervention(
            session, entry.intervention, hour=Hour.TECHNICAL.value, km=Decimal(0), by=adviser, library=library, at=now
        )
        link(session, invoice, [entry.intervention_id], line_id=invoice.lines[0].id, by=biller, at=now)
