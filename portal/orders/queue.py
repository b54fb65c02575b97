"""What orders ask of people: amendments that wait for an answer, notices and suspensions whose day has come."""

from collections.abc import Callable, Iterator
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.orders.amendment_rules import may_sign
from portal.orders.clauses import version_of
from portal.orders.links import CLIENT, DESK
from portal.orders.models import Order
from portal.orders.progress_actions import progress_of
from portal.orders.progress_models import Amendment, Decision, OrderEvent
from portal.orders.progress_rules import Ground, Side, rights
from portal.registry import Priority, Queue, QueueItem, Viewer
from portal.terms import Library

KIND = "commandes"
LABEL = "Commandes"


def staff_queue(library: Callable[[], Library], today: Callable[[], date]) -> Queue:
    """The queue of the desk: it needs the terms, for the days it tells are theirs."""

    def items(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
        if viewer.organisation_id is not None or not may_sign(viewer.roles, staff=True):
            return
        yield from _waiting(session, Side.PROVIDER, None, DESK)
        touched = select(OrderEvent.order_id).distinct()
        for order in session.scalars(select(Order).where(Order.id.in_(touched)).order_by(Order.id)):
            now, version = progress_of(session, order), version_of(library(), order.terms_slug)
            for notice in () if now.over else now.notices:
                if notice.received_on is None and not notice.answered:
                    words = f"{order.reference}, réception de la mise en demeure à enregistrer"
                    yield _item(order, words, DESK, Priority.NORMAL)
            for right in rights(now, Side.PROVIDER, version) if version else ():
                if right.is_open(today()) and right.ground is not Ground.LATE_PAYMENT:
                    words = f"{order.reference}, résiliation possible depuis le {right.first_day:%d/%m/%Y}"
                    yield _item(order, words, DESK, Priority.HIGH)

    return Queue(KIND, LABEL, items)


def _client_items(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if viewer.organisation_id is not None and may_sign(viewer.roles, staff=False):
        yield from _waiting(session, Side.CLIENT, viewer.organisation_id, CLIENT)


def _waiting(session: Session, side: Side, organisation: int | None, base: str) -> Iterator[QueueItem]:
    """Amendments that wait for one side."""
    found = select(Amendment).join(Order).outerjoin(Decision).where(Decision.id.is_(None), Amendment.side == side.other)
    if organisation is not None:
        found = found.where(Order.organisation_id == organisation)
    for amendment in session.scalars(found.order_by(Amendment.id)):
        order = amendment.order
        title = order.organisation.legal_name if organisation is None else f"{amendment.kind.label} proposée"
        yield QueueItem(
            kind=KIND, title=title, detail=f"{amendment.reference} à la commande {order.reference}, réponse attendue",
            url=f"{base}/{order.reference}/avenants/{amendment.reference}", since=amendment.proposed_at,
        )  # fmt: skip


def _item(order: Order, words: str, base: str, priority: Priority) -> QueueItem:
    return QueueItem(
        kind=KIND, title=order.organisation.legal_name, detail=words, url=f"{base}/{order.reference}",
        since=order.placed_at, priority=priority,
    )  # fmt: skip


CLIENT_QUEUE = Queue(KIND, LABEL, _client_items)
