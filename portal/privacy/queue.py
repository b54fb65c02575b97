"""What this room asks of staff: requests by the last day of their answer."""

from collections.abc import Callable, Iterator
from datetime import date

from sqlalchemy.orm import Session

from portal.privacy.actions import open_requests
from portal.privacy.links import DESK
from portal.privacy.recipients import still_to_tell
from portal.registry import Priority, Queue, QueueItem, Viewer
from portal.terms.law import Law

KIND = "donnees-personnelles"
ROLES = frozenset({"privacy", "administrator"})


def queue(law: Law, today: Callable[[], date]) -> Queue:
    """The queue of an installation."""

    def items(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
        if viewer.organisation_id is not None or ROLES.isdisjoint(viewer.roles):
            return
        for asked in open_requests(session):
            waits = asked.waiting_since is not None
            last = None if waits else asked.timing.last_day(law, today())
            yield QueueItem(
                kind=KIND,
                title=f"{asked.right.noun}\u00a0: {asked.name}",
                detail=f"{asked.reference}, {asked.standing.lower()}",
                url=f"{DESK}/{asked.reference}",
                since=asked.received_at,
                last_day=last,
                priority=Priority.LOW if waits else Priority.HIGH,
                before_all=last is not None and last < today(),
            )

        for asked in still_to_tell(session):
            yield QueueItem(
                kind=KIND, title=f"Destinataires à prévenir\u00a0: {asked.whose}",
                detail=f"{asked.reference}, {asked.right.noun.lower()}", url=f"{DESK}/{asked.reference}#destinataires",
                since=asked.closed_at or asked.received_at,
            )  # fmt: skip

    return Queue(KIND, "Demandes sur les données", items)
