"""Files in which the scanner found something after they were taken: seen by staff until one of them says so."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from portal.db import Base
from portal.files.models import StoredFile
from portal.registry import Priority, Queue, QueueItem, Viewer

KIND = "fichiers-infectes"
PAGE = "/espace-client/bureau/fichiers"
#: Whose task it is to warn who sent it: names of roles of the staff.
ROLES = frozenset({"administrator", "adviser", "sales", "billing"})
#: How many tables lie at most between a file and the thing it was sent with (an attachment, a message, a ticket).
_FAR = 3


def infected(session: Session) -> list[StoredFile]:
    """Those that nobody has taken note of, the oldest first."""
    found = select(StoredFile).where(StoredFile.infected_as.is_not(None), StoredFile.infection_seen_at.is_(None))
    return list(session.scalars(found.order_by(StoredFile.id)))


def take_note(session: Session, file: StoredFile, *, now: datetime) -> None:
    """Somebody saw to it; twice is once."""
    seen = update(StoredFile).where(StoredFile.id == file.id, StoredFile.infection_seen_at.is_(None))
    session.execute(seen.values(infection_seen_at=now))


def references(session: Session, file: StoredFile) -> list[str]:
    """The references of what a file was sent with (TIC-2026-0042), by the keys of the tables: whichever room it is."""
    return sorted(set(_references(session, Base.metadata.tables[StoredFile.__tablename__], file.id, _FAR)))


def _references(session: Session, of: Table, key: int, far: int) -> Iterator[str]:
    """Up from a file to whatever points at it, then from there to what that belongs to."""
    for table in Base.metadata.tables.values():
        for foreign in table.foreign_keys:
            if foreign.column.table is of and table is not of:
                for row in session.execute(select(table).where(foreign.parent == key)).mappings():
                    yield from _owner(session, table, dict(row), far)


def _owner(session: Session, table: Table, row: dict[str, object], far: int) -> Iterator[str]:
    if row.get("reference"):
        yield str(row["reference"])
    elif far:
        for foreign in table.foreign_keys:
            parent, key = foreign.column.table, row.get(foreign.parent.name)
            # A person or a client may be that of many things.
            if key is None or parent is table or parent.name in {"person", "organisation", StoredFile.__tablename__}:
                continue
            above = session.execute(select(parent).where(foreign.column == key)).mappings().first()
            if above is not None:
                yield from _owner(session, parent, dict(above), far - 1)


def _items(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if viewer.organisation_id is not None or ROLES.isdisjoint(viewer.roles):
        return
    for file in infected(session):
        yield QueueItem(
            kind=KIND,
            title=f"Fichier infecté\u00a0: {file.name}",
            detail="retiré à l'analyse\u00a0: prévenez qui l'a envoyé",
            url=f"{PAGE}/{file.id}",
            since=file.erased_at or file.created_at,
            priority=Priority.URGENT,
        )


QUEUE = Queue(KIND, "Fichiers infectés", _items)
