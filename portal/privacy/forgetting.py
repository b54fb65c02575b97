"""What an erasure does, in the order it is done: the rows at once, the files and the last traces by jobs.

First the person is known (names, telephones, rows of their own), then taken out of every row (``archiving``), then
each room does what is its own to do: close an account, drop a draft, end a link.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.clock import PARIS
from portal.files.actions import erase
from portal.files.models import StoredFile
from portal.files.store import Store
from portal.privacy import freezing, objections
from portal.privacy.archiving import Moving, take_out
from portal.privacy.models import Archived, PrivacyRequest
from portal.privacy.scope import find_subject, restored, stored, surroundings
from portal.privacy.searching import search, to_search
from portal.registry import Erasure, Fate, PersonalData, PersonalRecord
from portal.terms import Library

#: The room that holds the request itself: it goes last, when the person has been told.
OWN = "rights"
Held = Sequence[PersonalData]


@dataclass(frozen=True)
class Forgotten:
    """What is left to do once the rows are done: files to destroy, files to look into, for the person of an entry."""

    files: frozenset[int]
    to_search: tuple[int, ...]
    identity: int  # of the archive's entry


def forget(
    session: Session, store: Store, email: str, *former: str, rooms: Held, library: Library, at: datetime
) -> set[int]:
    """Erase a person wholly and at once, where nobody waits for an answer; the ids of the files still to destroy.

    Raises:
        StoreAway: a file cannot be looked into now.
    """
    done = forget_rows(session, email, *former, rooms=rooms, library=library, at=at)
    files = set(done.files)
    for number in files:
        _destroy(session, store, number, at)
    held = session.get_one(Archived, done.identity)
    files |= look_into(session, store, held, done.to_search, rooms=rooms, library=library, at=at)
    last_traces(session, held, rooms=rooms, library=library, at=at)
    return files


def forget_rows(
    session: Session, email: str, *former: str, rooms: Held, library: Library, at: datetime,
    request: PrivacyRequest | None = None,
) -> Forgotten:  # fmt: skip
    """Take a person out of every room by their address, and by those they had before, in the caller's transaction."""
    subject = find_subject(session, email, rooms, former)
    known = sorted(subject.identity.addresses)
    for each in known:
        freezing.forget(session, each)
        objections.forget(session, each)
    records = {
        one.reference: one for each in known for room in rooms for one in room.find(session, each)
        if one.fate is Fate.KEPT
    }  # fmt: skip
    moving = Moving(session, subject, library, at, request.id if request else None, records)
    near = surroundings(session, subject, rooms)
    looked = to_search(session, subject, near, rooms)
    held = _identity(moving, request)
    for person in session.scalars(select(Person).where(Person.id.in_(subject.person_ids))):
        person.name, person.email = subject.identity.label, subject.address
    session.flush()
    take_out(moving, [room for room in rooms if room.purpose != OWN], near=near)
    files: set[int] = set()
    for room in rooms:
        # What is declared is known by the address that took the place of the person's.
        for known_by in (subject.address,) if room.tables and room.purpose != OWN else known:
            done = result(room.erase(session, known_by, at))
            files |= set(done.files)
            for one in done.archived:
                session.add(_archived(room, one, library, request, at))
    _note(held, moving, waits=moving.waiting)
    session.flush()
    return Forgotten(frozenset(files), tuple(number for number in looked if number not in files), held.id)


def look_into(
    session: Session, store: Store, held: Archived, numbers: Collection[int], *, rooms: Held, library: Library,
    at: datetime,
) -> set[int]:  # fmt: skip
    """Look for the person inside files of their client and threads; the ids of those to destroy.

    Raises:
        StoreAway: a file cannot be read now.
    """
    if held.subject is None:
        return set()
    moving = _again(session, held, rooms, library, at)
    found = set(search(moving, store, numbers, rooms))
    _note(held, moving, waits=[*held.subject["waits"], *moving.waiting])
    return found


def last_traces(session: Session, held: Archived, *, rooms: Held, library: Library, at: datetime) -> None:
    """The request and the mails about it, once they have told the person: the archive alone knows who it was."""
    if held.subject is None:
        return
    moving = _again(session, held, rooms, library, at)
    take_out(moving, [room for room in rooms if room.purpose == OWN], last=True)
    _note(held, moving, waits=held.subject["waits"])


def resume(session: Session, store: Store, *, rooms: Held, library: Library, at: datetime) -> int:
    """Take out what was needed as it stood and is not any more (an open dispute), its files too; of how many people.

    Raises:
        StoreAway: a file cannot be read now.
    """
    count = 0
    waiting = select(Archived).where(Archived.subject.is_not(None)).order_by(Archived.id)
    for held in session.scalars(waiting).all():
        if held.subject is None or not held.subject.get("waits"):
            continue
        moving = _again(session, held, rooms, library, at)
        near = surroundings(session, moving.subject, rooms)
        take_out(moving, [room for room in rooms if room.purpose != OWN], near=near)
        if moving.waiting != set(held.subject["waits"]):
            for number in search(moving, store, to_search(session, moving.subject, near, rooms), rooms):
                _destroy(session, store, number, at)
        _note(held, moving, waits=moving.waiting)
        count += 1
    session.flush()
    return count


def _identity(moving: Moving, request: PrivacyRequest | None) -> Archived:
    """The archive's entry of who was erased: without it nobody could prove that the request was answered."""
    identity, today = moving.subject.identity, moving.at.astimezone(PARIS).date()
    rights = moving.library.law.retention[OWN]
    content = [
        ["Nom", ", ".join(sorted(identity.names))], ["Adresse", ", ".join(sorted(identity.addresses))],
        ["Téléphone", ", ".join(sorted(identity.phones))], ["Remplacé par", identity.label],
    ]  # fmt: skip
    held = Archived(
        request_id=request.id if request else None, room=OWN,
        reference=f"Identité\u00a0: {identity.label}", under=rights.source,
        until=rights.last_day(today) if request else today, archived_at=moving.at,
        content=[pair for pair in content if pair[1]], subject=stored(moving.subject) | {"waits": [], "entries": []},
    )  # fmt: skip
    moving.session.add(held)
    moving.session.flush()
    return held


def _again(session: Session, held: Archived, rooms: Held, library: Library, at: datetime) -> Moving:
    """The erasure of who an entry is about, taken up where it was left."""
    told = held.subject or {}
    begun = {(reference, under): number for reference, under, number in told["entries"]}
    return Moving(session, restored(session, told, rooms), library, at, held.request_id, begun=begun)


def _note(held: Archived, moving: Moving, *, waits: Iterable[str]) -> None:
    """Keep what an erasure has made and what it waits for, for when it is taken up again."""
    if held.subject is not None:
        made = {**moving.begun, **{place: entry.id for place, entry in moving.archived.items()}}
        entries = [[reference, under, number] for (reference, under), number in sorted(made.items())]
        held.subject = held.subject | {"waits": sorted(set(waits)), "entries": entries}


def _destroy(session: Session, store: Store, number: int, at: datetime) -> None:
    file = session.get(StoredFile, number)
    if file is not None:
        erase(session, store, file, at=at)


def result(done: "Erasure | Collection[str]") -> Erasure:
    """What a room did, whichever of its two ways it says it."""
    return done if isinstance(done, Erasure) else Erasure(references=tuple(done))


def _archived(
    room: PersonalData, one: PersonalRecord, library: Library, request: PrivacyRequest | None, at: datetime
) -> Archived:
    if one.kept_until is None:
        raise ValueError(f"{room.purpose} {one.reference}: what is kept is kept until a day")
    kept = library.law.retention.get(one.under)
    return Archived(
        request_id=request.id if request else None, room=room.purpose, reference=one.reference,
        under=kept.source if kept else one.under, until=one.kept_until, archived_at=at,
        content=[list(pair) for pair in one.values],
    )  # fmt: skip
