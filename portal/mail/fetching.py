"""A mailbox over IMAP: what came is taken in, and marked there only once it is kept here.

A message is told apart by a keyword of ours, not by "seen": somebody may read the mailbox beside us. Killed
between our commit and the mark, the message is fetched again and found to be here already.
"""

import imaplib
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from imap_tools.errors import ImapToolsError
from imap_tools.mailbox import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted

from portal.config import imap_port
from portal.logs import logger
from portal.mail.incoming.reading import LARGEST

#: What a message that was taken in carries from then on, where the server takes keywords; elsewhere it is "seen".
KEYWORD = "PortailRecu"
FAILED = "PortailEchec"
TIMEOUT = 60.0
#: Seconds: of one IDLE (servers end them after half an hour), of one look at whether to stop, between two looks
#: where the server knows no IDLE, of the first and the longest pause after a failure.
IDLE, BREATH, POLL = 240.0, 1.0, 60.0
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
#: What an unreachable or broken mailbox raises.
AWAY = (OSError, imaplib.IMAP4.error, ImapToolsError)

#: Takes one message in; what it raises keeps the message in the mailbox. False: the message itself is at fault.
Take = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class Fetched:
    """How many messages were taken in, and how many stay in the mailbox marked as failed."""

    taken: int
    failed: int


class Mailbox:
    """A mailbox at ``imaps://user:password@host/FOLDER?move=FOLDER``: with ``move`` what was taken goes there."""

    def __init__(self, url: str, *, context: ssl.SSLContext | None = None) -> None:
        self._url = urlsplit(url)
        self._folder = unquote(self._url.path.strip("/")) or "INBOX"
        self._move = parse_qs(self._url.query).get("move", [""])[0]
        self._context = context or ssl.create_default_context()

    def __repr__(self) -> str:
        return f"Mailbox({self._url.hostname})"  # never the address: it holds a password

    @contextmanager
    def opened(self) -> Iterator[BaseMailBox]:
        """A connection with the folder selected.

        Raises:
            AWAY: the server cannot be reached, or says no.
        """
        host, port = self._url.hostname or "localhost", self._url.port or imap_port(self._url.scheme)
        match self._url.scheme:
            case "imaps":
                box: BaseMailBox = MailBox(host, port, timeout=TIMEOUT, ssl_context=self._context)
            case "imap+starttls":
                box = MailBoxStartTls(host, port, timeout=TIMEOUT, ssl_context=self._context)
            case _:
                box = MailBoxUnencrypted(host, port, timeout=TIMEOUT)
        try:
            box.login(unquote(self._url.username or ""), unquote(self._url.password or ""), initial_folder=None)
            box.folder.set(self._folder)
            yield box
        finally:
            with suppress(*AWAY):  # it may be gone already
                box.logout()

    def drain(self, box: BaseMailBox, take: Take) -> Fetched:
        """Take in everything that was not taken before, the oldest first. One bad message does not keep the others.

        Raises:
            AWAY, and what ``take`` raises: nothing can be taken now; what was taken is marked.
        """
        keywords = _takes_keywords(box)
        taken = failed = 0
        for uid in box.uids(f"UNKEYWORD {KEYWORD} UNKEYWORD {FAILED}" if keywords else "UNSEEN"):
            raw = _raw(box, uid)
            if raw is None:
                failed += 1
                self._mark(box, uid, FAILED, keywords=keywords)
                continue
            if take(raw):
                taken += 1
                self._mark(box, uid, KEYWORD, keywords=keywords)
                if self._move:
                    box.move(uid, self._move)
            else:
                failed += 1
                self._mark(box, uid, FAILED, keywords=keywords)
        return Fetched(taken, failed)

    def follow(self, take: Take, *, stop: threading.Event) -> None:
        """Take in what comes, as it comes, until told to stop; a connection that breaks is made again, ever later."""
        pause = FIRST_PAUSE
        while not stop.is_set():
            try:
                with self.opened() as box:
                    self.drain(box, take)
                    pause = FIRST_PAUSE
                    while not stop.is_set():
                        _wait(box, stop)
                        self.drain(box, take)
            except Exception as error:  # noqa: BLE001 - whatever it is, the mailbox is looked at again later
                logger().warning("mailbox away", exc_info=error)
                stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _mark(self, box: BaseMailBox, uid: str, keyword: str, *, keywords: bool) -> None:
        box.flag(uid, [keyword] if keywords else ["\\Seen"], value=True)


def _takes_keywords(box: BaseMailBox) -> bool:
    found = box.client.untagged_responses.get("PERMANENTFLAGS") or box.client.response("PERMANENTFLAGS")[1]
    told = b" ".join(each for each in found if isinstance(each, bytes))
    return b"\\*" in told or KEYWORD.encode() in told


def _raw(box: BaseMailBox, uid: str) -> bytes | None:
    """The message, byte for byte, without marking it as seen; None for one that is larger than any mail is."""
    for part in box.client.uid("fetch", uid, "(RFC822.SIZE)")[1] or []:
        text = part if isinstance(part, bytes) else b""
        size = text.upper().partition(b"RFC822.SIZE ")[2].split(b")")[0].split(b" ")[0]
        if size.isdigit() and int(size) > LARGEST:
            logger().error("mail too large", size=int(size))
            return None
    for part in box.client.uid("fetch", uid, "(BODY.PEEK[])")[1] or []:
        if isinstance(part, tuple) and isinstance(part[1], bytes):
            return part[1]
    return None


def _wait(box: BaseMailBox, stop: threading.Event) -> None:
    """Until something comes, or for a while."""
    if "IDLE" not in box.client.capabilities:
        stop.wait(POLL)
        box.client.noop()
        return
    with box.idle as idle:
        for _ in range(int(IDLE / BREATH)):
            if stop.is_set() or any(b"EXISTS" in each for each in idle.poll(timeout=BREATH)):
                return
