"""What is left to pay of an invoice, and since when. Pure.

CGV 7.4: what is unpaid on its day is late, unless a deferral was granted in writing; 7.6: goods stay the company's
until the whole price is paid, and a draft (traite) is no payment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from portal.terms.labelled import Labelled

ZERO = Decimal(0)


class Means(Labelled):
    """How money came in. A draft is not there: it is no payment (7.6)."""

    TRANSFER = "transfer", "Virement"
    DEBIT = "debit", "Prélèvement"
    CARD = "card", "Carte"
    CHEQUE = "cheque", "Chèque"
    CASH = "cash", "Espèces"
    OTHER = "other", "Autre moyen"
    CREDIT_NOTE = "credit_note", "Avoir"


class Regime(Labelled):
    """Under which text the company claims for a delay."""

    CLAUSE = "clause", "Pénalité des CGV"
    FLOOR = "floor", "Plancher légal"
    STATUTORY = "statutory", "Taux légal par défaut"
    PUBLIC = "public", "Acheteur public"


class Standing(Labelled):
    """Where an invoice stands with its payment; whether it is disputed is another question."""

    CREDIT = "credit", "Avoir"
    PAID = "paid", "Payée"
    DUE = "due", "À payer"
    OVERDUE = "overdue", "En retard"
    UNDATED = "undated", "À payer, sans échéance"


class Settling(StrEnum):
    """What an invoice still asks, whatever the day: what the lists are read by."""

    ASKED = "asked"
    HELD = "held"  # all that is left is disputed, or given up for a credit note to come
    PAID = "paid"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment that counts."""

    day: date
    amount: Decimal
    credit: bool = False  # a credit note: less was owed from the start


@dataclass(frozen=True, slots=True)
class Account:
    """What an invoice asks, what came in, what is disputed, and the day it is due (a deferral counted)."""

    payable: Decimal
    is_credit: bool
    due_on: date | None
    payments: tuple[Paid, ...] = ()
    disputed: Decimal = ZERO
    promised: Decimal = ZERO  # credits granted to a dispute, whose credit notes have not come yet

    @property
    def paid(self) -> Decimal:
        """Everything received, credit notes set against it included."""
        return sum((each.amount for each in self.payments), ZERO)

    @property
    def left(self) -> Decimal:
        """What is still to pay; nothing for a credit note or what was paid in excess."""
        return ZERO if self.is_credit else max(self.payable - self.paid, ZERO)

    @property
    def over(self) -> Decimal:
        """What was paid beyond it."""
        return ZERO if self.is_credit else max(self.paid - max(self.payable, ZERO), ZERO)

    @property
    def disputed_left(self) -> Decimal:
        """The disputed part of what is still to pay: what the client holds back counts first as disputed."""
        return min(self.disputed, self.left)

    @property
    def promised_left(self) -> Decimal:
        """What of the rest a credit note to come takes off."""
        return min(self.promised, self.left - self.disputed_left)

    @property
    def claimable(self) -> Decimal:
        """What reminders and penalties may speak of: what is left, neither disputed nor given up by the company."""
        return self.left - self.disputed_left - self.promised_left

    @property
    def settling(self) -> Settling:
        """What it still asks, whatever the day."""
        if self.is_credit or self.payable < 0:
            return Settling.CREDIT
        if not self.left:
            return Settling.PAID
        return Settling.ASKED if self.claimable else Settling.HELD

    def standing(self, today: date) -> Standing:
        """Where it stands on a day; the due day itself is not late."""
        if self.settling is Settling.CREDIT:
            return Standing.CREDIT
        if self.settling is Settling.PAID:
            return Standing.PAID
        if self.due_on is None:
            return Standing.UNDATED
        return Standing.OVERDUE if self.due_on < today else Standing.DUE

    def days_late(self, today: date) -> int:
        """Civil days since the due day; none when it is not late."""
        if self.standing(today) is not Standing.OVERDUE or self.due_on is None:
            return 0
        return (today - self.due_on).days


def due_day(printed: date | None, deferrals: Sequence[date]) -> date | None:
    """The day that counts: the last deferral granted in writing, else the printed day (7.4)."""
    return deferrals[-1] if deferrals else printed


def fits(amount: Decimal, left: Decimal) -> bool:
    """Whether a payment stays within what is left."""
    return ZERO < amount <= left


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Their sum, exact."""
    return sum(amounts, ZERO)
