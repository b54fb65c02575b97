"""Tables of the orders. A final order is frozen: no row of them is ever changed or taken away."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation
from portal.contracts.rules import Kind, SpecialConditions
from portal.db import Base, Fixed, UtcDateTime, one_of
from portal.guards import guard, maskable
from portal.orders.rules import LineKind, OrderLine, PositionedLine, Totals, totals

if TYPE_CHECKING:
    from portal.orders.progress_models import Amendment

DIGEST = 64


class Order(Base):
    """One final order. ``terms_*`` is the version of the CGV that was shown with its quote."""

    __tablename__ = "client_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    quote_reference: Mapped[str] = mapped_column(String(20), unique=True)  # a quote makes one order
    supplements: Mapped[str | None] = mapped_column(String(20))  # reference of the order it adds to (7.3)
    terms_slug: Mapped[str] = mapped_column(String(40))
    terms_sha256: Mapped[str] = mapped_column(String(DIGEST))
    conditions: Mapped[dict[str, Any]] = mapped_column(JSON)  # SpecialConditions.stored()
    accepted_client_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_provider_at: Mapped[datetime] = mapped_column(UtcDateTime)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    placed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    placed_by: Mapped[str] = mapped_column(String(200))

    organisation: Mapped[Organisation] = relationship()
    lines: Mapped[list["PlacedLine"]] = relationship(back_populates="order", order_by="PlacedLine.position")
    amendments: Mapped[list["Amendment"]] = relationship(back_populates="order", order_by="Amendment.id")

    __table_args__ = (
        CheckConstraint("accepted_client_at <= accepted_provider_at", name="client_accepts_first"),
        Index("ix_client_order_organisation", "organisation_id", "placed_at"),
    )

    @property
    def special_conditions(self) -> SpecialConditions:
        """Its special conditions (CP)."""
        return SpecialConditions.restored(self.conditions)

    @property
    def lines_in_force(self) -> tuple[PositionedLine, ...]:
        """Its lines today: as both sides accepted them, or as the last amendment of lines that both accepted made them."""
        changed = next((each.lines_after for each in reversed(self.amendments) if each.in_force), None)
        return changed or tuple(PositionedLine(line.position, line.value) for line in self.lines)

    @property
    def used_positions(self) -> frozenset[int]:
        """Every position that a line ever had, here or in an amendment, whatever became of it: none is given again."""
        proposed = (line.position for each in self.amendments for line in each.lines_after)
        return frozenset({*(line.position for line in self.lines), *proposed})

    @property
    def last_change(self) -> str:
        """Reference of the amendment that made the lines of today what they are; "" for the lines as they were ordered."""
        return next((each.reference for each in reversed(self.amendments) if each.in_force), "")

    @property
    def totals(self) -> Totals:
        """Its totals today, per rate of VAT."""
        return totals(line.value for line in self.lines_in_force)


class PlacedLine(Base):
    """One line of an order, as it was accepted."""

    __tablename__ = "client_order_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("client_order.id"))
    position: Mapped[int]  # from 1
    kind: Mapped[LineKind] = mapped_column(one_of(LineKind))
    label: Mapped[str] = mapped_column(String(300))
    description: Mapped[str] = mapped_column(Text)
    quantity: Mapped[Decimal] = mapped_column(Fixed(3))
    unit: Mapped[str] = mapped_column(String(40))
    unit_price: Mapped[Decimal] = mapped_column(Fixed(2))
    vat_rate: Mapped[Decimal] = mapped_column(Fixed(2))
    points: Mapped[Decimal | None] = mapped_column(Fixed(2))
    contract_kind: Mapped[Kind | None] = mapped_column(one_of(Kind, 40))
    top_up: Mapped[str | None] = mapped_column(String(20))

    order: Mapped[Order] = relationship(back_populates="lines")

    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        CheckConstraint("(kind = 'points') = (points IS NOT NULL)", name="points_on_a_points_line"),
    )

    @property
    def value(self) -> OrderLine:
        """The line as the rules know it."""
        return OrderLine(
            self.kind, self.label, self.quantity, self.unit, self.unit_price, self.vat_rate, self.description,
            self.points, self.contract_kind, self.top_up,
        )  # fmt: skip


REFUSAL = "a final order is frozen"
guard(
    Order.__table__,
    maskable(
        Order.__table__, REFUSAL, ("id",), ("reference",), ("quote_reference",), masked=("conditions", "placed_by")
    ),
)
guard(
    PlacedLine.__table__,
    maskable(PlacedLine.__table__, REFUSAL, ("id",), ("order_id", "position"), masked=("label", "description")),
)
