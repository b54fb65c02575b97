"""Two tickets that are one, one that is two, and tickets that have to do with each other."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.numbers.actions import next_reference
from portal.tickets.appointment_models import TicketAppointment
from portal.tickets.finding import hold, new_link_key
from portal.tickets.history import Kind, note
from portal.tickets.index import reindex
from portal.tickets.letters import Letters
from portal.tickets.models import LONGEST_SUBJECT, Ticket, TicketFile, TicketLink, TicketParticipant
from portal.tickets.rules import AlreadyClosed, NotAllowed, State, TicketError, is_technician, may_handle
from portal.tickets.state_actions import shut


class CannotMerge(TicketError):
    """A ticket is not merged into itself, nor into another client's: what one wrote is not shown to the other."""


class NothingToSplit(TicketError):
    """Some messages are taken out, and some stay."""


def merge(session: Session, ticket: Ticket, into: Ticket, *, by: Person, letters: Letters, at: datetime) -> None:
    """Put a ticket into another one: its messages, files and followers move, it is closed and leads there.

    Raises:
        NotAllowed: a technician does that, for it closes a ticket (6.4).
        CannotMerge: itself, another organisation's, or one nobody has attached to a client.
        AlreadyClosed: one of the two is closed.
    """
    if not (by.staff and is_technician(by.role_names)):
        raise NotAllowed
    _hold_both(session, ticket, into)
    if ticket.id == into.id or ticket.organisation_id != into.organisation_id or ticket.quarantined != into.quarantined:
        raise CannotMerge
    if ticket.organisation_id is None and ticket.creator_mail != into.creator_mail:
        raise CannotMerge
    if State.CLOSED in {ticket.state, into.state}:
        raise AlreadyClosed
    taken = {message.form_key for message in into.messages}
    for message in list(ticket.messages):
        if message.form_key in taken:
            message.form_key = f"{ticket.reference}.{message.form_key}"[:100]
        message.ticket_id = into.id
    session.flush()
    session.execute(update(TicketFile).where(TicketFile.ticket_id == ticket.id).values(ticket_id=into.id))
    session.expire(ticket, ["messages", "files"])
    session.expire(into, ["messages", "files"])
    for participant in ticket.participants:
        if all(held.mail != participant.mail for held in into.participants):
            into.participants.append(
                TicketParticipant(person_id=participant.person_id, mail=participant.mail, name=participant.name)
            )
    waits = [moment for moment in (ticket.reply_due_since, into.reply_due_since) if moment]
    calls = [moment for moment in (ticket.call_back_since, into.call_back_since) if moment]
    into.reply_due_since, into.call_back_since = min(waits, default=None), min(calls, default=None)
    into.priority, into.version = min(ticket.priority, into.priority), into.version + 1
    _move_appointments(session, ticket, into)
    shut(ticket, by=by, name=by.name, at=at)
    ticket.merged_into_id, ticket.merged_into = into.id, into
    note(ticket, Kind.MERGED, by=by, at=at, reference=into.reference)
    note(into, Kind.MERGED_FROM, by=by, at=at, reference=ticket.reference)
    reindex(session, ticket)
    reindex(session, into)
    letters.merged(session, ticket, into, at)


def split(
    session: Session, ticket: Ticket, messages: Collection[int], *, subject: str, by: Person, form_key: str,
    letters: Letters, at: datetime,
) -> Ticket:  # fmt: skip
    """Take some messages out into a ticket of their own, to qualify, with the same creator and terms.

    Raises:
        NotAllowed; NothingToSplit: no message is taken, or none stays.
    """
    if not (by.staff and may_handle(by.role_names)):
        raise NotAllowed
    hold(session, ticket)
    made = session.scalars(select(Ticket).where(Ticket.form_key == form_key)).first()
    if made is not None:
        return made
    moved = [message for message in ticket.messages if message.id in messages]
    if not moved or len(moved) == len(ticket.messages):
        raise NothingToSplit
    new = Ticket(
        reference=next_reference(session, "TIC", at=at), form_key=form_key,
        link_key=new_link_key(), organisation_id=ticket.organisation_id,
        quarantined=ticket.quarantined, channel=ticket.channel, state=State.TO_QUALIFY, priority=ticket.priority,
        portal_rank=ticket.portal_rank, opened_at=at, changed_at=at, reply_due_since=at, adviser_id=ticket.adviser_id,
        subject=subject[:LONGEST_SUBJECT], service=ticket.service, place=ticket.place, place_words=ticket.place_words,
        third_agreed=ticket.third_agreed, creator_id=ticket.creator_id, creator_name=ticket.creator_name,
        creator_mail=ticket.creator_mail, creator_phone=ticket.creator_phone, typed_by_id=by.id,
        beneficiary_id=ticket.beneficiary_id, beneficiary=ticket.beneficiary, terms_slug=ticket.terms_slug,
        terms_sha256=ticket.terms_sha256, under_contract=ticket.under_contract,
        terms_accepted_at=ticket.terms_accepted_at, terms_accepted_by=ticket.terms_accepted_by,
        split_from_id=ticket.id,
    )  # fmt: skip
    session.add(new)
    session.flush()
    for message in moved:
        message.ticket_id = new.id
    session.flush()
    session.execute(
        update(TicketFile).where(TicketFile.message_id.in_([message.id for message in moved])).values(ticket_id=new.id)
    )
    for each in ticket.participants:
        new.participants.append(TicketParticipant(person_id=each.person_id, mail=each.mail, name=each.name))
    session.expire(ticket, ["messages", "files"])
    session.expire(new, ["messages", "files"])
    ticket.version += 1
    note(ticket, Kind.SPLIT, by=by, at=at, reference=new.reference)
    note(new, Kind.SPLIT_FROM, by=by, at=at, reference=ticket.reference)
    reindex(session, ticket)
    reindex(session, new)
    letters.split(session, new, ticket, at)
    return new


def link(session: Session, ticket: Ticket, other: Ticket, *, by: Person, at: datetime) -> None:
    """Say that two tickets have to do with each other; twice is once. Clients see it between their own.

    Raises:
        NotAllowed; CannotMerge: a ticket and itself.
    """
    if not (by.staff and may_handle(by.role_names)):
        raise NotAllowed
    if ticket.id == other.id:
        raise CannotMerge
    first, second = sorted((ticket.id, other.id))
    if session.get(TicketLink, (first, second)) is None:
        session.add(TicketLink(first_id=first, second_id=second))
        internal = ticket.organisation_id != other.organisation_id
        note(ticket, Kind.LINKED, by=by, at=at, internal=internal, reference=other.reference)
        note(other, Kind.LINKED, by=by, at=at, internal=internal, reference=ticket.reference)
        session.flush()


def unlink(session: Session, ticket: Ticket, other: Ticket, *, by: Person, at: datetime) -> None:
    """Take such a link away; twice is once.

    Raises:
        NotAllowed: the role does not cover it.
    """
    if not (by.staff and may_handle(by.role_names)):
        raise NotAllowed
    held = session.get(TicketLink, tuple(sorted((ticket.id, other.id))))
    if held is not None:
        session.delete(held)
        internal = ticket.organisation_id != other.organisation_id
        note(ticket, Kind.UNLINKED, by=by, at=at, internal=internal, reference=other.reference)
        note(other, Kind.UNLINKED, by=by, at=at, internal=internal, reference=ticket.reference)
        session.flush()


def linked(session: Session, ticket: Ticket, *, organisation_id: int | None = None) -> list[Ticket]:
    """Tickets that have to do with one; with an organisation, only its own."""
    pairs = session.execute(
        select(TicketLink.first_id, TicketLink.second_id).where(
            (TicketLink.first_id == ticket.id) | (TicketLink.second_id == ticket.id)
        )
    )
    numbers = [second if first == ticket.id else first for first, second in pairs]
    found = select(Ticket).where(Ticket.id.in_(numbers)).order_by(Ticket.id)
    if organisation_id is not None:
        found = found.where(Ticket.organisation_id == organisation_id)
    return list(session.scalars(found)) if numbers else []


def _hold_both(session: Session, one: Ticket, other: Ticket) -> None:
    # Always in the same order: two colleagues who merge the same two the other way round wait, and never for each other.
    for ticket in sorted({one, other}, key=lambda each: each.id):
        hold(session, ticket)
        session.expire(ticket, ["messages", "participants"])


def _move_appointments(session: Session, ticket: Ticket, into: Ticket) -> None:
    of_ticket = update(TicketAppointment).where(TicketAppointment.ticket_id == ticket.id)
    session.execute(of_ticket.values(ticket_id=into.id))
    if ticket.state is State.PLANNED and into.state in {State.OPEN, State.TO_QUALIFY}:
        into.state = State.PLANNED
