"""The thread of a ticket as one reader may see it: nothing internal, nothing unproved for a client."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.tickets.history import words
from portal.tickets.models import Ticket, TicketFile, TicketMessage
from portal.tickets.rules import Channel, Side


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a thread, ready for ``macros/thread.html``."""

    number: int
    author: str
    of_company: bool
    mine: bool
    at: datetime
    text: str
    folded: str
    files: Sequence[TicketFile]
    by: str  # how it came, when not from a page
    internal: bool = False
    quarantined: bool = False
    raw: bool = False
    remarks: Sequence[str] = ()
    address: str = ""
    formatted: bool = False  # the mail has a layout that can be looked at


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history."""

    at: datetime
    who: str
    words: str
    internal: bool


_BY = {Channel.MAIL: "par courriel", Channel.PHONE: "par téléphone", Channel.VOICEMAIL: "sur le répondeur"}


def is_shown(message: TicketMessage, *, staff: bool) -> bool:
    """Whether a reader may see a message."""
    return staff or not (message.internal or message.quarantined)


def lines(ticket: Ticket, *, staff: bool) -> list[Line]:
    """The messages that a reader may see, oldest first."""
    return [
        Line(
            number=message.id, author=message.author, of_company=message.side is Side.STAFF,
            mine=(message.side is Side.STAFF) is staff, at=message.written_at, text=message.text,
            folded=message.folded, files=message.files, by=_BY.get(message.channel, ""), internal=message.internal,
            quarantined=message.quarantined, raw=staff and message.raw_file_id is not None,
            remarks=message.remarks if staff else (), address=(message.author_mail or "") if staff else "",
            formatted=bool(message.html),
        )
        for message in ticket.messages
        if is_shown(message, staff=staff)
    ]  # fmt: skip


def steps(ticket: Ticket, *, staff: bool) -> list[Step]:
    """The history that a reader may see, oldest first."""
    return [
        Step(event.at, event.by, words(event), event.internal) for event in ticket.events if staff or not event.internal
    ]


def shown_file(ticket: Ticket, number: int, *, staff: bool) -> TicketFile | None:
    """A file of the ticket that a reader may have."""
    for file in ticket.files:
        if file.id == number and is_shown(file.message, staff=staff):
            return file
    return None
