"""Keep a file, read it, erase it, have it scanned later, sweep what nobody names."""

import secrets
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import BinaryIO

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from portal.files.models import StoredFile
from portal.files.rules import LARGEST, FileGone, FileRefused, FileWaiting, Kind, check_size, clean_name, look
from portal.files.scanner import ScannerAway
from portal.files.store import NotThere, Store
from portal.jobs.actions import enqueue

SCAN, ERASE, SWEEP = "files.scan", "files.erase", "files.sweep"
KEY_BYTES = 24
CHUNK = 1 << 18
#: Up to this size a file is looked at in memory, beyond it on the disk.
IN_MEMORY = 1 << 20
#: A content without a row is swept after this long: its transaction has ended by then, one way or the other.
ORPHAN = timedelta(days=1)
#: Keys that are asked for at once.
AT_ONCE = 500
ERASED = "(effacé)"


def keep(
    session: Session, store: Store, source: bytes | BinaryIO, *, name: str, kept_for: str, now: datetime,
    limit: int = LARGEST, kinds: frozenset[str] | None = None, known: Kind | None = None,
) -> StoredFile:  # fmt: skip
    """Write a file down, in the caller's transaction: if that is undone, the content is swept later.

    ``kinds`` narrows the suffixes that are taken (of ``rules.KINDS``); ``known`` is what a caller who has read the
    content knows it to be. Where a scanner is set and
    away, the file is kept and not given out before it was looked at.

    Raises:
        FileRefused: empty, too large, of a type that is not taken, or infected.
        StoreAway: the store cannot be written now.
    """
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as copy:
        digest, size = sha256(), 0
        for chunk in _chunks(source):
            size += len(chunk)
            if size > limit:
                break
            digest.update(chunk)
            copy.write(chunk)
        check_size(size, name, limit)
        stream: BinaryIO = copy  # type: ignore[assignment]
        kind = known or look(stream, name)
        if kinds is not None and kind.suffix not in kinds:
            wanted = ", ".join(sorted(suffix.upper() for suffix in kinds))
            raise FileRefused(f"«\u00a0{name[:80]}\u00a0» n'est pas d'un type accepté ici\u00a0: {wanted}.")
        scanned = _scan(store, stream, name)
        token = secrets.token_hex(KEY_BYTES)
        file = StoredFile(
            key=f"{token[:2]}/{token}", name=clean_name(name, kind), media_type=kind.media_type, size=size,
            sha256=digest.hexdigest(), kept_for=kept_for, created_at=now, scanned_at=now if scanned else None,
        )  # fmt: skip
        store.put(file.key, stream)
    session.add(file)
    session.flush()
    if not scanned:
        enqueue(session, SCAN, {"file": file.id}, key=f"{SCAN}:{file.id}", now=now)
    return file


def keep_as_is(
    session: Session, store: Store, content: bytes, *, name: str, media_type: str, kept_for: str, now: datetime
) -> StoredFile:
    """Write down what must not be lost whatever it is: a message as it came. Nothing is refused and nothing is scanned.

    Raises:
        StoreAway: the store cannot be written now.
    """
    token = secrets.token_hex(KEY_BYTES)
    file = StoredFile(
        key=f"{token[:2]}/{token}", name=name, media_type=media_type, size=len(content),
        sha256=sha256(content).hexdigest(), kept_for=kept_for, created_at=now, scanned_at=now,
    )  # fmt: skip
    store.put(file.key, BytesIO(content))
    session.add(file)
    session.flush()
    return file


def stream(store: Store, file: StoredFile, *, from_archive: bool = False) -> Iterator[bytes]:
    """The content in pieces. ``from_archive``: the restricted archive asks, which alone opens what it holds.

    Raises:
        FileWaiting: the scanner has not looked at it yet.
        FileGone: it was erased, is kept in the archive, or is not in the store any more.
        StoreAway: the store cannot be read now.
    """
    if file.erased_at is not None or (file.archived_at is not None and not from_archive):
        raise FileGone(file.id)
    if file.scanned_at is None:
        raise FileWaiting(file.id)
    try:
        return store.stream(file.key)
    except NotThere as error:
        raise FileGone(file.id) from error


def read(store: Store, file: StoredFile) -> bytes:
    """The whole content.

    Raises:
        FileWaiting, FileGone, StoreAway: as ``stream``.
    """
    return b"".join(stream(store, file))


def erase(session: Session, store: Store, file: StoredFile, *, at: datetime) -> None:  # noqa: ARG001 - the worker's store is the same one
    """Forget a file: its name now, its content as soon as this transaction is kept. Twice is once."""
    forget(session, file, at=at)


def forget(session: Session, file: StoredFile, *, at: datetime) -> None:
    """The same where no store is at hand: the worker's takes the content away."""
    if file.erased_at is not None:
        return
    file.name, file.erased_at = ERASED, at
    session.flush()
    enqueue(session, ERASE, {"key": file.key}, key=f"{ERASE}:{file.id}", now=at)


def scan_later(sessions: sessionmaker[Session], store: Store, number: int, *, now: datetime) -> None:
    """Look at a file whose scanner was away: it is given out from now on, or its content goes.

    Raises:
        ScannerAway: it still is.
    """
    with sessions() as session:
        file = session.get(StoredFile, number)
        if file is None or file.erased_at is not None or file.scanned_at is not None:
            return
    found = None
    if store.scanner is not None:
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as copy:
            for chunk in store.stream(file.key):
                copy.write(chunk)
            found = store.scanner.scan(copy)  # type: ignore[arg-type]
    with sessions.begin() as session:
        held = update(StoredFile).where(StoredFile.id == number, StoredFile.erased_at.is_(None))
        if found is None:
            session.execute(held.values(scanned_at=now))
            return
        session.execute(held.values(infected_as=found[:200], erased_at=now))
        enqueue(session, ERASE, {"key": file.key}, key=f"{ERASE}:{number}", now=now)


def sweep(session: Session, store: Store, *, now: datetime) -> int:
    """Take away contents that no row names (their transaction was undone) or whose row is erased; how many."""
    swept = 0
    page: list[str] = []
    for held in store.list():
        if held.written_at < now - ORPHAN:
            page.append(held.key)
        if len(page) == AT_ONCE:
            swept += _sweep(session, store, page)
            page = []
    return swept + _sweep(session, store, page)


def _sweep(session: Session, store: Store, keys: Iterable[str]) -> int:
    wanted = list(keys)
    named = set(
        session.scalars(select(StoredFile.key).where(StoredFile.key.in_(wanted), StoredFile.erased_at.is_(None)))
    )
    gone = [key for key in wanted if key not in named]
    for key in gone:
        store.delete(key)
    return len(gone)


def _scan(store: Store, source: BinaryIO, name: str) -> bool:
    if store.scanner is None:
        return True
    try:
        found = store.scanner.scan(source)
    except ScannerAway:
        return False
    if found is not None:
        raise FileRefused(
            f"«\u00a0{name[:80]}\u00a0» contient un programme malveillant\u00a0: il n'a pas été enregistré. "
            "Vérifiez votre ordinateur."
        )
    return True


def _chunks(source: bytes | BinaryIO) -> Iterator[bytes]:
    stream = BytesIO(source) if isinstance(source, bytes) else source
    while chunk := stream.read(CHUNK):
        yield chunk
