"""What this room asks of people: tickets to qualify, call-backs, answers and appointments for staff; for a client, its answers."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.registry import Priority, Queue, QueueItem, Viewer
from portal.tickets.appointment_models import TicketAppointment
from portal.tickets.appointments import when_words
from portal.tickets.links import CLIENT as CLIENT_PAGES
from portal.tickets.links import DESK
from portal.tickets.models import Ticket
from portal.tickets.rules import State, may_handle
from portal.web import now

#: How many of one kind the desk shows: beyond that the list itself is the place.
MOST = 200
DAY = timedelta(days=1)


def _page(ticket: Ticket) -> str:
    return f"{DESK}/{ticket.reference}"


def _who(ticket: Ticket) -> str:
    return ticket.organisation.legal_name if ticket.organisation else f"{ticket.creator_name}, à rattacher"


def _priority(ticket: Ticket) -> Priority:
    # 6.1: what staff decided; the lists put the portal's first at equal priority.
    return Priority(ticket.priority)


def _handles(viewer: Viewer) -> bool:
    return viewer.organisation_id is None and may_handle(viewer.roles)


def _first(session: Session, query: Select[Ticket]) -> Iterable[Ticket]:
    return session.scalars(query.options(joinedload(Ticket.organisation)).limit(MOST))


def _to_qualify(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if not _handles(viewer):
        return
    order = (Ticket.priority, Ticket.portal_rank, Ticket.opened_at, Ticket.id)
    for ticket in _first(session, select(Ticket).where(Ticket.state == State.TO_QUALIFY).order_by(*order)):
        yield QueueItem(
            "tickets-a-qualifier", ticket.subject, f"{ticket.reference}, {_who(ticket)}, à qualifier", _page(ticket),
            ticket.opened_at, priority=_priority(ticket),
        )  # fmt: skip


def _call_backs(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if not _handles(viewer):
        return
    query = select(Ticket).where(Ticket.call_back_since.is_not(None)).order_by(Ticket.call_back_since, Ticket.id)
    for ticket in _first(session, query):
        if ticket.call_back_since is not None:
            # "Le CLIENT sera rappelé dans un bref délai" (6.2): before what only waits to be read.
            yield QueueItem(
                "rappels", f"Rappeler {ticket.creator_name}", f"{ticket.reference}, {_who(ticket)}, {ticket.subject}",
                _page(ticket), ticket.call_back_since, priority=min(Priority.HIGH, _priority(ticket)),
            )  # fmt: skip


def _replies(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if not _handles(viewer):
        return
    mine = or_(Ticket.adviser_id == viewer.person_id, Ticket.adviser_id.is_(None))
    query = (
        select(Ticket)
        .where(Ticket.reply_due_since.is_not(None), Ticket.state != State.TO_QUALIFY, mine)
        .order_by(Ticket.reply_due_since, Ticket.id)
    )
    for ticket in _first(session, query):
        if ticket.reply_due_since is not None:
            closed = " (clos)" if ticket.state is State.CLOSED else ""
            yield QueueItem(
                "reponses-attendues", ticket.subject, f"{ticket.reference}{closed}, {_who(ticket)} attend une réponse",
                _page(ticket), ticket.reply_due_since, priority=_priority(ticket),
            )  # fmt: skip


def _appointments(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if not _handles(viewer):
        return
    at = now()
    query = (
        select(TicketAppointment)
        .where(
            TicketAppointment.cancelled_at.is_(None),
            and_(TicketAppointment.ends_at > at, TicketAppointment.starts_at < at + DAY),
            or_(TicketAppointment.adviser_id == viewer.person_id, TicketAppointment.adviser_id.is_(None)),
        )
        .options(joinedload(TicketAppointment.ticket).joinedload(Ticket.organisation))
        .order_by(TicketAppointment.starts_at)
        .limit(MOST)
    )
    for appointment in session.scalars(query):
        ticket = appointment.ticket
        yield QueueItem(
            "rendez-vous", f"Rendez-vous {when_words(appointment)}", f"{ticket.reference}, {_who(ticket)}, {ticket.subject}",
            _page(ticket), appointment.made_at, priority=Priority.URGENT,
        )  # fmt: skip


def _of_client(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    """What waits for a client: its answer, the terms to accept, the end to confirm."""
    if viewer.organisation_id is None:
        return
    mine = Ticket.organisation_id == viewer.organisation_id
    to_accept = and_(Ticket.under_contract.is_(False), Ticket.terms_accepted_at.is_(None), Ticket.settled.is_(False))
    query = (
        select(Ticket)
        .where(mine, Ticket.settled.is_(False), or_(Ticket.state.in_([State.WAITING, State.RESOLVED]), to_accept))
        .order_by(Ticket.changed_at, Ticket.id)
    )
    for ticket in _first(session, query):
        if not ticket.under_contract and ticket.terms_accepted_at is None:
            detail = f"{ticket.reference}, conditions générales à accepter"
        elif ticket.state is State.WAITING:
            detail = f"{ticket.reference}, nous attendons votre réponse"
        elif ticket.state is State.RESOLVED and ticket.creator_id == viewer.person_id:
            detail = f"{ticket.reference}, résolu\u00a0: à clore si tout fonctionne"
        else:
            continue
        yield QueueItem("tickets", ticket.subject, detail, f"{CLIENT_PAGES}/{ticket.reference}", ticket.changed_at)


STAFF = (
    Queue("rendez-vous", "Rendez-vous", _appointments),
    Queue("rappels", "Rappels", _call_backs),
    Queue("tickets-a-qualifier", "Tickets à qualifier", _to_qualify),
    Queue("reponses-attendues", "Réponses attendues", _replies),
)
CLIENT = Queue("tickets", "Tickets", _of_client)
