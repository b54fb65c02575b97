"""Whom what became of the data is told to (GDPR article 19): everybody outside of the house who was given them.

Who that may be stands in ``content/processing.toml``; staff add whom they alone know of. Each is told, or why not is
said; the person may ask who they are, and reads it on the page of the request.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import or_, select, union
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.privacy.actions import day_of, hold, prove, tell
from portal.privacy.models import Archived, PrivacyRecipient, PrivacyRequest
from portal.privacy.rooms import declared
from portal.privacy.rules import CLOSED, PrivacyError, needed
from portal.privacy.scope import restored
from portal.terms import Library
from portal.tickets.models import Ticket, TicketParticipant

#: The recipient that a correction is told to by the software itself, where there is somebody to write to.
ORGANISATION = "organisation"
FOLLOWERS = "followers"
BY_ITSELF = "courriel aux administrateurs de l'espace client, où les autres voient la correction"


class AlreadySettled(PrivacyError):
    """This recipient was told, or could not be: it is written down once."""


def list_for(
    session: Session, request: PrivacyRequest, *, library: Library, at: datetime, told: bool = False
) -> None:  # fmt: skip
    """Note who was given the data of whom a request is about; ``told``: the organisation knows already. Twice is once."""
    purposes = {room.purpose for room in declared() if next(iter(room.find(session, request.about)), None) is not None}
    known = {one.key for one in request.recipients}
    for one in library.objections.recipients:
        if one.key in known or purposes.isdisjoint(one.processing) or not _somebody(session, one.key, request):
            continue
        made = PrivacyRecipient(key=one.key, name=one.name)
        if told and one.key == ORGANISATION:
            made.told_on, made.words, made.by = day_of(at), BY_ITSELF, "espace client"
        request.recipients.append(made)
    session.flush()


def _somebody(session: Session, key: str, request: PrivacyRequest) -> bool:
    """Whether there is anybody behind the name of a recipient: who has no colleague was given to none."""
    address = request.about.strip().lower()
    followed = select(TicketParticipant.ticket_id).where(TicketParticipant.mail == address)
    theirs = select(Ticket).where(or_(Ticket.creator_mail == address, Ticket.id.in_(followed))).subquery()
    if key == FOLLOWERS:
        others = select(TicketParticipant.id).where(
            TicketParticipant.ticket_id.in_(select(theirs.c.id)), TicketParticipant.person_id.is_(None),
            TicketParticipant.mail != address,
        )  # fmt: skip
        return session.scalars(others.limit(1)).first() is not None
    if key == ORGANISATION:
        clients = union(
            select(Person.organisation_id).where(Person.email == address), select(theirs.c.organisation_id)
        ).subquery()
        colleagues = select(Person.id).where(
            Person.organisation_id.in_(select(clients.c.organisation_id)), Person.active, Person.email != address
        )
        return session.scalars(colleagues.limit(1)).first() is not None
    return True


def add(session: Session, request: PrivacyRequest, name: str, *, by: Person, at: datetime) -> None:
    """Somebody whom staff alone know to have been given the data."""
    hold(session, request)
    name = without_erased(session, request, needed(name))
    request.recipients.append(PrivacyRecipient(key="", name=name))
    prove(session, request, "recipient_added", at, by=by.email, name=name)


def settle(
    session: Session, request: PrivacyRequest, one: PrivacyRecipient, *, by: Person, words: str, told_on: date | None,
    at: datetime,
) -> None:  # fmt: skip
    """A recipient was told that day, or could not be, or only by an effort out of proportion: how, or why, is said.

    Raises:
        AlreadySettled, WordsMissing.
    """
    why = without_erased(session, request, needed(words))
    session.refresh(one, with_for_update=True)
    if one.by is not None:
        raise AlreadySettled
    one.told_on, one.words, one.by = told_on, why, by.name
    tell(request, at, f"{one.name}\u00a0: {'prévenu' if told_on else 'pas prévenu'}, {why}")
    prove(
        session, request, "recipient_told" if told_on else "recipient_not_told", at, by=by.email, name=one.name,
        words=why, on=told_on.isoformat() if told_on else None,
    )  # fmt: skip


def erased(session: Session, request: PrivacyRequest) -> Archived | None:
    """The archive's entry of who a request had erased: whom there is to speak of, where this page says it no more."""
    mine = select(Archived).where(Archived.request_id == request.id, Archived.subject.is_not(None))
    return session.scalars(mine.order_by(Archived.id.desc()).limit(1)).first()


def without_erased(session: Session, request: PrivacyRequest, words: str) -> str:
    """What was written of an erasure, without who was erased: the archive alone says it."""
    held = erased(session, request)
    if held is None or held.subject is None:
        return words
    return restored(session, held.subject, ()).identity.mask(words)


def drop(session: Session, request: PrivacyRequest) -> None:
    """What nobody was told of and does not hold any more is told to nobody."""
    request.recipients = [one for one in request.recipients if one.by is not None]
    session.flush()


def still_to_tell(session: Session) -> Sequence[PrivacyRequest]:
    """Closed requests with somebody to tell, the oldest first."""
    waiting = select(PrivacyRecipient.request_id).where(PrivacyRecipient.by.is_(None))
    return session.scalars(
        select(PrivacyRequest).where(PrivacyRequest.id.in_(waiting), PrivacyRequest.state.in_(CLOSED))
        .order_by(PrivacyRequest.closed_at, PrivacyRequest.id)
    ).all()  # fmt: skip
