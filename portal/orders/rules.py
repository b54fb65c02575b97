"""What an order is made of, and what makes it final. Pure.

An order is final once both the client and the company have accepted (5.2); from then on it is what
it is, and only both together change it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portal.contracts.rules import Kind
from portal.terms.labelled import Labelled
from portal.terms.money import round_cents, vat


class LineKind(Labelled):
    """What a line sells; ``label`` is the word a reader sees."""

    SERVICE = "service", "Prestation"
    GOODS = "goods", "Matériel"
    POINTS = "points", "Points"


class OrderError(Exception):
    """A refusal of this room."""


class NotFinal(OrderError):
    """One of the two acceptances is missing, or lies in the time to come."""


class InvalidLine(OrderError):
    """A line that says nothing, or a points line that does not say where its points go."""


class WrongContract(OrderError):
    """The contract to top up is not this organisation's, or has ended."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line as it was accepted. A POINTS line opens a contract of that kind, or tops up the one it names."""

    kind: LineKind
    label: str
    quantity: Decimal  # up to three decimals
    unit: str
    unit_price: Decimal  # euros before tax, to the cent
    vat_rate: Decimal  # percent
    description: str = ""
    points: Decimal | None = None  # of the whole line
    contract_kind: Kind | None = None
    top_up: str | None = None  # reference of a contract

    def __post_init__(self) -> None:
        opens = self.contract_kind is not None
        if not self.label.strip() or self.quantity <= 0:
            raise InvalidLine(self.label)
        if (self.kind is LineKind.POINTS) != (self.points is not None):
            raise InvalidLine(self.label)
        if (self.kind is LineKind.POINTS) != (opens != (self.top_up is not None)):
            raise InvalidLine(self.label)

    @property
    def net(self) -> Decimal:
        """Euros before tax, to the cent."""
        return round_cents(self.quantity * self.unit_price)


@dataclass(frozen=True, slots=True)
class PositionedLine:
    """A line of an order with the number it has for ever: what an event of the order names it by."""

    position: int
    value: OrderLine

    @property
    def label(self) -> str:
        """Its first words."""
        return self.value.label

    @property
    def kind(self) -> LineKind:
        """What it sells."""
        return self.value.kind


@dataclass(frozen=True, slots=True)
class Totals:
    """Euros of an order: VAT is worked out per rate on the sum of its lines."""

    net: Decimal
    by_rate: tuple[tuple[Decimal, Decimal, Decimal], ...]  # (rate, net, VAT)

    @property
    def gross(self) -> Decimal:
        """With VAT."""
        return self.net + sum((tax for _, _, tax in self.by_rate), Decimal(0))


def totals(lines: Iterable[OrderLine]) -> Totals:
    """The totals of lines."""
    nets: dict[Decimal, Decimal] = {}
    for line in lines:
        nets[line.vat_rate] = nets.get(line.vat_rate, Decimal(0)) + line.net
    rates = tuple((rate, net, vat(net, rate)) for rate, net in sorted(nets.items()))
    return Totals(sum(nets.values(), Decimal(0)), rates)


def check_final(lines: Sequence[OrderLine], client_at: datetime, provider_at: datetime, at: datetime) -> None:
    """Let pass what both sides have accepted, the client first.

    Raises:
        NotFinal: they have not.
        InvalidLine: nothing is ordered.
    """
    if not lines:
        raise InvalidLine("")
    if not client_at <= provider_at <= at:
        raise NotFinal
