"""What imports ask of staff: to look at files that were refused."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.rules import StaffRole
from portal.invoices.links import DESK
from portal.invoices.models import Invoice, InvoiceImport
from portal.invoices.rules import Import
from portal.registry import Queue, QueueItem, Viewer

KIND = "fichiers-refuses"
WAITING = f"{DESK}/imports"
MAY_SETTLE = frozenset({StaffRole.BILLING, StaffRole.ADMINISTRATOR})


def waiting(session: Session, *, limit: int | None = None, offset: int = 0) -> Sequence[InvoiceImport]:
    """What nobody has settled, the oldest first: invoices that no client was found for, then files that were refused."""
    asked = _waiting(select(InvoiceImport)).order_by(
        InvoiceImport.status.desc(), InvoiceImport.imported_at, InvoiceImport.id
    )
    return session.scalars(asked.limit(limit).offset(offset)).all()


def count_waiting(session: Session) -> dict[Import, int]:
    """How many of each there are."""
    counted = _waiting(select(InvoiceImport.status, func.count())).group_by(InvoiceImport.status)
    return {status: number for status, number in session.execute(counted)}  # noqa: C416 - rows are no pairs to mypy


def _waiting(query: Any) -> Any:
    return query.outerjoin(Invoice, Invoice.id == InvoiceImport.invoice_id).where(
        InvoiceImport.handled_at.is_(None),
        or_(InvoiceImport.status == Import.REJECTED, Invoice.organisation_id.is_(None)),
    )


def _items(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    """Refused files; an invoice without a client waits in the queue of those."""
    if viewer.organisation_id is not None or not MAY_SETTLE & viewer.roles:
        return
    for each in waiting(session):
        if each.status is Import.REJECTED:
            number = each.answer["number"]
            yield QueueItem(
                kind=KIND, title=f"Facture {number}" if number else each.name.rpartition("/")[2],
                detail="fichier refusé à l'import", url=f"{WAITING}/{each.id}", since=each.imported_at,
            )  # fmt: skip


QUEUE = Queue(KIND, "Fichiers refusés", _items)
