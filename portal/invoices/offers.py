"""What this room offers on the pages of the rooms below it: a ticket that is a disagreement becomes a dispute."""

from collections.abc import Iterator

from flask import url_for

from portal.accounts.guard import current_person, may
from portal.registry import Offer
from portal.tickets.models import Ticket


def of_ticket(ticket: Ticket) -> Iterator[Offer]:
    """Beside a client's ticket, for those of the staff who deal with invoices."""
    if ticket.organisation_id is not None and may("disputes_desk.from_ticket", current_person()):
        yield Offer("Ce ticket conteste une facture", url_for("disputes_desk.from_ticket", reference=ticket.reference))
