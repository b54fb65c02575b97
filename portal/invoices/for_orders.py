"""What the page of an order shows of its invoices: their sums and what is left to pay, handed to the room below."""

from sqlalchemy.orm import Session

from portal.invoices.links import CLIENT, DESK
from portal.invoices.references import references
from portal.invoices.searching import every, naming, of_client
from portal.orders.models import Order
from portal.orders.providers import Payment
from portal.web import services, today


def payments(session: Session, order: Order, staff: bool) -> list[Payment]:
    """The invoices that name an order, credit notes aside: each is settled in its own account."""
    within = (*of_client(order.organisation_id), *naming(order.reference))
    base = DESK if staff else CLIENT
    return [
        Payment(row.invoice.title, f"{base}/{row.invoice.id}", row.invoice.payable, row.account.left)
        for row in every(session, services().library, within, today())
        if not row.invoice.is_credit and order.reference in references(row.invoice)
    ]
