"""What time asks of staff: contestations to answer, interventions begun and not counted."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.registry import Priority, Queue, QueueItem, Viewer
from portal.tickets.intervention_models import TimeContest, WorkIntervention
from portal.tickets.intervention_rules import Step, service_label
from portal.tickets.links import DESK
from portal.tickets.rules import may_handle

KIND = "temps"


def _items(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if viewer.organisation_id is not None or not may_handle(viewer.roles):
        return
    for contest in session.scalars(select(TimeContest).where(TimeContest.outcome.is_(None)).order_by(TimeContest.at)):
        ticket = contest.entry.intervention.ticket
        # 7.2 sets no day for the answer.
        yield QueueItem(
            kind=KIND, title=ticket.organisation.legal_name if ticket.organisation else ticket.creator_name,
            detail=f"{ticket.reference}\u00a0: {contest.by} conteste un temps, {service_label(contest.entry.service)}",
            url=f"{DESK}/{ticket.reference}/contestations/{contest.id}", since=contest.at, priority=Priority.HIGH,
        )  # fmt: skip
    for begun in session.scalars(
        select(WorkIntervention).where(WorkIntervention.step == Step.OPEN).order_by(WorkIntervention.began_at)
    ):
        ticket = begun.ticket
        yield QueueItem(
            kind=KIND, title=ticket.organisation.legal_name if ticket.organisation else ticket.creator_name,
            detail=f"{ticket.reference}\u00a0: temps noté, intervention à terminer",
            url=f"{DESK}/{ticket.reference}/temps", since=begun.began_at, priority=Priority.LOW,
        )  # fmt: skip


QUEUE = Queue(KIND, "Temps et contestations", _items)
