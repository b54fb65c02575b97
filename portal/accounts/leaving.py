"""An organisation leaves the client file (CGV article 13): nobody signs in for it any more; what the law keeps stays."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.accounts.actions import forget_means
from portal.accounts.models import Invitation, Organisation, Person
from portal.evidence.actions import record


def leave(session: Session, organisation: Organisation, *, by: Person, now: datetime) -> int:
    """Close every access of an organisation, its last administrator's too; how many. Twice is once."""
    session.refresh(organisation, with_for_update=True)
    if organisation.left_at is not None:
        return 0
    people = [person for person in organisation.people if person.active]
    for person in people:
        forget_means(session, person, now=now)
    waiting = Invitation.accepted_at.is_(None) & Invitation.revoked_at.is_(None)
    session.execute(
        update(Invitation).where(Invitation.organisation_id == organisation.id, waiting).values(revoked_at=now)
    )
    organisation.left_at = now
    session.flush()
    record(
        session, "accounts.organisation_left",
        {"organisation": organisation.id, "people": [person.id for person in people], "by": by.email}, at=now,
    )  # fmt: skip
    return len(people)
