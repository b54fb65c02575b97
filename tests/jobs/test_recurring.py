"""Work that comes back: each turn taken once, missed ones once, never two at the same time."""

import threading
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from portal.db import make_sessions
from portal.jobs.actions import finish, lease
from portal.jobs.models import Job
from portal.jobs.recurring import Recurring, take_turns

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # 13 h in Paris
HOURLY = Recurring("test.hourly", every=timedelta(hours=1))
DAILY = Recurring("test.daily", daily_at=time(6, 0))


def turns(sessions: sessionmaker[Session], *recurring: Recurring, now: datetime) -> int:
    with sessions.begin() as session:
        return len(take_turns(session, recurring, now=now))


def work(sessions: sessionmaker[Session], now: datetime) -> None:
    with sessions.begin() as session:
        job = lease(session, now=now)
    assert job is not None
    with sessions.begin() as session:
        finish(session, job, now=now)


def test_a_turn_is_taken_once_and_the_next_one_when_it_is_due(sessions: sessionmaker[Session]) -> None:
    assert turns(sessions, HOURLY, now=NOON) == 1
    work(sessions, NOON)
    for now, taken in ((NOON, 0), (NOON + timedelta(minutes=59, seconds=59), 0), (NOON + timedelta(hours=1), 1)):
        assert turns(sessions, HOURLY, now=now) == taken


def test_turns_missed_while_no_worker_ran_are_taken_once(sessions: sessionmaker[Session]) -> None:
    assert turns(sessions, HOURLY, now=NOON) == 1
    work(sessions, NOON)
    later = NOON + timedelta(days=3, minutes=10)
    assert turns(sessions, HOURLY, now=later) == 1
    work(sessions, later)
    assert turns(sessions, HOURLY, now=later + timedelta(minutes=49)) == 0
    assert turns(sessions, HOURLY, now=later + timedelta(minutes=50)) == 1


def test_no_turn_is_taken_while_the_one_before_is_being_worked_on(sessions: sessionmaker[Session]) -> None:
    assert turns(sessions, HOURLY, now=NOON) == 1
    assert turns(sessions, HOURLY, now=NOON + timedelta(hours=2)) == 0
    work(sessions, NOON + timedelta(hours=2))
    assert turns(sessions, HOURLY, now=NOON + timedelta(hours=2)) == 1


@pytest.mark.parametrize(
    ("before", "at"),
    [
        (datetime(2026, 11, 24, 4, 59, 59, tzinfo=UTC), datetime(2026, 11, 24, 5, 0, tzinfo=UTC)),  # winter
        (datetime(2026, 7, 1, 3, 59, 59, tzinfo=UTC), datetime(2026, 7, 1, 4, 0, tzinfo=UTC)),  # summer
    ],
)
def test_a_daily_turn_is_due_at_its_hour_of_paris(before: datetime, at: datetime) -> None:
    assert DAILY.turn(before).astimezone(UTC) == at - timedelta(days=1)
    assert DAILY.turn(at).astimezone(UTC) == at


def test_a_daily_turn_comes_on_the_days_on_which_the_clocks_change() -> None:
    night = Recurring("test.night", daily_at=time(2, 30))  # skipped on 29 March, twice on 25 October
    for day in (29, 25):
        month = 3 if day == 29 else 10
        noon = datetime(2026, month, day, 12, 0, tzinfo=UTC)
        assert night.turn(noon).date() == noon.date()
        assert night.turn(noon) <= noon


def test_several_workers_take_a_turn_once(engine: Engine, sessions: sessionmaker[Session]) -> None:
    barrier, made = threading.Barrier(4), []

    def go() -> None:
        barrier.wait()
        with make_sessions(engine).begin() as session:
            made.extend(take_turns(session, [HOURLY, DAILY], now=NOON))

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(job.kind for job in made) == ["test.daily", "test.hourly"]


def test_what_is_done_is_forgotten_after_a_week(sessions: sessionmaker[Session]) -> None:
    every = timedelta(hours=6)
    often = Recurring("test.often", every=every)
    for turn in range(4 * 9):
        now = NOON + turn * every
        assert turns(sessions, often, now=now) == 1
        work(sessions, now)
    with sessions() as session:
        assert len(session.scalars(select(Job)).all()) in {4 * 7, 4 * 7 + 1}


def test_either_a_span_or_an_hour_is_given() -> None:
    for given in ({}, {"every": timedelta(hours=1), "daily_at": time(6)}):
        with pytest.raises(ValueError, match="either"):
            Recurring("test.x", **given)  # type: ignore[arg-type]
