"""What an invoice is for: the orders, contracts and tickets that it names by their reference."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import PARIS
from portal.contracts.models import Contract
from portal.french import long_date
from portal.invoices.models import Invoice
from portal.orders.models import Order
from portal.tickets.links import CLIENT as TICKETS
from portal.tickets.links import DESK as DESK_TICKETS
from portal.tickets.models import Ticket

AREA = "/espace-client"
#: References as the rooms below give them: ``TIC-2026-0001``.
_REFERENCE = re.compile(r"\b[A-Z]{2,4}-\d{4}-\d{4,}\b")


@dataclass(frozen=True, slots=True)
class Behind:
    """One thing that is invoiced: its name, what it was, its page."""

    title: str
    detail: str
    url: str


def references(invoice: Invoice) -> list[str]:
    """Every reference of ours that stands anywhere on an invoice, in the order of the page."""
    details = invoice.details
    said = [
        invoice.sales_order, invoice.purchase_order, invoice.contract, details.get("project", ""),
        details.get("buyer_reference", ""), *details.get("notes", ()),
    ]  # fmt: skip
    for line in invoice.lines:
        said += [line.name, line.description, line.note, *(str(value) for value in line.details.values() if value)]
    return list(dict.fromkeys(_REFERENCE.findall("\n".join(said).upper())))


def behind(session: Session, invoice: Invoice, *, staff: bool = False) -> list[Behind]:
    """The client's own orders and tickets that an invoice names; somebody else's reference leads nowhere."""
    named = references(invoice)
    if not named or invoice.organisation_id is None:
        return []
    found = {each.title.rpartition(" ")[2]: each for each in _found(session, invoice, named, staff)}
    return [found[reference] for reference in named if reference in found]


def named_orders(session: Session, invoice: Invoice) -> list[Order]:
    """The client's own orders that an invoice names."""
    named = select(Order).where(
        Order.organisation_id == invoice.organisation_id, Order.reference.in_(references(invoice))
    )
    return list(session.scalars(named.order_by(Order.id)))


def named_contracts(session: Session, invoice: Invoice) -> list[Contract]:
    """The client's own contracts that an invoice names."""
    named = select(Contract).where(
        Contract.organisation_id == invoice.organisation_id, Contract.reference.in_(references(invoice))
    )
    return list(session.scalars(named.order_by(Contract.id)))


def _found(session: Session, invoice: Invoice, named: list[str], staff: bool) -> Iterator[Behind]:
    orders, contracts = ("bureau/commandes", "bureau/contrats") if staff else ("commandes", "contrats")
    for order in named_orders(session, invoice):
        labels = ", ".join(line.label for line in order.lines)
        yield Behind(f"Commande {order.reference}", labels, f"{AREA}/{orders}/{order.reference}")
    for contract in named_contracts(session, invoice):
        signed = long_date(contract.signed_on)
        yield Behind(
            f"Contrat {contract.reference}", f"{contract.kind.label}, conclu le {signed}",
            f"{AREA}/{contracts}/{contract.reference}",
        )  # fmt: skip
    tickets = select(Ticket).where(Ticket.organisation_id == invoice.organisation_id, Ticket.reference.in_(named))
    for ticket in session.scalars(tickets):
        opened = long_date(ticket.opened_at.astimezone(PARIS).date())
        base = DESK_TICKETS if staff else TICKETS
        yield Behind(
            f"Ticket {ticket.reference}", f"{ticket.subject}, ouvert le {opened}", f"{base}/{ticket.reference}"
        )
