"""Tables of the reminders: the ladder that staff set, what was sent, what is proposed to staff."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, UtcDateTime, one_of
from portal.invoices.models import Invoice
from portal.invoices.reminder_rules import Step


class ReminderStep(Base):
    """One rung: so many days after the due day (before it when negative), this is done."""

    __tablename__ = "invoice_reminder_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    days: Mapped[int]
    step: Mapped[Step] = mapped_column(one_of(Step, 30))
    words: Mapped[str] = mapped_column(Text)  # what the mail adds in the company's own words; may be empty
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_invoice_reminder_step_removed", "removed_at", "days"),)


class Reminder(Base):
    """One rung reached by one invoice: a mail that left, or a proposal that waits for staff. Once per due day."""

    __tablename__ = "invoice_reminder"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("invoice_reminder_step.id"))
    due_on: Mapped[date] = mapped_column(Date)  # the day it was counted from: a deferral begins anew
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    skipped: Mapped[bool] = mapped_column(default=False)  # a later rung was reached at the same time
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of a proposal
    decided_by: Mapped[str | None] = mapped_column(String(200))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    done: Mapped[bool | None]
    decision_words: Mapped[str | None] = mapped_column(Text)

    invoice: Mapped[Invoice] = relationship()
    rung: Mapped[ReminderStep] = relationship()

    __table_args__ = (
        UniqueConstraint("invoice_id", "step_id", "due_on"),
        CheckConstraint("(decided_at IS NULL) = (done IS NULL)", name="decided_either_way"),
    )
