"""What the page of an order shows of its quote, handed to the room below: the file of proof, where more is quoted."""

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.jobs.models import Job
from portal.orders.models import Order
from portal.orders.providers import Proof
from portal.quotes.confirmation_actions import proof_key
from portal.quotes.quote_models import Quote
from portal.registry import Offer


def proof_of_order(session: Session, order: Order) -> Proof:
    """The file of proof of the quote that an order was made of; whether it is still to come, where it is not made."""
    quote = session.scalars(select(Quote).where(Quote.reference == order.quote_reference)).first()
    if quote is None or quote.proof is not None:
        return Proof(quote.proof if quote else None)
    job = session.scalars(select(Job).where(Job.key == proof_key(quote.reference))).first()
    return Proof(coming=job is not None and job.given_up_at is None)


def supplement_of(session: Session, order: Order, staff: bool) -> Offer | None:
    """Where a quote that comes on top of an order begins: at its own quote for staff, with a request for its client."""
    if not staff:
        return Offer("Demander un devis complémentaire", url_for("quotes.ask"))
    known = session.scalars(select(Quote.id).where(Quote.reference == order.quote_reference)).first() is not None
    at = (
        url_for("quotes_following.show", reference=order.quote_reference)
        if known
        else url_for("quotes_following.index")
    )
    return Offer("Écrire un devis complémentaire", at)
