"""What a quote offers, as frozen values: lines, special conditions, derogations, deposit, and their sums. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from portal.terms.money import round_cents, vat


class Kind(StrEnum):
    """What a line sells."""

    SERVICE = "service"
    GOODS = "goods"
    POINTS = "points"

    @property
    def label(self) -> str:
        """The word that a reader sees."""
        return {
            Kind.SERVICE: "Prestation",
            Kind.GOODS: "Matériel, logiciel, licence",
            Kind.POINTS: "Points d'un contrat",
        }[self]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a quantity at a unit price before VAT; its sum is rounded once, half up. ``contract`` for points only."""

    kind: Kind
    description: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    vat_rate: Decimal  # per cent
    contract: str | None = None

    @property
    def net(self) -> Decimal:
        """Quantity times price, to the cent."""
        return round_cents(Fraction(self.quantity) * Fraction(self.unit_price))


@dataclass(frozen=True, slots=True)
class RateTotal:
    """The lines of one VAT rate together: the tax is worked out once, on their sum."""

    rate: Decimal
    net: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a quote. Amounts to the cent, in euros."""

    rates: tuple[RateTotal, ...]

    @property
    def net(self) -> Decimal:
        """Before VAT."""
        return sum((each.net for each in self.rates), Decimal(0))

    @property
    def vat(self) -> Decimal:
        """The tax of every rate."""
        return sum((each.vat for each in self.rates), Decimal(0))

    @property
    def gross(self) -> Decimal:
        """What is to be paid."""
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class Derogation:
    """What departs from the CGV: prior, express and written (article 1), so in words and with its day."""

    words: str
    day: date
    article: str = ""


@dataclass(frozen=True, slots=True)
class Deposit:
    """What is asked at the order: a share of the whole, or an amount; with VAT."""

    percent: Decimal | None = None
    amount: Decimal | None = None

    def of(self, gross: Decimal) -> Decimal:
        """The deposit in euros, to the cent."""
        if self.percent is not None:
            return round_cents(Fraction(gross) * Fraction(self.percent) / 100)
        return self.amount or Decimal(0)


@dataclass(frozen=True, slots=True)
class Offer:
    """All that a quote says and that both sides accept."""

    subject: str
    lines: tuple[Line, ...]
    conditions: str = ""
    derogations: tuple[Derogation, ...] = ()
    delivery: str = ""
    deposit: Deposit | None = None
    own_last_day: date | None = None

    @property
    def totals(self) -> Totals:
        """Its sums per VAT rate, the highest rate first."""
        return totals(self.lines)

    @property
    def has_goods(self) -> bool:
        """Whether the retention of title (7.6) is at stake."""
        return any(line.kind is Kind.GOODS for line in self.lines)

    @property
    def figures(self) -> Iterator[str]:
        """Keys of the figures of the CGV whose articles matter to whoever reads this quote."""
        yield from ("quote_validity", "both_accept", "firm_price", "late_payment")
        if self.delivery:
            yield "indicative_delivery"
        if self.has_goods:
            yield "retention_of_title"


def totals(lines: Iterable[Line]) -> Totals:
    """Add rounded lines by rate; VAT is worked out per rate on the sum of its lines, to the cent, half up."""
    nets: dict[Decimal, Decimal] = {}
    for line in lines:
        nets[line.vat_rate] = nets.get(line.vat_rate, Decimal(0)) + line.net
    return Totals(tuple(RateTotal(rate, nets[rate], vat(nets[rate], rate)) for rate in sorted(nets, reverse=True)))
