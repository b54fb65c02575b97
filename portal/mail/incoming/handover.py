"""What the receiver hands up. The rooms above are wired to it in ``portal/hotline.py``: mail does not know them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from portal.mail.incoming.message import DeliveryReport, Incoming
from portal.mail.models import OutgoingMail


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored file and the name that a reader sees."""

    file_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What was kept of a message before it is handed up. ``remarks`` are sentences for staff."""

    key: str  # the same for the same message, however often it comes
    raw_file: int
    attachments: tuple[Kept, ...] = ()
    remarks: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a message went: the ticket, and whether it was there before."""

    reference: str
    joined: bool


class Handover(Protocol):
    """Where messages go. Everything happens in the caller's transaction."""

    def place(
        self, session: Session, incoming: Incoming, stored: Stored, *, signed: str | None, at: datetime
    ) -> Placed:
        """Put a message into the thread it belongs to, or make a ticket of it. ``signed``: a reference we signed."""

    def reference_of(self, session: Session, mail: OutgoingMail) -> str:
        """The reference of the ticket that a mail of ours tells of; "": of none."""

    def report(self, session: Session, mail: OutgoingMail, report: DeliveryReport, *, at: datetime) -> None:
        """Tell the room that a mail is of what became of it; only for a report that proves that it held the mail."""


class ReportHandler(Protocol):
    """``def on_delivery_report(session, mail, report, *, at) -> None``, in the receiver's transaction."""

    def __call__(self, session: Session, mail: OutgoingMail, report: DeliveryReport, *, at: datetime) -> None: ...


#: Rooms that want to know what became of their mails: the beginning of ``OutgoingMail.event`` -> what to call.
OnDeliveryReport = Sequence[tuple[str, ReportHandler]]
