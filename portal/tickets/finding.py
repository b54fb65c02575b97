"""Finding a ticket: by its reference, by the link of a mail, by the thread of a mail; and taking one's turn with it."""

import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.tickets.models import Ticket, TicketMessage
from portal.tickets.rules import TicketError

LINK_BYTES = 24


class NoSuchTicket(TicketError):
    """No ticket has this reference, or not for who asks."""


def find_ticket(session: Session, reference: str, *, viewer: Person) -> Ticket:
    """The ticket of a reference: any for staff, those of their own organisation for a client.

    Raises:
        NoSuchTicket: there is none, or it is somebody else's.
    """
    found = session.scalars(select(Ticket).where(Ticket.reference == reference)).first()
    if found is None or not (
        viewer.staff or (found.organisation_id == viewer.organisation_id and not found.quarantined)
    ):
        raise NoSuchTicket(reference)
    return found


def find_followed(session: Session, reference: str, link_key: str) -> Ticket:
    """The ticket that a mail's link opens for its creator.

    Raises:
        NoSuchTicket: there is none, or the link was replaced.
    """
    found = session.scalars(select(Ticket).where(Ticket.reference == reference)).first()
    if found is None or not secrets.compare_digest(found.link_key.encode(), link_key.encode()):
        raise NoSuchTicket(reference)
    return found


def find_by_mail_ids(session: Session, mail_ids: Sequence[str]) -> Ticket | None:
    """The ticket whose thread holds one of these Message-IDs (In-Reply-To first, then References from the last)."""
    for mail_id in mail_ids:
        message = session.scalars(select(TicketMessage).where(TicketMessage.mail_id == mail_id).limit(1)).first()
        if message is not None:
            return survivor(message.ticket)
    return None


def find_by_reference(session: Session, reference: str) -> Ticket | None:
    """The ticket of a reference that was signed for a reply address; the one it was merged into, if it was."""
    found = session.scalars(select(Ticket).where(Ticket.reference == reference.upper())).first()
    return survivor(found) if found else None


def hold(session: Session, ticket: Ticket) -> None:
    """Take one's turn with a ticket, and see what who came before left."""
    session.refresh(ticket, with_for_update=True)


def is_creator(ticket: Ticket, person: Person) -> bool:
    """Whether somebody asked for this ticket (6.4), also when staff typed it."""
    return ticket.creator_id == person.id


def new_link_key() -> str:
    """What the links of a ticket's mails hold: a new one ends the old links."""
    return secrets.token_urlsafe(LINK_BYTES)


def survivor(ticket: Ticket) -> Ticket:
    """The ticket itself, or the one that it was merged into."""
    while ticket.merged_into is not None:
        ticket = ticket.merged_into
    return ticket
