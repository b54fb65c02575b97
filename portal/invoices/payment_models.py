"""Tables of what was paid, put off and claimed on an invoice. Nothing is taken away: what was wrong is cancelled."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Exact, UtcDateTime, one_of
from portal.invoices.models import Invoice
from portal.invoices.payment_rules import Means, Regime


class Cancellable:
    """What staff may take back with a reason, and what stays readable."""

    form_key: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str] = mapped_column(String(200))  # a name, or "import"
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_by: Mapped[str | None] = mapped_column(String(200))
    cancel_reason: Mapped[str | None] = mapped_column(Text)


class Payment(Cancellable, Base):
    """Money received, or a credit note set against an invoice. A draft (traite) is no payment (7.6)."""

    __tablename__ = "invoice_payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    day: Mapped[date] = mapped_column(Date)  # when it was received
    amount: Mapped[Decimal] = mapped_column(Exact)
    means: Mapped[Means] = mapped_column(one_of(Means))
    reference: Mapped[str] = mapped_column(String(200))
    credit_note_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))

    invoice: Mapped[Invoice] = relationship(foreign_keys=[invoice_id])
    credit_note: Mapped[Invoice | None] = relationship(foreign_keys=[credit_note_id])

    __table_args__ = (
        UniqueConstraint("invoice_id", "form_key"),
        CheckConstraint("(means = 'credit_note') = (credit_note_id IS NOT NULL)", name="credit_from_a_note"),
        CheckConstraint("(cancelled_at IS NULL) = (cancel_reason IS NULL)", name="cancelled_with_a_reason"),
    )


class Deferral(Cancellable, Base):
    """A deferral asked for in time and granted in writing (7.4): the day that counts instead of the printed one."""

    __tablename__ = "invoice_deferral"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    until: Mapped[date] = mapped_column(Date)
    granted_on: Mapped[date] = mapped_column(Date)
    writing: Mapped[str] = mapped_column(Text)  # the written words, or where the writing is

    invoice: Mapped[Invoice] = relationship()

    __table_args__ = (
        UniqueConstraint("invoice_id", "form_key"),
        CheckConstraint("(cancelled_at IS NULL) = (cancel_reason IS NULL)", name="cancelled_with_a_reason"),
    )


class Claim(Cancellable, Base):
    """What the company claims for the delay, once staff have decided to: never by itself."""

    __tablename__ = "invoice_claim"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    day: Mapped[date] = mapped_column(Date)
    regime: Mapped[Regime] = mapped_column(one_of(Regime))
    penalty: Mapped[Decimal] = mapped_column(Exact)
    indemnity: Mapped[Decimal] = mapped_column(Exact)
    words: Mapped[str] = mapped_column(Text)  # to the client

    invoice: Mapped[Invoice] = relationship()

    __table_args__ = (
        UniqueConstraint("invoice_id", "form_key"),
        CheckConstraint("(cancelled_at IS NULL) = (cancel_reason IS NULL)", name="cancelled_with_a_reason"),
    )
