"""Record an act, check the log, erase what an entry commits to."""

import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.evidence.chain import GENESIS, Broken, canonical, commit, link, verify_links
from portal.evidence.models import Entry, Payload

SALT = 32
#: Key of PostgreSQL's advisory lock: one writer of the chain at a time.
_LOCK = 0x1D5_E71D
_LAST = "last_recorded"


def take_turn(session: Session) -> None:
    """Become the one writer of the log until the transaction ends, before rows are held that others hold while they wait.

    On SQLite the transaction is already the only writer; on PostgreSQL an advisory lock is held.
    An act that both holds rows and records takes its turn first: two such acts never wait for each other.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def record(session: Session, kind: str, payload: Mapping[str, Any], *, at: datetime) -> Entry:
    """Append one act to the log, in the caller's transaction: writers take their turn."""
    take_turn(session)
    session.flush()
    last = session.scalars(select(Entry).order_by(Entry.seq.desc()).limit(1)).first()
    content, salt = canonical(payload), secrets.token_bytes(SALT)
    chained = link(last.seq + 1 if last else 1, at, kind, commit(content, salt), last.digest if last else GENESIS)
    entry = Entry(
        seq=chained.seq,
        at=at,
        kind=kind,
        commitment=chained.commitment,
        previous=chained.previous,
        digest=chained.digest,
        payload=Payload(salt=salt, content=content.decode()),
    )
    session.add(entry)
    session.flush()
    session.info[_LAST] = entry.digest
    return entry


def last_recorded(session: Session) -> str | None:
    """The digest of the last entry that was recorded in a session, whether or not it was kept."""
    digest: str | None = session.info.get(_LAST)
    return digest


def verify_log(session: Session) -> Iterator[Broken]:
    """Yield every place where the log does not hold: links, and payloads against their commitments."""
    entries = session.scalars(select(Entry).order_by(Entry.seq).execution_options(yield_per=500))
    yield from verify_links(entry.link for entry in entries)
    rows = session.execute(
        select(Entry.seq, Entry.commitment, Payload)
        .outerjoin(Payload, Payload.seq == Entry.seq)
        .order_by(Entry.seq)
        .execution_options(yield_per=500)
    )
    for seq, commitment, found in rows:
        payload: Payload | None = found  # an outer join: the row may be missing
        if payload is None:
            yield Broken(seq, "le contenu de l'entrée a disparu sans effacement enregistré")
        elif (
            payload.content is not None
            and payload.salt is not None
            and commit(payload.content.encode(), payload.salt) != commitment
        ):
            yield Broken(seq, "le contenu conservé ne correspond pas à l'engagement")


def erase_payload(session: Session, entry: Entry, *, at: datetime) -> None:
    """Forget what an entry commits to; its link stays and the chain still verifies. Twice is once."""
    if entry.payload.content is None:
        return
    entry.payload.content, entry.payload.salt, entry.payload.erased_at = None, None, at
    session.flush()
