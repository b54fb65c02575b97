"""A receiver on a database, a store and the room of tickets, as an installation has it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.config import read_settings
from portal.hotline import Hotline, open_receiver
from portal.mail.models import OutgoingMail
from portal.mail.received_models import ReceivedMail
from portal.mail.receiving import Receiver
from portal.tickets.models import Ticket
from portal.web import Services
from tests.accounts.conftest import seed
from tests.mail.dovecot import PROGRAM

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from portal.terms import Library

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOTLINE = "hotline@ims.example"
BACKED = "Authentication-Results: mx.ims.example; dmarc=pass header.from="


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a mailbox where there is no Dovecot, unless it is required."""
    if PROGRAM is None and os.environ.get("REQUIRE_IMAP") != "1":
        for item in items:
            if item.get_closest_marker("imap"):
                item.add_marker(pytest.mark.skip(reason="no Dovecot"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it loudly when no real mailbox was looked at."""
    skipped = [r for r in terminalreporter.stats.get("skipped", ()) if "no Dovecot" in str(r.longrepr)]
    if skipped:
        terminalreporter.section("THE MAILBOX TESTS DID NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.line(
            f"{len(skipped)} tests were skipped: no Dovecot was found (Debian: apt-get install dovecot-imapd)."
        )


@dataclass
class Post:
    """The receiver, and what one asks of a database behind it."""

    receiver: Receiver
    sessions: "sessionmaker[Session]"
    now: datetime = NOON
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    @property
    def hotline(self) -> Hotline:
        assert isinstance(self.receiver.handover, Hotline)
        return self.receiver.handover

    def letter(
        self, words: str = "Le serveur est lent.", *, sender: str = "claire@client.example", fields: str = "",
        to: str = HOTLINE, subject: str = "Panne", backed: bool = True, number: int | None = None,
    ) -> bytes:  # fmt: skip
        """A message from somebody; each is another one."""
        found = f"{BACKED}{sender.rpartition('@')[2]}\n" if backed else ""
        mail_id = f"<m{number or next(self.numbers)}@client.example>"
        return (
            f"{found}From: Claire <{sender}>\nTo: {to}\nSubject: {subject}\nMessage-ID: {mail_id}\n{fields}"
            f"Content-Type: text/plain; charset=utf-8\n\n{words}\n"
        ).encode()

    def receive(self, raw: bytes) -> str:
        """Take a message in; the reference it got."""
        return self.receiver.receive(raw, via="pipe", now=self.now).reference

    def sent(self, recipient: str | None = None) -> list[OutgoingMail]:
        """The mails that wait to leave."""
        with self.sessions() as session:
            found = session.scalars(select(OutgoingMail).order_by(OutgoingMail.id))
            return [mail for mail in found if recipient in {None, mail.recipient}]

    def rows(self) -> list[ReceivedMail]:
        """What came in."""
        with self.sessions() as session:
            return list(session.scalars(select(ReceivedMail).order_by(ReceivedMail.id)))

    def tickets(self) -> list[str]:
        """The references of all tickets."""
        with self.sessions() as session:
            return list(session.scalars(select(Ticket.reference).order_by(Ticket.id)))


@pytest.fixture
def services(tmp_path: Path, database_url: str, library: "Library") -> Services:
    """The services of an installation whose mail server signs as mx.ims.example."""
    from portal.files.store import open_store

    settings = read_settings(
        {
            "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_BASE_URL": "https://portail.example", "PORTAL_MAIL_HOTLINE": HOTLINE,
            "PORTAL_MAIL_AUTHSERV": "mx.ims.example", "PORTAL_STORAGE_URL": f"file://{tmp_path}/files",
            "PORTAL_DATABASE_URL": database_url,
        }
    )  # fmt: skip
    return Services(settings, lambda: NOON, library, open_store(settings))


@pytest.fixture
def post_room(sessions: "sessionmaker[Session]", services: Services) -> Post:
    """The receiver of an installation with two clients and staff."""
    with sessions.begin() as session:
        seed(session)
    return Post(open_receiver(services, sessions), sessions)
