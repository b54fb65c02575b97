"""What this room asks of staff: people who ask for an access and wait for an answer."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import AccessRequest
from portal.accounts.rules import may_answer_access
from portal.registry import Queue, QueueItem, Viewer
from portal.web import AREA

KIND = "demandes-d-acces"
DESK = f"{AREA}/bureau/demandes-d-acces"


def _items(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if viewer.organisation_id is not None or not may_answer_access(viewer.roles):
        return
    waiting = select(AccessRequest).where(AccessRequest.handled_at.is_(None)).order_by(AccessRequest.created_at)
    for request in session.scalars(waiting):
        # Neither the law nor the CGV set a day for an answer.
        yield QueueItem(
            kind=KIND,
            title=request.organisation_name,
            detail=f"{request.name} demande un accès",
            url=f"{DESK}/{request.id}",
            since=request.created_at,
        )


QUEUE = Queue(KIND, "Demandes d'accès", _items)
