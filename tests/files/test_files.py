"""Files kept, given out, erased and swept, in a folder and in a bucket, on both engines."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.files import actions
from portal.files.jobs import HANDLERS
from portal.files.models import StoredFile
from portal.files.rules import FileGone, FileRefused, FileWaiting
from portal.files.scanner import Scanner
from portal.files.store import NotThere, Store, StoreAway
from portal.files.views import disposition
from portal.jobs.actions import lease
from portal.jobs.models import Job
from tests.files.clamd import EICAR, clamd
from tests.files.s3 import bucket

NOW = datetime.now(UTC)
PDF = b"%PDF-1.7\nun devis\n%%EOF"


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "folder":
        yield Store(f"file://{tmp_path}/files")
        return
    with bucket() as (url, _):
        yield Store(url)


@pytest.fixture
def folder(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}/files")


def keep(session: Session, store: Store, content: bytes = PDF, **more: Any) -> StoredFile:
    given: dict[str, Any] = {"name": "devis.pdf", "kept_for": "quotes", "now": NOW} | more
    return actions.keep(session, store, content, **given)


def work(sessions: sessionmaker[Session], store: Store, *, now: datetime = NOW) -> int:
    """Do every job that is due, as the worker does."""
    done = 0
    while True:
        with sessions.begin() as session:
            job = lease(session, now=now)
        if job is None:
            return done
        HANDLERS[job.kind](sessions, job, now, SimpleNamespace(store=store))
        done += 1


def keys(store: Store) -> set[str]:
    return {held.key for held in store.list()}


def test_a_file_is_kept_and_read_back(sessions: sessionmaker[Session], store: Store) -> None:
    with sessions.begin() as session:
        file = keep(session, store, name="C:\\devis signé.pdf")
    assert (file.name, file.media_type, file.size, file.kept_for) == (
        "devis signé.pdf",
        "application/pdf",
        23,
        "quotes",
    )
    assert actions.read(store, file) == PDF
    assert keys(store) == {file.key}
    assert len(file.key) > 40
    assert "devis" not in file.key


def test_a_large_file_comes_in_pieces(sessions: sessionmaker[Session], store: Store) -> None:
    content = b"%PDF-1.7\n" + bytes(range(256)) * 16_000  # 4 MB
    with sessions.begin() as session:
        file = actions.keep(session, store, io.BytesIO(content), name="a.pdf", kept_for="x", now=NOW)
    pieces = list(actions.stream(store, file))
    assert b"".join(pieces) == content
    assert len(pieces) > 1
    assert max(map(len, pieces)) < 3_000_000


def test_a_content_is_never_written_over(store: Store) -> None:
    store.put("ab/key", io.BytesIO(b"first"))
    with pytest.raises(StoreAway):
        store.put("ab/key", io.BytesIO(b"second"))
    assert b"".join(store.stream("ab/key")) == b"first"


def test_what_is_refused_is_nowhere(sessions: sessionmaker[Session], store: Store) -> None:
    for content, more in (
        (b"", {}),
        (b"x" * 101, {"limit": 100}),
        (b"<html>", {"name": "a.html"}),
        (PDF, {"kinds": frozenset({"png"})}),
    ):
        with pytest.raises(FileRefused), sessions.begin() as session:
            keep(session, store, content, **more)
    assert keys(store) == set()
    with sessions() as session:
        assert session.scalars(select(StoredFile)).all() == []


def test_a_file_whose_transaction_was_undone_is_swept_after_a_day_and_no_other_one(
    sessions: sessionmaker[Session], store: Store
) -> None:
    with sessions.begin() as session:
        kept = keep(session, store)
    with sessions() as session:
        keep(session, store)
        session.rollback()
    assert len(keys(store)) == 2
    with sessions() as session:
        assert actions.sweep(session, store, now=NOW + timedelta(hours=23)) == 0
        assert actions.sweep(session, store, now=NOW + timedelta(hours=25)) == 1
    assert keys(store) == {kept.key}


def test_many_orphans_are_swept_page_by_page(
    sessions: sessionmaker[Session], folder: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 5)
    for number in range(13):
        folder.put(f"ab/{number}", io.BytesIO(b"x"))
    with sessions() as session:
        assert actions.sweep(session, folder, now=NOW + timedelta(days=2)) == 13


def test_an_erased_file_is_gone_once_its_transaction_is_kept_and_not_before(
    sessions: sessionmaker[Session], store: Store
) -> None:
    with sessions.begin() as session:
        file = keep(session, store)
    with sessions() as session:
        actions.erase(session, store, session.get_one(StoredFile, file.id), at=NOW)
        session.rollback()
    assert work(sessions, store) == 0
    assert keys(store) == {file.key}
    with sessions.begin() as session:
        found = session.get_one(StoredFile, file.id)
        actions.erase(session, store, found, at=NOW)
        actions.erase(session, store, found, at=NOW)
    with pytest.raises(FileGone):
        actions.read(store, found)
    assert (found.name, work(sessions, store), keys(store)) == ("(effacé)", 1, set())


def test_a_content_that_is_missing_is_said_to_be_gone(sessions: sessionmaker[Session], store: Store) -> None:
    with sessions.begin() as session:
        file = keep(session, store)
    store.delete(file.key)
    store.delete(file.key)
    with pytest.raises(FileGone):
        actions.read(store, file)
    with pytest.raises(NotThere):
        store.stream(file.key)


# --- The scanner ---------------------------------------------------------------------------------


def test_a_file_is_scanned_before_it_is_kept(sessions: sessionmaker[Session], folder: Store) -> None:
    with clamd() as url:
        folder.scanner = Scanner(url)
        folder.scanner.ping()
        with sessions.begin() as session:
            file = keep(session, folder)
            assert file.readable
            with pytest.raises(FileRefused, match="malveillant"):
                keep(session, folder, EICAR, name="a.txt")
    assert keys(folder) == {file.key}


def test_a_scanner_that_is_away_loses_no_file_and_lets_none_out_unscanned(
    sessions: sessionmaker[Session], folder: Store
) -> None:
    with clamd() as url:
        pass  # the port is free again
    folder.scanner = Scanner(url)
    with sessions.begin() as session:
        good, bad = keep(session, folder), keep(session, folder, EICAR, name="a.txt")
    for file in (good, bad):
        with pytest.raises(FileWaiting):
            actions.read(folder, file)
    assert work(sessions, folder) == 2  # tried, and put off
    with sessions() as session:
        assert all(job.due_at is not None and job.due_at > NOW for job in session.scalars(select(Job)))
    later = NOW + timedelta(minutes=5)
    with clamd(int(url.rpartition(":")[2])):
        assert work(sessions, folder, now=later) == 3  # two scans, one content taken away
    with sessions() as session:
        good, bad = session.get_one(StoredFile, good.id), session.get_one(StoredFile, bad.id)
    assert actions.read(folder, good) == PDF
    assert bad.infected_as == "Eicar-Signature"
    with pytest.raises(FileGone):
        actions.read(folder, bad)
    assert keys(folder) == {good.key}


def test_an_answer_that_is_no_verdict_is_none(sessions: sessionmaker[Session], folder: Store) -> None:
    with clamd() as url, sessions.begin() as session:
        folder.scanner = Scanner(url)
        assert not keep(session, folder, b"over the limit", name="a.txt").readable


# --- Outside -------------------------------------------------------------------------------------


def test_a_store_that_refuses_or_is_away_says_so(tmp_path: Path) -> None:
    with bucket() as (url, held):
        store = Store(url)
        store.check()
        assert held.held == {}
        held.refusing = True
        with pytest.raises(StoreAway):
            store.check()
        with pytest.raises(StoreAway):
            list(store.list())
    assert "SE" not in repr(store)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreAway):
        Store(f"file://{tmp_path}/file/folder").check()


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("devis.pdf", "attachment; filename=devis.pdf"),
        ("mon devis.pdf", 'attachment; filename="mon devis.pdf"'),
        ("Été.pdf", "attachment; filename=_t_.pdf; filename*=UTF-8''%C3%89t%C3%A9.pdf"),
        ("l'été à 100 %.pdf", "attachment; filename=\"l'_t_ _ 100 %.pdf\"; filename*=UTF-8''l%27%C3%A9t%C3%A9%20%C3%A0%20100%20%25.pdf"),
    ],
)  # fmt: skip
def test_a_download_has_its_name_for_old_and_new_programs(name: str, header: str) -> None:
    assert disposition(name) == header
