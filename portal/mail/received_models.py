"""What came in."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, UtcDateTime, one_of


class Outcome(StrEnum):
    """What became of a message that came in."""

    TICKET = "ticket"
    REPLY = "reply"
    REPORT = "report"  # it tells of a mail of ours, and is shown on it
    KEPT = "kept"  # a machine's answer to a mail of ours: shown on it, and nothing follows
    OWN = "own"  # a mail of ours that came back


class ReceivedMail(Base):
    """One message that came in. The message itself, byte for byte, is the stored file: kept before anything is read of it.

    ``identity`` is the same for the same message whatever way it comes (its Message-ID and what it says, not
    what servers wrote above it).
    """

    __tablename__ = "received_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    identity: Mapped[str] = mapped_column(String(64), unique=True)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    via: Mapped[str] = mapped_column(String(20))  # "pipe", "imap"
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    message_id: Mapped[str] = mapped_column(String(500), default="")
    sender: Mapped[str] = mapped_column(String(320), default="")
    subject: Mapped[str] = mapped_column(String(400), default="")
    auto: Mapped[str] = mapped_column(String(40), default="")
    backing: Mapped[str] = mapped_column(String(20), default="")
    outcome: Mapped[Outcome | None] = mapped_column(one_of(Outcome))
    reference: Mapped[str] = mapped_column(String(30), default="")  # of the ticket
    outgoing_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing_mail.id"), index=True)  # the mail it answers
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("ix_received_mail_sender", "sender"),
        Index("ix_received_mail_reference", "reference"),
        Index("ix_received_mail_waiting", "handled_at", "id"),
    )
