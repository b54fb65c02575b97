"""Somebody's timer: one at a time, on one ticket."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.tickets.intervention_actions import check_allowed
from portal.tickets.intervention_models import TimeTimer
from portal.tickets.intervention_rules import (
    elapsed,
)
from portal.tickets.models import Ticket


def start_timer(session: Session, ticket: Ticket, *, by: Person, at: datetime) -> TimeTimer:
    """Start one's timer on a ticket; one that runs here goes on, one that runs elsewhere is given up."""
    check_allowed(ticket, by)
    held = session.get(TimeTimer, by.id)
    if held is not None and held.ticket_id == ticket.id:
        return held
    if held is not None:
        session.delete(held)
        session.flush()
    timer = TimeTimer(person_id=by.id, ticket_id=ticket.id, started_at=at)
    session.add(timer)
    session.flush()
    return timer


def drop_timer(session: Session, *, by: Person) -> None:
    """Give one's timer up."""
    session.execute(delete(TimeTimer).where(TimeTimer.person_id == by.id))


def timer_minutes(session: Session, ticket: Ticket, person: Person, now: datetime) -> int | None:
    """What one's timer on a ticket shows; None: it does not run."""
    held = session.get(TimeTimer, person.id)
    return elapsed(held.started_at, now) if held is not None and held.ticket_id == ticket.id else None
