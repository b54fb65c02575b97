"""Out through a real SMTP server, back through it: an answer finds its ticket by what our mail gave it."""

import email
import smtplib
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession

from portal.jobs.actions import lease
from portal.jobs.rules import Patience
from portal.mail.actions import deliver
from portal.mail.transport import Smtp
from tests.mail.conftest import BACKED, NOON, Post

CLAIRE = "claire@client.example"


class Server:
    """A mail server between a client and the hotline: what is for the hotline goes to the receiver, as a pipe does."""

    def __init__(self, room: Post) -> None:
        self.room = room
        self.delivered: list[EmailMessage] = []
        self.references: list[str] = []

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        raw = bytes(envelope.original_content or b"")
        for recipient in envelope.rcpt_tos:
            if recipient.startswith("hotline"):
                # What a real one writes above: where it was for, and what it found of the sender.
                above = f"Delivered-To: {recipient}\r\n{BACKED}client.example\r\n".encode()
                self.references.append(self.room.receive(above + raw))
            else:
                message = email.message_from_bytes(raw, policy=default)
                assert isinstance(message, EmailMessage)
                self.delivered.append(message)
        return "250 OK"


@pytest.fixture
def server(post_room: Post) -> Iterator[tuple[Server, int]]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    handler = Server(post_room)
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


def send_out(room: Post, port: int) -> None:
    while True:
        with room.sessions.begin() as session:
            job = lease(session, now=NOON)
        if job is None:
            return
        deliver(
            room.sessions, job, transport=Smtp(f"smtp://127.0.0.1:{port}"), sender="IMS <hotline@ims.example>",
            now=NOON, patience=Patience(),
        )  # fmt: skip


def write(port: int, to: str, subject: str, words: str, **fields: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Claire <{CLAIRE}>", to, subject
    message["Message-ID"] = f"<{abs(hash(words))}@client.example>"
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content(words)
    with smtplib.SMTP("127.0.0.1", port) as line:
        line.send_message(message)


def test_an_answer_to_our_mail_comes_back_into_its_ticket(post_room: Post, server: tuple[Server, int]) -> None:
    handler, port = server
    write(port, "hotline@ims.example", "Serveur lent", "Le serveur est lent.")
    send_out(post_room, port)
    ours = next(message for message in handler.delivered if message["To"] == CLAIRE)
    assert ours["X-Portail-Envoi"]
    quoted = "".join(f"> {line}\n" for line in ours.get_body(("plain",)).get_content().splitlines())  # type: ignore[union-attr]
    # Once as a mailer answers, once by somebody whose mailer threads nothing, once to another address.
    write(
        port, ours["Reply-To"], f"Re: {ours['Subject']}", f"Merci.\n\nLe 23/11/2026, IMS a écrit :\n{quoted}",
        In_Reply_To=ours["Message-ID"], References=ours["Message-ID"],
    )  # fmt: skip
    write(port, ours["Reply-To"], "autre objet", "Sans fil.")
    write(port, "hotline@ims.example", f"Re: {ours['Subject']}", "Par l'objet.")
    write(port, "hotline@ims.example", "Autre panne", "Rien à voir.")
    first, *answers, other = handler.references
    assert set(answers) == {first}
    assert other != first
    from sqlalchemy import select

    from portal.tickets.models import TicketMessage

    with post_room.sessions() as session:
        texts = session.scalars(select(TicketMessage.text).order_by(TicketMessage.id)).all()
    assert [text.strip() for text in texts][:4] == ["Le serveur est lent.", "Merci.", "Sans fil.", "Par l'objet."]
