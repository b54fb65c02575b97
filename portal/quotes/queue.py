"""What this room asks of staff: requests whose author waits for an answer."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.quotes.links import DESK
from portal.quotes.request_models import QuoteRequest
from portal.quotes.request_rules import WAITING, State, may_answer
from portal.registry import Priority, Queue, QueueItem, Viewer

KIND = "demandes-de-devis"


def _items(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if viewer.organisation_id is not None or not may_answer(viewer.roles):
        return
    waiting = select(QuoteRequest).where(QuoteRequest.state.in_(WAITING)).order_by(QuoteRequest.waiting_since)
    for request in session.scalars(waiting):
        # Neither the law nor the CGV set a day for an answer: who never had one comes first.
        new = request.state is State.RECEIVED
        yield QueueItem(
            kind=KIND,
            title=request.organisation,
            detail=f"{request.reference}, {'première réponse à donner' if new else 'le demandeur a écrit'}",
            url=f"{DESK}/{request.reference}",
            since=request.waiting_since,
            priority=Priority.HIGH if new else Priority.NORMAL,
        )


QUEUE = Queue(KIND, "Demandes de devis", _items)
