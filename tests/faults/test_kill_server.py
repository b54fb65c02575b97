"""kill -9 of the server while it is told to invite 200 people, and of the worker while it writes to them."""

import http.client
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal import clock
from portal.accounts.actions import add_person, create_organisation
from portal.accounts.models import Invitation
from portal.accounts.rules import ClientRole, Identity
from portal.evidence.actions import verify_log
from portal.evidence.models import Entry
from portal.jobs.models import Job
from portal.mail.models import OutgoingMail

if TYPE_CHECKING:
    from tests.faults.conftest import Inbox

ROOT = Path(__file__).resolve().parents[2]
INVITATIONS = 200
HEAD = "claire@client.example"
EVENT = "accounts/invitation"

#: The real worker in a time of its own, in which the leases of those that were killed have run out.
DRAIN = """
from datetime import timedelta
import os
from portal import clock, worker
from portal.config import read_settings
worker.run(read_settings(os.environ), sender="portail@portail.example",
           now=lambda: clock.now() + timedelta(hours=1), until_empty=True)
"""


class Running:
    """A command of ``portal`` that is killed and started again, with all of its processes."""

    def __init__(self, environ: dict[str, str], *arguments: str) -> None:
        self._environ, self._arguments = environ, arguments
        self.kills = 0
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "portal.cli", *self._arguments],
            env=self._environ, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.kills += 1


class Browser:
    """Signs in once, then posts; a connection that breaks is tried again, as a person would."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookie = ""
        self._visitor = 0
        self.broken = 0

    def ask(self, method: str, path: str, **values: str) -> tuple[int, str, str]:
        until = time.monotonic() + 60
        while True:
            # Another address each time: the limit of rate is another test's matter.
            self._visitor += 1
            headers = {"Cookie": self._cookie, "X-Forwarded-For": f"10.0.{self._visitor // 250}.{self._visitor % 250}"}
            if method == "POST":
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
            try:
                connection.request(method, f"/espace-client{path}", urlencode(values), headers)
                answer = connection.getresponse()
                body = answer.read().decode()
                return answer.status, body, (answer.getheader("Set-Cookie") or "").partition(";")[0]
            except (OSError, http.client.HTTPException):
                self.broken += 1
                assert time.monotonic() < until
                time.sleep(0.05)
            finally:
                connection.close()

    def sign_in(self, sessions: sessionmaker[Session]) -> None:
        _, page, self._cookie = self.ask("GET", "/connexion")
        status, _, cookie = self.ask(
            "POST", "/connexion/code", csrf_token=token(page), identity=HEAD, chosen_method="email"
        )
        assert status == 200
        self._cookie = cookie or self._cookie
        with sessions() as session:
            (text,) = session.scalars(select(OutgoingMail.text).where(OutgoingMail.event == "accounts/code"))
        found = re.search(r"\b\d{6}\b", text)
        assert found
        status, _, self._cookie = self.ask(
            "POST", "/connexion", csrf_token=token(page), identity=HEAD, passcode=found[0]
        )
        assert status in {302, 303}


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page
    return unescape(found[1])


@pytest.fixture
def environ(database_url: str, server: str, tmp_path: Path) -> dict[str, str]:
    import socket

    (tmp_path / "public").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    return {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")} | {
        "PORTAL_SECRET_KEY": "k" * 32,
        "PORTAL_DATABASE_URL": database_url,
        "PORTAL_MAIL_URL": server,
        "PORTAL_PUBLIC_DIR": str(tmp_path / "public"),
        "PORTAL_PORT": str(port),
        "PORTAL_PROXIES": "1",
    }


@pytest.fixture
def organisation(environ: dict[str, str], sessions: sessionmaker[Session]) -> None:
    """A client with its administrator, on a database that was migrated by the command."""
    from sqlalchemy import Engine

    from portal import schema

    with sessions() as session:
        engine = session.get_bind()
    assert isinstance(engine, Engine)
    schema.declared().drop_all(engine)
    schema.upgrade(engine)
    with sessions.begin() as session:
        now = clock.now()
        client = create_organisation(
            session, legal_name="Client", identity=Identity(siren="123456782"), public_body=False, by=None, now=now
        )
        add_person(
            session, organisation=client, email=HEAD, name="Claire", roles=[ClientRole.ADMINISTRATOR], by=None, now=now
        )


@pytest.mark.slow
def test_killing_server_and_worker_during_200_invitations_loses_no_mail_and_doubles_none(
    environ: dict[str, str], organisation: None, sessions: sessionmaker[Session], inbox: "Inbox", chance: random.Random
) -> None:
    server, worker = Running(environ, "serve"), Running(environ, "worker")
    browser, over = Browser(int(environ["PORTAL_PORT"])), threading.Event()

    made = 0

    def kill_at_random() -> None:
        # Moments counted in invitations, not in seconds: a quick machine must not be done before the kills.
        for at, doomed in ((10, [server]), (50, [worker]), (90, [server, worker]), (130, [worker, server])):
            moment = at + chance.randrange(30)
            while made < moment:
                if over.wait(0.01):
                    return
            for process in doomed:
                process.kill()
                process.start()

    killer = threading.Thread(target=kill_at_random)
    try:
        browser.sign_in(sessions)
        _, page, _ = browser.ask("GET", "/collegues/inviter")
        killer.start()
        for number in range(INVITATIONS):
            status, answer, _ = browser.ask(
                "POST", "/collegues/inviter",
                csrf_token=token(page), name=f"Person {number}", email=f"p{number}@client.example", roles="technical",
            )  # fmt: skip
            assert status == 303, answer
            made = number + 1
    finally:
        over.set()
        if killer.is_alive():
            killer.join()
        server.kill()
        worker.kill()
    drained = subprocess.run([sys.executable, "-c", DRAIN], env=environ, cwd=ROOT, check=False, capture_output=True)
    assert drained.returncode == 0, drained.stderr.decode()

    with sessions() as session:
        invitations = session.scalars(select(Invitation)).all()
        mails = session.scalars(select(OutgoingMail).where(OutgoingMail.event == EVENT)).all()
        told = len(session.scalars(select(Entry.seq).where(Entry.kind == "accounts.invited")).all())
        assert list(verify_log(session)) == []
        assert all(job.done_at for job in session.scalars(select(Job)))
    # Whoever was answered is invited; whoever asked again after a broken connection has one invitation that opens.
    assert {one.email for one in invitations if one.revoked_at is None} == {
        f"p{number}@client.example" for number in range(INVITATIONS)
    }
    assert len([one for one in invitations if one.revoked_at is None]) == INVITATIONS
    # Invitation, proof and mail: always the three of them, or none.
    assert Counter(mail.recipient for mail in mails) == Counter(one.email for one in invitations)
    assert told == len(invitations)
    assert all(mail.sent_at for mail in mails)
    assert {mail.message_id for mail in mails} <= set(inbox.received)
    assert len(inbox.received) == len(mails) + len(_others(sessions))
    assert inbox.received.total() - len(inbox.received) <= worker.kills
    assert server.kills >= 2
    assert worker.kills >= 2


def _others(sessions: sessionmaker[Session]) -> list[str]:
    with sessions() as session:
        return list(session.scalars(select(OutgoingMail.message_id).where(OutgoingMail.event != EVENT)))
