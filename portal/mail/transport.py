"""The way out: SMTP by URL. Plain in a test or on one machine, TLS for anything that crosses a network."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

from portal.config import mail_port

TIMEOUT = 30.0
#: A header of ours that asks the servers on the way for a notice of what became of the mail; it does not leave.
NOTIFY = "X-Portal-Notify"


class Transport(Protocol):
    """Whatever can send one message, or raise."""

    def send(self, message: EmailMessage) -> None: ...


class Smtp:
    """An SMTP server: ``smtp://``, ``smtps://`` or ``smtp+starttls://``, with or without a user."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)

    def send(self, message: EmailMessage) -> None:
        """Hand one message over; return only when the server has taken it.

        Raises:
            OSError, smtplib.SMTPException: when it has not.
        """
        notify = message.get(NOTIFY) is not None
        del message[NOTIFY]  # it is for the way, not for the reader
        with self._talk() as server:
            server.ehlo_or_helo_if_needed()
            if notify and server.has_extn("dsn"):
                # A notice for each fate (RFC 3461); with the headers, by which the mail is known again.
                server.send_message(
                    message, mail_options=("RET=HDRS",), rcpt_options=("NOTIFY=SUCCESS,FAILURE,DELAY",)
                )  # fmt: skip
            else:
                server.send_message(message)

    def greet(self) -> None:
        """Sign in and leave: whether the server would take a mail.

        Raises:
            OSError, smtplib.SMTPException: when it would not.
        """
        with self._talk() as server:
            server.noop()

    @contextmanager
    def _talk(self) -> Iterator[smtplib.SMTP]:
        host, port = self._url.hostname or "localhost", self._url.port or mail_port(self._url.scheme)
        tls = ssl.create_default_context()
        if self._url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=tls)
        else:
            server = smtplib.SMTP(host, port, timeout=TIMEOUT)
        with server:
            if self._url.scheme == "smtp+starttls":
                server.starttls(context=tls)
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
            yield server


class Kept:
    """The demo's way out: nothing leaves this machine, the outbox itself is the mailbox."""

    def send(self, message: EmailMessage) -> None:
        """Keep the message where it is."""
