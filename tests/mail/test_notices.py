"""A mail that asks for it gets a delivery notice from servers that give them, and leaves all the same by others."""

import email
import socket
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession

from portal.mail.transport import NOTIFY, Smtp


class Notifying(SMTP):
    """A server that gives notices (RFC 3461): keeps what it is asked for."""

    asked: list[str] = []  # noqa: RUF012 - of one test

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - the server's own names
        address, _, options = (arg or "").partition(">")
        self.asked.append(options.strip())
        await super().smtp_MAIL(f"{address}>")

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        address, _, options = (arg or "").partition(">")
        self.asked.append(options.strip())
        await super().smtp_RCPT(f"{address}>")


class Inbox:
    """What arrived."""

    def __init__(self, *, notices: bool) -> None:
        self.notices = notices
        self.messages: list[EmailMessage] = []

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: SmtpSession, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", responses[-1]] if self.notices else responses

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        message = email.message_from_bytes(bytes(envelope.original_content or b""), policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"


class Server(Controller):
    """A controller of our own server."""

    def factory(self) -> SMTP:
        return Notifying(self.handler, **self.SMTP_kwargs)


def message(*, notify: bool) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "a@ims.example", "b@client.example", "Devis"
    if notify:
        made[NOTIFY] = "success"
    made.set_content("Bonjour")
    return made


@pytest.fixture
def asked() -> list[str]:
    Notifying.asked = []
    return Notifying.asked


@pytest.mark.parametrize(("notices", "notify"), [(True, True), (True, False), (False, True)])
def test_a_notice_is_asked_for_where_it_is_wanted_and_given(notices: bool, notify: bool, asked: list[str]) -> None:
    inbox = Inbox(notices=notices)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = Server(inbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        Smtp(f"smtp://127.0.0.1:{port}").send(message(notify=notify))
    finally:
        server.stop()
    assert ("NOTIFY=SUCCESS,FAILURE,DELAY" in asked) is (notices and notify)
    assert ("RET=HDRS" in " ".join(asked)) is (notices and notify)
    (arrived,) = inbox.messages
    assert arrived[NOTIFY] is None
