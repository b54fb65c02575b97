"""Appointments: made, moved, cancelled, each change a calendar entry that takes the place of the one before."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.tickets.appointment_models import TicketAppointment
from portal.tickets.appointments import is_planned, when_words
from portal.tickets.finding import hold
from portal.tickets.history import Kind, note
from portal.tickets.letters import Letters
from portal.tickets.models import Ticket
from portal.tickets.rules import AlreadyClosed, Backup, NotAllowed, Place, State, TicketError, may_handle

#: A guard against typing errors: nobody works for longer without a pause.
LONGEST = timedelta(hours=24)


class BadTime(TicketError):
    """An appointment is to come, and ends after it begins."""


class MovedMeanwhile(TicketError):
    """A colleague moved or cancelled it while the page was open."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """When, where and with whom. ``place``: remote, at the client's, at a third party's."""

    starts_at: datetime
    ends_at: datetime
    place: Place
    place_words: str | None
    adviser: Person | None


def plan(
    session: Session, ticket: Ticket, wanted: Wanted, *, by: Person, form_key: str, letters: Letters, at: datetime
) -> TicketAppointment:
    """Make an appointment (6.3): the ticket is planned, and who follows it gets the calendar entry.

    The same page again is the same appointment.

    Raises:
        NotAllowed, BadTime, AlreadyClosed.
    """
    _may(by)
    hold(session, ticket)
    held = session.scalars(select(TicketAppointment).where(TicketAppointment.form_key == form_key)).first()
    if held is not None:
        return held
    if ticket.state is State.CLOSED:
        raise AlreadyClosed
    _check(wanted, at)
    appointment = TicketAppointment(
        ticket_id=ticket.id, form_key=form_key, uid=f"{secrets.token_hex(16)}@{letters.domain}",
        starts_at=wanted.starts_at, ends_at=wanted.ends_at, place=wanted.place, place_words=wanted.place_words,
        adviser_id=wanted.adviser.id if wanted.adviser else None, made_at=at, changed_at=at,
    )  # fmt: skip
    session.add(appointment)
    session.flush()
    ticket.qualified_at = ticket.qualified_at or at
    ticket.state, ticket.reply_due_since, ticket.resolved_at = State.PLANNED, None, None
    if ticket.adviser_id is None and wanted.adviser is not None:
        ticket.adviser_id, ticket.adviser = wanted.adviser.id, wanted.adviser
    ticket.version += 1
    note(ticket, Kind.APPOINTMENT, by=by, at=at, when=when_words(appointment))
    session.flush()
    letters.appointment(session, ticket, appointment, "planned", at)
    return appointment


def move(
    session: Session, appointment: TicketAppointment, wanted: Wanted, *, by: Person, seen: int, letters: Letters,
    at: datetime,
) -> None:  # fmt: skip
    """Change an appointment: the entry keeps its identity, its sequence rises. ``seen``: the sequence the page showed.

    Raises:
        NotAllowed, BadTime, MovedMeanwhile.
    """
    _may(by)
    ticket = appointment.ticket
    hold(session, ticket)
    session.refresh(appointment)
    if appointment.sequence != seen or appointment.cancelled_at is not None:
        raise MovedMeanwhile
    _check(wanted, at)
    appointment.starts_at, appointment.ends_at = wanted.starts_at, wanted.ends_at
    appointment.place, appointment.place_words = wanted.place, wanted.place_words
    appointment.adviser_id = wanted.adviser.id if wanted.adviser else None
    appointment.adviser = wanted.adviser
    appointment.sequence, appointment.changed_at = seen + 1, at
    ticket.version += 1
    note(ticket, Kind.APPOINTMENT_MOVED, by=by, at=at, when=when_words(appointment))
    session.flush()
    letters.appointment(session, ticket, appointment, "moved", at)


def cancel(
    session: Session, appointment: TicketAppointment, *, by: Person, reason: str, seen: int, letters: Letters,
    at: datetime,
) -> None:  # fmt: skip
    """Cancel an appointment: the entry leaves the calendars, the ticket is open again if none is left.

    Raises:
        NotAllowed, MovedMeanwhile.
    """
    _may(by)
    ticket = appointment.ticket
    hold(session, ticket)
    session.refresh(appointment)
    if appointment.sequence != seen or appointment.cancelled_at is not None:
        raise MovedMeanwhile
    appointment.cancelled_at, appointment.cancelled_because = at, reason.strip() or None
    appointment.sequence, appointment.changed_at = seen + 1, at
    session.flush()
    if ticket.state is State.PLANNED and not is_planned(session, ticket, at):
        ticket.state = State.OPEN
    ticket.version += 1
    note(ticket, Kind.APPOINTMENT_CANCELLED, by=by, at=at, when=when_words(appointment))
    session.flush()
    letters.appointment(session, ticket, appointment, "cancelled", at)


def answer_backup(
    session: Session, appointment: TicketAppointment, *, answer: Backup, by: Person | None, name: str, at: datetime
) -> None:
    """Somebody answers whether the data are backed up before the visit (6.5); what was said last stands, all is kept."""
    ticket = appointment.ticket
    hold(session, ticket)
    if appointment.backup is answer:
        return
    appointment.backup, appointment.backup_at, appointment.backup_by = answer, at, name
    ticket.backup, ticket.backup_at = answer, at
    note(ticket, Kind.BACKUP, by=by, name=name, at=at, answer=answer.label.lower())
    session.flush()


def find_appointment(session: Session, ticket: Ticket, number: int) -> TicketAppointment | None:
    """An appointment of this ticket, by its number."""
    found = session.get(TicketAppointment, number)
    return found if found is not None and found.ticket_id == ticket.id else None


def _may(by: Person) -> None:
    if not (by.staff and may_handle(by.role_names)):
        raise NotAllowed


def _check(wanted: Wanted, at: datetime) -> None:
    lasts = wanted.ends_at - wanted.starts_at
    if not timedelta(0) < lasts <= LONGEST or wanted.ends_at <= at:
        raise BadTime
