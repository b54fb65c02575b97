"""kill -9 of those who write mails and of those who deliver them: none lost, none doubled."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.evidence.actions import verify_log
from portal.evidence.models import Entry
from portal.jobs.models import Job
from portal.mail.models import OutgoingMail

if TYPE_CHECKING:
    from tests.faults.conftest import Inbox

ROOT = Path(__file__).resolve().parents[2]
INVITATIONS = 200

#: Invites 200 people, each in a transaction of its own with its entry in the log; told twice it invites once.
INVITE = f"""
import sys
from portal import clock
from portal.db import make_engine, make_sessions
from portal.evidence.actions import record
from portal.mail.actions import post
from portal.mail.models import OutgoingMail
from sqlalchemy import select
sessions = make_sessions(make_engine(sys.argv[1]))
for number in range({INVITATIONS}):
    with sessions.begin() as session:
        if session.scalars(select(OutgoingMail.id).where(
            OutgoingMail.message_id == f"<invitation-{{number}}@portail.example>")).first():
            continue
        post(session, event="accounts/invitation", recipient=f"person{{number}}@client.example", subject="Votre accès",
             text="Bonjour", html=None, domain="portail.example", now=clock.now(), key=f"invitation-{{number}}")
        record(session, "accounts.invited", {{"number": number}}, at=clock.now())
"""

#: The real worker, living `argv[3]` seconds in the future, so that a dead one's leases have run out.
WORK = """
import sys
from datetime import timedelta
from portal import clock, worker
from portal.config import read_settings
settings = read_settings({"PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": sys.argv[1], "PORTAL_MAIL_URL": sys.argv[2]})
ahead = timedelta(seconds=int(sys.argv[3]))
worker.run(settings, sender="portail@portail.example", now=lambda: clock.now() + ahead, until_empty=sys.argv[4] == "1")
"""


def start(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=ROOT, stderr=subprocess.PIPE)


def end(process: subprocess.Popen[bytes]) -> None:
    assert process.wait(timeout=120) == 0, process.stderr and process.stderr.read().decode()
    if process.stderr:
        process.stderr.close()


def kill(process: subprocess.Popen[bytes]) -> bool:
    """Kill -9; whether there was still something to kill."""
    alive = process.poll() is None
    process.kill()
    process.wait()
    if process.stderr:
        process.stderr.close()
    return alive


def wait_for(inbox: "Inbox", more: int, process: subprocess.Popen[bytes]) -> None:
    wanted, until = inbox.received.total() + more, time.monotonic() + 30
    while inbox.received.total() < wanted and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.001)


@pytest.mark.slow
def test_killing_writers_and_workers_loses_no_invitation_and_doubles_none(
    database_url: str, sessions: sessionmaker[Session], server: str, inbox: "Inbox", chance: random.Random
) -> None:
    kills = 0
    for _ in range(2):
        writer = start(INVITE, database_url)
        time.sleep(0.5 + chance.random())
        kill(writer)
    writer = start(INVITE, database_url)
    for number in range(1, 8):
        worker = start(WORK, database_url, server, str(1000 * number), "0")
        wait_for(inbox, chance.randrange(5, 22), worker)
        time.sleep(chance.random() * 0.02)
        kills += kill(worker)
    end(writer)
    end(start(WORK, database_url, server, "100000", "1"))

    assert kills == 7
    expected = {f"<invitation-{number}@portail.example>" for number in range(INVITATIONS)}
    assert set(inbox.received) == expected
    # Between the server's yes and our own note of it no order of writing can help: such a mail goes out again as
    # the same mail, under the same Message-ID, by which servers and readers fold the two. One a kill, at most.
    assert inbox.received.total() - INVITATIONS <= kills
    with sessions() as session:
        mails = session.scalars(select(OutgoingMail)).all()
        assert Counter(mail.message_id for mail in mails) == Counter(expected)
        assert all(mail.sent_at for mail in mails)
        assert all(job.done_at and not job.due_at for job in session.scalars(select(Job)))
        assert list(verify_log(session)) == []
        assert len(session.scalars(select(Entry.seq)).all()) == INVITATIONS


def test_a_worker_that_is_asked_to_stop_ends_its_mail_and_leaves_nothing_in_hand(
    database_url: str, sessions: sessionmaker[Session], server: str, inbox: "Inbox"
) -> None:
    end(start(INVITE, database_url))
    worker = start(WORK, database_url, server, "0", "0")
    wait_for(inbox, 3, worker)
    worker.send_signal(signal.SIGTERM)
    end(worker)
    sent = inbox.received.total()
    assert 3 <= sent < INVITATIONS
    assert max(inbox.received.values()) == 1
    with sessions() as session:
        assert len(session.scalars(select(OutgoingMail).where(OutgoingMail.sent_at.is_not(None))).all()) == sent
        assert session.scalars(select(Job.lease).where(Job.lease.is_not(None))).all() == []
