"""The table of the work behind an invoice: which interventions it is for, by its own words or by staff."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, UtcDateTime
from portal.invoices.models import Invoice, InvoiceLine
from portal.tickets.intervention_models import WorkIntervention


class InvoiceWork(Base):
    """One intervention behind an invoice, or behind one of its lines. What was wrong is taken back, and stays.

    ``linked_by`` is a name, or "import": then the ticket's reference stood in the invoice.
    """

    __tablename__ = "invoice_work"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_line.id"))
    intervention_id: Mapped[int] = mapped_column(ForeignKey("intervention.id"), index=True)
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    linked_by: Mapped[str] = mapped_column(String(200))
    linked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(String(200))

    invoice: Mapped[Invoice] = relationship()
    line: Mapped[InvoiceLine | None] = relationship()
    intervention: Mapped[WorkIntervention] = relationship()

    __table_args__ = (
        UniqueConstraint("invoice_id", "intervention_id"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone_by_somebody"),
    )
