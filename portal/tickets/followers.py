"""An address follows a ticket once: where two rows would come to hold it, one of them goes."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.tickets.models import TicketParticipant


def follow_once(session: Session, number: int, column: str, becomes: str) -> None:
    """Before a participant's address becomes another: whoever follows the same ticket under that one is the same person."""
    if column != "mail":
        return
    row = session.get_one(TicketParticipant, number)
    same = select(TicketParticipant).where(
        TicketParticipant.ticket_id == row.ticket_id, TicketParticipant.mail == becomes, TicketParticipant.id != number
    )  # fmt: skip
    for other in session.scalars(same).all():
        row.person_id = row.person_id or other.person_id
        session.delete(other)
        session.flush()
        session.expire(row.ticket, ["participants"])
