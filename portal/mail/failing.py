"""Mails that do not leave: seen by staff, and sent again when they say so."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from portal.jobs.models import Job
from portal.mail.models import OutgoingMail
from portal.registry import Priority, Queue, QueueItem, Viewer

KIND = "mails-en-echec"
PAGE = "/espace-client/bureau/mails"
#: Whose task it is: names of roles of the staff.
ROLES = frozenset({"administrator"})


def failing(session: Session) -> list[tuple[OutgoingMail, Job]]:
    """Mails that were tried and have not left, each with its job; the oldest failure first."""
    found = (
        select(OutgoingMail, Job)
        .join(Job, Job.key == "mail:" + OutgoingMail.message_id)
        .where(OutgoingMail.sent_at.is_(None), OutgoingMail.failed_at.is_not(None))
        .order_by(OutgoingMail.failed_at, OutgoingMail.id)
    )
    return [(mail, job) for mail, job in session.execute(found)]


def send_again(session: Session, mail: OutgoingMail, *, now: datetime) -> bool:
    """Have a failing mail tried at once, with a whole plan of tries before it; False when a worker holds it already."""
    due = (
        update(Job)
        .where(
            Job.key == f"mail:{mail.message_id}",
            Job.done_at.is_(None),
            or_(Job.leased_until.is_(None), Job.leased_until <= now),
        )
        .values(due_at=now, given_up_at=None, attempts=0)
        .returning(Job.id)
    )
    return session.scalars(due).first() is not None


def _items(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if viewer.organisation_id is not None or ROLES.isdisjoint(viewer.roles):
        return
    for mail, job in failing(session):
        given_up = job.given_up_at is not None
        yield QueueItem(
            kind=KIND,
            title=f"Courriel non parti\u00a0: {mail.subject}",
            detail="abandonné, à reprendre" if given_up else f"nouvel essai prévu, {job.attempts} déjà faits",
            url=f"{PAGE}/{mail.id}",
            since=mail.created_at,
            priority=Priority.URGENT if given_up else Priority.LOW,
        )


QUEUE = Queue(KIND, "Courriels non partis", _items)
