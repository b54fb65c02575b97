"""The process that runs jobs: it takes them by lease, one at a time, until it is told to stop.

No job engine stands beside the table. One was weighed (huey): what it would add
is a ticker, and its own queue is emptied *before* the work is done, so that a kill
loses what was in hand. The table of leases is needed in any case (a job is
written in the transaction of the act that asks for it), and with it a query every
second finds what is due, new jobs and retries alike, on both engines, in well
under a millisecond. Two mechanisms would have to agree; one has nobody to disagree with.

A lease is held by beats: a second thread says every twenty seconds that the
worker lives and renews the lease of the job in hand. A worker that is killed
falls silent; its job is taken up once the lease has run out.
"""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from portal import clock
from portal.config import Settings
from portal.db import is_away, make_engine, make_sessions
from portal.files.store import open_store
from portal.hotline import open_receiver, taker
from portal.jobs.actions import Leased, LeaseLost, beat, fail, lease, leave, renew
from portal.jobs.recurring import Recurring, take_turns
from portal.jobs.rules import BEAT, Patience
from portal.logs import logger
from portal.mail.actions import JOB as MAIL
from portal.mail.actions import deliver
from portal.mail.fetching import Mailbox
from portal.mail.receiving import JOB as RECEIVED
from portal.mail.transport import Kept, Smtp, Transport
from portal.terms import load_library
from portal.web import Services

#: Seconds between two looks at the table when nothing is due: how late a mail may leave.
POLL = 1.0
#: Seconds between two tries to reach a database that is away.
AWAY = 5.0
#: Seconds that the mailbox's thread may take to end what it has in hand.
STOPPING = 20.0
#: How often recurring work is looked at.
TICK = timedelta(seconds=20)
PORTAL = Path(__file__).resolve().parent

Clock = Callable[[], datetime]
Handler = Callable[[sessionmaker[Session], Leased, datetime], None]


def rooms() -> list[Any]:
    """The ``jobs.py`` of each room (``<subject>_jobs.py`` in a large one), found by name as tables are."""
    found = sorted((*PORTAL.glob("*/jobs.py"), *PORTAL.glob("*/*_jobs.py")))
    return [import_module(f"portal.{path.parent.name}.{path.stem}") for path in found]


def recurring() -> list[Recurring]:
    """What the rooms have done again and again."""
    return [one for room in rooms() for one in getattr(room, "RECURRING", ())]


def handlers(settings: Settings, sender: str, services: Services | None = None) -> Mapping[str, Handler]:
    """What does the work of each kind of job. A handler ends its job itself, in the transaction of its effect."""
    transport: Transport = Kept() if settings.demo else Smtp(settings.mail_url)

    def mail(sessions: sessionmaker[Session], job: Leased, now: datetime) -> None:
        deliver(sessions, job, transport=transport, sender=sender, now=now, patience=Patience())

    bound: dict[str, Handler] = {MAIL: mail}
    if services is not None:
        bound[RECEIVED] = partial(_received, services)
        for room in rooms():
            for kind, handler in getattr(room, "HANDLERS", {}).items():
                bound[kind] = partial(_with_services, handler, services)
    return bound


def _received(services: Services, sessions: sessionmaker[Session], job: Leased, now: datetime) -> None:
    open_receiver(services, sessions).work(sessions, job, now)


@contextmanager
def _fetching(services: Services, sessions: sessionmaker[Session]) -> Iterator[None]:
    """Beside the jobs, take in what comes to the mailbox, where there is one."""
    if not services.settings.imap_url:
        yield
        return
    stop = threading.Event()
    box = Mailbox(services.settings.imap_url)
    take = taker(open_receiver(services, sessions), services.clock)
    thread = threading.Thread(target=box.follow, args=(take,), kwargs={"stop": stop}, name="mailbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=STOPPING)


def _with_services(
    handler: Any, services: Services, sessions: sessionmaker[Session], job: Leased, now: datetime
) -> None:
    handler(sessions, job, now, services)


class Worker:
    """One worker of a database. ``stop`` may be called from a signal: the job in hand is finished first."""

    def __init__(
        self, sessions: sessionmaker[Session], bound: Mapping[str, Handler], *, now: Clock,
        recurring: Sequence[Recurring] = (),
    ) -> None:  # fmt: skip
        self.name = f"{socket.gethostname()[:40]}:{os.getpid()}:{os.urandom(4).hex()}"
        self._sessions, self._bound, self._now = sessions, bound, now
        self._recurring = recurring
        self._ticked: datetime | None = None
        self._stopping = threading.Event()
        self._in_hand: Leased | None = None

    def stop(self) -> None:
        """Take no further job."""
        self._stopping.set()

    def run(self, *, until_empty: bool = False) -> None:
        """Work until told to stop, or until nothing is due. A database that is away is waited for."""
        with self._beating():
            while not self._stopping.is_set():
                try:
                    worked = self.work_once()
                except Exception as error:
                    if not is_away(error):
                        raise
                    logger().warning("database away", exc_info=error)
                    self._stopping.wait(AWAY)
                    continue
                if not worked:
                    if until_empty:
                        return
                    self._stopping.wait(POLL)

    def work_once(self) -> bool:
        """Do the job that has waited longest; False when none is due."""
        self._tick()
        with self._sessions.begin() as session:
            job = lease(session, now=self._now())
        if job is None:
            return False
        self._in_hand = job
        try:
            self._do(job)
        finally:
            self._in_hand = None
        return True

    def _tick(self) -> None:
        """Put the recurring work that is due among the jobs; nearly always nothing is."""
        now = self._now()
        if not self._recurring or (self._ticked is not None and now < self._ticked + TICK):
            return
        with self._sessions.begin() as session:
            for job in take_turns(session, self._recurring, now=now):
                logger().info("turn taken", kind=job.kind)
        self._ticked = now

    def _do(self, job: Leased) -> None:
        try:
            handler = self._bound.get(job.kind)
            if handler is None:
                raise LookupError(f"no handler for {job.kind}")
            handler(self._sessions, job, self._now())
        except LeaseLost:
            logger().warning("lease lost", job=job.id, kind=job.kind)
        except Exception as error:
            if is_away(error):
                raise  # nothing can be written down now: the lease runs out by itself
            # A job that breaks must not take the others along.
            logger().error("job broke", job=job.id, kind=job.kind, attempts=job.attempts, exc_info=error)
            with self._sessions.begin() as session:
                fail(session, job, type(error).__name__, now=self._now(), patience=Patience())

    @contextmanager
    def _beating(self) -> Iterator[None]:
        ended, started = threading.Event(), self._now()

        def go_on() -> None:
            while True:
                self._beat(started)
                if ended.wait(BEAT.total_seconds()):
                    return

        thread = threading.Thread(target=go_on, name="beats", daemon=True)
        thread.start()
        logger().info("worker began", worker=self.name)
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self._say_goodbye()
            logger().info("worker ended", worker=self.name)

    def _beat(self, started: datetime) -> None:
        job = self._in_hand
        try:
            with self._sessions.begin() as session:
                now = self._now()
                beat(session, self.name, started=started, now=now)
            if job is not None:
                with self._sessions.begin() as session:
                    renew(session, job, now=now)
        except LeaseLost:
            pass  # it was finished in between, or is somebody else's: either way not ours to hold
        except SQLAlchemyError as error:
            logger().warning("beat missed", worker=self.name, exc_info=error)

    def _say_goodbye(self) -> None:
        try:
            with self._sessions.begin() as session:
                leave(session, self.name)
        except SQLAlchemyError:
            pass  # its silence will tell


def run(settings: Settings, *, sender: str, now: Clock = clock.now, until_empty: bool = False) -> None:
    """Run a worker in this process; SIGTERM and SIGINT let it finish the job in hand, then end it."""
    engine = make_engine(settings.database_url)
    services = Services(settings, now, load_library(settings.content_dir), open_store(settings))
    sessions = make_sessions(engine)
    worker = Worker(sessions, handlers(settings, sender, services), now=now, recurring=recurring())

    def stop(_: int, __: FrameType | None) -> None:
        worker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        with _fetching(services, sessions):
            worker.run(until_empty=until_empty)
    finally:
        engine.dispose()
