"""Tables of the contracts: each contract, and its ledger.

The database keeps the books with us: an entry is only ever added, follows the one before it, and
carries a balance that is that one's plus its own points. So the balance is always the sum.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation
from portal.contracts.rules import Kind, Movement, Overdraft, Policy, SpecialConditions
from portal.db import Base, Fixed, UtcDateTime, one_of
from portal.guards import Guards, guard, maskable

DIGEST = 64


class Contract(Base):
    """One contract of points, as both sides agreed it. ``terms_*`` is the version of the CGV that was accepted."""

    __tablename__ = "contract"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[Kind] = mapped_column(one_of(Kind, 40))
    signed_on: Mapped[date]  # the day it was concluded, in Paris: the oldest is charged first
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    opened_by: Mapped[str] = mapped_column(String(200))
    opening_reason: Mapped[str | None] = mapped_column(Text)  # of one that staff opened by hand
    order_reference: Mapped[str | None] = mapped_column(String(20))  # of the order it comes from
    terms_slug: Mapped[str] = mapped_column(String(40))
    terms_sha256: Mapped[str] = mapped_column(String(DIGEST))
    conditions: Mapped[dict[str, Any]] = mapped_column(JSON)  # SpecialConditions.stored()
    policy: Mapped[Policy] = mapped_column(one_of(Policy))
    limit_below: Mapped[Decimal] = mapped_column(Fixed(2))  # points below zero; 0 but with LIMIT
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(200))
    end_reason: Mapped[str | None] = mapped_column(Text)

    organisation: Mapped[Organisation] = relationship()
    entries: Mapped[list["LedgerEntry"]] = relationship(
        back_populates="contract", order_by="LedgerEntry.seq", viewonly=True
    )

    __table_args__ = (
        CheckConstraint("(policy = 'limit') = (limit_below > 0)", name="limit_with_its_rule"),
        CheckConstraint("(order_reference IS NULL) = (opening_reason IS NOT NULL)", name="ordered_or_by_hand"),
        CheckConstraint(
            "(ended_at IS NULL) = (end_reason IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL)",
            name="ended_with_a_reason",
        ),
        Index("ix_contract_organisation", "organisation_id", "signed_on", "id"),
    )

    @property
    def overdraft(self) -> Overdraft:
        """What it does when its points do not suffice."""
        return Overdraft(self.policy, self.limit_below)

    @property
    def special_conditions(self) -> SpecialConditions:
        """Its special conditions (CP)."""
        return SpecialConditions.restored(self.conditions)


class LedgerEntry(Base):
    """One movement of points. ``key`` names what it comes from: the same thing is never counted twice."""

    __tablename__ = "contract_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    seq: Mapped[int]  # 1, 2, 3 … in this contract
    movement: Mapped[Movement] = mapped_column(one_of(Movement))
    points: Mapped[Decimal] = mapped_column(Fixed(2))  # above zero they come, below they go
    balance: Mapped[Decimal] = mapped_column(Fixed(2))  # after it
    key: Mapped[str] = mapped_column(String(120))  # "intervention:12", "order:CMD-2026-0001:1", a form's key
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    words: Mapped[str] = mapped_column(String(300))  # what it is, for the client
    working: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # how the points were worked out
    reason: Mapped[str | None] = mapped_column(Text)  # of a correction, and of what is done by hand
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("contract_entry.id"), index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    by: Mapped[str] = mapped_column(String(200))

    contract: Mapped[Contract] = relationship(back_populates="entries")

    __table_args__ = (
        UniqueConstraint("contract_id", "seq"),
        UniqueConstraint("contract_id", "key", name="uq_contract_entry_key"),
        CheckConstraint("points <> 0", name="moves_something"),
        CheckConstraint("(movement = 'correction') = (corrects_id IS NOT NULL)", name="correction_of_something"),
        CheckConstraint("movement <> 'correction' OR reason IS NOT NULL", name="correction_with_a_reason"),
        CheckConstraint("movement NOT IN ('opening', 'credit') OR points > 0", name="points_come_in"),
        CheckConstraint("movement <> 'charge' OR points < 0", name="points_go_out"),
        Index("ix_contract_entry_at", "at"),
    )

    @property
    def before(self) -> Decimal:
        """The balance before it."""
        return self.balance - self.points


LEDGER_REFUSAL = "the ledger is append-only"
SUM_REFUSAL = "the ledger does not add up"
TERMS_REFUSAL = "what was agreed in a contract stays"
AGREED = (
    "reference", "organisation_id", "kind", "signed_on", "opened_at", "order_reference", "terms_slug", "terms_sha256",
    "conditions",
)  # fmt: skip

_WRONG = """NEW.seq <> 1 + COALESCE((SELECT MAX(seq) FROM contract_entry WHERE contract_id = NEW.contract_id), 0)
OR NEW.balance <> NEW.points + COALESCE((SELECT balance FROM contract_entry
WHERE contract_id = NEW.contract_id ORDER BY seq DESC LIMIT 1), 0)"""
#: An entry follows the one before it, and its balance is that one's plus its own points.
ADDS_UP: Guards = {
    "sqlite": (
        f"""CREATE TRIGGER contract_entry_adds_up BEFORE INSERT ON contract_entry
WHEN {_WRONG}
BEGIN SELECT RAISE(ABORT, '{SUM_REFUSAL}'); END""",
    ),
    "postgresql": (
        f"""CREATE FUNCTION contract_entry_adds_up() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF {_WRONG}
THEN RAISE EXCEPTION '{SUM_REFUSAL}'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER contract_entry_adds_up BEFORE INSERT ON contract_entry
FOR EACH ROW EXECUTE FUNCTION contract_entry_adds_up()""",
    ),
}

guard(Contract.__table__, maskable(Contract.__table__, TERMS_REFUSAL, masked=("conditions",), frozen=AGREED))
guard(
    LedgerEntry.__table__,
    maskable(
        LedgerEntry.__table__, LEDGER_REFUSAL, ("id",), ("contract_id", "seq"), ("contract_id", "key"),
        masked=("words", "working", "reason", "by"),
    ),
    ADDS_UP,
    functions=("contract_entry_adds_up",),
)  # fmt: skip
