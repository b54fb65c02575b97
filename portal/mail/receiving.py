"""Take a message in: kept byte for byte first, read, then handed to the ticket it belongs to. Each once.

Two transactions. The first writes the message down and a job that will see to it; from then on nothing can lose
it. The second reads it and places it. A process that dies in between has its message placed by the
worker, or by whoever brings it again.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from portal.db import is_away
from portal.files import actions as files
from portal.files.models import StoredFile
from portal.files.rules import FileRefused
from portal.files.store import Store, StoreAway
from portal.jobs.actions import Leased, enqueue, finish
from portal.mail.incoming.handover import Handover, Kept, Stored
from portal.mail.incoming.headers import read_head
from portal.mail.incoming.message import Action, Auto, DeliveryReport, Incoming
from portal.mail.incoming.reading import LARGEST, check_message, read
from portal.mail.incoming.wire import prepared
from portal.mail.models import OutgoingMail
from portal.mail.received_models import Outcome, ReceivedMail
from portal.mail.replies import Replies

JOB = "mail.received"
#: How long whoever brought a message is left alone with it before the worker looks.
GRACE = timedelta(minutes=2)
KEPT_FOR = "tickets"
#: What makes a message the same whatever road it took: not what servers write above it.
_SAME = ("message-id", "from", "to", "cc", "subject", "date", "in-reply-to")
#: Answers that bring nothing to read: they are shown on the mail that they answer.
_KEPT = frozenset({Auto.REPLY, Auto.RECEIPT})


class TooLarge(ValueError):
    """More bytes than any mail server lets through."""


class NotPlaced(RuntimeError):
    """A message that is kept and breaks the placing: it is not lost, and its job tries again."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message. ``reference``: of its ticket; "" for what concerns none. ``again``: it was here before."""

    number: int
    reference: str
    outcome: Outcome | None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Receiver:
    """Takes messages in. ``trusted``: names of our mail server; ``own``: addresses that the portal writes from."""

    sessions: sessionmaker[Session]
    store: Store
    handover: Handover
    replies: Replies
    trusted: Collection[str] = ()
    own: Collection[str] = ()

    def receive(self, raw: bytes, *, via: str, now: datetime) -> Receipt:
        """Take a message in. When this returns, it is kept and placed; whatever it raises, it may be brought again.

        Raises:
            NotAMessage: the bytes are none; nothing was kept.
            TooLarge: likewise.
            StoreAway, DBAPIError: nothing can be written now.
            NotPlaced: it is kept, and something else went wrong.
        """
        if len(raw) > LARGEST:
            raise TooLarge(len(raw))
        check_message(raw)
        number, again = self._keep(raw, via, now)
        try:
            return replace(self.handle(number, now=now, raw=raw), again=again)
        except Exception as error:
            if isinstance(error, StoreAway) or is_away(error):
                raise
            raise NotPlaced(type(error).__name__) from error

    def handle(self, number: int, *, now: datetime, raw: bytes | None = None) -> Receipt:
        """Read a message that was kept, and place it; one that was placed before stays where it is.

        Raises:
            StoreAway, FileGone: the message cannot be read back now.
        """
        with self.sessions() as session:
            row = session.get_one(ReceivedMail, number)
            if row.handled_at is not None:
                return Receipt(row.id, row.reference, row.outcome)
            if raw is None:
                raw = files.read(self.store, session.get_one(StoredFile, row.file_id))
        incoming = read(raw, trusted=self.trusted)
        with self.sessions.begin() as session:
            row = session.get_one(ReceivedMail, number, with_for_update=True)
            if row.handled_at is None:
                _describe(row, incoming)
                self._place(session, row, incoming, now)
                row.handled_at, row.last_error = now, None
            return Receipt(row.id, row.reference, row.outcome)

    def work(self, sessions: sessionmaker[Session], job: Leased, now: datetime) -> None:
        """The job that sees to a message whose bringer died."""
        self.handle(int(job.payload["mail"]), now=now)
        with sessions.begin() as session:
            finish(session, job, now=now)

    # --- First: keep it ----------------------------------------------------------------------------

    def _keep(self, raw: bytes, via: str, now: datetime) -> tuple[int, bool]:
        identity = identity_of(raw)
        try:
            with self.sessions.begin() as session:
                if (held := _find(session, identity)) is not None:
                    return held, True
                row = ReceivedMail(
                    identity=identity, sha256=sha256(raw).hexdigest(), size=len(raw), via=via, received_at=now
                )
                session.add(row)
                session.flush()  # whoever brings the same one waits here for this transaction
                stored = files.keep_as_is(
                    session, self.store, raw, name="courriel.eml", media_type="message/rfc822", kept_for=KEPT_FOR, now=now
                )  # fmt: skip
                row.file_id = stored.id
                enqueue(session, JOB, {"mail": row.id}, key=f"{JOB}:{row.id}", now=now, due=now + GRACE)
                return row.id, False
        except IntegrityError:
            with self.sessions() as session:
                held = _find(session, identity)
            if held is None:
                raise
            return held, True

    # --- Then: place it ----------------------------------------------------------------------------

    def _place(self, session: Session, row: ReceivedMail, incoming: Incoming, now: datetime) -> None:
        mine = self._mine(session, incoming)
        if mine is not None:
            row.outcome, row.outgoing_id, row.reference = (
                Outcome.OWN,
                mine.id,
                self.handover.reference_of(session, mine),
            )
            return
        if incoming.sender.mail.lower() in self.own and incoming.auto is None:
            incoming = replace(incoming, auto=Auto.OWN)
        answered = _answered(session, incoming)
        row.outgoing_id = answered.id if answered else None
        if answered is not None and incoming.report is not None and incoming.report.recipients:
            row.outcome, row.reference = Outcome.REPORT, self.handover.reference_of(session, answered)
            self._note(session, answered, incoming.report, now)
            return
        if answered is not None and incoming.auto in _KEPT and not self.handover.reference_of(session, answered):
            row.outcome = Outcome.KEPT
            return
        signed = self.replies.reference_in(
            [*(one.mail for one in (*incoming.to, *incoming.cc)), *incoming.delivered_to], incoming.subject
        )
        placed = self.handover.place(
            session, incoming, self._stored(session, row, incoming, now), signed=signed, at=now
        )
        row.outcome = Outcome.REPLY if placed.joined else Outcome.TICKET
        row.reference = placed.reference

    def _mine(self, session: Session, incoming: Incoming) -> OutgoingMail | None:
        """The mail of ours that came back as it was, by a rule or a copy: placing it would make the next one."""
        if not incoming.message_id:
            return None
        return session.scalars(select(OutgoingMail).where(OutgoingMail.message_id == incoming.message_id)).first()

    def _note(self, session: Session, mail: OutgoingMail, report: DeliveryReport, now: datetime) -> None:
        proven = bool(mail.token) and report.token == mail.token
        actions = {one.action for one in report.recipients}
        concerned = any(one.recipient == mail.recipient.lower() for one in report.recipients)
        if Action.FAILED in actions and (proven or concerned):
            first = next(one for one in report.recipients if one.action is Action.FAILED)
            mail.bounced_at = mail.bounced_at or now
            mail.bounced_why = f"{first.status} {first.why}".strip()[:2000]
        if proven and Action.DELIVERED in actions:
            mail.delivered_at = mail.delivered_at or now
        if proven:
            self.handover.report(session, mail, report, at=now)

    def _stored(self, session: Session, row: ReceivedMail, incoming: Incoming, now: datetime) -> Stored:
        kept: list[Kept] = []
        remarks = list(incoming.remarks)
        for one in incoming.attachments:
            try:
                stored = files.keep(
                    session, self.store, one.content, name=one.filename, kept_for=KEPT_FOR, now=now, limit=LARGEST
                )
            except FileRefused as error:
                remarks.append(f"Pièce jointe non reprise, elle reste dans le message d'origine\u00a0: {error}")
            else:
                kept.append(Kept(stored.id, stored.name))
        if row.file_id is None:
            raise LookupError(f"received mail {row.id} has no file")
        return Stored(f"mail:{row.identity}", row.file_id, tuple(kept), tuple(remarks))


def identity_of(raw: bytes) -> str:
    """What two copies of one message share, in hexadecimal."""
    ready = prepared(raw)
    head, start = read_head(ready, 0, len(ready))
    digest = sha256()
    for name in _SAME:
        digest.update(b" ".join(head.raw(name).split()) + b"\n")
    digest.update(ready[start:].replace(b"\r\n", b"\n").strip())
    return digest.hexdigest()


def _find(session: Session, identity: str) -> int | None:
    return session.scalars(select(ReceivedMail.id).where(ReceivedMail.identity == identity)).first()


def _describe(row: ReceivedMail, incoming: Incoming) -> None:
    row.message_id, row.sender = incoming.message_id[:500], incoming.sender.mail.lower()[:320]
    row.subject, row.backing = incoming.subject[:400], incoming.backing.value
    row.auto = incoming.auto.value if incoming.auto else ""


def _answered(session: Session, incoming: Incoming) -> OutgoingMail | None:
    """The mail of ours that a message answers or reports on."""
    if incoming.report is not None and incoming.report.token:
        found = session.scalars(select(OutgoingMail).where(OutgoingMail.token == incoming.report.token)).first()
        if found is not None:
            return found
    named = [incoming.report.message_id] if incoming.report is not None and incoming.report.message_id else []
    wanted = [*named, *incoming.answers][:50]
    if not wanted:
        return None
    rows = {
        mail.message_id: mail
        for mail in session.scalars(select(OutgoingMail).where(OutgoingMail.message_id.in_(wanted)))
    }
    return next((rows[each] for each in wanted if each in rows), None)
