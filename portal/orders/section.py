"""What staff see of a client's orders on the page of that client."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import PARIS
from portal.french import long_date, money
from portal.orders.links import DESK
from portal.orders.models import Order
from portal.orders.progress_actions import progress_of
from portal.registry import ClientSection, SectionRow, Viewer


def _rows(session: Session, organisation_id: int, _: Viewer) -> Iterator[SectionRow]:
    found = select(Order).where(Order.organisation_id == organisation_id).order_by(Order.id.desc())
    for order in session.scalars(found):
        placed = long_date(order.placed_at.astimezone(PARIS).date())
        yield SectionRow(
            title=order.lines[0].label,
            detail=f"{order.reference}, le {placed}, {money(order.totals.gross)} TTC",
            url=f"{DESK}/{order.reference}",
            tag=progress_of(session, order).standing.label,
        )


SECTION = ClientSection(
    "orders", "Commandes", _rows, "Aucune commande\u00a0: un devis accepté par les deux parties en devient une.",
    all_at=lambda organisation_id: f"{DESK}/?client={organisation_id}",
)  # fmt: skip
