"""Work that comes back: every so often, or each day at an hour of Paris.

One row a kind holds the last turn that was taken. A turn is taken by moving
that row on, which one worker alone can do; turns missed while no worker ran are
taken once, and none is taken while the one before is still being worked on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.clock import PARIS
from portal.jobs.actions import enqueue
from portal.jobs.models import Job, Turn

#: How long what is done stays to be looked at.
KEPT = timedelta(days=7)
_ORIGIN = datetime(2020, 1, 1, tzinfo=PARIS)


@dataclass(frozen=True, slots=True)
class Recurring:
    """A kind of job that comes back: ``every`` so often, or ``daily_at`` an hour of Paris (one of both)."""

    kind: str
    every: timedelta | None = None
    daily_at: time | None = None

    def __post_init__(self) -> None:
        if (self.every is None) == (self.daily_at is None):
            raise ValueError(f"{self.kind}: either every or daily_at")

    def turn(self, now: datetime) -> datetime:
        """The latest moment, now or before, at which this is due."""
        if self.every is not None:
            return now - (now - _ORIGIN) % self.every
        at = self.daily_at or time(0)
        local = now.astimezone(PARIS)
        due = datetime.combine(local.date(), at, PARIS)
        return due if due <= now else datetime.combine(local.date() - timedelta(days=1), at, PARIS)


def take_turns(session: Session, recurring: Iterable[Recurring], *, now: datetime) -> list[Job]:
    """Enqueue what is due and not yet taken, in the caller's transaction; the jobs that this made."""
    made = []
    for one in recurring:
        turn = one.turn(now)
        if not _take(session, one.kind, turn):
            continue
        session.execute(delete(Job).where(Job.kind == one.kind, Job.done_at < now - KEPT))
        made.append(enqueue(session, one.kind, {}, key=f"{one.kind}:{turn.isoformat()}", now=now))
    return made


def _take(session: Session, kind: str, turn: datetime) -> bool:
    """Whether this turn is ours: looked at first, for nearly always there is nothing to take."""
    last = session.scalar(select(Turn.last).where(Turn.kind == kind))
    if last is not None and last >= turn:
        return False
    busy = select(Job.id).where(Job.kind == kind, Job.due_at.is_not(None)).limit(1)
    if session.scalar(busy) is not None:
        return False
    if last is None:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        made = insert(Turn).values(kind=kind, last=turn).on_conflict_do_nothing().returning(Turn.kind)
        return session.scalar(made) is not None
    moved = update(Turn).where(Turn.kind == kind, Turn.last < turn).values(last=turn).returning(Turn.kind)
    return session.scalar(moved) is not None
