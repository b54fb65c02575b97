"""Invoices as a list shows them: where each stands today, what may still be disputed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from portal.invoices.dispute_models import Dispute
from portal.invoices.dispute_rules import Clock
from portal.invoices.governing import dispute_clock, version_of
from portal.invoices.holding import Held, held_of
from portal.invoices.models import Invoice
from portal.invoices.payment_rules import Account, Standing
from portal.terms import Library, Version


@dataclass(frozen=True, slots=True)
class Row:
    """One invoice on one day."""

    invoice: Invoice
    held: Held
    account: Account
    standing: Standing
    version: Version | None
    clock: Clock | None
    today: date

    @property
    def disputes(self) -> list[Dispute]:
        """Those that are not over."""
        return [each for each in self.held.disputes if not each.over]

    @property
    def disputed(self) -> bool:
        """Whether a disagreement is open; it may be overdue at the same time."""
        return bool(self.disputes)

    @property
    def held_back(self) -> bool:
        """Whether one of them is in time or admitted: its part leaves reminders and penalties."""
        return any(each.holds_back for each in self.disputes)

    @property
    def may_dispute(self) -> bool:
        """Whether a dispute sent today would be in time."""
        return self.clock is not None and self.clock.in_time(self.today)


def row_of(library: Library, invoice: Invoice, held: Held, today: date) -> Row:
    """One invoice on one day."""
    account = held.account(invoice)
    version = version_of(library, invoice.terms_slug)
    clock = dispute_clock(version, invoice.issued_on)
    return Row(invoice, held, account, account.standing(today), version, clock, today)


def rows_of(session: Session, library: Library, invoices: Sequence[Invoice], today: date) -> list[Row]:
    """Several invoices on one day, in the order given."""
    known = held_of(session, invoices)
    return [row_of(library, invoice, known[invoice.id], today) for invoice in invoices]
