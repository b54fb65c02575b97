"""Files of a thread or a client that name an erased person inside: to the archive with their record, or destroyed."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.files.actions import forget
from portal.files.models import StoredFile
from portal.files.store import NotThere, Store
from portal.mail.received_models import ReceivedMail
from portal.privacy.archiving import Moving, archive_file
from portal.privacy.contents import texts
from portal.privacy.masking import Identity
from portal.privacy.scope import Subject, Surroundings, in_scope, key, sql, tables
from portal.registry import PersonalData


def to_search(session: Session, subject: Subject, near: Surroundings, rooms: Sequence[PersonalData]) -> list[int]:
    """The ids of the files that hang on rows of the person's client and threads; none of somebody of the staff."""
    if subject.everywhere:
        return []
    found: set[int] = set()
    for declared in tables(rooms):
        what = sql(declared.name)
        for constraint in what.foreign_keys:
            if constraint.column.table.name == "stored_file":
                column = constraint.parent
                found |= set(session.scalars(select(column).where(column.is_not(None), in_scope(what, subject))))
    came = select(ReceivedMail.file_id).where(
        ReceivedMail.file_id.is_not(None),
        or_(ReceivedMail.sender.in_(near.people), ReceivedMail.reference.in_(near.references)),
    )
    found |= {number for number in session.scalars(came) if number is not None}
    held = select(StoredFile.id).where(
        StoredFile.id.in_(found), StoredFile.erased_at.is_(None), StoredFile.archived_at.is_(None)
    )
    return sorted(session.scalars(held))


def names(store: Store, identity: Identity, file: StoredFile) -> bool:
    """Whether a file names the person: in its name or inside."""
    if identity.is_in(file.name):
        return True
    try:
        content = b"".join(store.stream(file.key))
    except NotThere:
        return False
    return any(identity.is_in(each) for each in texts(content))


def search(moving: Moving, store: Store, numbers: Iterable[int], rooms: Sequence[PersonalData]) -> Iterator[int]:
    """Move or destroy those of these files that name the person; yields the ids of what is destroyed.

    Raises:
        StoreAway: the store cannot be read now.
    """
    for number in numbers:
        file = moving.session.get(StoredFile, number)
        if file is None or file.erased_at is not None or file.archived_at is not None:
            continue
        if not names(store, moving.subject.identity, file):
            continue
        if not _kept(moving, rooms, number):
            forget(moving.session, file, at=moving.at)
            yield number


def _kept(moving: Moving, rooms: Sequence[PersonalData], number: int) -> bool:
    """Archive a file with the record that it belongs to, where that is kept."""
    for room in rooms:
        for declared in room.tables:
            what = sql(declared.name)
            if declared.keep is None or declared.alone:
                continue
            for name in declared.files:
                for row in moving.session.scalars(select(key(what)).where(what.c[name] == number)):
                    if (keep := declared.keep(moving.session, row, moving.today)) is not None:
                        if keep.waits:
                            moving.waiting.add(keep.reference)
                            return True
                        archive_file(moving, moving.entry(room.purpose, keep), number)
                        return True
    return False
