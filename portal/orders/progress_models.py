"""What becomes of an order: events, proposals, decisions, proofs. Rows are added and never changed or taken away."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Fixed, UtcDateTime, one_of
from portal.files.models import StoredFile
from portal.guards import append_only, guard, maskable
from portal.orders.amendment_lines import Compared, Lines, restored
from portal.orders.amendment_rules import AmendmentKind, Outcome
from portal.orders.models import Order
from portal.orders.progress_rules import Event, EventKind, Ground, Side
from portal.orders.rules import PositionedLine


class OrderEvent(Base):
    """One thing that happened to an order, on its civil day; ``file`` is what proves it, where something does."""

    __tablename__ = "client_order_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("client_order.id"))
    form_key: Mapped[str] = mapped_column(String(64))
    kind: Mapped[EventKind] = mapped_column(one_of(EventKind, 30))
    day: Mapped[date] = mapped_column(Date)
    side: Mapped[Side | None] = mapped_column(one_of(Side, 20))
    ground: Mapped[Ground | None] = mapped_column(one_of(Ground, 30))
    line: Mapped[int | None]  # position of the line; null for the whole order
    words: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    by: Mapped[str] = mapped_column(String(200))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    evidence: Mapped[int]  # number of its entry in the log

    order: Mapped[Order] = relationship()
    file: Mapped[StoredFile | None] = relationship()

    __table_args__ = (
        UniqueConstraint("order_id", "form_key"),
        CheckConstraint("kind <> 'suspended' OR ground IS NOT NULL", name="suspended_on_a_ground"),
        CheckConstraint("kind NOT IN ('terminated', 'notice_sent') OR side IS NOT NULL", name="by_a_side"),
    )

    @property
    def value(self) -> Event:
        """The event as the rules know it."""
        return Event(self.kind, self.day, self.side, self.ground, self.line, self.words)


class Amendment(Base):
    """A proposal to change or cancel a final order, as one side made it."""

    __tablename__ = "client_order_amendment"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("client_order.id"))
    form_key: Mapped[str] = mapped_column(String(64))
    kind: Mapped[AmendmentKind] = mapped_column(one_of(AmendmentKind, 20))
    words: Mapped[str] = mapped_column(Text)
    net_change: Mapped[Decimal | None] = mapped_column(Fixed(2))  # euros before tax, signed
    lines: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))  # all of them, as they will be
    side: Mapped[Side] = mapped_column(one_of(Side, 20))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    by: Mapped[str] = mapped_column(String(200))
    capacity: Mapped[str] = mapped_column(String(120))
    mail: Mapped[str] = mapped_column(String(320))
    identified_by: Mapped[str] = mapped_column(String(200))
    ip: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(400))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    evidence: Mapped[int]

    order: Mapped[Order] = relationship(back_populates="amendments")
    decision: Mapped["Decision | None"] = relationship(back_populates="amendment", uselist=False)

    __table_args__ = (
        UniqueConstraint("order_id", "form_key"),
        Index("ix_client_order_amendment_order", "order_id", "proposed_at"),
    )

    @property
    def lines_after(self) -> Lines:
        """The lines that it makes of the order; none when it changes none."""
        return restored(self.lines or ())

    @property
    def in_force(self) -> bool:
        """Whether the lines of the order are those of this amendment, or of a later one."""
        return self.lines is not None and self.decision is not None and self.decision.outcome is Outcome.ACCEPTED

    @property
    def compared(self) -> Compared | None:
        """Both states of the order's lines; None when it changes none. Only one proposal waits at a time: what was in
        force when it was made is what the amendments before it left."""
        if self.lines is None:
            return None
        earlier = [each for each in self.order.amendments if each.id < self.id and each.in_force]
        before = (
            earlier[-1].lines_after if earlier
            else tuple(PositionedLine(line.position, line.value) for line in self.order.lines)
        )  # fmt: skip
        return Compared(before, self.lines_after)


class Decision(Base):
    """What became of a proposal: one decision, for ever."""

    __tablename__ = "client_order_decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    amendment_id: Mapped[int] = mapped_column(ForeignKey("client_order_amendment.id"), unique=True)
    form_key: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[Outcome] = mapped_column(one_of(Outcome, 20))
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    by: Mapped[str] = mapped_column(String(200))
    capacity: Mapped[str] = mapped_column(String(120))
    mail: Mapped[str] = mapped_column(String(320))
    consents: Mapped[list[str]] = mapped_column(JSON)
    identified_by: Mapped[str] = mapped_column(String(200))
    ip: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(400))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    evidence: Mapped[int]

    amendment: Mapped[Amendment] = relationship(back_populates="decision")


class AmendmentProof(Base):
    """The file of proof of an accepted amendment."""

    __tablename__ = "client_order_proof"

    amendment_id: Mapped[int] = mapped_column(ForeignKey("client_order_amendment.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    file: Mapped[StoredFile] = relationship()


REFUSAL = "what became of a final order is only added to"
_WHO = ("by", "capacity", "mail", "identified_by", "ip", "user_agent")
for _table, _keys, _masked in (
    (OrderEvent, (("id",), ("order_id", "form_key")), ("words", "by")),
    (Amendment, (("id",), ("reference",), ("order_id", "form_key")), ("words", "lines", *_WHO)),
    (Decision, (("id",), ("amendment_id",)), ("reason", "consents", *_WHO)),
):
    guard(_table.__table__, maskable(_table.__table__, REFUSAL, *_keys, masked=_masked))
guard(AmendmentProof.__table__, append_only("client_order_proof", REFUSAL, ("amendment_id",), ("file_id",)))
