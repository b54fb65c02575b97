"""A client's invoices on the staff's page of it."""

from collections.abc import Iterator

from flask import url_for
from sqlalchemy.orm import Session

from portal.french import amount, long_date
from portal.invoices.queue import STAFF
from portal.invoices.searching import of_client, read
from portal.registry import ClientSection, SectionRow, Viewer
from portal.web import services, today

#: Beyond that the list itself is the place.
MOST = 100


def _rows(session: Session, organisation: int, viewer: Viewer) -> Iterator[SectionRow]:
    if STAFF.isdisjoint(viewer.roles):
        return
    for row in read(session, services().library, of_client(organisation), today(), limit=MOST):
        left = f", reste {amount(row.account.left, row.invoice.currency)}" if row.account.left else ""
        yield SectionRow(
            row.invoice.title,
            f"émise le {long_date(row.invoice.issued_on)}, {amount(row.invoice.payable, row.invoice.currency)}{left}",
            url_for("invoices_desk.show", number=row.invoice.id),
            f"{row.standing.label}, contestée" if row.held_back else row.standing.label,
        )  # fmt: skip


SECTION = ClientSection(
    "factures",
    "Factures",
    _rows,
    "Ses factures s'affichent ici dès qu'elles sont importées.",
    all_at=lambda _: url_for("invoices_desk.index"),
)
