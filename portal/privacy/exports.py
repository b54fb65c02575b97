"""What is held on a person, as a file they take away: written by the worker in pieces, encrypted where it lies.

A ZIP: a page to read offline, the records as JSON and as a table, the files themselves. The key stands in the
database and the file in the store: either alone says nothing, and forgetting the key forgets the file.
"""

import csv
import io
import json
import re
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from stat import S_IFREG
from typing import Any, BinaryIO, cast

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from stream_zip import ZIP_64, stream_zip

from portal.clock import PARIS
from portal.evidence.actions import record
from portal.files.actions import erase
from portal.files.actions import stream as content_of
from portal.files.models import StoredFile
from portal.files.rules import FileGone, FileWaiting
from portal.files.store import Store
from portal.jobs.actions import enqueue
from portal.paper import Papers
from portal.privacy.models import PrivacyExport, PrivacyRequest
from portal.privacy.rules import PrivacyError
from portal.privacy.sealing import new_key, seal, unseal
from portal.registry import PersonalData, PersonalRecord
from portal.terms import Library

JOB = "privacy.export"
LIFE = timedelta(days=7)
#: Records between two words on how far it is.
STEP = 200
_TEMPLATES = Path(__file__).resolve().parent / "templates" / "privacy"
_MODE = S_IFREG | 0o600

Held = Sequence[PersonalData]


class NotReady(PrivacyError):
    """The file is not made yet, or is gone."""


def order(session: Session, request: PrivacyRequest, *, at: datetime) -> PrivacyExport:
    """Have a person's file made by the worker. Twice is once."""
    held = session.scalars(select(PrivacyExport).where(PrivacyExport.request_id == request.id)).first()
    if held is not None:
        return held
    export = PrivacyExport(request_id=request.id)
    session.add(export)
    session.flush()
    enqueue(session, JOB, {"export": export.id}, key=f"{JOB}:{export.id}", now=at)
    return export


def export_of(session: Session, request: PrivacyRequest) -> PrivacyExport | None:
    """The file of a request, if one was ordered."""
    return session.scalars(select(PrivacyExport).where(PrivacyExport.request_id == request.id)).first()


def make(
    sessions: sessionmaker[Session], store: Store, number: int, *, rooms: Held, library: Library, now: datetime,
) -> bool:  # fmt: skip
    """Write the file of one export, outside of any long transaction; False when it is made or gone already."""
    with sessions() as session:
        export = session.get(PrivacyExport, number)
        if export is None or export.ready_at is not None or export.gone_at is not None:
            return False
        email, reference, name = export.request.email, export.request.reference, export.request.name
        whole = sum(1 for room in rooms for _ in room.find(session, email))
    _tell(sessions, number, made=0, whole=whole)
    key, token = new_key(), secrets.token_hex(24)
    place = f"{token[:2]}/{token}"
    with sessions() as session, tempfile.TemporaryFile() as copy:
        digest, size = sha256(), 0
        pieces = zipped(
            session, store, email, name=name, reference=reference, rooms=rooms, library=library, at=now,
            tell=lambda made: _tell(sessions, number, made=made, whole=whole),
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
            key=place, name=f"{reference}.zip", media_type="application/octet-stream", size=size,
            sha256=digest.hexdigest(), kept_for="privacy", created_at=now, scanned_at=now,
        )  # fmt: skip
        session.add(file)
        export.name, export.key, export.size, export.sha256 = place, key, size, digest.hexdigest()
        export.made, export.ready_at, export.expires_at = whole, now, now + LIFE
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


def zipped(
    session: Session, store: Store, email: str, *, name: str, reference: str, rooms: Held, library: Library,
    at: datetime, tell: Callable[[int], None] = lambda _: None,
) -> Iterator[bytes]:  # fmt: skip
    """The ZIP in pieces: nothing of it is ever held whole."""
    members = _members(
        session, store, email, name=name, reference=reference, rooms=rooms, library=library, at=at, tell=tell
    )
    yield from stream_zip(
        (f"{reference}/{path}", at.astimezone(PARIS).replace(tzinfo=None), _MODE, ZIP_64, content)
        for path, content in members
    )


def _members(
    session: Session, store: Store, email: str, *, name: str, reference: str, rooms: Held, library: Library,
    at: datetime, tell: Callable[[int], None],
) -> Iterator[tuple[str, Iterable[bytes]]]:  # fmt: skip
    def records() -> Iterator[tuple[PersonalData, PersonalRecord]]:
        for room in rooms:
            for one in room.find(session, email):
                yield room, one

    yield "lisez-moi.html", _page(records(), library, name=name, email=email, reference=reference, at=at)
    yield "donnees.json", _json(records(), reference=reference, email=email, at=at)
    yield "donnees.csv", _csv(records())
    for count, (room, one) in enumerate(records(), start=1):
        for number in one.files:
            file = session.get(StoredFile, number)
            if file is not None and (pieces := _content(store, file)) is not None:
                yield f"fichiers/{room.purpose}/{_plain(one.reference)}/{number}-{_plain(file.name)}", pieces
        if count % STEP == 0:
            tell(count)


def _content(store: Store, file: StoredFile) -> Iterator[bytes] | None:
    try:
        return content_of(store, file)
    except (FileGone, FileWaiting):
        return None  # erased, or not looked at by the scanner yet: the record names it all the same


def _plain(name: str) -> str:
    return re.sub(r"[^\w.\- ]+", "_", name).strip(". ") or "sans-nom"


def _page(
    records: Iterable[tuple[PersonalData, PersonalRecord]], library: Library, *, name: str, email: str,
    reference: str, at: datetime,
) -> Iterator[bytes]:  # fmt: skip
    papers = Papers(_TEMPLATES)
    kinds = {processing.key: processing for processing in library.processing}
    head = {"who": name, "email": email, "reference": reference, "at": at, "law": library.law}
    yield papers.html("export_head.html", company=library.company, processing=library.processing, **head).encode()
    for room, one in records:
        title = kinds[room.purpose].title if room.purpose in kinds else room.purpose
        yield papers.html("export_record.html", company=library.company, title=title, record=one).encode()
    yield b"</main></body></html>\n"


def _json(
    records: Iterable[tuple[PersonalData, PersonalRecord]], *, reference: str, email: str, at: datetime
) -> Iterator[bytes]:
    head = {"reference": reference, "person": email, "made_at": at.isoformat()}
    yield (json.dumps(head, ensure_ascii=False)[:-1] + ', "records": [').encode()
    for count, (room, one) in enumerate(records):
        value = {
            "processing": room.purpose, "reference": one.reference, "given_at": one.given_at.isoformat(),
            "values": dict(one.values), "files": list(one.files),
        }  # fmt: skip
        yield ((",\n" if count else "\n") + json.dumps(value, ensure_ascii=False)).encode()
    yield b"\n]}\n"


def _csv(records: Iterable[tuple[PersonalData, PersonalRecord]]) -> Iterator[bytes]:
    yield "\ufefftraitement;référence;date;donnée;valeur\r\n".encode()
    for room, one in records:
        text = io.StringIO()
        out = csv.writer(text, delimiter=";")
        for label, value in one.values:
            out.writerow([room.purpose, one.reference, one.given_at.date().isoformat(), label, formula_safe(value)])
        yield text.getvalue().encode()


def formula_safe(value: str) -> str:
    """A value that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in "=+-@\t\r" else value


def progress(export: PrivacyExport) -> dict[str, Any]:
    """How far an export is: {"made", "whole"}; whole is None before it is counted."""
    return {"made": export.made, "whole": export.whole}
