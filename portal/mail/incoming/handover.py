"""What the receiver hands up. The rooms above are wired to it in ``portal/hotline.py``: mail does not know them.

The room of tickets offers two functions with these arguments::

    ticket_from_mail(session, incoming, *, contact, organisation, quarantined, raw_file, attachments, remarks, at)
    reply_from_mail(session, incoming, *, reference, contact, organisation, quarantined, raw_file, attachments, remarks, at)

``contact`` is the ``Person`` who wrote, or None: unknown, or ``From`` is not backed. ``organisation`` is theirs or
None. ``quarantined``: no client sees it before a person of the staff attached it. ``raw_file`` is the stored message,
byte for byte; ``attachments`` are stored files in the message's order; ``remarks`` are sentences for staff. Both give
back the ticket's reference. ``incoming.auto`` set: nobody is told, nothing is reopened. ``reply_from_mail`` raises
``NoSuchTicket`` for a reference that it does not know: the message then makes a ticket of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from portal.mail.incoming.message import DeliveryReport, Incoming
from portal.mail.models import OutgoingMail


class NoSuchTicket(LookupError):
    """A reference that the room of tickets does not know (any more)."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was kept of a message before it is handed up: numbers of stored files."""

    raw_file: int
    attachments: tuple[int, ...] = ()
    remarks: tuple[str, ...] = field(default=())


class Handover(Protocol):
    """Where a message goes."""

    def open_ticket(self, session: Session, incoming: Incoming, stored: Stored, *, at: datetime) -> str:
        """Make a ticket to qualify, in the caller's transaction; its reference."""

    def add_reply(self, session: Session, incoming: Incoming, stored: Stored, *, reference: str, at: datetime) -> str:
        """Add to the thread of a ticket, in the caller's transaction; the reference of the ticket it is in by now.

        Raises:
            NoSuchTicket: the room does not know the reference.
        """

    def report(self, session: Session, mail: OutgoingMail, report: DeliveryReport, *, at: datetime) -> None:
        """Tell the room that a mail is of what became of it; only called for a report that proves it held the mail."""


#: Rooms that want to know what became of their mails: the beginning of ``OutgoingMail.event`` -> what to call.
OnDeliveryReport = Sequence[tuple[str, "ReportHandler"]]


class ReportHandler(Protocol):
    """``def on_delivery_report(session, mail, report, *, at) -> None``, in the receiver's transaction."""

    def __call__(self, session: Session, mail: OutgoingMail, report: DeliveryReport, *, at: datetime) -> None: ...
