"""A backup holds everything or is not called one; a restoration brings back all of it or changes nothing."""

import json
import os
import random
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import JSON, Column, Date, Engine, Integer, LargeBinary, MetaData, Numeric, String, Table, select
from sqlalchemy import Enum as EnumType
from sqlalchemy.orm import Session

from portal import rows, schema
from portal.backup import BackupError, Summary, restore, save, verify
from portal.db import UtcDateTime, make_engine
from portal.evidence.actions import erase_payload, record, verify_log
from portal.evidence.models import Entry
from portal.files.actions import erase, keep
from portal.files.models import StoredFile
from portal.files.store import Store
from portal.jobs.models import Job
from portal.mail.actions import post
from portal.mail.models import OutgoingMail

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    folder = tmp_path / "storage"
    (folder / "quotes").mkdir(parents=True)
    (folder / "quotes" / "à signer.pdf").write_bytes(random.Random(1).randbytes(3_000_000))  # noqa: S311
    (folder / "empty").write_bytes(b"")
    return folder


@pytest.fixture
def filled(migrated: Engine) -> Engine:
    """A database with a log, an erased entry, and mails on their way."""
    with Session(migrated) as session, session.begin():
        for number in range(40):
            entry = record(session, "test.act", {"who": "Zoé", "number": number}, at=NOON)
            if number == 7:
                erase_payload(session, entry, at=NOON)
            post(
                session, event="test", recipient=f"p{number}@client.example", subject="Été\u202f!", text="a\nb",
                html=None, domain="d.example", now=NOON, headers={"b": "1", "a": "é"},
            )  # fmt: skip
    return migrated


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Another empty database, of each engine."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'other.sqlite3'}"
    else:
        import psycopg

        server, name = request.getfixturevalue("postgresql_url"), f"other_{os.urandom(6).hex()}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        url = server.replace("/postgres?", f"/{name}?")
    engine = make_engine(url)
    yield engine
    engine.dispose()
    if request.param == "postgresql":
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def content(engine: Engine) -> dict[str, list[str]]:
    with engine.connect() as connection:
        return {
            table.name: list(rows.write(connection, table))
            for table in schema.declared().sorted_tables
            if not table.name.startswith("test_")
        }


def at(folder: Path) -> Store:
    """The store that keeps its files in a folder."""
    return Store(f"file://{quote(str(folder))}")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_everything_comes_back_on_either_engine(filled: Engine, other: Engine, storage: Path, tmp_path: Path) -> None:
    done = save(filled, at(storage), tmp_path / "x.backup", now=NOON)
    assert (done.tables["evidence_entry"], done.files) == (40, 2)
    back = restore(other, at(tmp_path / "back"), tmp_path / "x.backup")
    assert back == done
    assert content(other) == content(filled)
    assert files(tmp_path / "back") == files(storage)
    assert schema.is_current(other)
    with Session(other) as session, session.begin():
        # New rows come after the old ones, and the chain goes on.
        post(session, event="e", recipient="a@b.example", subject="s", text="t", html=None, domain="d.x", now=NOON)
        assert session.scalars(select(OutgoingMail.id).order_by(OutgoingMail.id.desc())).first() == 41
        assert record(session, "test.act", {}, at=NOON).seq == 41
        assert list(verify_log(session)) == []


def test_a_whole_demo_comes_back_with_everybody_in_it(
    demo_address: str, engine: Engine, other: Engine, tmp_path: Path
) -> None:
    from portal import demo

    done = save(engine, at(tmp_path / "none"), tmp_path / "x.backup", now=NOON)
    assert done.tables["person"] == len(demo.sign_ins())
    restore(other, at(tmp_path / "back"), tmp_path / "x.backup")
    assert content(other) == content(engine)


def test_a_backup_is_readable_by_its_owner_alone_and_overwrites_nothing(
    filled: Engine, storage: Path, tmp_path: Path
) -> None:
    target = tmp_path / "x.backup"
    save(filled, at(storage), target, now=NOON)
    assert target.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BackupError, match="existe déjà"):
        save(filled, at(storage), target, now=NOON)
    assert [path.name for path in tmp_path.iterdir() if "x.backup" in path.name] == ["x.backup"]


def test_a_restoration_replaces_nothing_without_being_told_to(filled: Engine, storage: Path, tmp_path: Path) -> None:
    save(filled, at(storage), tmp_path / "x.backup", now=NOON)
    with Session(filled) as session, session.begin():
        record(session, "later", {}, at=NOON)
    (storage / "later").write_text("later")
    before = content(filled), files(storage)
    with pytest.raises(BackupError, match="--overwrite"):
        restore(filled, at(storage), tmp_path / "x.backup")
    with pytest.raises(BackupError, match="--overwrite"):
        restore(filled, at(tmp_path / "elsewhere"), tmp_path / "x.backup")
    assert (content(filled), files(storage)) == before
    restore(filled, at(storage), tmp_path / "x.backup", overwrite=True)
    assert len(content(filled)["evidence_entry"]) == 40
    assert "later" not in files(storage)


def rewritten(source: Path, target: Path, change: Any) -> Path:
    """A copy of a backup in which ``change`` gave some members another content."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = change(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    return target


def forged(name: str, data: bytes) -> bytes:
    """The log rewritten, and the manifest made to fit: only the chain can tell."""
    import hashlib

    change = (b'"test.act"', b'"tost.act"')
    if name == "tables/evidence_entry.jsonl":
        return data.replace(*change, 1)
    if name == "manifest.json":
        manifest = json.loads(data)
        manifest["tables"]["evidence_entry"]["sha256"] = hashlib.sha256(forged.original.replace(*change, 1)).hexdigest()  # type: ignore[attr-defined]
        return json.dumps(manifest).encode()
    return data


def test_a_backup_that_was_changed_is_refused_and_changes_nothing(
    filled: Engine, storage: Path, tmp_path: Path
) -> None:
    source = tmp_path / "x.backup"
    save(filled, at(storage), source, now=NOON)
    with zipfile.ZipFile(source) as archive:
        forged.original = archive.read("tables/evidence_entry.jsonl")  # type: ignore[attr-defined]
    bad = {
        "row": lambda name, data: data.replace(b"p3@client", b"p4@client") if name.endswith("mail.jsonl") else data,
        "lost row": lambda name, data: data.partition(b"\n")[2] if name.endswith("job.jsonl") else data,
        "file": lambda name, data: data + b"x" if name.endswith("empty") else data,
        "lost file": lambda name, data: None if name.endswith("empty") else data,
        "no manifest": lambda name, data: None if name == "manifest.json" else data,
        "forged log": forged,
    }
    before = content(filled), files(storage)
    for number, (what, change) in enumerate(bad.items()):
        copy = rewritten(source, tmp_path / f"bad{number}", change)
        with pytest.raises(BackupError):
            verify(copy)
        with pytest.raises(BackupError):
            restore(filled, at(storage), copy, overwrite=True)
        assert (content(filled), files(storage)) == before, what
    (tmp_path / "cut").write_bytes(source.read_bytes()[:5000])
    with pytest.raises(BackupError, match="lisible"):
        verify(tmp_path / "cut")


def test_a_restoration_that_fails_half_way_leaves_the_old_base_whole(
    filled: Engine, storage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(filled, at(storage), tmp_path / "x.backup", now=NOON)
    with Session(filled) as session, session.begin():
        record(session, "later", {}, at=NOON)
    before = content(filled), files(storage)
    real, calls = rows.read, iter(range(100))

    def failing(connection: Any, table: Table, lines: Any) -> None:
        if next(calls) == len(before[0]) + 1:  # the check on an empty database passes, the restoration does not
            raise OSError("disk full")
        real(connection, table, lines)

    monkeypatch.setattr(rows, "read", failing)
    with pytest.raises((OSError, BackupError)):
        restore(filled, at(storage), tmp_path / "x.backup", overwrite=True)
    monkeypatch.undo()
    assert (content(filled), files(storage)) == before


def test_a_backup_is_of_one_moment_while_others_write(database_url: str, filled: Engine, tmp_path: Path) -> None:
    import threading

    stop, wrote = threading.Event(), threading.Event()

    def write() -> None:
        while not stop.is_set():
            with Session(filled) as session, session.begin():
                post(session, event="e", recipient="a@b.x", subject="s", text="t", html=None, domain="d.x", now=NOON)
                record(session, "mail", {}, at=NOON)
            wrote.set()
            stop.wait(0.02)  # SQLite's readers and writers take turns: one that never rests would starve the others

    def save_later(number: int) -> Summary:
        wrote.clear()
        assert wrote.wait(60)  # something is new, however slow the machine
        return save(filled, at(tmp_path / "none"), tmp_path / f"{number}.backup", now=NOON)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        done = [save_later(number) for number in range(3)]
    finally:
        stop.set()
        thread.join()
    for summary in done:
        # One mail, one job and one entry in each transaction: never one without the others.
        numbers = {summary.tables[name] for name in ("outgoing_mail", "job", "evidence_entry", "evidence_payload")}
        assert len(numbers) == 1
    assert len({summary.rows for summary in done}) > 1


def test_a_database_of_another_schema_is_not_saved(engine: Engine, storage: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="portal db upgrade"):
        save(engine, at(storage), tmp_path / "x.backup", now=NOON)


def test_stored_files_go_from_a_folder_to_a_bucket_and_back(
    migrated_sqlite: str, other: Engine, tmp_path: Path
) -> None:
    from tests.files.s3 import bucket

    engine = make_engine(migrated_sqlite)
    folder = at(tmp_path / "folder")
    with Session(engine, expire_on_commit=False) as session, session.begin():
        kept, erased, lost = (
            keep(session, folder, b"%PDF-1.7 " + name, name="a.pdf", kept_for="quotes", now=NOON)
            for name in (b"kept", b"erased", b"lost")
        )
        erase(session, folder, erased, at=NOON)
    for gone in (erased, lost):
        folder.delete(gone.key)
    done = save(engine, folder, tmp_path / "x.backup", now=NOON)
    engine.dispose()
    assert (done.tables["stored_file"], done.files, done.missing) == (3, 1, 1)
    with bucket() as (url, held):
        restore(other, Store(url), tmp_path / "x.backup")
        with Session(other) as session:
            found = session.get_one(StoredFile, kept.id)
            assert b"".join(Store(url).stream(found.key)) == b"%PDF-1.7 kept"
        assert save(other, Store(url), tmp_path / "y.backup", now=NOON) == done
        with pytest.raises(BackupError, match="--overwrite"):
            restore(other, Store(url), tmp_path / "y.backup")
        restore(other, Store(url), tmp_path / "y.backup", overwrite=True)
        held.refusing = True
        with pytest.raises(BackupError, match="ne répond pas"):
            restore(other, Store(url), tmp_path / "y.backup", overwrite=True)


def test_a_path_that_leaves_the_folder_is_refused(filled: Engine, storage: Path, tmp_path: Path) -> None:
    source = tmp_path / "x.backup"
    save(filled, at(storage), source, now=NOON)

    def escape(name: str, data: bytes) -> bytes:
        return data.replace(b'"empty"', b'"../empty"') if name == "manifest.json" else data

    copy = rewritten(source, tmp_path / "y.backup", escape)
    with zipfile.ZipFile(copy, "a") as archive:
        archive.writestr("files/../empty", b"")
    with pytest.raises(BackupError, match="sortirait"):
        restore(filled, at(storage), copy, overwrite=True)
    assert not (tmp_path / "empty").exists()


class Colour(Enum):
    RED = "rouge"


def test_each_kind_of_value_comes_back_as_it_was(engine: Engine, other: Engine) -> None:
    table = Table(
        "test_kinds", MetaData(),
        Column("id", Integer, primary_key=True), Column("moment", UtcDateTime), Column("day", Date),
        Column("amount", Numeric(12, 2)), Column("raw", LargeBinary), Column("tree", JSON),
        Column("colour", EnumType(Colour, native_enum=False)), Column("word", String(20)),
    )  # fmt: skip
    row = {
        "id": 3, "moment": NOON, "day": date(2026, 2, 28), "amount": Decimal("1234.50"), "raw": b"\0\xff",
        "tree": {"b": [1, None, "é"], "a": True}, "colour": Colour.RED, "word": '{"enum":"RED"}',
    }  # fmt: skip
    empty = dict.fromkeys(row) | {"id": 4}
    table.create(engine)
    table.create(other, checkfirst=True)
    with engine.begin() as source, other.begin() as target:
        source.execute(table.insert(), [row, empty])
        lines = list(rows.write(source, table))
        rows.read(target, table, lines)
        assert list(rows.write(target, table)) == lines
        found = [dict(one._mapping) for one in target.execute(select(table).order_by(table.c.id))]
    assert found == [row, empty]
    table.drop(engine)


def test_jobs_and_log_are_part_of_every_backup() -> None:
    from portal.backup import tables

    assert {Job.__tablename__, Entry.__tablename__, OutgoingMail.__tablename__} <= {table.name for table in tables()}
