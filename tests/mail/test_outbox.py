"""The outbox on a real SMTP server: leaves with its act, arrives once, says why when it cannot."""

import email
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.jobs.actions import LeaseLost, lease
from portal.jobs.models import Job
from portal.jobs.rules import LEASE, Patience
from portal.mail.actions import deliver, post
from portal.mail.message import BadAddress, check_address
from portal.mail.models import OutgoingMail
from portal.mail.transport import Smtp

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SENDER = "IMS Partners <portail@ims-partners.example>"


class Inbox:
    """A server's memory; addresses at ``refused.example`` are turned down for good."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_RCPT(  # noqa: N802 - the server's own names
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.endswith("@refused.example"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        message = email.message_from_bytes(bytes(envelope.original_content or b""), policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def server(inbox: Inbox) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}"
    controller.stop()


def write(sessions: sessionmaker[Session], recipient: str = "claire@client.example", key: str | None = None) -> int:
    with sessions() as session:
        mail = post(
            session,
            event="accounts/invitation",
            recipient=recipient,
            subject="Votre accès à l'espace client\u202f: valable jusqu'au 30 novembre",
            text="Bonjour,\n\nvoici votre accès.\n",
            html="<p>Bonjour,</p><p>voici votre accès.</p>",
            domain="portail.example",
            now=NOON,
            key=key,
            headers={"In-Reply-To": "<x@client.example>"},
        )
        session.commit()
        return mail.id


def work(sessions: sessionmaker[Session], url: str, now: datetime = NOON, patience: Patience | None = None) -> bool:
    with sessions() as session:
        job = lease(session, now=now)
        session.commit()
    if job is None:
        return False
    deliver(sessions, job, transport=Smtp(url), sender=SENDER, now=now, patience=patience or Patience())
    return True


def test_a_mail_arrives_whole_in_text_and_html(sessions: sessionmaker[Session], server: str, inbox: Inbox) -> None:
    write(sessions)
    assert work(sessions, server)
    (message,) = inbox.messages
    assert message["Subject"] == "Votre accès à l'espace client : valable jusqu'au 30 novembre"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["In-Reply-To"] == "<x@client.example>"
    body, html = message.get_body(("plain",)), message.get_body(("html",))
    assert body is not None
    assert html is not None
    assert "voici votre accès." in body.get_content()
    assert "<p>voici votre accès.</p>" in html.get_content()


def test_a_mail_is_sent_once_and_there_is_nothing_left_to_do(
    sessions: sessionmaker[Session], server: str, inbox: Inbox
) -> None:
    write(sessions)
    assert work(sessions, server)
    assert not work(sessions, server, NOON + timedelta(days=1))
    assert len(inbox.messages) == 1


def test_an_act_that_is_rolled_back_sends_nothing(sessions: sessionmaker[Session], server: str) -> None:
    with sessions() as session:
        post(
            session, event="e", recipient="a@b.example", subject="s", text="t", html=None, domain="d.example", now=NOON
        )
        session.rollback()
    assert not work(sessions, server)


def test_the_same_key_twice_is_one_mail(sessions: sessionmaker[Session], server: str, inbox: Inbox) -> None:
    assert write(sessions, key="invitation-7") == write(sessions, key="invitation-7")
    assert work(sessions, server)
    assert not work(sessions, server)
    assert inbox.messages[0]["Message-ID"] == "<invitation-7@portail.example>"


def test_a_server_that_is_away_is_tried_again_later_and_the_mail_says_why(
    sessions: sessionmaker[Session], server: str, inbox: Inbox
) -> None:
    write(sessions)
    assert work(sessions, "smtp://127.0.0.1:1")
    with sessions() as session:
        mail = session.scalars(select(OutgoingMail)).one()
        assert mail.sent_at is None
        assert "ConnectionRefused" in (mail.last_error or "")
    assert not work(sessions, server, NOON + timedelta(seconds=29))
    assert work(sessions, server, NOON + timedelta(seconds=30))
    assert len(inbox.messages) == 1
    with sessions() as session:
        mail = session.scalars(select(OutgoingMail)).one()
        assert (mail.sent_at, mail.last_error) == (NOON + timedelta(seconds=30), None)


def test_an_address_refused_for_good_is_not_tried_again(sessions: sessionmaker[Session], server: str) -> None:
    write(sessions, "personne@refused.example")
    assert work(sessions, server)
    with sessions() as session:
        job = session.scalars(select(Job)).one()
        assert job.given_up_at == NOON
        assert job.last_error == "550 no such user"


def test_a_worker_that_dies_after_the_servers_yes_sends_the_same_mail_again_not_another(
    sessions: sessionmaker[Session], server: str, inbox: Inbox
) -> None:
    write(sessions)

    class Dies(Smtp):
        def send(self, message: EmailMessage) -> None:
            super().send(message)
            raise KeyboardInterrupt

    with sessions() as session:
        job = lease(session, now=NOON)
        session.commit()
    assert job is not None
    with pytest.raises(KeyboardInterrupt):
        deliver(sessions, job, transport=Dies(server), sender=SENDER, now=NOON, patience=Patience())
    assert work(sessions, server, NOON + LEASE)
    first, second = (message["Message-ID"] for message in inbox.messages)
    assert first == second


def test_a_worker_whose_lease_ran_out_does_not_end_the_job_of_another(
    sessions: sessionmaker[Session], server: str
) -> None:
    write(sessions)
    with sessions() as session:
        slow = lease(session, now=NOON)
        session.commit()
    with sessions() as session:
        lease(session, now=NOON + LEASE)
        session.commit()
    assert slow is not None
    with pytest.raises(LeaseLost):
        deliver(sessions, slow, transport=Smtp(server), sender=SENDER, now=NOON, patience=Patience())


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@b",
        "a b@c.example",
        "a@b.example\nBcc: x@y.example",
        "@b.example",
        "(" * 2000 + "@b.example",
        "a " * 20_000 + "@b.example",
        "a." * 50_000 + "@b.example",
    ],
)
def test_what_is_no_address_never_reaches_a_header(address: str) -> None:
    with pytest.raises(BadAddress):
        check_address(address)
