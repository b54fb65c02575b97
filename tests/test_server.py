"""`portal serve`, `worker`, `check` and `db` as they are started: real processes, real answers, a clean end."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from werkzeug.test import Client

from portal import clock
from portal.evidence.actions import record
from portal.site_files import HEADERS, SiteFiles
from tests.commands import PORTAL, bare, call, start

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site of three pages."""
    public = tmp_path / "public"
    (public / "tarifs").mkdir(parents=True)
    (public / "index.html").write_text("<h1>Accueil</h1>")
    (public / "tarifs" / "index.html").write_text("<h1>Tarifs</h1>")
    (public / "tarifs" / "index.html.gz").write_bytes(b"packed")
    (public / "404.html").write_text("<h1>Introuvable</h1>")
    (public / "cgv.md").write_text("# CGV")
    (public / "SHA256SUMS").write_text("abc")
    (public / ".manifest").write_text("secret")
    (tmp_path / "outside").write_text("secret")
    return public


@pytest.fixture
def environ(tmp_path: Path, folder: Path, database_url: str) -> dict[str, str]:
    given = {
        "PORTAL_SECRET_KEY": "k" * 32,
        "PORTAL_DATABASE_URL": database_url,
        "PORTAL_PUBLIC_DIR": str(folder),
        "PORTAL_STORAGE_URL": f"file://{tmp_path / 'files'}",
        "PORTAL_PORT": str(free_port()),
        "PORTAL_MAIL_URL": "smtp://127.0.0.1:1",
    }
    return bare() | given


@contextmanager
def running(environ: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([PORTAL, *arguments], env=environ, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def get(environ: dict[str, str], path: str, wait: float = 20) -> tuple[int, str]:
    until = time.monotonic() + wait
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{environ['PORTAL_PORT']}{path}") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except urllib.error.URLError:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_site_and_portal_are_served_together_and_end_when_asked(environ: dict[str, str]) -> None:
    refused = start(environ, "serve")
    assert refused.returncode == 1
    assert "portal db upgrade" in refused.stderr
    assert start(environ, "db", "upgrade").returncode == 0
    with running(environ, "serve") as process:
        assert get(environ, "/healthz") == (200, "ok\n")
        assert get(environ, "/") == (200, "<h1>Accueil</h1>")
        assert get(environ, "/tarifs/")[1] == "<h1>Tarifs</h1>"
        assert get(environ, "/nulle-part") == (404, "<h1>Introuvable</h1>")
        assert json.loads(get(environ, "/readyz")[1])["schema"] is True
        status, page = get(environ, "/espace-client/nulle-part/claire@client.example")
        assert status == 404
        assert "IMS Partners" in page
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    lines = [json.loads(line) for line in log.splitlines()]
    assert "/readyz" in {line.get("route") for line in lines}
    assert "claire" not in log
    assert "127.0.0.1" not in log


def test_a_worker_is_seen_by_the_check_and_ends_when_asked(environ: dict[str, str], migrated: Engine) -> None:
    controller = Controller(object(), hostname="127.0.0.1", port=free_port())
    controller.start()
    environ["PORTAL_MAIL_URL"] = f"smtp://127.0.0.1:{controller.port}"
    try:
        alone = call(environ, "check")
        assert alone.returncode == 1
        assert re.findall(r"^NON (.*?)\s:", alone.stdout, re.MULTILINE) == ["tâches de fond"]
        with running(environ, "worker") as process:
            until = time.monotonic() + 20
            while (whole := call(environ, "check")).returncode:
                assert time.monotonic() < until, whole.stdout
                time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=30)
    finally:
        controller.stop()
    assert process.returncode == 0
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert (events[0], events[-1]) == ("worker began", "worker ended")
    # A new installation's nightly turns are due at once, and every one of them ends well.
    assert set(events[1:-1]) <= {"turn taken"}


def test_the_check_names_every_part_that_is_not_sound(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file where a folder should be")
    environ |= {"PORTAL_PUBLIC_DIR": str(tmp_path / "nowhere"), "PORTAL_CONTENT_DIR": str(tmp_path / "nothing")}
    done = call(environ, "check")
    assert done.returncode == 1
    parts = re.findall(r"^NON (.*?)\s:", done.stdout, re.MULTILINE)
    assert parts == ["contenu", "site construit", "fichiers", "courrier", "base de données"]
    assert not (tmp_path / "portal.sqlite3").exists()  # looking makes nothing


def test_a_log_that_was_tampered_with_is_found_by_the_check(environ: dict[str, str], migrated: Engine) -> None:
    with Session(migrated) as session, session.begin():
        for number in range(3):
            record(session, "test.act", {"number": number}, at=clock.now())
    with Session(migrated) as session, session.begin():
        if migrated.dialect.name == "postgresql":
            session.execute(text("ALTER TABLE evidence_payload DISABLE TRIGGER USER"))
        else:
            session.execute(text("DROP TRIGGER evidence_payload_no_update"))
        session.execute(text("UPDATE evidence_payload SET content = '{}' WHERE seq = 2"))
    done = call(environ, "check")
    assert re.search(r"^NON registre des preuves.*entrée 2", done.stdout, re.MULTILINE), done.stdout


def test_a_database_that_is_away_is_a_refusal_and_no_traceback(environ: dict[str, str], tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/no/folder/x.sqlite3", "postgresql://nobody@127.0.0.1:1/none"):
        done = call(environ | {"PORTAL_DATABASE_URL": url}, "db", "upgrade")
        assert done.returncode == 1
        assert "inaccessible" in done.stderr
        assert "Traceback" not in done.stderr


def test_settings_that_are_wrong_are_all_told_and_nothing_starts() -> None:
    done = start({"PORTAL_PORT": "0", "PATH": os.environ["PATH"]}, "serve")
    assert done.returncode == 1
    assert "PORTAL_SECRET_KEY" in done.stderr
    assert "PORTAL_PORT" in done.stderr


# --- The files of the site -----------------------------------------------------------------------


@pytest.fixture
def site(folder: Path) -> Client:
    return Client(SiteFiles(folder))


def test_a_folder_is_its_index_and_the_address_without_a_slash_leads_there(site: Client) -> None:
    assert site.get("/tarifs/").text == "<h1>Tarifs</h1>"
    moved = site.get("/tarifs?a=1")
    assert moved.status_code == 301
    assert moved.headers["Location"] == "/tarifs/?a=1"


def test_an_address_of_two_slashes_leads_to_no_other_host(site: Client, folder: Path) -> None:
    (folder / "evil.example").mkdir()
    (folder / "evil.example" / "index.html").write_text("x")
    answer = site.get("/", environ_overrides={"PATH_INFO": "//evil.example"})
    assert not answer.headers.get("Location", "/").startswith("//")


@pytest.mark.parametrize("path", ["/.manifest", "/../outside", "/tarifs/../../outside", "/%2e%2e/outside", "/a\0b"])
def test_what_is_no_page_of_the_site_is_not_given_away(site: Client, path: str) -> None:
    answer = site.get("/", environ_overrides={"PATH_INFO": path.replace("%2e", ".")})
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_packed_copies_go_to_those_who_take_them(site: Client) -> None:
    answer = site.get("/tarifs/", headers={"Accept-Encoding": "gzip"})
    assert (answer.data, answer.headers["Content-Encoding"]) == (b"packed", "gzip")


def test_an_unchanged_page_is_not_sent_again(site: Client) -> None:
    first = site.get("/")
    again = site.get("/", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_each_kind_of_file_is_named_for_what_it_is(site: Client) -> None:
    assert site.get("/cgv.md").headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert site.get("/SHA256SUMS").headers["Content-Type"] == "text/plain; charset=utf-8"


def test_nothing_but_reading_is_possible(site: Client) -> None:
    answer = site.post("/")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"


def test_the_headers_are_those_of_the_real_server(site: Client) -> None:
    wanted = (ROOT / "deploy" / "nginx" / "site-locations.conf").read_text()
    named = dict(re.findall(r'add_header (\S+) "(.*)" always;', wanted))
    del named["Strict-Transport-Security"]  # not over plain HTTP
    for answer in (site.get("/"), site.get("/nulle-part")):
        assert {name: answer.headers[name] for name in named} == named
    assert set(named) <= set(HEADERS)


# --- What keeps and proves -----------------------------------------------------------------------


def test_a_base_is_saved_proved_and_put_back_by_commands_alone(environ: dict[str, str], tmp_path: Path) -> None:
    assert call(environ, "db", "upgrade").returncode == 0
    log, file = str(tmp_path / "log"), str(tmp_path / "x.backup")
    assert call(environ, "evidence", "export", log).returncode == 0
    assert call(environ, "evidence", "export", log).returncode == 1
    assert call(environ, "evidence", "verify", log).returncode == 0
    saved = call(environ, "backup", file)
    assert saved.returncode == 0, saved.stderr
    assert "vérifiés" in saved.stdout
    assert call(environ, "backup", file).returncode == 1
    elsewhere = environ | {"PORTAL_DATABASE_URL": f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}"}
    assert call(elsewhere, "restore", file).returncode == 0
    assert call(elsewhere, "restore", log).returncode == 1
