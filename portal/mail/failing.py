"""Mails that do not leave, or that came back: seen by staff, sent again or taken note of when they say so."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from portal.jobs.models import Job
from portal.mail.models import OutgoingMail
from portal.registry import Priority, Queue, QueueItem, Viewer

KIND, BOUNCED_KIND = "mails-en-echec", "mails-revenus"
PAGE = "/espace-client/bureau/mails"
#: Whose task it is: names of roles of the staff.
ROLES = frozenset({"administrator"})
BOUNCE_ROLES = frozenset({"administrator", "adviser", "sales", "billing"})


def failing(session: Session) -> list[tuple[OutgoingMail, Job]]:
    """Mails that were tried and have not left, each with its job; the oldest failure first."""
    found = (
        select(OutgoingMail, Job)
        .join(Job, Job.key == "mail:" + OutgoingMail.message_id)
        .where(OutgoingMail.sent_at.is_(None), OutgoingMail.failed_at.is_not(None))
        .order_by(OutgoingMail.failed_at, OutgoingMail.id)
    )
    return [(mail, job) for mail, job in session.execute(found)]


def bounced(session: Session) -> list[OutgoingMail]:
    """Mails that came back and that nobody has taken note of; the oldest first."""
    found = select(OutgoingMail).where(OutgoingMail.bounced_at.is_not(None), OutgoingMail.bounce_seen_at.is_(None))
    return list(session.scalars(found.order_by(OutgoingMail.bounced_at, OutgoingMail.id)))


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


def _bounced_items(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if viewer.organisation_id is not None or BOUNCE_ROLES.isdisjoint(viewer.roles):
        return
    for mail in bounced(session):
        yield QueueItem(
            kind=BOUNCED_KIND,
            title=f"Courriel revenu\u00a0: {mail.subject}",
            detail=f"{mail.recipient} ne l'a pas reçu",
            url=f"{PAGE}/{mail.id}",
            since=mail.bounced_at or mail.created_at,
            priority=Priority.HIGH,
        )


QUEUE = Queue(KIND, "Courriels non partis", _items)
BOUNCED = Queue(BOUNCED_KIND, "Courriels revenus", _bounced_items)
