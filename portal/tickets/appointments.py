"""Which appointments of a ticket are to come."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.tickets.appointment_models import TicketAppointment
from portal.tickets.models import Ticket


def to_come(session: Session, ticket: Ticket, at: datetime) -> list[TicketAppointment]:
    """Appointments that were not cancelled and are not over, the next one first."""
    query = (
        select(TicketAppointment)
        .where(
            TicketAppointment.ticket_id == ticket.id,
            TicketAppointment.cancelled_at.is_(None),
            TicketAppointment.ends_at > at,
        )
        .order_by(TicketAppointment.starts_at, TicketAppointment.id)
    )
    return list(session.scalars(query))


def is_planned(session: Session, ticket: Ticket, at: datetime) -> bool:
    """Whether an appointment is to come."""
    return bool(to_come(session, ticket, at))
