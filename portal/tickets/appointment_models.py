"""The table of appointments: remote or on site, each a calendar entry that keeps its identity when it moves."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Person
from portal.db import Base, UtcDateTime, one_of
from portal.tickets.models import Ticket
from portal.tickets.rules import Backup, Place


class TicketAppointment(Base):
    """One appointment. ``uid`` never changes and ``sequence`` rises with each change (RFC 5545)."""

    __tablename__ = "ticket_appointment"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    form_key: Mapped[str] = mapped_column(String(100), unique=True)
    uid: Mapped[str] = mapped_column(String(120), unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    place: Mapped[Place] = mapped_column(one_of(Place))
    place_words: Mapped[str | None] = mapped_column(String(300))
    adviser_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    backup: Mapped[Backup | None] = mapped_column(one_of(Backup))  # 6.5, asked again before the visit
    backup_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    backup_by: Mapped[str | None] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_because: Mapped[str | None] = mapped_column(String(300))

    ticket: Mapped[Ticket] = relationship()
    adviser: Mapped[Person | None] = relationship()

    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="lasts_a_while"),
        Index("ix_ticket_appointment_ticket", "ticket_id", "starts_at"),
        Index("ix_ticket_appointment_day", "starts_at"),
    )
