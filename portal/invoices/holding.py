"""What is recorded on an invoice, and what that leaves of it.

The lists are read by what stands in the invoice's own row: whatever changes a payment, a deferral or a dispute
calls ``restand`` in the same transaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.invoices.dispute_models import Dispute
from portal.invoices.models import Invoice
from portal.invoices.payment_models import Claim, Deferral, Payment
from portal.invoices.payment_rules import Account, Means, Paid, due_day

#: What an invoice has several of.
T = TypeVar("T", Payment, Deferral, Claim, Dispute)
#: How many numbers one query names: engines take so many parameters, not more.
MOST = 500


@dataclass(frozen=True, slots=True)
class Held:
    """Everything that bears on what an invoice asks today, what was cancelled included."""

    payments: Sequence[Payment]
    deferrals: Sequence[Deferral]
    claims: Sequence[Claim]
    disputes: Sequence[Dispute]

    def account(self, invoice: Invoice) -> Account:
        """What is left, since when, and how much of it is disputed."""
        return Account(
            payable=invoice.payable,
            is_credit=invoice.is_credit,
            due_on=due_day(invoice.due_on, [each.until for each in self.deferrals if each.cancelled_at is None]),
            payments=tuple(
                Paid(each.day, each.amount, credit=each.means is Means.CREDIT_NOTE)
                for each in self.payments
                if each.cancelled_at is None
            ),
            disputed=sum((each.amount for each in self.disputes if each.holds_back), Decimal(0)),
            promised=self._promised(),
        )

    def _promised(self) -> Decimal:
        granted = [each for each in self.disputes if each.over and each.credited]
        if not granted:
            return Decimal(0)
        since = min(each.filed_at for each in granted)
        come = sum(
            (
                each.amount for each in self.payments
                if each.cancelled_at is None and each.means is Means.CREDIT_NOTE and each.recorded_at >= since
            ),
            Decimal(0),
        )  # fmt: skip
        return max(sum((each.credited or Decimal(0) for each in granted), Decimal(0)) - come, Decimal(0))

    @property
    def claim(self) -> Claim | None:
        """What the company claims now: the last one that stands."""
        standing = [each for each in self.claims if each.cancelled_at is None]
        return standing[-1] if standing else None


def held(session: Session, invoice: Invoice) -> Held:
    """What is recorded on one invoice."""
    return held_of(session, [invoice])[invoice.id]


def held_of(session: Session, invoices: Iterable[Invoice]) -> dict[int, Held]:
    """What is recorded on each of several invoices, in four queries."""
    ids = [invoice.id for invoice in invoices]
    payments, deferrals = _by_invoice(session, Payment, ids), _by_invoice(session, Deferral, ids)
    claims, disputes = _by_invoice(session, Claim, ids), _by_invoice(session, Dispute, ids)
    return {number: Held(payments[number], deferrals[number], claims[number], disputes[number]) for number in ids}


def _by_invoice(session: Session, model: type[T], ids: Sequence[int]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for start in range(0, len(ids), MOST):
        rows = select(model).where(model.invoice_id.in_(ids[start : start + MOST])).order_by(model.id)
        for row in session.scalars(rows):
            found[row.invoice_id].append(row)
    return found


def restand(session: Session, invoice: Invoice) -> None:
    """Write into its row what is left of an invoice now, and by which day."""
    session.flush()
    write_account(invoice, held(session, invoice).account(invoice))
    session.flush()


def write_account(invoice: Invoice, account: Account) -> None:
    """The same, from an account."""
    invoice.settling, invoice.due_day = account.settling, account.due_on
    invoice.remaining, invoice.claimable, invoice.disputed_left = account.left, account.claimable, account.disputed_left
