"""What the mailbox holds on a person: the messages that came from an address, as they came. Tickets keep their own."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.files.actions import forget
from portal.files.models import StoredFile
from portal.mail.received_models import ReceivedMail
from portal.registry import Erasure, PersonalData, PersonalField, PersonalRecord, Sweeper, table

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


def _originals(session: Session, before: datetime) -> Iterator[ReceivedMail]:
    """Messages placed before a moment whose original is still kept."""
    kept = select(ReceivedMail).where(ReceivedMail.received_at < before, ReceivedMail.file_id.is_not(None))
    for row in session.scalars(kept.order_by(ReceivedMail.id)):
        stored = session.get(StoredFile, row.file_id)
        if stored is not None and stored.erased_at is None:
            yield row


def _due(session: Session, before: datetime) -> list[str]:
    return [row.reference or f"courriel {row.id}" for row in _originals(session, before)]


def _clear(session: Session, before: datetime, at: datetime) -> tuple[int, ...]:  # noqa: ARG001 - the common signature
    return tuple(row.file_id for row in _originals(session, before) if row.file_id is not None)


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
    "support", FIELDS, find, erase, tables=TABLES, addresses=addresses, sweeps=(Sweeper("raw_mails", _due, _clear),)
)
