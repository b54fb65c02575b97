"""The worker: takes what is due, finishes what it holds, says that it lives, outlasts what breaks."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal import schema
from portal.config import read_settings
from portal.db import make_engine, make_sessions
from portal.jobs.actions import Leased, LeaseLost, alive, enqueue, finish, lease, overdue, renew
from portal.jobs.models import Job, WorkerBeat
from portal.jobs.rules import BEAT, LEASE
from portal.mail.actions import post
from portal.mail.models import OutgoingMail
from portal.worker import Handler, Worker, handlers

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def add(sessions: sessionmaker[Session], *keys: str, kind: str = "note") -> None:
    with sessions.begin() as session:
        for key in keys:
            enqueue(session, kind, {"key": key}, key=key, now=NOON)


def noting(done: list[str]) -> Handler:
    def note(sessions: sessionmaker[Session], job: Leased, now: datetime) -> None:
        done.append(job.payload["key"])
        with sessions.begin() as session:
            finish(session, job, now=now)

    return note


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "nothing happened for twenty seconds"
        time.sleep(0.01)


def test_a_worker_does_everything_that_is_due_in_its_order(sessions: sessionmaker[Session]) -> None:
    done: list[str] = []
    add(sessions, "a", "b", "c")
    Worker(sessions, {"note": noting(done)}, now=lambda: NOON).run(until_empty=True)
    assert done == ["a", "b", "c"]


def test_a_job_that_breaks_is_put_back_and_the_others_are_done(sessions: sessionmaker[Session]) -> None:
    done: list[str] = []

    def broken(*_: object) -> None:
        raise ValueError("Claire Martin")

    add(sessions, "a", kind="broken")
    add(sessions, "b", kind="unheard-of")
    add(sessions, "c")
    Worker(sessions, {"note": noting(done), "broken": broken}, now=lambda: NOON).run(until_empty=True)
    assert done == ["c"]
    with sessions() as session:
        errors = {job.key: job.last_error for job in session.scalars(select(Job).where(Job.due_at > NOON))}
    assert errors == {"a": "ValueError", "b": "LookupError"}


def test_a_worker_that_is_told_to_stop_finishes_the_job_in_hand_and_takes_no_other(
    sessions: sessionmaker[Session],
) -> None:
    done: list[str] = []
    add(sessions, "a", "b")

    def stop_in_the_middle(sessions: sessionmaker[Session], job: Leased, now: datetime) -> None:
        worker.stop()
        noting(done)(sessions, job, now)

    worker = Worker(sessions, {"note": stop_in_the_middle}, now=lambda: NOON)
    worker.run()
    assert done == ["a"]
    with sessions() as session:
        assert session.scalars(select(Job.lease)).all() == [None, None]
        assert session.scalars(select(WorkerBeat)).all() == []


def test_a_worker_waits_for_work_and_is_seen_alive_meanwhile(sessions: sessionmaker[Session]) -> None:
    done: list[str] = []
    worker = Worker(sessions, {"note": noting(done)}, now=lambda: NOON)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        until(lambda: count_alive(sessions, NOON) == 1)
        assert count_alive(sessions, NOON + LEASE - SECOND) == 1
        assert count_alive(sessions, NOON + LEASE) == 0
        add(sessions, "late")
        until(lambda: done == ["late"])
    finally:
        worker.stop()
        thread.join()
    assert count_alive(sessions, NOON) == 0


def count_alive(sessions: sessionmaker[Session], now: datetime) -> int:
    with sessions() as session:
        return alive(session, now=now)


def test_two_beats_may_be_lost_before_a_lease_is() -> None:
    assert 3 * BEAT < LEASE


def test_a_renewed_lease_is_held_for_longer_and_a_lost_one_cannot_be_renewed(sessions: sessionmaker[Session]) -> None:
    add(sessions, "a")
    with sessions.begin() as session:
        job = lease(session, now=NOON)
    assert job is not None
    with sessions.begin() as session:
        renew(session, job, now=NOON + LEASE - SECOND)
    with sessions.begin() as session:
        assert lease(session, now=NOON + LEASE) is None
    with sessions.begin() as session:
        assert lease(session, now=NOON + 2 * LEASE - SECOND) is not None
    with sessions() as session, pytest.raises(LeaseLost):
        renew(session, job, now=NOON + 2 * LEASE)


def test_a_job_is_overdue_when_nobody_has_worked_on_it(sessions: sessionmaker[Session]) -> None:
    add(sessions, "a", "b")
    with sessions.begin() as session:
        assert lease(session, now=NOON) is not None
        assert overdue(session, before=NOON) == 0
        assert overdue(session, before=NOON + SECOND) == 1
        assert overdue(session, before=NOON + LEASE + SECOND) == 2


def test_in_a_demo_mail_is_marked_as_sent_and_goes_nowhere(sessions: sessionmaker[Session]) -> None:
    settings = read_settings(
        {"PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DEMO": "1", "PORTAL_MAIL_URL": "smtp://127.0.0.1:1"}
    )
    with sessions.begin() as session:
        post(
            session, event="e", recipient="a@b.example", subject="s", text="t", html=None, domain="d.example", now=NOON
        )
    Worker(sessions, handlers(settings, "x@d.example"), now=lambda: NOON).run(until_empty=True)
    with sessions() as session:
        assert session.scalars(select(OutgoingMail.sent_at)).one() == NOON


def test_a_worker_outlasts_a_database_that_goes_away_and_does_what_waited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.worker.AWAY", 0.05)
    monkeypatch.setattr("portal.worker.POLL", 0.05)
    folder, elsewhere, done = tmp_path / "data", tmp_path / "elsewhere", list[str]()
    folder.mkdir()
    engine = make_engine(f"sqlite:///{folder / 'x.sqlite3'}")
    schema.upgrade(engine)
    sessions = make_sessions(engine)
    worker = Worker(sessions, {"note": noting(done)}, now=lambda: NOON)
    with structlog.testing.capture_logs() as logs:
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            add(sessions, "before")
            until(lambda: done == ["before"])
            engine.dispose()  # as when its connections break
            folder.rename(elsewhere)
            until(lambda: any(line["event"] == "database away" for line in logs))
            elsewhere.rename(folder)
            add(sessions, "after")
            until(lambda: done == ["before", "after"])
        finally:
            worker.stop()
            thread.join()
    engine.dispose()
