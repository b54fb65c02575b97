"""Time noted, points charged, an entry contested and answered, in a real browser: staff at a desk, the client on a phone."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import make_server

from portal import clock, schema
from portal.accounts.models import Organisation, Person
from portal.accounts.sign_in import begin_session
from portal.app import create_app
from portal.config import read_settings
from portal.contracts.agreement_actions import open_contract
from portal.contracts.rules import Kind, Overdraft, SpecialConditions
from portal.db import make_engine, make_sessions
from portal.web import AREA, db, services
from tests.accounts.conftest import LEA, STAFF, seed
from tests.browser.conftest import AxeViolations
from tests.browser.test_colleague_journey import Area, sound, visiting
from tests.tickets.test_interventions import a_ticket

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext

PHONE, DESKTOP = 375, 1280


@dataclass
class Served:
    """A portal on a port, with a ticket and a contract of a hundred points."""

    app: Flask
    area: Area
    sessions: sessionmaker[Session]
    ticket: str
    contract: str

    def sign_in(self, context: "BrowserContext", email: str) -> None:
        """How one gets there is the accounts' own journey."""
        with self.sessions.begin() as session:
            person = session.scalars(select(Person).where(Person.email == email)).one()
            unique, token = person.fs_uniquifier, begin_session(
                session, person, device="d", device_name="Test", means=("test",), domain="localhost",
                base_url="http://localhost", now=clock.now(),
            )  # fmt: skip
        client = self.app.test_client()
        with client.session_transaction() as held:
            held.update(_user_id=unique, _fresh=True, token=token)
        cookie = client.get_cookie("portail")
        assert cookie is not None
        context.add_cookies([{"name": "portail", "value": cookie.value, "url": self.area.url}])


@pytest.fixture
def served(tmp_path: "Path") -> Iterator[Served]:
    """The rules of both engines are the unit tests' matter: here one will do."""
    url = f"sqlite:///{tmp_path / 'portal.sqlite3'}"
    engine = make_engine(url)
    schema.upgrade(engine)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
    app = create_app(
        read_settings(
            {
                "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": url, "PORTAL_BASE_URL": f"http://localhost:{port}",
                "PORTAL_STORAGE_URL": f"file://{tmp_path / 'files'}",
            }
        )
    )  # fmt: skip
    sessions = make_sessions(engine)
    with sessions.begin() as session:
        ids = seed(session)
        version = services(app).library.in_force(clock.today_in_paris())
        contract = open_contract(
            session, organisation=session.get_one(Organisation, ids["client"]), kind=Kind.LIBERTY, points=Decimal(100),
            terms_slug=version.slug, terms_sha256=version.sha256, special_conditions=SpecialConditions("Le samedi."),
            overdraft=Overdraft(), by=session.get_one(Person, ids[STAFF]), at=clock.now(), reason="Papier",
        ).reference  # fmt: skip
        ticket = a_ticket(session, ids["client"]).reference
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Served(app, Area(f"http://localhost:{port}", sessions), sessions, ticket, contract)
    server.shutdown()
    server.server_close()
    thread.join()
    with app.app_context():
        db.engine.dispose()
    engine.dispose()


@pytest.mark.parametrize(("desk", "pocket"), [(DESKTOP, PHONE), (PHONE, DESKTOP)])
def test_time_is_noted_charged_contested_and_answered(
    browser: "Browser", served: Served, axe_violations: AxeViolations, desk: int, pocket: int
) -> None:
    time = f"{AREA}/bureau/tickets/{served.ticket}/temps"
    with visiting(browser, served.area, desk) as (context, nadia):
        served.sign_in(context, STAFF)
        nadia.goto(time)
        sound(nadia, axe_violations)
        nadia.get_by_label("Nature du travail").select_option("remote-desktop")
        nadia.get_by_label("Minutes").fill("7")
        nadia.get_by_text("Il resterait 85\u00a0points.").wait_for()  # while typing
        nadia.get_by_label("Ce qui a été fait").fill("Pilote de l'imprimante réinstallé")
        nadia.get_by_role("button", name="Noter").click()
        nadia.get_by_role("button", name="Terminer et décompter 15\u00a0points").wait_for()
        sound(nadia, axe_violations)
        nadia.get_by_role("button", name="Terminer et décompter 15\u00a0points").click()
        nadia.get_by_text("Intervention décomptée").wait_for()

    with visiting(browser, served.area, pocket) as (context, lea):
        served.sign_in(context, LEA)
        lea.goto(f"{AREA}/contrats/")
        sound(lea, axe_violations)
        lea.get_by_role("link", name=f"Liberty {served.contract}").click()
        lea.get_by_text("7\u00a0min réelles, 15\u00a0min comptées").wait_for()
        sound(lea, axe_violations)
        lea.get_by_label("Me prévenir quand il reste").fill("50")
        lea.get_by_role("button", name="Me prévenir").click()
        lea.get_by_text("Quand il reste 50\u00a0points ou moins").wait_for()
        lea.goto(f"{AREA}/tickets/{served.ticket}/temps")
        sound(lea, axe_violations)
        lea.get_by_role("link", name="Contester").click()
        sound(lea, axe_violations)
        lea.get_by_label("Ce qui ne va pas").fill("J'étais absente ce jour-là.")
        lea.get_by_role("button", name="Envoyer la contestation").click()
        lea.get_by_text("La réponse est attendue").wait_for()
        sound(lea, axe_violations)

    with visiting(browser, served.area, desk) as (context, nadia):
        served.sign_in(context, STAFF)
        nadia.goto(f"{AREA}/bureau/")
        nadia.get_by_role("link", name="Boulangerie Muller").first.click()
        nadia.get_by_role("heading", name="Répondre à une contestation").wait_for()
        sound(nadia, axe_violations)
        nadia.get_by_label("Corriger le temps").check()
        nadia.get_by_label("Pilote de l'imprimante réinstallé, en minutes").fill("0")
        nadia.get_by_label("Pourquoi").fill("C'était un autre client, pardon.")
        nadia.get_by_role("button", name="Répondre et prévenir").click()
        nadia.get_by_text("La réponse est envoyée").wait_for()
        nadia.goto(f"{AREA}/bureau/contrats/{served.contract}")
        sound(nadia, axe_violations)
        nadia.goto(f"{AREA}/bureau/contrats/nouveau")
        sound(nadia, axe_violations)

    with visiting(browser, served.area, pocket) as (context, lea):
        served.sign_in(context, LEA)
        lea.goto(f"{AREA}/tickets/{served.ticket}/temps")
        lea.get_by_text("C'était un autre client, pardon.").first.wait_for()
        lea.goto(f"{AREA}/contrats/{served.contract}")
        lea.get_by_text("Il reste 100\u00a0points").first.wait_for()
