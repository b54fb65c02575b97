"""What the page of an order shows of its invoices: their sums and what is left to pay, handed to the room below."""

from sqlalchemy.orm import Session

from portal.invoices.behind import references
from portal.invoices.links import CLIENT, DESK
from portal.invoices.listing import of_organisation, rows_of
from portal.orders.models import Order
from portal.orders.providers import Payment
from portal.web import services, today


def payments(session: Session, order: Order, staff: bool) -> list[Payment]:
    """The invoices that name an order, credit notes aside: each is settled in its own account."""
    named = [
        invoice
        for invoice in of_organisation(session, order.organisation_id)
        if not invoice.is_credit and order.reference in references(invoice)
    ]
    base = DESK if staff else CLIENT
    return [
        Payment(row.invoice.title, f"{base}/{row.invoice.id}", row.invoice.payable, row.account.left)
        for row in rows_of(session, services().library, named, today())
    ]
