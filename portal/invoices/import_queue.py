"""What imports ask of staff: to look at files that were refused."""

from collections.abc import Iterator, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.accounts.rules import StaffRole
from portal.invoices.links import DESK
from portal.invoices.models import Invoice, InvoiceImport
from portal.invoices.rules import Import
from portal.registry import Queue, QueueItem, Viewer

KIND = "fichiers-refuses"
WAITING = f"{DESK}/imports"
MAY_SETTLE = frozenset({StaffRole.BILLING, StaffRole.ADMINISTRATOR})


def waiting(session: Session) -> Sequence[InvoiceImport]:
    """What nobody has settled, the oldest first: files that were refused, invoices that no client was found for."""
    held = (
        select(InvoiceImport)
        .outerjoin(Invoice, Invoice.id == InvoiceImport.invoice_id)
        .where(
            InvoiceImport.handled_at.is_(None),
            or_(InvoiceImport.status == Import.REJECTED, Invoice.organisation_id.is_(None)),
        )
    )
    return session.scalars(held.order_by(InvoiceImport.imported_at, InvoiceImport.id)).all()


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
