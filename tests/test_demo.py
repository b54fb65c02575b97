"""The demo: invented people sign in with what the mailbox page shows; nothing of it exists outside of a demo."""

import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from portal import demo
from portal.accounts.models import Person
from portal.accounts.rules import StaffRole
from portal.app import create_app
from portal.config import read_settings
from portal.people_commands import ROLES
from portal.web import AREA, db
from tests.commands import PORTAL, bare, call, start


@pytest.fixture
def make(database_url: str, demo_address: str, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """``make(PORTAL_DEMO="1")``: a portal on the world of the demo."""
    given = {
        "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": database_url, "PORTAL_BASE_URL": demo_address,
        "PORTAL_STORAGE_URL": f"file://{tmp_path / 'files'}",
    }  # fmt: skip
    made: list[Flask] = []

    def make(**environ: str) -> Flask:
        app = create_app(read_settings(given | environ))
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(make: Callable[..., Flask]) -> Flask:
    return make(PORTAL_DEMO="1")


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    text = answer.get_data(as_text=True)
    html5lib.HTMLParser(strict=True).parse(text)
    assert answer.headers.get("Cache-Control") == "no-store" or not path.startswith("/demo")
    return unescape(text)


def send(client: FlaskClient, path: str, on: str = f"{AREA}/connexion", **values: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page(client, on))
    assert found
    answer = client.post(path, data={"csrf_token": found[1], **values})
    assert answer.status_code in {200, 302, 303}, answer.get_data(as_text=True)
    return answer.location or answer.get_data(as_text=True)


def give_code(client: FlaskClient, email: str) -> str:
    """Ask for a code, read it in the mailbox as a person would, and give it; where that led."""
    answer = send(client, f"{AREA}/connexion/code", identity=email, chosen_method="email")
    assert "Écrivez le code reçu" in answer
    (newest, *_) = re.findall(r'href="(/demo/courrier/\d+)"', page(client, "/demo/courrier"))
    mail = page(client, newest)
    assert email in mail
    found = re.search(r"\b(\d{3})\s?(\d{3})\b", mail.partition("<main")[2])
    assert found, mail
    return send(client, f"{AREA}/connexion", identity=email, passcode=found[1] + found[2])


def test_an_invented_client_signs_in_with_the_code_of_the_mailbox(app: Flask) -> None:
    client = app.test_client()
    give_code(client, "claire@boulangerie.example")
    assert "Claire Exemple" in page(client, f"{AREA}/")


def test_an_invented_adviser_signs_in_with_both_codes_of_the_mailbox(app: Flask) -> None:
    client = app.test_client()
    led_to = give_code(client, "conseil@ims-partners.example")
    found = re.search(r"conseil@ims-partners\.example</dt>\s*<dd><strong>(\d{6})", page(client, "/demo/courrier"))
    assert found
    assert "/second-facteur" in led_to
    send(client, f"{AREA}/connexion/second-facteur", on=led_to, code=found[1])
    assert "Julien Conseil" in page(client, f"{AREA}/bureau/")


def test_a_link_in_a_mail_can_be_followed_and_leads_here_whatever_host_was_asked(app: Flask, demo_address: str) -> None:
    client = app.test_client()
    asked = {"identity": "paul@boulangerie.example", "chosen_method": "email"}
    send(client, f"{AREA}/connexion/code", **asked)
    client.post(f"{AREA}/connexion/code", data=asked, base_url="http://evil.example")
    app.config["WTF_CSRF_ENABLED"] = False
    client.post(f"{AREA}/connexion/code", data=asked, base_url="http://evil.example")
    mails = re.findall(r'href="(/demo/courrier/\d+)"', page(client, "/demo/courrier"))
    assert len(mails) >= 2
    for mail in mails:
        text = page(client, mail)
        assert re.search(rf'<a href="{re.escape(demo_address)}/espace-client/[^"]+"', text)
        assert "evil.example" not in text
    assert client.get("/demo/courrier/999").status_code == 404


def test_outside_of_a_demo_there_is_no_mailbox(make: Callable[..., Flask]) -> None:
    client = make().test_client()
    assert client.get("/demo/courrier").status_code == 404
    assert client.get("/demo/courrier/1").status_code == 404


def test_a_base_that_holds_anybody_is_left_alone(app: Flask, engine: Engine) -> None:
    with Session(engine) as session:
        assert not demo.is_empty(session)
        known = {person.email for person in session.scalars(select(Person))}
    assert known == {one.email for one in demo.sign_ins()}


# --- The commands --------------------------------------------------------------------------------


@pytest.fixture
def environ(tmp_path: Path, database_url: str) -> dict[str, str]:
    public = tmp_path / "public"
    public.mkdir()
    (public / "index.html").write_text("<h1>Accueil</h1>")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    return bare() | {
        "PORTAL_SECRET_KEY": "k" * 32,
        "PORTAL_DATABASE_URL": database_url,
        "PORTAL_PUBLIC_DIR": str(public),
        "PORTAL_PORT": str(port),
        "PORTAL_DEMO": "1",
    }


def test_staff_are_added_by_command_and_a_wrong_address_or_role_is_refused(
    environ: dict[str, str], migrated: Engine
) -> None:
    added = call(environ, "staff", "add", "Marc@ims-partners.example", "--role", "sales", "--role", "adviser")
    assert added.returncode == 0, added.stderr
    assert "adviser, sales" in added.stdout
    assert call(environ, "staff", "add", "nobody").returncode == 1
    assert call(environ, "staff", "add", "a@b.example", "--role", "king").returncode == 2
    assert call(environ, "demo").returncode == 0  # loads nothing: somebody is there
    assert call(environ, "staff", "add", "marc@ims-partners.example").returncode == 0  # again: other roles


def test_the_roles_of_the_command_are_those_of_the_rules() -> None:
    assert set(ROLES) == {role.value for role in StaffRole}


def test_invented_people_never_come_into_a_real_base(environ: dict[str, str], migrated: Engine) -> None:
    refused = call(environ | {"PORTAL_DEMO": "0"}, "demo")
    assert refused.returncode == 1
    assert "PORTAL_DEMO" in refused.stderr
    with Session(migrated) as session:
        assert demo.is_empty(session)


def answers(environ: dict[str, str], path: str) -> int:
    until = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{environ['PORTAL_PORT']}{path}") as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except urllib.error.URLError:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_all_of_it_starts_together_and_ends_together_at_ctrl_c(environ: dict[str, str], tmp_path: Path) -> None:
    assert start(environ, "db", "upgrade").returncode == 0
    told = start(environ, "demo").stdout
    assert "claire@boulangerie.example" in told
    log = tmp_path / "log"
    process = subprocess.Popen([PORTAL, "start", "--log", log], env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert [answers(environ, path) for path in ("/", "/readyz", "/demo/courrier")] == [200, 200, 200]
        taken = start(environ, "start", "--log", str(tmp_path / "second"))
        assert taken.returncode == 1
        assert environ["PORTAL_PORT"] in taken.stderr
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=40)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Tout est arrêté" in said
    assert '"worker ended"' in log.read_text()
    with socket.create_server(("127.0.0.1", int(environ["PORTAL_PORT"]))):
        pass  # the port is free again
