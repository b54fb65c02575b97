"""Enqueue, lease, finish, fail: each one transaction's worth of change, committed by the caller."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from portal.jobs.models import Job, WorkerBeat
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


def renew(session: Session, job: Leased, *, now: datetime) -> None:
    """Hold a job for longer: its worker is alive, and the work takes its time.

    Raises:
        LeaseLost: when the lease ran out and another worker took it.
    """
    _change(session, job, leased_until=now + LEASE)


def beat(session: Session, name: str, *, started: datetime, now: datetime) -> None:
    """Say that a worker is alive, and forget those that have died without a word."""
    session.execute(delete(WorkerBeat).where(WorkerBeat.beat_at <= now - LEASE))
    row = session.get(WorkerBeat, name)
    if row is None:
        session.add(WorkerBeat(name=name, started_at=started, beat_at=now))
    else:
        row.beat_at = now


def leave(session: Session, name: str) -> None:
    """Say that a worker has stopped."""
    session.execute(delete(WorkerBeat).where(WorkerBeat.name == name))


def alive(session: Session, *, now: datetime) -> int:
    """How many workers are at work."""
    return len(session.scalars(select(WorkerBeat.name).where(WorkerBeat.beat_at > now - LEASE)).all())


def overdue(session: Session, *, before: datetime) -> int:
    """How many jobs have waited since before a moment without anybody working on them."""
    waiting = select(Job.id).where(Job.due_at < before, or_(Job.leased_until.is_(None), Job.leased_until < before))
    return len(session.scalars(waiting).all())


def _change(session: Session, job: Leased, **values: Any) -> None:
    # Only who still holds the lease may speak for the job.
    held = update(Job).where(Job.id == job.id, Job.lease == job.token).values(**values).returning(Job.id)
    if session.scalars(held).first() is None:
        raise LeaseLost(f"job {job.id} ({job.kind})")
