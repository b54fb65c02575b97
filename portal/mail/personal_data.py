"""What the mailbox holds on a person: the messages that came from an address, as they came. Tickets keep their own."""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from sqlalchemy import func, not_, or_, select
from sqlalchemy.orm import Session

from portal.files.actions import forget
from portal.files.models import StoredFile
from portal.mail.models import OutgoingMail
from portal.mail.received_models import ReceivedMail
from portal.registry import Erasure, PersonalData, PersonalField, PersonalRecord, Stale, Sweeper, table

ERASED = "(effacé)"
FIELDS = (
    PersonalField("Adresse électronique", "effacée"),
    PersonalField("Objet", "effacé"),
    PersonalField("Message d'origine", "effacé"),
)


def _of(session: Session, mail: str) -> Iterator[ReceivedMail]:
    mine = func.lower(ReceivedMail.sender) == mail.strip().lower()
    yield from session.scalars(select(ReceivedMail).where(mine).order_by(ReceivedMail.id))


def find(session: Session, mail: str) -> Iterator[PersonalRecord]:
    """Every message that came from an address."""
    for row in _of(session, mail):
        values = (row.sender, row.subject, f"conservé, {row.size} octets" if row.file_id else ERASED)
        named = tuple((field.label, value) for field, value in zip(FIELDS, values, strict=True))
        files = (row.file_id,) if row.file_id is not None else ()
        yield PersonalRecord(row.reference or f"courriel {row.id}", named, row.received_at, files=files)


def erase(session: Session, mail: str, at: datetime) -> Erasure:
    """Forget the messages of an address. That one came stays known by its fingerprint: it makes no second ticket."""
    erased: list[str] = []
    files: list[int] = []
    for row in list(_of(session, mail)):
        stored = session.get(StoredFile, row.file_id) if row.file_id is not None else None
        if stored is not None:
            forget(session, stored, at=at)
            files.append(stored.id)
        row.sender, row.subject, row.message_id = ERASED, ERASED, ""
        erased.append(row.reference or f"courriel {row.id}")
    session.flush()
    return Erasure(tuple(erased), tuple(files))


def addresses(session: Session) -> Iterator[str]:
    """Every address that a message came from."""
    yield from session.scalars(select(ReceivedMail.sender).where(ReceivedMail.sender != ERASED).distinct())


def _originals(session: Session, before: datetime) -> Iterator[Stale]:
    """Messages that came before a moment and still say from whom; a ticket holds what was of use in them."""
    old = select(ReceivedMail).where(ReceivedMail.received_at < before, ReceivedMail.sender != ERASED)
    for row in session.scalars(old.order_by(ReceivedMail.id)):
        yield Stale(
            row.reference or f"courriel {row.id}", row.id, tuple(each for each in (row.sender, row.reference) if each)
        )


def _clear_originals(session: Session, keys: Collection[int], at: datetime) -> list[int]:  # noqa: ARG001 - the common signature
    rows = session.scalars(select(ReceivedMail).where(ReceivedMail.id.in_(keys))).all()
    for row in rows:
        row.sender, row.subject, row.message_id, row.last_error = ERASED, ERASED, "", None
    session.flush()
    return [row.file_id for row in rows if row.file_id is not None]


#: Sent mails that go with another line of the table than the others.
_WITH = {"sign_ins": "accounts/", "invoice_mails": "invoices/"}


#: By what a client is served.
_SERVES = ("contracts/", "orders/", "invoices/")
#: What may name a record in the subject or the key of a mail: an invoice has the number that its seller gave it.
_NAMED = re.compile(r"(?=[\w/-]*\d)\w[\w/-]*")
#: A reference of ours, in a text; so much of it is read.
_REFERENCE = re.compile(r"\b[A-Z]{3}-\d{4}-\d+\b")
READ = 4_000


def _sent(line: str) -> Callable[[Session, datetime], Iterator[Stale]]:
    begins = OutgoingMail.event.startswith
    mine = begins(_WITH[line]) if line in _WITH else not_(or_(*(begins(each) for each in _WITH.values())))

    def due(session: Session, before: datetime) -> Iterator[Stale]:
        told = (OutgoingMail.message_id, OutgoingMail.subject, func.substr(OutgoingMail.text, 1, READ))
        old = select(OutgoingMail.id, OutgoingMail.recipient, *told).where(
            OutgoingMail.created_at < before, OutgoingMail.recipient != ERASED, mine
        )
        for number, recipient, key, subject, text in session.execute(
            old.order_by(OutgoingMail.id).execution_options(yield_per=500)
        ):
            said = dict.fromkeys([*_NAMED.findall(f"{key} {subject}"), *_REFERENCE.findall(text)])
            yield Stale(f"courriel envoyé {number}", number, (recipient, *said))

    return due


def _clear_sent(session: Session, keys: Collection[int], at: datetime) -> tuple[int, ...]:
    for sent in session.scalars(select(OutgoingMail).where(OutgoingMail.id.in_(keys))):
        # What has not left by now never leaves: the worker takes a sent mail for done.
        sent.sent_at = sent.sent_at or at
        sent.recipient, sent.subject, sent.text, sent.html, sent.calendar = ERASED, ERASED, ERASED, None, None
        sent.headers, sent.last_error, sent.bounced_why = {}, None, None
    session.flush()
    return ()


def _acted(session: Session, names: Collection[str], since: datetime) -> dict[str, str]:
    """Who is served by mail has use for an access though they sign in nowhere: each mail leads to it."""
    served = or_(*(OutgoingMail.event.startswith(each) for each in _SERVES))
    sent = select(OutgoingMail.recipient).where(
        func.lower(OutgoingMail.recipient).in_(names), OutgoingMail.created_at >= since, served
    )  # fmt: skip
    return {
        mail.lower(): "reçoit les courriels d'un contrat ou d'une facture" for mail in session.scalars(sent.distinct())
    }


TABLES = (
    table(
        "received_mail", own="sender", personal="message_id sender subject last_error",
        impersonal="identity sha256 via auto backing reference",
    ),
    table("mail_stop", personal="address", impersonal="because events", alone=True),
    table(
        "outgoing_mail", personal="recipient subject text html calendar headers last_error bounced_why",
        impersonal="message_id event token",
    ),
)  # fmt: skip
PERSONAL_DATA = PersonalData(
    "support", FIELDS, find, erase, tables=TABLES, addresses=addresses, acted=_acted,
    sweeps=(
        Sweeper("raw_mails", _originals, _clear_originals),
        *(Sweeper(line, _sent(line), _clear_sent) for line in ("sign_ins", "sent_mails", "invoice_mails")),
    ),
)  # fmt: skip
