"""The application: its headers, its error pages, its sessions, its weight."""

import gzip
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import html5lib
import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.accounts import guard
from portal.app import create_app
from portal.config import read_settings
from portal.errors import REFUSALS
from portal.routes import ANYONE, ROUTES
from portal.web import AREA, db, now

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = {"PORTAL_SECRET_KEY": "k" * 32}


@pytest.fixture(autouse=True)
def probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The routes that these tests add are open."""
    open_to_all = dict.fromkeys(("probe", "post", "write", "read"), ANYONE)
    monkeypatch.setattr(guard, "ROUTES", {**ROUTES, **open_to_all})


def make(url: str, **environ: str) -> Flask:
    app = create_app(read_settings(KEY | {"PORTAL_DATABASE_URL": url} | environ), now=lambda: NOON)
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/probe/<int:status>")
    def probe(status: int) -> str:
        if status == 500:
            raise RuntimeError("broken")
        abort(status)

    @app.post("/probe/post")
    def post() -> str:
        return "done"

    @app.get("/probe/write")
    def write() -> str:
        db.session.execute(text("CREATE TABLE written (id INTEGER)"))
        db.session.commit()
        return "written"

    return app


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    app = make(database_url)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 429, 500, 503])
def test_each_refusal_has_a_clear_page_of_valid_html(tmp_path: Path, status: int) -> None:
    answer = make(f"sqlite:///{tmp_path}/x.sqlite3").test_client().get(f"/probe/{status}")
    assert answer.status_code == status
    page = answer.get_data(as_text=True)
    html5lib.HTMLParser(strict=True).parse(page)
    assert page.count("<h1>") == 1
    assert REFUSALS[status].lede.replace("'", "&#39;") in page
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_post_without_its_token_is_refused_and_says_that_the_page_expired(client: FlaskClient) -> None:
    answer = client.post("/probe/post")
    assert answer.status_code == 400
    assert "Cette page a expiré" in answer.get_data(as_text=True)


def test_a_get_cannot_write_even_where_a_view_is_careless(client: FlaskClient, app: Flask) -> None:
    client.get("/probe/write")
    with app.app_context(), pytest.raises(DBAPIError):
        db.session.execute(text("SELECT * FROM written"))


def test_a_post_can_write(client: FlaskClient, app: Flask) -> None:
    with app.test_request_context("/", method="POST"):
        db.session.execute(text("CREATE TABLE written (id INTEGER)"))
        db.session.commit()
    with app.test_request_context("/"):
        assert db.session.execute(text("SELECT count(*) FROM written")).scalar() == 0


def test_the_asynchronous_teardown_is_gone(app: Flask) -> None:
    assert {function.__name__ for function in app.teardown_appcontext_funcs} == {"_close_sessions"}


def test_a_database_that_is_away_is_503_with_a_time_to_come_back() -> None:
    app = make("postgresql://nobody@127.0.0.1:1/none")

    @app.get("/probe/read")
    def read() -> str:
        return str(db.session.execute(text("SELECT 1")).scalar())

    answer = app.test_client().get("/probe/read")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"


def test_the_moment_of_a_request_is_the_clocks(app: Flask) -> None:
    with app.test_request_context("/"):
        assert now() == NOON


def test_headers_allow_nothing_from_elsewhere_and_no_inline_script(client: FlaskClient) -> None:
    headers = client.get("/probe/404").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in headers


def test_over_https_cookies_are_secure_and_the_browser_is_told_to_stay_there(tmp_path: Path) -> None:
    app = make(f"sqlite:///{tmp_path}/x.sqlite3", PORTAL_BASE_URL="https://portail.example")
    assert app.config["SESSION_COOKIE_SECURE"]
    assert app.config["SESSION_COOKIE_NAME"] == "__Host-portail"
    answer = app.test_client().get("/probe/404", base_url="https://portail.example")
    assert "max-age=" in answer.headers["Strict-Transport-Security"]


def test_a_page_and_its_stylesheet_are_light_and_kept_for_a_year(client: FlaskClient) -> None:
    page = client.get("/probe/404").data
    (address,) = re.findall(rb'<link rel="stylesheet" href="([^"]+)"', page)
    sheet = client.get(address.decode())
    assert "immutable" in sheet.headers["Cache-Control"]
    assert sheet.mimetype == "text/css"
    assert len(gzip.compress(page)) + len(gzip.compress(sheet.data)) < 50_000
    assert client.get(f"{AREA}/static/000-portal.css").status_code == 404
