"""What a message brings along: its files, and who hears of what follows. Shared by opening and writing."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.tickets.models import Ticket, TicketFile, TicketMessage, TicketParticipant


@dataclass(frozen=True, slots=True)
class FileToAttach:
    """A stored file (``portal.files``) and the name that a reader sees."""

    file_id: int
    name: str


@dataclass(frozen=True, slots=True)
class ArrivedMail:
    """A mail that was read (``portal.mail``): its words above, what was folded away under them, the raw message kept.

    ``key`` is the same for the same message however often it comes. ``html`` is sanitised. ``folded`` holds quoted
    text and signature.
    """

    key: str
    subject: str
    text: str
    from_name: str
    from_mail: str
    folded: str = ""
    html: str | None = None
    mail_id: str | None = None  # its Message-ID
    raw_file_id: int | None = None
    files: Sequence[FileToAttach] = ()
    copies: Sequence[tuple[str, str]] = ()  # (name, address) of Cc
    remarks: Sequence[str] = ()  # sentences for staff, on how it was read
    automatic: bool = False  # written by a machine: nobody is told, nothing moves
    hushed: bool = False  # one of very many: it moves the ticket, and no mail leaves by it


def address(mail: str | None) -> str | None:
    """An address as it is kept and compared."""
    return mail.strip().lower() if mail else None


def attach(ticket: Ticket, message: TicketMessage, files: Sequence[FileToAttach]) -> None:
    """Put stored files on a message."""
    for each in files:
        message.files.append(TicketFile(ticket=ticket, file_id=each.file_id, name=each.name))


def follow(ticket: Ticket, person: Person | None, mail: str | None, name: str) -> None:
    """Tell somebody of what follows; once, and staff never this way."""
    if not mail or (person is not None and person.staff):
        return
    kept = mail.strip().lower()
    if all(held.mail != kept for held in ticket.participants):
        ticket.participants.append(TicketParticipant(person_id=person.id if person else None, mail=kept, name=name))


def follow_colleague(session: Session, ticket: Ticket, name: str, mail: str) -> None:
    """Who is copied follows when they belong to the organisation: what is written is confidential (article 12)."""
    person = session.scalars(select(Person).where(Person.email == address(mail), Person.active)).first()
    if person is not None and person.organisation_id == ticket.organisation_id:
        follow(ticket, person, person.email, person.name or name)
