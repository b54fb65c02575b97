"""Tables of the disagreements: drafts, disputes, their lines, their thread, their files."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation
from portal.db import Base, Exact, UtcDateTime, one_of
from portal.files.models import StoredFile
from portal.invoices.dispute_rules import OVER, Act, Channel, DisputeState, Party, Reason, holds_back
from portal.invoices.models import DIGEST, Invoice


class DisputeDraft(Base):
    """What somebody has typed so far: one per person and invoice. ``revision`` tells which of it a recap showed."""

    __tablename__ = "dispute_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)  # as typed, right or wrong
    revision: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)

    files: Mapped[list["DisputeFile"]] = relationship(order_by="DisputeFile.id", back_populates="draft")

    __table_args__ = (UniqueConstraint("invoice_id", "person_id"),)


class Dispute(Base):
    """One disagreement, as it was sent. ``last_day`` is the one that was enforced then, ``late`` what came of it."""

    __tablename__ = "dispute"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    state: Mapped[DisputeState] = mapped_column(one_of(DisputeState))
    channel: Mapped[Channel] = mapped_column(one_of(Channel))
    ticket: Mapped[str | None] = mapped_column(String(40))  # the reference of the one it was
    amount: Mapped[Decimal] = mapped_column(Exact)
    reason: Mapped[Reason] = mapped_column(one_of(Reason))
    text: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)  # on the server, to the second
    sent_on: Mapped[date] = mapped_column(Date)  # the day that counts
    last_day: Mapped[date | None] = mapped_column(Date)
    late: Mapped[bool]
    admitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    admission_words: Mapped[str | None] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(200))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    mail: Mapped[str] = mapped_column(String(320))  # where the answers go
    recorded_by: Mapped[str | None] = mapped_column(String(200))  # of staff, for one that came by their ways
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    terms_slug: Mapped[str | None] = mapped_column(String(40))
    terms_sha256: Mapped[str | None] = mapped_column(String(DIGEST))
    credited: Mapped[Decimal | None] = mapped_column(Exact)  # what staff have granted
    proposed: Mapped[Decimal | None] = mapped_column(Exact)  # what they offer
    waiting_since: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    proof_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))  # the sealed file of proof, once made
    evidence: Mapped[list[int]] = mapped_column(JSON, default=list)

    proof: Mapped[StoredFile | None] = relationship()
    invoice: Mapped[Invoice] = relationship()
    organisation: Mapped[Organisation] = relationship()
    lines: Mapped[list["DisputeLine"]] = relationship(order_by="DisputeLine.id", cascade="all, delete-orphan")
    messages: Mapped[list["DisputeMessage"]] = relationship(
        back_populates="dispute", order_by="DisputeMessage.id", cascade="all, delete-orphan"
    )
    files: Mapped[list["DisputeFile"]] = relationship(
        order_by="DisputeFile.id", back_populates="dispute", foreign_keys="DisputeFile.dispute_id"
    )

    __table_args__ = (
        CheckConstraint("(admitted_at IS NULL) = (admission_words IS NULL)", name="admitted_with_a_reason"),
        CheckConstraint("(channel = 'portal') = (recorded_by IS NULL)", name="recorded_or_filed"),
        CheckConstraint("late OR admitted_at IS NULL", name="only_late_ones_are_admitted"),
        Index("ix_dispute_state", "state", "waiting_since"),
        Index("ix_dispute_organisation", "organisation_id"),
    )

    @property
    def over(self) -> bool:
        """Whether nobody acts on it any more."""
        return self.state in OVER

    @property
    def holds_back(self) -> bool:
        """Whether its part leaves reminders and penalties."""
        return holds_back(self.state, late=self.late, admitted=self.admitted_at is not None)

    @property
    def title(self) -> str:
        """What it is called: a late one is no dispute until it is admitted."""
        return "Réclamation hors délai" if self.late and not self.admitted_at else "Contestation"


class DisputeLine(Base):
    """A disputed line and how much of it; a dispute without any is on the whole."""

    __tablename__ = "dispute_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    dispute_id: Mapped[int] = mapped_column(ForeignKey("dispute.id"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("invoice_line.id"))
    amount: Mapped[Decimal] = mapped_column(Exact)

    __table_args__ = (UniqueConstraint("dispute_id", "line_id"),)


class DisputeMessage(Base):
    """One step of the thread. ``form_key`` makes sending a page twice the same as once."""

    __tablename__ = "dispute_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    dispute_id: Mapped[int] = mapped_column(ForeignKey("dispute.id"), index=True)
    form_key: Mapped[str] = mapped_column(String(64))
    act: Mapped[Act] = mapped_column(one_of(Act))
    side: Mapped[Party] = mapped_column(one_of(Party))
    author: Mapped[str] = mapped_column(String(200))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal | None] = mapped_column(Exact)

    dispute: Mapped[Dispute] = relationship(back_populates="messages")
    files: Mapped[list["DisputeFile"]] = relationship(order_by="DisputeFile.id")

    __table_args__ = (UniqueConstraint("dispute_id", "form_key"),)


class DisputeFile(Base):
    """A file joined to a draft, to the dispute it became, or to a message of its thread."""

    __tablename__ = "dispute_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("dispute_draft.id"), index=True)
    dispute_id: Mapped[int | None] = mapped_column(ForeignKey("dispute.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("dispute_message.id"))

    file: Mapped[StoredFile] = relationship()
    draft: Mapped[DisputeDraft | None] = relationship(back_populates="files")
    dispute: Mapped[Dispute | None] = relationship(back_populates="files", foreign_keys=[dispute_id])

    __table_args__ = (CheckConstraint("(draft_id IS NULL) <> (dispute_id IS NULL)", name="of_a_draft_or_a_dispute"),)
