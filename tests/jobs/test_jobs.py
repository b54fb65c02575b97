"""Jobs: taken once, taken up again when their worker dies, given up in the end for a person to see."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.jobs.actions import Leased, LeaseLost, enqueue, fail, finish, lease
from portal.jobs.models import Job
from portal.jobs.rules import LEASE, Patience

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def add(sessions: sessionmaker[Session], *keys: str, due: datetime | None = None) -> None:
    with sessions() as session:
        for key in keys:
            enqueue(session, "mail", {"key": key}, key=key, now=NOON, due=due)
        session.commit()


def take(sessions: sessionmaker[Session], now: datetime) -> Leased | None:
    with sessions() as session:
        job = lease(session, now=now)
        session.commit()
        return job


def test_the_same_key_twice_is_one_job(sessions: sessionmaker[Session]) -> None:
    add(sessions, "a", "a")
    with sessions() as session:
        assert len(session.scalars(select(Job)).all()) == 1


def test_a_job_is_due_at_its_moment_and_not_a_second_before(sessions: sessionmaker[Session]) -> None:
    add(sessions, "a", due=NOON + timedelta(hours=1))
    assert take(sessions, NOON + timedelta(hours=1) - SECOND) is None
    assert take(sessions, NOON + timedelta(hours=1)) is not None


def test_a_leased_job_is_taken_up_again_only_once_its_lease_ran_out(sessions: sessionmaker[Session]) -> None:
    add(sessions, "a")
    first = take(sessions, NOON)
    assert first is not None
    assert take(sessions, NOON + LEASE - SECOND) is None
    again = take(sessions, NOON + LEASE)
    assert again is not None
    assert (again.id, again.attempts) == (first.id, 2)


def test_who_lost_the_lease_cannot_finish_or_fail_the_job(sessions: sessionmaker[Session]) -> None:
    add(sessions, "a")
    slow = take(sessions, NOON)
    assert slow is not None
    assert take(sessions, NOON + LEASE) is not None
    with sessions() as session:
        with pytest.raises(LeaseLost):
            finish(session, slow, now=NOON)
        with pytest.raises(LeaseLost):
            fail(session, slow, "late", now=NOON, patience=Patience())


def test_a_finished_job_is_never_taken_again(sessions: sessionmaker[Session]) -> None:
    add(sessions, "a")
    job = take(sessions, NOON)
    assert job is not None
    with sessions() as session:
        finish(session, job, now=NOON)
        session.commit()
    assert take(sessions, NOON + timedelta(days=1)) is None


def test_a_failing_job_waits_longer_each_time_and_is_given_up_in_the_end(sessions: sessionmaker[Session]) -> None:
    add(sessions, "a")
    now, patience, waits = NOON, Patience(attempts=3), []
    for _ in range(3):
        job = take(sessions, now)
        assert job is not None
        with sessions() as session:
            fail(session, job, "x" * 5000, now=now, patience=patience)
            session.commit()
            row = session.get_one(Job, job.id)
            waits.append(row.due_at - now if row.due_at else None)
            assert row.last_error == "x" * 2000
            now = row.due_at or now
    assert waits == [timedelta(seconds=30), timedelta(seconds=60), None]
    assert take(sessions, now + timedelta(days=9)) is None
    with sessions() as session:
        assert session.scalars(select(Job.given_up_at)).one() == now


def test_workers_at_once_never_hold_the_same_job(sessions: sessionmaker[Session]) -> None:
    add(sessions, *(str(number) for number in range(30)))
    taken: list[int] = []

    def work() -> None:
        while job := take(sessions, NOON):
            taken.append(job.id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 30


@given(st.integers(1, 40))
def test_the_wait_never_passes_the_longest(attempts: int) -> None:
    patience = Patience(attempts=50)
    again = patience.next_try(attempts, NOON)
    assert again is not None
    assert NOON < again <= NOON + patience.longest


def test_a_plan_of_many_tries_never_waits_longer_than_its_longest() -> None:
    plan = Patience(attempts=500)
    waits = [plan.next_try(attempts, NOON) for attempts in range(1, 500)]
    assert all(wait is not None and wait - NOON <= plan.longest for wait in waits)
    assert plan.next_try(500, NOON) is None
