"""Where tickets hold a person's name, address and telephone: what a correction has to reach."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from sqlalchemy import ScalarSelect, func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.registry import Datum, Place
from portal.tickets.followers import follow_once
from portal.tickets.index import reindex
from portal.tickets.intervention_models import TimeContest
from portal.tickets.models import Ticket, TicketEvent, TicketMessage, TicketParticipant

Rows = Callable[[Session, str], Iterable[Any]]


def _person(address: str) -> ScalarSelect[Any]:
    return select(Person.id).where(Person.email == address).scalar_subquery()


def _rows(table: Any, mail: Any = None, number: Any = None) -> Rows:
    """Rows that name the person of an address: by the address beside the value, or by the person's number."""

    def found(session: Session, given: str) -> Iterable[Any]:
        address = given.strip().lower()
        ways = [] if mail is None else [func.lower(mail) == address]
        ways += [] if number is None else [number == _person(address)]
        return session.scalars(select(table).where(or_(*ways)).order_by(table.id))

    return found


_OPENED = _rows(Ticket, Ticket.creator_mail, Ticket.creator_id)
_WRITTEN = _rows(TicketMessage, TicketMessage.author_mail, TicketMessage.author_id)
_FOLLOWED = _rows(TicketParticipant, TicketParticipant.mail, TicketParticipant.person_id)
_CONTESTED = _rows(TimeContest, TimeContest.by_mail, TimeContest.by_id)
_FOR = _rows(Ticket, None, Ticket.beneficiary_id)
_CLOSED = _rows(Ticket, None, Ticket.closed_by_id)
_DONE = _rows(TicketEvent, None, TicketEvent.by_id)
_MAY = "l'acceptation des CGV est gardée telle qu'elle a été donnée"


def _index(session: Session, rows: Collection[Any]) -> None:
    tickets = {row.id if isinstance(row, Ticket) else row.ticket_id for row in rows}
    for number in sorted(tickets):
        reindex(session, session.get_one(Ticket, number))


def _accepted(session: Session, mail: str) -> Iterable[Ticket]:
    return [ticket for ticket in _OPENED(session, mail) if ticket.terms_accepted_by is not None]


CORRECTIONS = (
    Place(Datum.NAME, "tickets que vous avez ouverts", _OPENED, "creator_name", then=_index),
    Place(Datum.NAME, "messages de tickets", _WRITTEN, "author", then=_index),
    Place(Datum.NAME, "tickets que vous suivez", _FOLLOWED, "name"),
    Place(Datum.NAME, "tickets dont vous êtes bénéficiaire", _FOR, "beneficiary", then=_index),
    Place(Datum.NAME, "tickets que vous avez clos", _CLOSED, "closed_by"),
    Place(Datum.NAME, "étapes de tickets", _DONE, "by"),
    Place(Datum.NAME, "contestations d'un temps", _CONTESTED, "by"),
    Place(Datum.NAME, "acceptations des CGV", _accepted, "terms_accepted_by", stays=_MAY),
    Place(Datum.EMAIL, "tickets que vous avez ouverts", _OPENED, "creator_mail", then=_index),
    Place(Datum.EMAIL, "messages de tickets", _WRITTEN, "author_mail", then=_index),
    Place(Datum.EMAIL, "tickets que vous suivez", _FOLLOWED, "mail", before=follow_once),
    Place(Datum.EMAIL, "contestations d'un temps", _CONTESTED, "by_mail"),
    Place(Datum.PHONE, "tickets que vous avez ouverts", _OPENED, "creator_phone", then=_index),
)
