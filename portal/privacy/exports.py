"""What is held on a person, as a file they take away: written by the worker in pieces, encrypted where it lies.

A ZIP: a page to read offline, the records as JSON and as a table, the files themselves. The key stands in the
database and the file in the store: either alone says nothing, and forgetting the key forgets the file.

The records are read once, in one short transaction that only reads, into a sealed copy on the disk; all the rest,
which may take minutes, is made from that copy with no transaction open. Nothing is ever held whole in memory.
"""

import csv
import io
import json
import re
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from stat import S_IFREG
from typing import BinaryIO, cast

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from stream_zip import ZIP_64, stream_zip

from portal.clock import PARIS
from portal.db import read_only
from portal.evidence.actions import record
from portal.files.actions import erase
from portal.files.actions import stream as content_of
from portal.files.models import StoredFile
from portal.files.rules import FileGone, FileWaiting
from portal.files.store import Store
from portal.jobs.actions import enqueue
from portal.paper import Papers
from portal.privacy import notes
from portal.privacy.models import PrivacyExport, PrivacyRequest
from portal.privacy.rules import PrivacyError
from portal.privacy.sealing import PIECE, new_key, seal, unseal
from portal.registry import PersonalData, PersonalRecord
from portal.terms import Library

JOB = "privacy.export"
LIFE = timedelta(days=7)
#: Bytes of files between two words on how far it is.
STEP = 1 << 25
_TEMPLATES = Path(__file__).resolve().parent / "templates" / "privacy"
_MODE = S_IFREG | 0o600

Held = Sequence[PersonalData]


class NotReady(PrivacyError):
    """The file is not made yet, or is gone."""


def order(
    session: Session, request: PrivacyRequest, *, at: datetime, by: str = "", checked: str = ""
) -> PrivacyExport:  # fmt: skip
    """Have a person's file made by the worker. Twice is once. ``by``, ``checked``: who of the staff saw to it, and how."""
    held = session.scalars(select(PrivacyExport).where(PrivacyExport.request_id == request.id)).first()
    if held is not None:
        return held
    export = PrivacyExport(request_id=request.id)
    session.add(export)
    session.flush()
    if by:
        content = {"reference": request.reference, "email": request.about, "by": by, "checked": checked}
        record(session, "privacy.export_ordered", content, at=at)
    enqueue(session, JOB, {"export": export.id}, key=f"{JOB}:{export.id}", now=at)
    return export


def export_of(session: Session, request: PrivacyRequest) -> PrivacyExport | None:
    """The file of a request, if one was ordered."""
    return session.scalars(select(PrivacyExport).where(PrivacyExport.request_id == request.id)).first()


def make(
    sessions: sessionmaker[Session], store: Store, number: int, *, rooms: Held, library: Library, now: datetime,
) -> bool:  # fmt: skip
    """Write the file of one export; False when it is made or gone already."""
    with sessions() as session:
        export = session.get(PrivacyExport, number)
        if export is None or export.ready_at is not None or export.gone_at is not None:
            return False
        asked = export.request
        about = About(asked.about, asked.whose, asked.reference, now)
    key, token = new_key(), secrets.token_hex(24)
    place = f"{token[:2]}/{token}"
    with tempfile.TemporaryFile() as spool, tempfile.TemporaryFile() as copy:
        held = Spool.of(sessions, about, rooms, cast("BinaryIO", spool))
        _tell(sessions, number, made=0, whole=held.whole)
        digest, size = sha256(), 0
        pieces = zipped(
            held, sessions, store, about, library=library,
            tell=lambda made: _tell(sessions, number, made=made, whole=held.whole),
        )  # fmt: skip
        for piece in seal(pieces, key):
            digest.update(piece)
            size += len(piece)
            copy.write(piece)
        store.put(place, cast("BinaryIO", copy))
    with sessions.begin() as session:
        export = session.get_one(PrivacyExport, number, with_for_update=True)
        if export.ready_at is not None:
            return False  # another worker was faster; the sweep takes this content away
        file = StoredFile(
            key=place, name=f"{about.reference}.zip", media_type="application/octet-stream", size=size,
            sha256=digest.hexdigest(), kept_for="privacy", created_at=now, scanned_at=now,
        )  # fmt: skip
        session.add(file)
        export.name, export.key, export.size, export.sha256 = place, key, size, digest.hexdigest()
        export.made, export.ready_at, export.expires_at = held.whole, now, now + LIFE
    return True


def fetch(session: Session, store: Store, export: PrivacyExport, *, by: str, at: datetime) -> Iterator[bytes]:
    """The file, decrypted in pieces, for the person alone; that it was fetched is written down.

    Raises:
        NotReady: it is not made yet, or its week is over.
    """
    file = _file(session, export)
    if file is None or export.key is None or export.expires_at is None or at >= export.expires_at:
        raise NotReady
    export.fetched_at = at
    record(session, "privacy.export_fetched", {"reference": export.request.reference, "by": by}, at=at)
    return unseal(content_of(store, file), export.key)


def forget(session: Session, store: Store, *, at: datetime) -> int:
    """Take away the files whose week is over; how many."""
    over = select(PrivacyExport).where(PrivacyExport.expires_at <= at, PrivacyExport.gone_at.is_(None))
    count = 0
    for export in session.scalars(over).all():
        if (file := _file(session, export)) is not None:
            erase(session, store, file, at=at)
        export.key, export.gone_at = None, at
        count += 1
    session.flush()
    return count


def _file(session: Session, export: PrivacyExport) -> StoredFile | None:
    return session.scalars(select(StoredFile).where(StoredFile.key == export.name)).first() if export.name else None


def _tell(sessions: sessionmaker[Session], number: int, *, made: int, whole: int) -> None:
    with sessions.begin() as session:
        export = session.get_one(PrivacyExport, number)
        export.made, export.whole = made, whole


# --- What is inside ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class About:
    """Of whom a file is, under which reference, as of when."""

    email: str
    name: str
    reference: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the copy on the disk holds it."""

    purpose: str
    reference: str
    given_at: datetime
    values: Sequence[tuple[str, str]]
    files: Sequence[int]

    @classmethod
    def read(cls, line: bytes) -> "Record":
        """From a line of the copy."""
        purpose, reference, given_at, values, files = json.loads(line)
        return cls(purpose, reference, datetime.fromisoformat(given_at), [(one, two) for one, two in values], files)

    @staticmethod
    def line(room: PersonalData, one: PersonalRecord) -> bytes:
        """The line of a record."""
        told = [room.purpose, one.reference, one.given_at.isoformat(), list(one.values), list(one.files)]
        return json.dumps(told, ensure_ascii=False).encode() + b"\n"


class Spool:
    """The records of a person, sealed on the disk: read as often as there are forms to write them in."""

    def __init__(self, file: BinaryIO, key: bytes, records: int, files: int) -> None:
        self._file, self._key = file, key
        self.records, self.whole = records, records + files

    @classmethod
    def of(cls, sessions: sessionmaker[Session], about: About, rooms: Held, file: BinaryIO) -> "Spool":
        """Read the records of a person out of every room, one at a time."""
        key, counts = new_key(), [0, 0]

        def lines(session: Session) -> Iterator[bytes]:
            rectified = notes.by_record(session)
            for room in rooms:
                for found in room.find(session, about.email):
                    # A note stands with its record here as it does on the pages.
                    added = [("Note rectificative", said) for said in rectified.get(notes.short(found.reference), ())]
                    one = replace(found, values=(*found.values, *added)) if added else found
                    counts[0] += 1
                    counts[1] += len(one.files)
                    yield Record.line(room, one)

        # What only reads keeps nobody from writing, however much there is to read.
        with sessions(bind=read_only(sessions.kw["bind"])) as session:
            file.writelines(seal(lines(session), key))
        return cls(file, key, *counts)

    def __iter__(self) -> Iterator[Record]:
        self._file.seek(0)
        held = b""
        for piece in unseal(iter(lambda: self._file.read(PIECE), b""), self._key):
            *whole, held = (held + piece).split(b"\n")
            yield from map(Record.read, whole)


def zipped(
    spool: Spool, sessions: sessionmaker[Session], store: Store, about: About, *, library: Library,
    tell: Callable[[int], None] = lambda _: None,
) -> Iterator[bytes]:  # fmt: skip
    """The ZIP in pieces: nothing of it is ever held whole."""
    moment = about.at.astimezone(PARIS).replace(tzinfo=None)
    yield from stream_zip(
        (f"{about.reference}/{path}", moment, _MODE, ZIP_64, content)
        for path, content in _members(spool, sessions, store, about, library, tell)
    )


def _members(
    spool: Spool, sessions: sessionmaker[Session], store: Store, about: About, library: Library,
    tell: Callable[[int], None],
) -> Iterator[tuple[str, Iterable[bytes]]]:  # fmt: skip
    yield "lisez-moi.html", _page(spool, library, about)
    yield "donnees.json", _json(spool, about)
    yield "donnees.csv", _csv(spool)
    tell(spool.records)
    count, size = spool.records, 0
    for one in spool:
        for number in one.files:
            with sessions() as session:
                file = session.get(StoredFile, number)
            count += 1
            if file is not None and (pieces := _content(store, file)) is not None:
                yield f"fichiers/{one.purpose}/{_plain(one.reference)}/{number}-{_plain(file.name)}", pieces
                size += file.size
            if size >= STEP:
                tell(count)
                size = 0


def _content(store: Store, file: StoredFile) -> Iterator[bytes] | None:
    try:
        return content_of(store, file)
    except (FileGone, FileWaiting):
        return None  # erased, or not looked at by the scanner yet: the record names it all the same


def _plain(name: str) -> str:
    return re.sub(r"[^\w.\- ]+", "_", name).strip(". ") or "sans-nom"


def _titles(library: Library) -> Mapping[str, str]:
    return {processing.key: processing.title for processing in library.processing}


def _page(records: Iterable[Record], library: Library, about: About) -> Iterator[bytes]:
    papers, titles = Papers(_TEMPLATES), _titles(library)
    yield papers.html(
        "export_head.html", company=library.company, processing=library.processing, law=library.law, who=about.name,
        email=about.email, reference=about.reference, at=about.at, sweeps={each.key: each for each in library.sweeps},
    ).encode()  # fmt: skip
    for one in records:
        title = titles.get(one.purpose, one.purpose)
        yield papers.html("export_record.html", company=library.company, title=title, record=one).encode()
    yield b"</main></body></html>\n"


def _json(records: Iterable[Record], about: About) -> Iterator[bytes]:
    head = {"reference": about.reference, "person": about.email, "made_at": about.at.isoformat()}
    yield (json.dumps(head, ensure_ascii=False)[:-1] + ', "records": [').encode()
    for count, one in enumerate(records):
        value = {
            "processing": one.purpose, "reference": one.reference, "given_at": one.given_at.isoformat(),
            "values": dict(one.values), "files": list(one.files),
        }  # fmt: skip
        yield ((",\n" if count else "\n") + json.dumps(value, ensure_ascii=False)).encode()
    yield b"\n]}\n"


def _csv(records: Iterable[Record]) -> Iterator[bytes]:
    yield "\ufefftraitement;référence;date;donnée;valeur\r\n".encode()
    for one in records:
        text = io.StringIO()
        out = csv.writer(text, delimiter=";")
        for label, value in one.values:
            cells = (one.purpose, one.reference, one.given_at.date().isoformat(), label, value)
            out.writerow([formula_safe(cell) for cell in cells])
        yield text.getvalue().encode()


def formula_safe(value: str) -> str:
    """A value that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in "=+-@\t\r" else value
