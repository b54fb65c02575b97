"""Lists of tickets: filters, order, search, and pages that begin where the last one ended.

Each page is read along an index and costs a page, whether there are a thousand tickets or a hundred thousand.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased, joinedload

from portal.accounts.models import Person
from portal.db import UtcDateTime
from portal.terms.labelled import Labelled
from portal.tickets.models import Ticket, TicketWord
from portal.tickets.rules import Priority, State
from portal.tickets.stems import asked

PAGE = 25
#: How many tickets of a word are counted to choose the rarest of several.
SAMPLE = 2_000


class View(Labelled):
    """What staff look at. The value is what an address says."""

    TO_DO = "en-cours", "En cours"
    MINE = "les-miens", "Les miens"
    UNASSIGNED = "sans-conseiller", "Sans conseiller"
    TO_QUALIFY = "a-qualifier", "À qualifier"
    CALL_BACKS = "a-rappeler", "À rappeler"
    REPLIES = "a-repondre", "À répondre"
    PLANNED = "planifies", "Planifiés"
    WAITING = "en-attente", "En attente du client"
    RESOLVED = "resolus", "Résolus"
    CLOSED = "clos", "Clos"
    ALL = "tous", "Tous"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for; every filter narrows it."""

    words: str = ""
    view: View = View.TO_DO
    state: State | None = None
    open_only: bool | None = None  # of a client's list
    priority: Priority | None = None
    organisation_id: int | None = None
    adviser_id: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its tickets, and where the next one begins; None: that was the last."""

    tickets: Sequence[Ticket]
    after: str | None


class BadCursor(ValueError):
    """An address whose place in the list is none of ours."""


# --- Orders --------------------------------------------------------------------------------------

#: (column, whether it falls): all of an order go the same way. The last one tells any two tickets apart.
Order = tuple[tuple[InstrumentedAttribute[Any], bool], ...]
#: 6.1: the priority that staff set, then the portal's before the others, then the one that has waited longest.
WORK: Order = ((Ticket.priority, False), (Ticket.portal_rank, False), (Ticket.opened_at, False), (Ticket.id, False))
RECENT: Order = ((Ticket.changed_at, True), (Ticket.id, True))
CALLS: Order = ((Ticket.call_back_since, False), (Ticket.id, False))
REPLIES: Order = ((Ticket.reply_due_since, False), (Ticket.id, False))
NEWEST: Order = ((Ticket.id, True),)
ORDERS = {View.CALL_BACKS: CALLS, View.REPLIES: REPLIES, View.ALL: RECENT, View.CLOSED: RECENT}


def _beyond(order: Order, after: str) -> Any:
    """What comes after a place in an order: one comparison of rows, which an index can begin at."""
    try:
        raw = json.loads(urlsafe_b64decode(after.encode()))
        values = [datetime.fromisoformat(value) if isinstance(value, str) else int(value) for value in raw]
        if len(values) != len(order) or any(
            isinstance(value, datetime) != isinstance(column.type, UtcDateTime)
            for (column, _), value in zip(order, values, strict=True)
        ):
            raise ValueError(after)
    except (ValueError, TypeError) as error:
        raise BadCursor(after) from error
    place = tuple_(*(literal(value, column.type) for (column, _), value in zip(order, values, strict=True)))
    here = tuple_(*(column for column, _ in order))
    falls = order[0][1]
    return here < place if falls else here > place


def _place(order: Order, ticket: Ticket) -> str:
    values = [getattr(ticket, column.key) for column, _ in order]
    told = [value.isoformat() if isinstance(value, datetime) else int(value) for value in values]
    return urlsafe_b64encode(json.dumps(told).encode()).decode()


def _paged(session: Session, query: Select[Ticket], order: Order, after: str | None, size: int) -> Page:
    if after:
        query = query.where(_beyond(order, after))
    query = query.order_by(*(column.desc() if falls else column for column, falls in order)).limit(size + 1)
    found = list(session.scalars(query.options(joinedload(Ticket.organisation), joinedload(Ticket.adviser))))
    more = len(found) > size
    return Page(found[:size], _place(order, found[size - 1]) if more else None)


# --- Lists ---------------------------------------------------------------------------------------


def for_staff(session: Session, given: Asked, *, viewer: Person, after: str | None = None, size: int = PAGE) -> Page:
    """A page of staff's list: of a view, or of what was searched for, the newest first."""
    narrow = _narrow(given)
    if given.words.strip():
        return _found(session, given.words, narrow, None, after, size)
    query = _of_view(select(Ticket), given.view, viewer).where(*narrow)
    return _paged(session, query, ORDERS.get(given.view, WORK), after, size)


def for_client(
    session: Session, given: Asked, *, organisation_id: int, after: str | None = None, size: int = PAGE
) -> Page:
    """A page of an organisation's tickets, what moved last first; searched for, the newest first."""
    narrow = _narrow(given)
    if given.words.strip():
        return _found(session, given.words, narrow, organisation_id, after, size)
    query = select(Ticket).where(Ticket.organisation_id == organisation_id, *narrow)
    return _paged(session, query, RECENT, after, size)


def _narrow(given: Asked) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if given.open_only is not None:
        clauses.append(Ticket.settled.is_(not given.open_only))
    for column, value in (
        (Ticket.state, given.state), (Ticket.priority, given.priority), (Ticket.adviser_id, given.adviser_id),
        (Ticket.organisation_id, given.organisation_id),
    ):  # fmt: skip
        if value is not None:
            clauses.append(column == value)
    return clauses


def _of_view(query: Select[Ticket], view: View, viewer: Person) -> Select[Ticket]:
    open_ = Ticket.settled.is_(False)
    narrows = {
        View.TO_DO: (open_,),
        View.MINE: (Ticket.adviser_id == viewer.id, open_),
        View.UNASSIGNED: (Ticket.adviser_id.is_(None), open_),
        View.TO_QUALIFY: (Ticket.state == State.TO_QUALIFY,),
        View.CALL_BACKS: (Ticket.call_back_since.is_not(None),),
        View.REPLIES: (Ticket.reply_due_since.is_not(None),),
        View.PLANNED: (Ticket.state == State.PLANNED,),
        View.WAITING: (Ticket.state == State.WAITING,),
        View.RESOLVED: (Ticket.state == State.RESOLVED,),
        View.CLOSED: (Ticket.settled.is_(True),),
        View.ALL: (),
    }
    return query.where(*narrows[view])


def _found(
    session: Session, words: str, narrow: Sequence[ColumnElement[bool]], organisation: int | None, after: str | None,
    size: int,
) -> Page:  # fmt: skip
    """Tickets that hold every word: read along the rarest from the newest back, the others looked up for each.

    What only staff read is not found by a client (``organisation``), and neither is another organisation's ticket.
    """
    wanted = asked(words)
    if not wanted:
        return Page([], None)
    if len(wanted) > 1:
        wanted.sort(key=lambda stem: _frequency(session, stem, organisation))
    along = aliased(TicketWord)

    def held(word: type[TicketWord], stem: str) -> list[ColumnElement[bool]]:
        clauses = [word.stem == stem]
        if organisation is not None:
            clauses += [word.organisation == organisation, word.internal.is_(False)]
        return clauses

    query = select(along.ticket_id).where(*held(along, wanted[0]))
    for stem in wanted[1:]:
        other = aliased(TicketWord)
        query = query.where(exists().where(other.ticket_id == along.ticket_id, *held(other, stem)))
    if narrow:
        query = query.where(exists().where(Ticket.id == along.ticket_id, *narrow))
    if after:
        query = query.where(_beyond(((along.ticket_id, True),), after))
    numbers = list(session.scalars(query.order_by(along.ticket_id.desc()).limit(size + 1)))
    rows = select(Ticket).where(Ticket.id.in_(numbers[:size])).order_by(Ticket.id.desc())
    tickets = list(session.scalars(rows.options(joinedload(Ticket.organisation), joinedload(Ticket.adviser))))
    return Page(tickets, _place(NEWEST, tickets[-1]) if len(numbers) > size else None)


def _frequency(session: Session, stem: str, organisation: int | None) -> int:
    some = select(TicketWord.ticket_id).where(TicketWord.stem == stem)
    if organisation is not None:
        some = some.where(TicketWord.organisation == organisation)
    return session.scalar(select(func.count()).select_from(some.limit(SAMPLE).subquery())) or 0


def counted(session: Session, view: View, viewer: Person, *, most: int = 100) -> int:
    """How many tickets a view holds, counted to ``most`` and no further."""
    query = _of_view(select(Ticket), view, viewer).with_only_columns(Ticket.id).limit(most)
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0
