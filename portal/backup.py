"""Everything in one file, and everything back from it, onto either engine.

The file is a ZIP: ``manifest.json``, a text of rows for each table, the files
of the storage. Nothing is called done before it was read back: a backup is
opened again and every digest, count and link of the evidence log checked; a
restoration is checked inside its transaction, which is undone when it differs.
"""

import hashlib
import json
import os
import secrets
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlalchemy import Connection, Engine, Table, inspect
from sqlalchemy.orm import Session

from portal import rows, schema
from portal.db import make_engine
from portal.evidence.actions import verify_log

FORMAT = 1
MANIFEST = "manifest.json"
#: Says something of processes of the moment, and nothing of the past.
PASSING = frozenset({"job_worker"})
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


def save(engine: Engine, storage: Path, target: Path, *, now: datetime) -> Summary:
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
                _write(stream, connection, storage, now)
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


def _write(stream: IO[bytes], connection: Connection, storage: Path, now: datetime) -> None:
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "made_at": now.isoformat(timespec="seconds"),
        "engine": connection.dialect.name,
        "revision": schema.revision_of(connection),
        "tables": {},
        "files": {},
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
        for path in _files_in(storage):
            name = path.relative_to(storage).as_posix()
            with path.open("rb") as file, archive.open(f"files/{name}", "w", force_zip64=True) as member:
                manifest["files"][name] = _copy(file, member)
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))


def _files_in(storage: Path) -> list[Path]:
    found = (path for path in storage.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(path for path in found if not path.name.startswith(".check-"))


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
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
                    _fill(engine, archive, manifest)
                finally:
                    engine.dispose()
    numbers = {name: told["rows"] for name, told in manifest["tables"].items()}
    return Summary(manifest["made_at"], manifest["revision"], numbers, len(manifest["files"]))


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


def restore(engine: Engine, storage: Path, source: Path, *, overwrite: bool = False) -> Summary:
    """Put a backup back, onto either engine: all of it, or nothing of it.

    Raises:
        BackupError: the backup does not hold, is of another schema, or something would be overwritten.
    """
    summary = verify(source)
    if summary.revision != schema.head():
        raise BackupError(f"la sauvegarde est au schéma {summary.revision}, ce programme au schéma {schema.head()}.")
    if not overwrite and (_holds_rows(engine) or _files_in(storage)):
        raise BackupError("la base ou le dossier des fichiers n'est pas vide : --overwrite pour tout remplacer.")
    storage.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=storage.parent, prefix=".restore-") as folder:
        fresh, old = Path(folder) / "fresh", Path(folder) / f"old-{secrets.token_hex(4)}"
        fresh.mkdir()
        with _opened(source) as (archive, manifest):
            for name, told in manifest["files"].items():
                _extract(archive, name, told, fresh)
            _fill(engine, archive, manifest)
        if storage.exists():
            storage.rename(old)
        try:
            fresh.rename(storage)
        except OSError:
            old.rename(storage)
            raise
    return summary


def _holds_rows(engine: Engine) -> bool:
    there = set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        return any(table.name in there and rows.count(connection, table) for table in tables())


def _extract(archive: zipfile.ZipFile, name: str, told: str, folder: Path) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise BackupError(f"le fichier {name} sortirait de son dossier.")
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(f"files/{name}") as member, target.open("xb") as file:
        if _copy(member, file) != told:
            raise BackupError(f"le fichier {name} de la sauvegarde est altéré.")


def _fill(engine: Engine, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Make the tables anew and fill them, in one transaction that ends only if what is read back is what was told."""
    with schema.made_anew(engine) as connection:
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
