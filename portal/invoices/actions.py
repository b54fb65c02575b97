"""The verbs of an invoice as issued: add one, give it its client. Each is in the caller's transaction."""

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.evidence.actions import record
from portal.files.models import StoredFile
from portal.invoices.behind import named_contracts, named_orders
from portal.invoices.document import Nature, ReadInvoice, ReadLine, ReadParty
from portal.invoices.governing import Governing, in_force
from portal.invoices.holding import Held, write_account
from portal.invoices.letters import Letters
from portal.invoices.models import Invoice, InvoiceLine, InvoiceTax
from portal.invoices.payment_actions import settle_preceding
from portal.invoices.rules import TermsFrom, came_late
from portal.invoices.searching import searched_text
from portal.invoices.work_actions import link_named
from portal.orders.rules import LineKind
from portal.terms import Library


class InvoiceError(Exception):
    """A refusal of this room; the message is French."""


class NumberTaken(InvoiceError):
    """This seller has issued this number already; ``invoice`` (and its number) is the one there is."""

    def __init__(self, invoice: Invoice) -> None:
        self.invoice, self.invoice_id = invoice, invoice.id
        super().__init__(f"Le numéro {invoice.number} est déjà pris par une autre facture du même émetteur.")


class AlreadyMatched(InvoiceError):
    """The invoice has its client."""


def seller_key(seller: ReadParty) -> str:
    """Who numbers: the VAT number, else the SIREN, else the name without case nor idle spaces."""
    return seller.vat_number or seller.siren or seller.swiss_uid or " ".join(seller.name.split()).casefold()


def find_numbered(session: Session, seller: ReadParty, number: str) -> Invoice | None:
    """The invoice that this seller issued under this number."""
    return session.scalars(
        select(Invoice).where(
            Invoice.seller_key == seller_key(seller)[:200], Invoice.number == " ".join(number.split())[:100]
        )
    ).first()


def add_invoice(
    session: Session, read: ReadInvoice, *, file: StoredFile, organisation: Organisation | None,
    matched_by: str | None, library: Library, letters: Letters, announce: bool = True, at: datetime,
) -> Invoice:  # fmt: skip
    """Keep an invoice as it was read, in the caller's transaction; announce it to its client (7.4).

    Without an organisation it is unmatched and waits for staff. ``matched_by`` is ``vat``, ``siren`` or ``person``.

    Raises:
        NumberTaken: the seller has issued this number already, even a moment ago by another import.
    """
    invoice = _row(read, file, at)
    try:
        with session.begin_nested():
            session.add(invoice)
            session.flush()
    except IntegrityError as error:
        held = find_numbered(session, read.seller, read.number)
        if held is None:
            raise
        raise NumberTaken(held) from error
    entry = record(
        session, "invoices.imported",
        {"invoice": invoice.id, "number": invoice.number, "seller": invoice.seller_key, "file": invoice.file_sha256},
        at=at,
    )  # fmt: skip
    invoice.evidence = [entry.seq]
    _govern(invoice, in_force(library, read.issued_on))
    if organisation is not None and matched_by is not None:
        _give(session, invoice, organisation, matched_by, by=None, letters=letters, announce=announce, at=at)
    session.flush()
    return invoice


def match_invoice(
    session: Session, invoice: Invoice, organisation: Organisation, *, by: Person, letters: Letters, at: datetime
) -> None:
    """Staff say whose invoice it is: from now on its client sees it.

    Raises:
        AlreadyMatched: a colleague was faster.
    """
    session.refresh(invoice, with_for_update=True)
    if invoice.organisation_id is not None:
        raise AlreadyMatched("Cette facture est déjà rattachée à un client.")
    _give(session, invoice, organisation, "person", by=by, letters=letters, announce=True, at=at)
    session.flush()


def note_lateness(invoice: Invoice, *, by: Person, at: datetime) -> None:
    """Staff have seen that an invoice came late to its client; twice is once."""
    if by.staff and invoice.late_seen_at is None:
        invoice.late_seen_at = at


def _give(
    session: Session, invoice: Invoice, organisation: Organisation, matched_by: str, *, by: Person | None,
    letters: Letters, announce: bool, at: datetime,
) -> None:  # fmt: skip
    invoice.organisation, invoice.organisation_id = organisation, organisation.id
    invoice.matched_by, invoice.available_at = matched_by, at
    late_after = letters.library.conventions["late_import"].days or 0
    invoice.came_late = came_late(invoice.issued_on, at, late_after, letters.library.law.days)
    invoice.searched = searched_text(invoice)
    session.flush()
    _govern(invoice, _agreed(session, invoice))
    _know_goods(session, invoice)
    entry = record(
        session, "invoices.made_available",
        {
            "invoice": invoice.id, "organisation": organisation.id, "matched_by": matched_by,
            "by": by.email if by else None, "terms": [invoice.terms_slug, invoice.terms_sha256],
        },
        at=at,
    )  # fmt: skip
    invoice.evidence = [*invoice.evidence, entry.seq]
    settle_preceding(session, invoice, at=at)
    link_named(session, invoice, at=at)
    if announce:
        letters.announced(session, invoice, at)


def _govern(invoice: Invoice, governing: Governing | None) -> None:
    if governing is not None:
        invoice.terms_slug, invoice.terms_sha256 = governing.slug, governing.sha256
        invoice.terms_from = governing.source


def _agreed(session: Session, invoice: Invoice) -> Governing | None:
    """The version of the order or contract that the invoice names; None where it names none, or several that differ."""
    for source, held in (
        (TermsFrom.ORDER, named_orders(session, invoice)),
        (TermsFrom.CONTRACT, named_contracts(session, invoice)),
    ):
        versions = {(each.terms_slug, each.terms_sha256) for each in held}
        if len(versions) == 1:
            return Governing(*versions.pop(), source)
    return None


def _know_goods(session: Session, invoice: Invoice) -> None:
    """What the order sold as goods is goods on its invoice (7.6), where the file does not say."""
    sold = {
        " ".join(line.label.split()).casefold(): line.kind
        for order in named_orders(session, invoice)
        for line in order.lines_in_force
    }
    for line in invoice.lines:
        kind = sold.get(" ".join(line.name.split()).casefold())
        if line.nature is Nature.UNKNOWN and kind is not None:
            line.nature = Nature.GOODS if kind is LineKind.GOODS else Nature.SERVICES


def _row(read: ReadInvoice, file: StoredFile, at: datetime) -> Invoice:
    invoice = Invoice(
        number=" ".join(read.number.split())[:100], type_code=read.type_code, syntax=read.syntax, profile=read.profile[:100],
        file=file, file_sha256=file.sha256, issued_on=read.issued_on, due_on=read.due_on, currency=read.currency,
        seller=read.seller.name[:200], seller_vat=read.seller.vat_number, seller_key=seller_key(read.seller)[:200],
        buyer=read.buyer.name[:200], buyer_vat=read.buyer.vat_number, buyer_siren=read.buyer.siren,
        parties={"seller": plain(read.seller), "buyer": plain(read.buyer)},
        net=read.net, tax=read.tax, gross=read.gross,
        payable=read.gross if read.payable is None else read.payable,
        prepaid=read.prepaid, rounding=read.rounding, adjustments=[plain(each) for each in read.adjustments],
        purchase_order=read.purchase_order[:200], sales_order=read.sales_order[:200], contract=read.contract[:200],
        preceding=list(read.preceding), findings=[plain(each) for each in read.findings],
        details={
            "notes": list(read.notes), "payment_terms": read.payment_terms, "project": read.project,
            "buyer_reference": read.buyer_reference, "business_process": read.business_process,
            "delivered_on": _plain(read.delivered_on), "period": _plain(read.period),
            "lines_total": _plain(read.lines_total),
        },
        imported_at=at,
        lines=[_line(line, position) for position, line in enumerate(read.lines, 1)],
        taxes=[
            InvoiceTax(
                category=tax.category[:5], rate=tax.rate, basis=tax.basis, amount=tax.amount, exemption=tax.exemption
            )
            for tax in read.taxes
        ],
        evidence=[],
    )  # fmt: skip
    invoice.searched = searched_text(invoice)
    write_account(invoice, Held((), (), (), ()).account(invoice))
    return invoice


def _line(line: ReadLine, position: int) -> InvoiceLine:
    return InvoiceLine(
        position=position, number=line.number[:50], name=line.name, description=line.description, note=line.note,
        quantity=line.quantity, unit=line.unit[:20], unit_price=line.unit_price, price_base=line.price_base,
        net=line.net, vat_category=line.vat_category[:5], vat_rate=line.vat_rate, nature=line.nature,
        adjustments=[plain(each) for each in line.allowances],
        details={
            "seller_reference": line.seller_reference, "order_line": line.order_line, "period": _plain(line.period),
        },
    )  # fmt: skip


def plain(value: Any) -> dict[str, Any]:
    """A read value as JSON: dates ISO, amounts as decimal strings."""
    return {name: _plain(each) for name, each in asdict(value).items()}


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case Enum():
            return value.value
        case tuple() | list():
            return [_plain(each) for each in value]
        case _:
            return value
