"""Price without contract (7.1.1): hours to the minute, kilometres outside the zones, before VAT."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from portal.terms.findings import TermsError
from portal.terms.money import InvalidAmount, round_cents
from portal.terms.points import check_minutes
from portal.terms.tariff import HourRate, KilometreRate, Tariff

#: A guard against typing errors, not a rule of the CGV.
FARTHEST = Decimal(10_000)


class UnknownHour(TermsError):
    """No hourly rate has this key."""


@dataclass(frozen=True, slots=True)
class HourPrice:
    """The working of one intervention without contract; ``net`` is rounded once, half up (euros before VAT)."""

    rate: HourRate
    kilometre: KilometreRate
    minutes: int
    km: Decimal

    @property
    def exact(self) -> Fraction:
        return self.labour_exact + self.travel_exact

    @property
    def labour_exact(self) -> Fraction:
        return Fraction(self.rate.rate) * self.minutes / 60

    @property
    def travel_exact(self) -> Fraction:
        return Fraction(self.kilometre.rate) * Fraction(self.km)

    @property
    def labour(self) -> Decimal:
        return round_cents(self.labour_exact)

    @property
    def travel(self) -> Decimal:
        return round_cents(self.travel_exact)

    @property
    def net(self) -> Decimal:
        return round_cents(self.exact)


def hours_price(tariff: Tariff, kind: str, minutes: int, km: Decimal = Decimal(0)) -> HourPrice:
    """Price of an intervention without contract.

    By convention the time counts to the minute and the kilometres given are
    the kilometres billed; inside zones 1 to 3 travel is included: give 0.

    Raises:
        UnknownHour, InvalidMinutes, InvalidAmount: in French.
    """
    try:
        rate = tariff.hour_rate(kind)
    except KeyError:
        raise UnknownHour(f"« {kind} » n'est pas une heure du tarif.") from None
    check_minutes(minutes)
    if not km.is_finite() or not 0 <= km <= FARTHEST:
        raise InvalidAmount(f"« {km} » km : une distance entre 0 et {FARTHEST} km est attendue.")
    return HourPrice(rate, tariff.kilometre, minutes, km)
