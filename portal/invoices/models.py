"""Tables of the invoices as they were issued, and of the files they came in."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation
from portal.db import Base, Exact, UtcDateTime, one_of
from portal.files.models import StoredFile
from portal.invoices.document import CREDIT_NOTES, SHARED_FILES, Nature, type_words
from portal.invoices.payment_rules import Settling
from portal.invoices.rules import Import, TermsFrom

DIGEST = 64


class Invoice(Base):
    """One invoice or credit note, as its file gives it.

    Without an organisation it is unmatched: it waits for staff, no client sees it. ``terms_*`` is the version that
    governs it; None for one issued before the first version.
    """

    __tablename__ = "invoice"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(100))
    type_code: Mapped[str] = mapped_column(String(3))
    syntax: Mapped[str] = mapped_column(String(20))
    profile: Mapped[str] = mapped_column(String(100))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    file_sha256: Mapped[str] = mapped_column(String(DIGEST), index=True)  # a CSV file may hold several invoices
    issued_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date)  # as printed; a deferral does not change it
    currency: Mapped[str] = mapped_column(String(3))
    seller: Mapped[str] = mapped_column(String(200))
    seller_vat: Mapped[str] = mapped_column(String(20))
    seller_key: Mapped[str] = mapped_column(String(200))  # who numbers: the VAT number, else the SIREN, else the name
    buyer: Mapped[str] = mapped_column(String(200))
    buyer_vat: Mapped[str] = mapped_column(String(20))
    buyer_siren: Mapped[str] = mapped_column(String(9))
    parties: Mapped[dict[str, Any]] = mapped_column(JSON)  # both, whole, as read
    net: Mapped[Decimal | None] = mapped_column(Exact)
    tax: Mapped[Decimal | None] = mapped_column(Exact)
    gross: Mapped[Decimal] = mapped_column(Exact)
    payable: Mapped[Decimal] = mapped_column(Exact)  # what is to be paid: BT-115, else the gross
    prepaid: Mapped[Decimal | None] = mapped_column(Exact)
    rounding: Mapped[Decimal | None] = mapped_column(Exact)
    adjustments: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    purchase_order: Mapped[str] = mapped_column(String(200))
    sales_order: Mapped[str] = mapped_column(String(200))
    contract: Mapped[str] = mapped_column(String(200))
    preceding: Mapped[list[str]] = mapped_column(JSON)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)  # what is shown and not reckoned with: notes, period, …
    findings: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    matched_by: Mapped[str | None] = mapped_column(String(20))  # vat, siren, person
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    available_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when its client could first see it
    came_late: Mapped[bool] = mapped_column(default=False, server_default=false())  # well after its issue
    late_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # staff took note that it came late
    terms_slug: Mapped[str | None] = mapped_column(String(40))
    terms_sha256: Mapped[str | None] = mapped_column(String(DIGEST))
    terms_from: Mapped[TermsFrom | None] = mapped_column(one_of(TermsFrom, 20))
    reminders_stopped: Mapped[str | None] = mapped_column(Text)  # why staff send none for this one
    evidence: Mapped[list[int]] = mapped_column(JSON, default=list)

    # What its payments, deferrals and disputes leave of it (holding.restand): the lists are read by these.
    settling: Mapped[Settling] = mapped_column(one_of(Settling), server_default=Settling.ASKED)
    remaining: Mapped[Decimal] = mapped_column(Exact, server_default="0")
    claimable: Mapped[Decimal] = mapped_column(Exact, server_default="0")
    disputed_left: Mapped[Decimal] = mapped_column(Exact, server_default="0")
    due_day: Mapped[date | None] = mapped_column(Date)  # a deferral counted
    searched: Mapped[str] = mapped_column(
        Text, deferred=True, server_default=text("''")
    )  # all that is looked at, folded

    file: Mapped[StoredFile] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    lines: Mapped[list["InvoiceLine"]] = relationship(
        back_populates="invoice", order_by="InvoiceLine.position", cascade="all, delete-orphan"
    )
    taxes: Mapped[list["InvoiceTax"]] = relationship(order_by="InvoiceTax.id", cascade="all, delete-orphan")

    __table_args__ = (
        UniqueConstraint("seller_key", "number"),
        CheckConstraint("(organisation_id IS NULL) = (available_at IS NULL)", name="seen_when_matched"),
        CheckConstraint("(organisation_id IS NULL) = (matched_by IS NULL)", name="matched_somehow"),
        CheckConstraint("(terms_slug IS NULL) = (terms_sha256 IS NULL)", name="terms_whole"),
        # Each list is read along an index, from where its page begins.
        Index("ix_invoice_organisation", "organisation_id", "issued_on", "id"),
        Index("ix_invoice_issued", "issued_on", "id"),
        Index("ix_invoice_settling", "settling", "due_day", "organisation_id"),
        Index("ix_invoice_client_settling", "organisation_id", "settling", "due_day"),
        Index("ix_invoice_late", "came_late", "late_seen_at"),
        Index("ix_invoice_number", "number"),
    )

    @property
    def is_credit(self) -> bool:
        """Whether it gives money back."""
        return self.type_code in CREDIT_NOTES

    @property
    def has_own_file(self) -> bool:
        """Whether its file is this invoice alone: an export may hold other clients' too, and is for staff only (article 12)."""
        return self.syntax not in SHARED_FILES

    @property
    def title(self) -> str:
        """``Facture F-2026-12``, ``Avoir A-3``."""
        return f"{type_words(self.type_code)} {self.number}"

    @property
    def the(self) -> str:
        """The same inside a sentence: ``la facture F-2026-12``, ``l'avoir A-3``."""
        return (
            f"l'{self.title[0].lower()}{self.title[1:]}"
            if self.title[0] == "A"
            else f"la {self.title[0].lower()}{self.title[1:]}"
        )


class InvoiceLine(Base):
    """One line, as read."""

    __tablename__ = "invoice_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    position: Mapped[int]
    number: Mapped[str] = mapped_column(String(50))
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    quantity: Mapped[Decimal | None] = mapped_column(Exact)
    unit: Mapped[str] = mapped_column(String(20))
    unit_price: Mapped[Decimal | None] = mapped_column(Exact)
    price_base: Mapped[Decimal | None] = mapped_column(Exact)
    net: Mapped[Decimal | None] = mapped_column(Exact)
    vat_category: Mapped[str] = mapped_column(String(5))
    vat_rate: Mapped[Decimal | None] = mapped_column(Exact)
    adjustments: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    nature: Mapped[Nature] = mapped_column(one_of(Nature, 20))

    invoice: Mapped[Invoice] = relationship(back_populates="lines")

    __table_args__ = (UniqueConstraint("invoice_id", "position"),)


class InvoiceTax(Base):
    """The VAT of one rate, as read."""

    __tablename__ = "invoice_tax"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    category: Mapped[str] = mapped_column(String(5))
    rate: Mapped[Decimal | None] = mapped_column(Exact)
    basis: Mapped[Decimal | None] = mapped_column(Exact)
    amount: Mapped[Decimal | None] = mapped_column(Exact)
    exemption: Mapped[str] = mapped_column(Text)


class InvoiceImport(Base):
    """One file that somebody brought, and what became of it.

    ``answer`` is the JSON line that the import printed. A rejected file is kept where it could be
    (``file_id``), beside the invoice that it contradicts, until a person has looked.
    """

    __tablename__ = "invoice_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(400))
    origin: Mapped[str] = mapped_column(String(20))  # command, upload, folder
    status: Mapped[Import] = mapped_column(one_of(Import, 20))
    sha256: Mapped[str | None] = mapped_column(String(DIGEST), index=True)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    imported_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    file: Mapped[StoredFile | None] = relationship()
    invoice: Mapped[Invoice | None] = relationship()

    __table_args__ = (Index("ix_invoice_import_status", "status", "handled_at"),)
