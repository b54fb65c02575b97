"""Where a ticket stands and who sees to it: qualify, plan the work, resolve, close, reopen, call back, attach to a client."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.evidence.actions import record
from portal.terms.tariff import Service
from portal.tickets.appointments import is_planned
from portal.tickets.cover import Cover
from portal.tickets.finding import hold
from portal.tickets.history import Kind, note, words
from portal.tickets.index import reindex
from portal.tickets.letters import Letters
from portal.tickets.models import Ticket
from portal.tickets.rules import (
    AlreadyClosed,
    NotAllowed,
    NotClosed,
    Priority,
    State,
    TicketError,
    check_closing,
    check_reopening,
    is_technician,
    may_handle,
)


class ChangedMeanwhile(TicketError):
    """A colleague changed the ticket while the page was open: what each wants is shown, nothing is overwritten."""


class NotYours(TicketError):
    """A person named for a ticket does not belong where they should."""


@dataclass(frozen=True, slots=True)
class Qualified:
    """What staff decide of a ticket in one go. ``service`` None: not known yet."""

    subject: str
    service: str | None
    priority: Priority
    adviser: Person | None
    state: State


#: States that staff choose by hand; "planned" comes with an appointment, "closed" is an act of its own.
CHOSEN = (State.OPEN, State.WAITING, State.RESOLVED)


def _handled(session: Session, ticket: Ticket, by: Person) -> None:
    if not (by.staff and may_handle(by.role_names)):
        raise NotAllowed
    hold(session, ticket)


def qualify(
    session: Session, ticket: Ticket, given: Qualified, *, by: Person, seen: int, letters: Letters, at: datetime
) -> None:
    """Set subject, kind of work, priority, adviser and state, as one change that the client is told of once.

    ``seen`` is the version of the ticket that the page showed.

    Raises:
        NotAllowed, ChangedMeanwhile, AlreadyClosed, NotYours.
    """
    _handled(session, ticket, by)
    if ticket.version != seen:
        raise ChangedMeanwhile
    if ticket.state is State.CLOSED:
        raise AlreadyClosed
    if given.adviser is not None and not (given.adviser.staff and given.adviser.active):
        raise NotYours
    before, known = ticket.state, len(ticket.events)
    if given.subject != ticket.subject:
        ticket.subject = given.subject
        note(ticket, Kind.EDITED, by=by, at=at, what="Objet")
    if given.service != ticket.service or ticket.qualified_at is None:
        ticket.service = given.service
        note(ticket, Kind.QUALIFIED, by=by, at=at, service=service_label(given.service))
    if given.priority != ticket.priority:
        ticket.priority = given.priority
        note(ticket, Kind.PRIORITY, by=by, at=at, priority=given.priority.label.lower())
    adviser_id = given.adviser.id if given.adviser else None
    if adviser_id != ticket.adviser_id:
        ticket.adviser_id, ticket.adviser = adviser_id, given.adviser
        note(ticket, Kind.ADVISER, by=by, at=at, adviser=given.adviser.name if given.adviser else "aucun")
    state = given.state
    if state is State.OPEN and is_planned(session, ticket, at):
        state = State.PLANNED
    ticket.qualified_at = ticket.qualified_at or at
    if state is not before:
        ticket.state = state
        ticket.resolved_at = at if state is State.RESOLVED else None
        if state in {State.WAITING, State.RESOLVED}:
            ticket.reply_due_since = None
        note(ticket, Kind.STATE, by=by, at=at, state=state.label)
    ticket.version += 1
    ticket.changed_at = at
    reindex(session, ticket)
    if changes := ticket.events[known:]:
        letters.changed(session, ticket, at, by=by, changes=[words(each) for each in changes])


def take(session: Session, ticket: Ticket, *, by: Person, letters: Letters, at: datetime) -> None:
    """A member of the staff takes a ticket that is nobody's; a colleague's stays theirs.

    Raises:
        NotAllowed, AlreadyClosed; ChangedMeanwhile: a colleague was faster.
    """
    _handled(session, ticket, by)
    if ticket.state is State.CLOSED:
        raise AlreadyClosed
    if ticket.adviser_id not in {None, by.id}:
        raise ChangedMeanwhile
    if ticket.adviser_id is None:
        ticket.adviser_id, ticket.adviser, ticket.version = by.id, by, ticket.version + 1
        note(ticket, Kind.ADVISER, by=by, at=at, adviser=by.name)
        session.flush()
        letters.changed(session, ticket, at, by=by)


def close(
    session: Session, ticket: Ticket, *, by: Person | None, name: str, creator: bool, letters: Letters, at: datetime
) -> None:
    """A technician or the creator closes (6.4). ``by`` None: the creator, by the link of a mail.

    Raises:
        NotTheCreator, AlreadyClosed.
    """
    hold(session, ticket)
    technician = by is not None and by.staff and is_technician(by.role_names)
    check_closing(ticket.state, technician=technician, creator=creator)
    shut(ticket, by=by, name=name, at=at)
    note(ticket, Kind.CLOSED, by=by, name=name, at=at)
    session.flush()
    _recorded(session, ticket, "tickets.closed", by, name, creator=creator, at=at)
    letters.changed(session, ticket, at, by=by)


def shut(ticket: Ticket, *, by: Person | None, name: str, at: datetime) -> None:
    """Put a ticket into its last state: nothing is due on it any more."""
    ticket.state, ticket.settled, ticket.closed_at = State.CLOSED, True, at
    ticket.closed_by, ticket.closed_by_id = name, by.id if by else None
    ticket.reply_due_since = ticket.call_back_since = None
    ticket.version += 1


def reopen(
    session: Session, ticket: Ticket, *, by: Person | None, name: str, creator: bool, letters: Letters, at: datetime
) -> None:
    """The creator reopens (by convention), or a technician whom they asked.

    Raises:
        NotTheCreator, NotClosed.
    """
    hold(session, ticket)
    technician = by is not None and by.staff and is_technician(by.role_names)
    check_reopening(ticket.state, technician=technician, creator=creator)
    if ticket.merged_into_id is not None:
        raise NotClosed  # it goes on in the other one
    asked = "" if creator else f" à la demande de {ticket.creator_name}"
    ticket.state = State.PLANNED if is_planned(session, ticket, at) else State.OPEN
    ticket.settled, ticket.closed_at, ticket.closed_by, ticket.closed_by_id = False, None, None, None
    ticket.resolved_at, ticket.reply_due_since, ticket.version = None, at, ticket.version + 1
    note(ticket, Kind.REOPENED, by=by, name=name, at=at, asked=asked)
    session.flush()
    _recorded(session, ticket, "tickets.reopened", by, name, creator=creator, at=at)
    letters.changed(session, ticket, at, by=by)


def call_back(session: Session, ticket: Ticket, *, by: Person, reached: bool, at: datetime) -> None:
    """The call-back of 6.2 and 6.3 was made, or tried in vain and stays to be made.

    Raises:
        NotAllowed: the role does not cover it.
    """
    _handled(session, ticket, by)
    if ticket.call_back_since is None:
        return
    if reached:
        ticket.call_back_since = None
    note(ticket, Kind.CALLED_BACK if reached else Kind.CALL_MISSED, by=by, at=at)
    session.flush()


def ask_call_back(session: Session, ticket: Ticket, *, by: Person, at: datetime) -> None:
    """Put a call-back to do on the desk.

    Raises:
        NotAllowed: the role does not cover it.
    """
    _handled(session, ticket, by)
    ticket.call_back_since = ticket.call_back_since or at
    session.flush()


def attach_to_client(
    session: Session, ticket: Ticket, *, organisation: Organisation, creator: Person | None, cover: Cover, by: Person,
    letters: Letters, at: datetime,
) -> None:  # fmt: skip
    """A person says whose ticket this is: from now on the organisation sees it.

    ``creator``: the person of that organisation who asked; None keeps the sender as given.

    Raises:
        NotAllowed; NotYours: the creator is of another organisation; ChangedMeanwhile: it is attached already.
    """
    _handled(session, ticket, by)
    if ticket.organisation_id is not None:
        raise ChangedMeanwhile
    if creator is not None and creator.organisation_id != organisation.id:
        raise NotYours
    ticket.organisation_id, ticket.organisation, ticket.quarantined = organisation.id, organisation, False
    if creator is not None:
        ticket.creator_id, ticket.creator_name = creator.id, creator.name
    if ticket.terms_accepted_at is None:
        # The version that was in force at the request stays, but where a contract governs.
        if cover.under_contract:
            ticket.terms_slug, ticket.terms_sha256 = cover.terms.slug, cover.terms.sha256
        ticket.under_contract = cover.under_contract
    ticket.version += 1
    note(ticket, Kind.ATTACHED, by=by, at=at, organisation=organisation.legal_name)
    content = {"reference": ticket.reference, "organisation": organisation.id, "by": by.email}
    entry = record(session, "tickets.attached", content, at=at)
    ticket.evidence = [*ticket.evidence, entry.seq]
    reindex(session, ticket)
    letters.changed(session, ticket, at, by=by)


def record_refusal(session: Session, ticket: Ticket, kind: str, *, by: Person, at: datetime) -> None:
    """Keep that somebody tried what is not theirs to do; nothing else changes."""
    record(session, kind, {"reference": ticket.reference, "by": [by.name, by.email]}, at=at)


def service_label(service: str | None) -> str:
    """A kind of work as the CGV print it, or that it is not known."""
    return next((each.label for each in Service if each.value == service), "nature non précisée")


def _recorded(
    session: Session, ticket: Ticket, kind: str, by: Person | None, name: str, *, creator: bool, at: datetime
) -> None:
    content = {
        "reference": ticket.reference,
        "by": [name, by.email if by else ticket.creator_mail],
        "as": "creator" if creator else "technician",
    }
    entry = record(session, kind, content, at=at)
    ticket.evidence = [*ticket.evidence, entry.seq]
