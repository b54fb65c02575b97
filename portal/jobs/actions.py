"""Enqueue, lease, finish, fail: each one transaction's worth of change, committed by the caller."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from portal.jobs.models import Job
from portal.jobs.rules import LEASE, Patience

ERROR_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class Leased:
    """A job in hand: a value, so that nobody works inside an open transaction. ``token`` proves the lease."""

    id: int
    kind: str
    payload: Mapping[str, Any]
    attempts: int
    token: str


class LeaseLost(Exception):
    """Somebody else holds the job by now: what was done must not be counted."""


def enqueue(
    session: Session, kind: str, payload: Mapping[str, Any], *, key: str, now: datetime, due: datetime | None = None
) -> Job:
    """Add a job in the caller's transaction; the same key again gives back the job there is."""
    held = session.scalars(select(Job).where(Job.key == key)).first()
    if held is not None:
        return held
    job = Job(kind=kind, key=key, payload=dict(payload), created_at=now, due_at=due or now)
    session.add(job)
    session.flush()
    return job


def lease(session: Session, *, now: datetime) -> Leased | None:
    """Take the job that has waited longest, or None. Commit before working on it.

    A lease that ran out counts as none: its worker is dead or stuck.
    """
    waiting = (
        select(Job)
        .where(Job.due_at <= now, or_(Job.leased_until.is_(None), Job.leased_until <= now))
        .order_by(Job.due_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    job = session.scalars(waiting).first()
    if job is None:
        return None
    token = secrets.token_hex(16)
    job.lease, job.leased_until, job.attempts = token, now + LEASE, job.attempts + 1
    session.flush()
    return Leased(job.id, job.kind, dict(job.payload), job.attempts, token)


def finish(session: Session, job: Leased, *, now: datetime) -> None:
    """Mark a leased job as done.

    Raises:
        LeaseLost: when the lease ran out and another worker took it.
    """
    _change(session, job, done_at=now, due_at=None, lease=None, leased_until=None, last_error=None)


def fail(session: Session, job: Leased, error: str, *, now: datetime, patience: Patience) -> None:
    """Put a leased job back for later, or give it up for a person to see.

    Raises:
        LeaseLost: when the lease ran out and another worker took it.
    """
    again = patience.next_try(job.attempts, now)
    _change(
        session,
        job,
        due_at=again,
        given_up_at=None if again else now,
        lease=None,
        leased_until=None,
        last_error=error[:ERROR_LENGTH],
    )


def _change(session: Session, job: Leased, **values: Any) -> None:
    # Only who still holds the lease may speak for the job.
    held = update(Job).where(Job.id == job.id, Job.lease == job.token).values(**values).returning(Job.id)
    if session.scalars(held).first() is None:
        raise LeaseLost(f"job {job.id} ({job.kind})")
