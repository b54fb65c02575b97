"""A real mailbox (Dovecot): taken in once, marked only once it is kept, whatever dies in between."""

import imaplib
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.files.store import StoreAway
from portal.hotline import taker
from portal.mail import fetching
from portal.mail.fetching import FAILED, KEYWORD, Fetched, Mailbox
from tests.mail.conftest import NOON, Post
from tests.mail.dovecot import PROGRAM, USER, WORD, Dovecot, running

pytestmark = pytest.mark.imap
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Box:
    """The mailbox as its owner sees it."""

    server: Dovecot

    @contextmanager
    def opened(self, *, readonly: bool = False) -> Iterator[imaplib.IMAP4]:
        client = imaplib.IMAP4("127.0.0.1", self.server.port, timeout=20)
        client.login(USER, WORD)
        client.select(readonly=readonly)
        try:
            yield client
        finally:
            client.logout()

    def put(self, *letters: bytes, flags: str | None = None) -> None:
        with self.opened() as client:
            for letter in letters:
                assert client.append("INBOX", flags or "", "", letter.replace(b"\n", b"\r\n"))[0] == "OK"

    def flags(self, folder: str = "INBOX") -> list[str]:
        with self.opened() as client:
            if client.select(folder, readonly=True)[1] == [b"0"]:
                return []
            found = client.fetch("1:*", "(FLAGS)")[1]
            return [each.decode() for each in found if isinstance(each, bytes)]


@pytest.fixture
def box() -> Iterator[Box]:
    with served() as server:
        yield Box(server)


@contextmanager
def served(*, tls: bool = False) -> Iterator[Dovecot]:
    import tempfile

    assert PROGRAM, "REQUIRE_IMAP=1, and there is no Dovecot on this machine"
    # A short path that somebody else than root may enter: its sockets' names have room for a hundred characters.
    with tempfile.TemporaryDirectory(prefix="imap") as folder:
        Path(folder).chmod(0o755)
        with running(Path(folder) / "d", tls=tls) as server:
            yield server


def fetch(room: Post, box: Box, query: str = "") -> Fetched:
    mailbox = Mailbox(box.server.url + query)
    with mailbox.opened() as opened:
        return mailbox.drain(opened, taker(room.receiver, lambda: NOON))


def wait(until: Callable[[], bool]) -> None:
    last = time.monotonic() + 60
    while not until():
        assert time.monotonic() < last
        time.sleep(0.05)


def test_what_is_in_the_mailbox_is_taken_in_once_also_what_somebody_read_there(post_room: Post, box: Box) -> None:
    box.put(post_room.letter("Un"))
    box.put(post_room.letter("Deux"), flags="(\\Seen)")
    assert fetch(post_room, box) == Fetched(2, 0)
    assert len(post_room.tickets()) == 2
    assert [row.via for row in post_room.rows()] == ["imap", "imap"]
    first, second = box.flags()
    assert KEYWORD in first
    assert "\\Seen" not in first
    assert KEYWORD in second
    assert fetch(post_room, box) == Fetched(0, 0)
    box.put(post_room.letter("Trois"))
    assert fetch(post_room, box) == Fetched(1, 0)


def test_what_is_no_message_is_marked_and_holds_nobody_up(post_room: Post, box: Box) -> None:
    box.put(post_room.letter("Un"), b"PK\x03\x04 rien d'un message", post_room.letter("Deux"))
    assert fetch(post_room, box) == Fetched(2, 1)
    assert FAILED in box.flags()[1]
    assert fetch(post_room, box) == Fetched(0, 0)


def test_a_message_that_breaks_the_rooms_is_kept_and_holds_nobody_up(
    post_room: Post, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = type(post_room.hotline).place

    def breaks(self: object, session: object, incoming: object, *rest: object, **named: object) -> object:
        if getattr(incoming, "subject", "") == "Poison":
            raise RuntimeError("bug")
        return place(self, session, incoming, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(type(post_room.hotline), "place", breaks)
    box.put(post_room.letter("Un", subject="Poison"), post_room.letter("Deux"))
    assert fetch(post_room, box) == Fetched(2, 0)
    assert next(row.reference for row in post_room.rows()) == ""
    assert len(post_room.tickets()) == 1


def test_what_was_taken_goes_to_its_folder(post_room: Post, box: Box) -> None:
    with box.opened() as client:
        client.create("Traites")
    box.put(post_room.letter("Un"))
    assert fetch(post_room, box, "?move=Traites") == Fetched(1, 0)
    assert box.flags() == []
    assert len(box.flags("Traites")) == 1


def test_a_store_that_is_away_leaves_everything_in_the_mailbox(
    post_room: Post, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreAway("disk full")

    box.put(post_room.letter("Un"))
    with monkeypatch.context() as patch:
        patch.setattr(type(post_room.receiver.store), "put", away)
        with pytest.raises(StoreAway):
            fetch(post_room, box)
    assert KEYWORD not in box.flags()[0]
    assert fetch(post_room, box) == Fetched(1, 0)


DIES = """
import os, sys
from portal.cli import main
from portal.mail.fetching import Mailbox
Mailbox._mark = lambda *_, **__: os.kill(os.getpid(), 9)
main(["mail", "fetch"])
"""


def test_a_kill_between_our_commit_and_the_mark_loses_nothing_and_doubles_nothing(
    post_room: Post, box: Box, database_url: str, tmp_path: Path
) -> None:
    import os

    from portal import schema
    from portal.db import make_engine

    # The command wants a database that was migrated.
    engine = make_engine(database_url)
    schema.declared().drop_all(engine)
    schema.upgrade(engine)
    box.put(post_room.letter("Un"), post_room.letter("Deux"))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")} | {
        "PORTAL_DATABASE_URL": database_url, "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_IMAP_URL": box.server.url,
        "PORTAL_STORAGE_URL": f"file://{tmp_path}/files",
    }  # fmt: skip
    killed = subprocess.run([sys.executable, "-c", DIES], cwd=ROOT, env=environ, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert len(post_room.tickets()) == 1
    assert not any(KEYWORD in flags for flags in box.flags())
    done = subprocess.run(
        [sys.executable, "-m", "portal.cli", "mail", "fetch"], cwd=ROOT, env=environ, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert len(post_room.tickets()) == len(post_room.rows()) == 2
    assert all(KEYWORD in flags for flags in box.flags())
    engine.dispose()


def test_what_comes_is_taken_in_as_it_comes_and_a_server_that_went_away_is_found_again(
    post_room: Post, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(fetching, "LONGEST_PAUSE", 0.5)
    stop = threading.Event()
    mailbox = Mailbox(box.server.url)
    thread = threading.Thread(
        target=mailbox.follow, args=(taker(post_room.receiver, lambda: NOON),), kwargs={"stop": stop}
    )
    thread.start()
    try:
        for number in (1, 2):
            box.put(post_room.letter(f"Numéro {number}"))
            wait(lambda wanted=number: len(post_room.tickets()) == wanted)  # type: ignore[misc]
        box.server.stop()
        box.server.start()
        box.put(post_room.letter("Numéro 3"))
        wait(lambda: len(post_room.tickets()) == 3)
    finally:
        stop.set()
        thread.join(timeout=30)
    assert not thread.is_alive()


def test_a_mailbox_behind_tls_is_read_and_only_with_a_certificate_that_is_trusted(
    post_room: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tls=True) as server:
        folder = server.folder
        signed_in = f"{USER}:{WORD}@127.0.0.1"
        addresses = (f"imaps://{signed_in}:{server.tls_port}/INBOX", f"imap+starttls://{signed_in}:{server.port}/INBOX")
        for address in addresses:
            with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"), Mailbox(address).opened():
                pytest.fail("anybody could be this server")
        # As an installation names the certificate of its own house.
        monkeypatch.setenv("SSL_CERT_FILE", str(folder / "certificate.pem"))
        for number, address in enumerate(addresses, 1):
            mailbox = Mailbox(address)
            with mailbox.opened() as opened:
                assert isinstance(opened.client.sock, ssl.SSLSocket)
                opened.client.append("INBOX", "", "", post_room.letter(f"Numéro {number}").replace(b"\n", b"\r\n"))
                assert mailbox.drain(opened, taker(post_room.receiver, lambda: NOON)) == Fetched(1, 0)
    assert len(post_room.tickets()) == len(addresses)


def test_no_word_of_the_mailbox_shows_its_password() -> None:
    assert "secret" not in repr(Mailbox("imaps://hotline:secret@mail.example/INBOX"))
