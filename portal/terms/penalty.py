"""Late penalty of 7.4: a multiple of the legal rate, simple interest, by half-year.

From the day after the due date through the day of payment, over 365 days in
leap years too, rounded once, at the end. A partial payment counts from the day
after it. The legal floor (Code de commerce L441-10 II) is for staff: they decide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from portal.terms.findings import TermsError
from portal.terms.law import JUNE, Law, half_year
from portal.terms.money import round_cents

YEAR = 365


class InvalidPeriod(TermsError):
    """Dates that cannot be a due date, a payment and an end in that order."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days of one half-year over which one sum was due."""

    half_year: str
    first: date
    last: date
    due: Decimal

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def simple(self, percent: Decimal) -> Fraction:
        """Exact euros at ``percent`` a year."""
        return Fraction(self.due) * Fraction(percent) * self.days / (100 * YEAR)


@dataclass(frozen=True, slots=True)
class PenaltyLine(Period):
    """The same with the legal rate of its half-year."""

    legal_rate: Decimal  # per cent a year

    def interest(self, multiple: Decimal) -> Fraction:
        """Exact euros at ``multiple`` times the legal rate."""
        return self.simple(multiple * self.legal_rate)


@dataclass(frozen=True, slots=True)
class Penalty:
    """What the clause gives (``penalty``) and what the law sets as the least (``floor``), euros to the cent."""

    lines: tuple[PenaltyLine, ...]
    multiple: Decimal
    floor_multiple: Decimal

    @property
    def days(self) -> int:
        return sum(line.days for line in self.lines)

    def _total(self, multiple: Decimal) -> Decimal:
        return round_cents(sum((line.interest(multiple) for line in self.lines), Fraction()))

    @property
    def penalty(self) -> Decimal:
        return self._total(self.multiple)

    @property
    def floor(self) -> Decimal:
        return self._total(self.floor_multiple)


def late_penalty(
    law: Law,
    multiple: Decimal,
    amount: Decimal,
    due: date,
    until: date,
    payments: Sequence[tuple[date, Decimal]] = (),
) -> Penalty:
    """Penalty on ``amount`` euros due on ``due``, through ``until`` (the day it was paid in full, or the day asked).

    Raises:
        InvalidPeriod: until before due, a payment outside them or above what is due.
        MissingLegalRate: naming the half-year whose rate is not known.
    """
    lines = tuple(
        PenaltyLine(part.half_year, part.first, part.last, part.due, law.legal_rate(part.half_year))
        for part in periods(amount, due, until, payments)
    )
    return Penalty(lines, multiple, law.penalty_floor)


def periods(
    amount: Decimal, due: date, until: date, payments: Sequence[tuple[date, Decimal]] = ()
) -> tuple[Period, ...]:
    """Over which days which sum was late, cut where a half-year ends or a payment came in.

    Raises:
        InvalidPeriod: until before due, a payment outside them or above what is due.
    """
    if until < due:
        raise InvalidPeriod(
            f"Le paiement ({until:%d/%m/%Y}) précède l’échéance ({due:%d/%m/%Y}) : rien n’est en retard."
        )
    found: list[Period] = []
    rest, start = amount, due + timedelta(days=1)
    for day, paid in sorted(payments):
        if not due <= day <= until or paid <= 0 or paid > rest:
            raise InvalidPeriod(
                f"Le paiement de {paid} € du {day:%d/%m/%Y} ne tient pas dans ce qui est dû ({rest} €)."
            )
        if rest:
            found += _split(rest, start, day)
        rest, start = rest - paid, day + timedelta(days=1)
    if rest:
        found += _split(rest, start, until)
    return tuple(found)


def _split(due: Decimal, first: date, last: date) -> Iterator[Period]:
    while first <= last:
        end = date(first.year, 6, 30) if first.month <= JUNE else date(first.year, 12, 31)
        stop = min(end, last)
        yield Period(half_year(first), first, stop, due)
        first = stop + timedelta(days=1)
