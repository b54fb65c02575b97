"""What the page of an order shows of its quote: the file of proof of both acceptances, handed to the room below."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.files.models import StoredFile
from portal.orders.models import Order
from portal.quotes.quote_models import Quote


def proof_of_order(session: Session, order: Order) -> StoredFile | None:
    """The file of proof of the quote that an order was made of, once it is made."""
    quote = session.scalars(select(Quote).where(Quote.reference == order.quote_reference)).first()
    return quote.proof if quote else None
