"""The outbox."""

from datetime import datetime

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, UtcDateTime


class OutgoingMail(Base):
    """One mail, whole, as it will leave. ``message_id`` is fixed on writing, so that a second try is the same mail."""

    __tablename__ = "outgoing_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    event: Mapped[str] = mapped_column(String(80))  # which mail it is: "accounts/invitation"
    recipient: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(400))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    calendar: Mapped[str | None] = mapped_column(Text)  # an appointment, as iCalendar with its METHOD
    headers: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # last failure; empty once sent
    last_error: Mapped[str | None] = mapped_column(Text)
    withheld_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its reader had it stopped: it never leaves
    # Carried by the mail, known to who holds it: a delivery report proves by it that it speaks of this mail.
    token: Mapped[str | None] = mapped_column(String(40), unique=True)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a delivery report said so
    bounced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bounced_why: Mapped[str | None] = mapped_column(Text)
    bounce_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # somebody of the staff took note
