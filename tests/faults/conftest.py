"""A mail server that takes its time, and processes that can be killed."""

import asyncio
import email
import random
import socket
from collections import Counter
from collections.abc import Iterator
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession


class Inbox:
    """A server that takes its time, so that kills land in the middle of a delivery."""

    def __init__(self, chance: random.Random) -> None:
        self.received: Counter[str] = Counter()
        self._chance = chance

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self._chance.random() * 0.008)
        message = email.message_from_bytes(bytes(envelope.original_content or b""), policy=default)
        self.received[str(message["Message-ID"])] += 1
        await asyncio.sleep(self._chance.random() * 0.008)
        return "250 OK"


@pytest.fixture
def chance() -> random.Random:
    return random.Random(20261123)  # noqa: S311 - moments to kill at, the same in every run


@pytest.fixture
def inbox(chance: random.Random) -> Inbox:
    return Inbox(random.Random(chance.random()))  # noqa: S311 - used in a thread of its own


@pytest.fixture
def server(inbox: Inbox) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}"
    controller.stop()
