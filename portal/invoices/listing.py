"""Invoices as a list shows them: where each stands, what may still be disputed, the sums, the search."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from portal.invoices.dispute_models import Dispute
from portal.invoices.dispute_rules import Clock
from portal.invoices.governing import dispute_clock, version_of
from portal.invoices.models import Invoice, InvoiceImport, InvoiceLine
from portal.invoices.payment_actions import Held, held_of
from portal.invoices.payment_rules import Account, Standing
from portal.invoices.rules import Import
from portal.terms import Library, Version

PAGE = 50


class Kept(StrEnum):
    """What a list keeps; the values stand in its address."""

    ALL = ""
    DUE = "a-payer"
    OVERDUE = "en-retard"
    DISPUTED = "contestees"
    OPEN = "contestables"
    PAID = "payees"
    CREDITS = "avoirs"

    @property
    def label(self) -> str:
        """The name of the filter."""
        return _KEPT[self]


_KEPT = {
    Kept.ALL: "Toutes", Kept.DUE: "À payer", Kept.OVERDUE: "En retard", Kept.DISPUTED: "Contestées",
    Kept.OPEN: "À vérifier", Kept.PAID: "Payées", Kept.CREDITS: "Avoirs",
}  # fmt: skip


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

    def keeps(self, kept: Kept) -> bool:
        """Whether a filter keeps it. What is overdue is also to be paid."""
        match kept:
            case Kept.DUE:
                return self.standing in {Standing.DUE, Standing.UNDATED, Standing.OVERDUE}
            case Kept.OVERDUE:
                return self.standing is Standing.OVERDUE
            case Kept.DISPUTED:
                return self.disputed
            case Kept.OPEN:
                return self.may_dispute and not self.held.disputes
            case Kept.PAID:
                return self.standing is Standing.PAID
            case Kept.CREDITS:
                return self.standing is Standing.CREDIT
            case _:
                return True


@dataclass(frozen=True, slots=True)
class Sums:
    """What is asked in one currency."""

    currency: str
    left: Decimal
    overdue: Decimal  # what is late and not disputed
    disputed: Decimal


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


def of_organisation(session: Session, organisation_id: int) -> list[Invoice]:
    """Everything a client may see, the latest first."""
    found = select(Invoice).where(Invoice.organisation_id == organisation_id)
    return list(session.scalars(found.order_by(Invoice.issued_on.desc(), Invoice.id.desc())))


def search(session: Session, rows: Iterable[Row], words: str) -> list[Row]:
    """Those that hold every word: number, buyer, references, lines, amounts as a reader types them."""
    wanted = [_folded(word) for word in words.split()]
    if not wanted:
        return list(rows)
    rows = list(rows)
    lines: dict[int, list[str]] = {row.invoice.id: [] for row in rows}
    if rows:
        named = select(InvoiceLine.invoice_id, InvoiceLine.name, InvoiceLine.description)
        ids = list(lines)
        for start in range(0, len(ids), 500):
            for number, name, description in session.execute(
                named.where(InvoiceLine.invoice_id.in_(ids[start : start + 500]))
            ):
                lines[number] += [name, description]
    return [row for row in rows if all(word in _text(row.invoice, lines[row.invoice.id]) for word in wanted)]


def sums(rows: Iterable[Row]) -> list[Sums]:
    """What is asked, by currency, the euro first."""
    found: dict[str, list[Decimal]] = {}
    for row in rows:
        left, overdue, disputed = found.setdefault(row.invoice.currency, [Decimal(0)] * 3)
        late = row.account.claimable if row.standing is Standing.OVERDUE else Decimal(0)
        found[row.invoice.currency] = [
            left + row.account.left, overdue + late, disputed + row.account.disputed_left
        ]  # fmt: skip
    ordered = sorted(found, key=lambda currency: (currency != "EUR", currency))
    return [Sums(currency, *found[currency]) for currency in ordered]


def count_unmatched(session: Session) -> int:
    """How many wait for staff to say whose they are."""
    return session.scalar(select(func.count()).select_from(unmatched().subquery())) or 0


def unmatched() -> Select[Invoice]:
    """Invoices that wait for staff to say whose they are: without a client, and not set aside."""
    aside = exists().where(
        InvoiceImport.invoice_id == Invoice.id,
        InvoiceImport.status == Import.UNMATCHED,
        InvoiceImport.handled_at.is_not(None),
    )
    return select(Invoice).where(Invoice.organisation_id.is_(None), ~aside).order_by(Invoice.id)


def _text(invoice: Invoice, lines: Sequence[str]) -> str:
    gross = f"{invoice.gross:.2f}"
    return _folded(
        "\n".join(
            (
                invoice.title, invoice.buyer, invoice.seller, invoice.purchase_order, invoice.sales_order, invoice.contract,
                invoice.issued_on.strftime("%d/%m/%Y %Y-%m-%d"), gross, gross.replace(".", ","), *lines,
            )
        )
    )  # fmt: skip


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
