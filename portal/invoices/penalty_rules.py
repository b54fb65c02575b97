"""What a delay costs, worked out step by step under each text. Pure; an estimate, never a bill.

CGV 7.4: a multiple of the legal rate on the whole sum still due. Beside it, for staff alone: the legal floor, the
statutory default, and the regime of public buyers. Partial payments count from the day after them; what a credit
note took off was never owed; a disputed part is left out for as long as it is disputed.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from portal.invoices.payment_rules import Account, Regime
from portal.terms.law import Law
from portal.terms.money import round_cents
from portal.terms.penalty import Period, periods


@dataclass(frozen=True, slots=True)
class PenaltyStep:
    """Days of one half-year over which one sum was late. ``rate`` is per cent a year; None where it is not known."""

    period: Period
    base: Decimal | None  # the legal rate, or the ECB's
    rate: Decimal | None

    @property
    def interest(self) -> Fraction | None:
        """Exact euros; None where the rate is not known."""
        return None if self.rate is None else self.period.simple(self.rate)

    @property
    def shown(self) -> Decimal | None:
        """The same to the cent, for the eye: the total is rounded once, and not from these."""
        return None if self.interest is None else round_cents(self.interest)


@dataclass(frozen=True, slots=True)
class PenaltyEstimate:
    """One text applied to one invoice, through a day."""

    regime: Regime
    principal: Decimal  # what was late at first
    until: date
    steps: tuple[PenaltyStep, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Half-years whose rate is not in the data, in order, each once."""
        return tuple(dict.fromkeys(step.period.half_year for step in self.steps if step.rate is None))

    @property
    def known_until(self) -> date | None:
        """The last day of what could be worked out."""
        known = [step.period.last for step in self.steps if step.rate is not None]
        return max(known) if known else None

    @property
    def days(self) -> int:
        """How many days of delay there are, with or without a rate."""
        return (self.steps[-1].period.last - self.steps[0].period.first).days + 1 if self.steps else 0

    @property
    def total(self) -> Decimal:
        """The sum of what could be worked out, to the cent, rounded once."""
        return round_cents(sum((step.interest or Fraction() for step in self.steps), Fraction()))


@dataclass(frozen=True, slots=True)
class Late:
    """The delay of one invoice: what was late, since when, until when, and what came in meanwhile."""

    principal: Decimal
    due_on: date
    until: date
    payments: tuple[tuple[date, Decimal], ...]
    paid_off: bool

    @property
    def periods(self) -> tuple[Period, ...]:
        return periods(self.principal, self.due_on, self.until, self.payments)


def delay(account: Account, today: date) -> Late | None:
    """The delay of an invoice, past or present; None when it has none.

    What was paid by the due day, what a credit note took off, and what is disputed is no part of it.
    """
    if account.is_credit or account.due_on is None:
        return None
    due = account.due_on
    principal = account.payable - account.disputed_left - account.promised_left - sum(
        (each.amount for each in account.payments if each.credit or each.day <= due), Decimal(0)
    )  # fmt: skip
    rest, counted = principal, []
    for each in sorted((each for each in account.payments if not each.credit), key=lambda each: each.day):
        if each.day <= due or each.day > today or rest <= 0:
            continue
        taken = min(each.amount, rest)
        counted.append((each.day, taken))
        rest -= taken
    until = today if rest > 0 else (counted[-1][0] if counted else due)
    if principal <= 0 or until <= due:
        return None
    return Late(principal, due, until, tuple(counted), paid_off=rest <= 0)


def estimate(late: Late, law: Law, regime: Regime, multiple: Decimal | None = None) -> PenaltyEstimate:
    """One text applied to a delay; ``multiple`` is the clause's, for the clause."""
    parts = late.periods
    steps = []
    for part in parts:
        # A public buyer's delay keeps the rate of the half-year in which it began (R2192-31).
        half = parts[0].half_year if regime is Regime.PUBLIC else part.half_year
        steps.append(PenaltyStep(part, *_rate(law, regime, half, multiple)))
    return PenaltyEstimate(regime, late.principal, late.until, tuple(steps))


def _rate(law: Law, regime: Regime, half: str, multiple: Decimal | None) -> tuple[Decimal | None, Decimal | None]:
    """(the rate that the text starts from, the rate that it comes to), per cent a year."""
    if regime in {Regime.CLAUSE, Regime.FLOOR}:
        times = law.penalty_floor if regime is Regime.FLOOR else multiple
        if times is None:
            raise ValueError("the clause's multiple is needed")
        base = law.legal_rates.get(half)
        return base, None if base is None else base * times
    points = law.public_points if regime is Regime.PUBLIC else law.statutory_points
    base = law.ecb_rates.get(half)
    return base, None if base is None else base + points
