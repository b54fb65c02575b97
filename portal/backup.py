"""Everything in one file, and everything back from it, onto either engine.

The file is a ZIP: ``manifest.json``, a text of rows for each table, the files
of the storage. Nothing is called done before it was read back: a backup is
opened again and every digest, count and link of the evidence log checked; a
restoration is checked inside its transaction, which is undone when it differs.
"""

import hashlib
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlalchemy import Connection, Engine, Table, inspect, select
from sqlalchemy.orm import Session

from portal import rows, schema
from portal.db import make_engine
from portal.evidence.actions import verify_log
from portal.files.models import StoredFile
from portal.files.store import NotThere, Store, StoreAway

FORMAT = 1
MANIFEST = "manifest.json"
#: Says something of the moment (processes, tries from one place), and nothing of the past.
PASSING = frozenset({"job_worker", "rate_window"})
CHUNK = 1 << 20


class BackupError(Exception):
    """A backup or a restoration that is not done; the words are French, for whoever asked for it."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a backup holds."""

    made_at: str
    revision: str
    tables: dict[str, int]
    files: int
    missing: int = 0  # named by a row, and no longer in the store

    @property
    def rows(self) -> int:
        return sum(self.tables.values())


def tables() -> list[Table]:
    """Every table that is kept, in an order in which rows can be put back."""
    return [
        table
        for table in schema.declared().sorted_tables
        if table.name not in PASSING and not table.name.startswith("test_")
    ]


# --- Out -----------------------------------------------------------------------------------------


def save(engine: Engine, store: Store, target: Path, *, now: datetime) -> Summary:
    """Write everything into a new file, which appears under its name only once it was checked.

    Raises:
        BackupError: the file exists, the schema is not this program's, or the check fails.
    """
    if target.exists():
        raise BackupError(f"{target} existe déjà.")
    if not schema.is_current(engine):
        raise BackupError("la base n'est pas au schéma de ce programme : portal db upgrade.")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # readable by its owner alone
    try:
        with os.fdopen(handle, "w+b") as stream:
            with _snapshot(engine) as connection:
                _write(stream, connection, store, now)
            stream.flush()
            os.fsync(stream.fileno())
        summary = verify(Path(name))
        os.link(name, target)  # fails where somebody made the file meanwhile
    finally:
        Path(name).unlink()
    return summary


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment, while others go on writing."""
    if engine.dialect.name == "postgresql":
        reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with reading.connect() as connection, connection.begin():
            yield connection
        return
    # SQLite: a reader would hold up every writer; its own copying is quick and consistent.
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.sqlite3"
        raw = engine.raw_connection()
        target = sqlite3.connect(copy)
        try:
            source = raw.driver_connection
            if source is None:
                raise BackupError("la base est inaccessible.")
            source.backup(target)
        finally:
            target.close()
            raw.close()
        copied = make_engine(f"sqlite:///{copy}")
        try:
            with copied.connect() as connection, connection.begin():
                yield connection
        finally:
            copied.dispose()


def _write(stream: IO[bytes], connection: Connection, store: Store, now: datetime) -> None:
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "made_at": now.isoformat(timespec="seconds"),
        "engine": connection.dialect.name,
        "revision": schema.revision_of(connection),
        "tables": {},
        "files": {},
        "missing": [],
    }
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in tables():
            digest, number = hashlib.sha256(), 0
            with archive.open(_name_of(table), "w", force_zip64=True) as member:
                for line in rows.write(connection, table):
                    member.write(line.encode())
                    digest.update(line.encode())
                    number += 1
            manifest["tables"][table.name] = {"rows": number, "sha256": digest.hexdigest()}
        # After the rows: a file is written once, before the row that names it, so none can be missing.
        for held in sorted(store.list(), key=lambda one: one.key):
            try:
                pieces = store.stream(held.key)
            except NotThere:
                continue  # erased since it was listed
            with archive.open(f"files/{held.key}", "w", force_zip64=True) as member:
                manifest["files"][held.key] = _copy(pieces, member)
        kept = select(StoredFile.key).where(StoredFile.erased_at.is_(None))
        manifest["missing"] = sorted(set(connection.scalars(kept)) - set(manifest["files"]))
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))


def _copy(pieces: Iterable[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in pieces:
        target.write(chunk)
        digest.update(chunk)
    return digest.hexdigest()


def _name_of(table: Table) -> str:
    return f"tables/{table.name}.jsonl"


# --- Looked at -----------------------------------------------------------------------------------


def verify(source: Path) -> Summary:
    """Check a backup by itself: every digest and count, and the evidence log on an empty database.

    Raises:
        BackupError: with the first thing that does not hold.
    """
    with _opened(source) as (archive, manifest):
        for name, told in manifest["tables"].items():
            found = _digest(archive, f"tables/{name}.jsonl")
            if found != (told["sha256"], told["rows"]):
                raise BackupError(f"la table {name} de la sauvegarde est altérée.")
        for name, told in manifest["files"].items():
            if _digest(archive, f"files/{name}")[0] != told:
                raise BackupError(f"le fichier {name} de la sauvegarde est altéré.")
        if manifest["revision"] == schema.head():
            with tempfile.TemporaryDirectory() as folder:
                engine = make_engine(f"sqlite:///{folder}/check.sqlite3")
                try:
                    with schema.as_declared(engine) as connection:
                        _fill(connection, archive, manifest)
                finally:
                    engine.dispose()
    numbers = {name: told["rows"] for name, told in manifest["tables"].items()}
    return Summary(
        manifest["made_at"], manifest["revision"], numbers, len(manifest["files"]), len(manifest.get("missing", ()))
    )  # fmt: skip


@contextmanager
def _opened(source: Path) -> Iterator[tuple[zipfile.ZipFile, dict[str, Any]]]:
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            if manifest.get("format") != FORMAT:
                raise BackupError("cette sauvegarde est d'un format inconnu.")
            yield archive, manifest
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise BackupError(f"{source} n'est pas une sauvegarde lisible ({type(error).__name__}).") from error


def _digest(archive: zipfile.ZipFile, name: str) -> tuple[str, int]:
    digest, lines = hashlib.sha256(), 0
    with archive.open(name) as member:
        while chunk := member.read(CHUNK):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    return digest.hexdigest(), lines


# --- Back ----------------------------------------------------------------------------------------


def restore(engine: Engine, store: Store, source: Path, *, overwrite: bool = False) -> Summary:
    """Put a backup back, onto either engine and into either store: all of it, or nothing of it.

    Files come first, beside those that are there; the rows that name them follow in one transaction;
    what the backup does not hold goes last. Keys are never used twice, so nothing is written over that differs.

    Raises:
        BackupError: the backup does not hold, is of another schema, or something would be overwritten.
    """
    summary = verify(source)
    if summary.revision != schema.head():
        raise BackupError(f"la sauvegarde est au schéma {summary.revision}, ce programme au schéma {schema.head()}.")
    try:
        there = {held.key for held in store.list()}
        if not overwrite and (there or _holds_rows(engine)):
            raise BackupError("la base ou le stockage des fichiers n'est pas vide : --overwrite pour tout remplacer.")
        with _opened(source) as (archive, manifest):
            _put_back(engine, store, archive, manifest, there)
            for key in there - set(manifest["files"]):
                store.delete(key)
    except StoreAway as error:
        raise BackupError(f"le stockage des fichiers ne répond pas ({error}).") from error
    return summary


def _put_back(
    engine: Engine, store: Store, archive: zipfile.ZipFile, manifest: dict[str, Any], there: set[str]
) -> None:
    added: list[str] = []
    try:
        for key, told in manifest["files"].items():
            _check_key(key)
            if key in there and _same(store, key, told):
                continue
            if key in there:
                raise BackupError(f"le stockage tient sous le nom {key} un autre contenu : videz-le d'abord.")
            with tempfile.TemporaryFile() as copy, archive.open(f"files/{key}") as member:
                if _copy(iter(partial(member.read, CHUNK), b""), copy) != told:
                    raise BackupError(f"le fichier {key} de la sauvegarde est altéré.")
                added.append(key)
                store.put(key, copy)
        with schema.made_anew(engine) as connection:
            _fill(connection, archive, manifest)
    except BaseException:
        for key in added:
            store.delete(key)
        raise


def _same(store: Store, key: str, told: str) -> bool:
    digest = hashlib.sha256()
    for piece in store.stream(key):
        digest.update(piece)
    return digest.hexdigest() == told


def _check_key(key: str) -> None:
    path = PurePosixPath(key)
    if path.is_absolute() or ".." in path.parts:
        raise BackupError(f"le fichier {key} sortirait de son dossier.")


def _holds_rows(engine: Engine) -> bool:
    there = set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        return any(table.name in there and rows.count(connection, table) for table in tables())


def _fill(connection: Connection, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Fill empty tables; an error, so that their transaction ends, where what is read back is not what was told."""
    for table in tables():
        told = manifest["tables"].get(table.name)
        if told is None:
            raise BackupError(f"la table {table.name} manque à la sauvegarde.")
        with archive.open(_name_of(table)) as member:
            rows.read(connection, table, (line.decode() for line in member))
        digest, number = hashlib.sha256(), 0
        for line in rows.write(connection, table):
            digest.update(line.encode())
            number += 1
        if (number, digest.hexdigest()) != (told["rows"], told["sha256"]):
            raise BackupError(f"la table {table.name} n'est pas revenue telle qu'elle était.")
    with Session(connection) as session:
        for broken in verify_log(session):
            raise BackupError(f"le registre des preuves ne tient pas : entrée {broken.seq}, {broken.message}.")
