"""A ticket by web on a phone, one by phone typed on a desk, the appointment, the close: in a real browser, on both engines."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from portal.app import create_app
from portal.config import read_settings
from portal.db import make_sessions
from portal.tickets.models import Ticket
from portal.tickets.rules import Backup, Channel, State
from tests.accounts.conftest import CLAIRE, LEA, STAFF, seed
from tests.browser.conftest import AxeViolations, Watch
from tests.browser.serving import free_port, on_a_port, session_cookie

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Page

PHONE, DESKTOP = 375, 1280
PAGES, DESK = "/espace-client/tickets", "/espace-client/bureau/tickets"


class House:
    """The portal on a port, with two clients and staff."""

    def __init__(self, url: str, app: Flask, sessions: sessionmaker[Session]) -> None:
        self.url, self.app, self.sessions = url, app, sessions

    def cookie(self, email: str) -> str:
        """The cookie of an open session; how one gets it is the accounts' own journey."""
        return session_cookie(self.app, self.sessions, email, self.url)

    def ticket(self) -> Ticket:
        with self.sessions() as session:
            return session.scalars(select(Ticket).order_by(Ticket.id.desc())).first() or Ticket()


@pytest.fixture
def house(migrated: Engine, database_url: str, tmp_path: Path) -> Iterator[House]:
    """The portal, served."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": database_url, "PORTAL_BASE_URL": url,
        "PORTAL_STORAGE_URL": f"file:{tmp_path / 'files'}",
    }  # fmt: skip
    app = create_app(read_settings(settings))
    sessions = make_sessions(migrated)
    with sessions.begin() as session:
        seed(session)
    with on_a_port(app, port):
        yield House(url, app, sessions)


@contextmanager
def visiting(
    browser: "Browser", house: House, email: str, width: int, *, script: bool = True, expected: str = "422"
) -> "Iterator[Page]":
    """Somebody signed in, whose browser finds nothing to complain about but what is expected."""
    context = browser.new_context(
        base_url=house.url, viewport={"width": width, "height": 800}, locale="fr-FR", timezone_id="Europe/Paris",
        color_scheme="dark" if width == PHONE else "light", is_mobile=width == PHONE, has_touch=width == PHONE,
        java_script_enabled=script,
    )  # fmt: skip
    context.set_default_timeout(10_000)
    context.add_cookies([{"name": "portail", "value": house.cookie(email), "url": house.url}])
    watch = Watch(house.url)
    watch.follow(context)
    yield context.new_page()
    context.close()
    assert [problem for problem in watch.problems if expected not in problem] == []


def sound(page: "Page", axe_violations: AxeViolations) -> None:
    """Nothing for axe-core to say, and nothing cut off at the side."""
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_ticket_from_a_phone_to_its_close_and_back(
    browser: "Browser", house: House, axe_violations: AxeViolations
) -> None:
    with visiting(browser, house, CLAIRE, PHONE) as claire:
        claire.goto(PAGES)
        sound(claire, axe_violations)
        claire.get_by_role("link", name="Ouvrir un ticket").click()
        sound(claire, axe_violations)
        claire.get_by_role("button", name="Envoyer la demande").click()
        claire.get_by_role("heading", name="Des points sont à revoir").wait_for()
        sound(claire, axe_violations)
        claire.get_by_label("En une ligne").fill("Caisse bloquée")
        claire.get_by_label("Ce qui se passe").fill("Elle affiche une erreur depuis ce matin.")
        claire.get_by_label("Je ne peux plus travailler").check()
        claire.get_by_label("Oui, mes données sont sauvegardées").check()
        # A reload, as after a session that ended: what was typed comes back.
        claire.goto(f"{PAGES}/nouveau")
        claire.get_by_text("est revenu").wait_for()
        assert claire.get_by_label("En une ligne").input_value() == "Caisse bloquée"
        assert claire.get_by_label("Je ne peux plus travailler").is_checked()
        # A file that is none is refused; what is typed after that is kept as before.
        no_pdf: FilePayload = {
            "name": "photo.pdf",
            "mimeType": "application/pdf",
            "buffer": b"MZ\x90\x00" + bytes(2000),
        }
        claire.locator("input[type=file]").first.set_input_files(no_pdf)
        claire.get_by_role("button", name="Envoyer la demande").click()
        claire.get_by_role("button", name="Retirer photo.pdf").wait_for()
        claire.get_by_label("En une ligne").fill("Caisse bloquée, encore")
        claire.goto(f"{PAGES}/nouveau")
        assert claire.get_by_label("En une ligne").input_value() == "Caisse bloquée, encore"
        claire.get_by_label("En une ligne").fill("Caisse bloquée")
        files = [{"name": f"ecran-{turn}.txt", "mimeType": "text/plain", "buffer": b"erreur 42"} for turn in (1, 2)]
        claire.locator("input[type=file]").first.set_input_files(files)  # type: ignore[arg-type]
        claire.get_by_label("J'accepte ces conditions").check()
        claire.get_by_role("button", name="Envoyer la demande").click()
        claire.get_by_role("heading", name="Caisse bloquée").wait_for()
        sound(claire, axe_violations)
        assert claire.get_by_role("link", name="ecran-2.txt").is_visible()

    with visiting(browser, house, STAFF, DESKTOP) as nadia:
        nadia.goto("/espace-client/bureau/")
        nadia.get_by_role("link", name="Caisse bloquée").click()
        sound(nadia, axe_violations)
        nadia.get_by_label("Conseiller technique").select_option(label="Nadia Conseil")
        nadia.get_by_label("Priorité").select_option(label="Urgente")
        nadia.get_by_role("button", name="Enregistrer", exact=True).click()
        nadia.get_by_text("C'est noté.").wait_for()
        nadia.get_by_text("Prendre un rendez-vous").click()
        nadia.get_by_label("Jour").fill("2030-12-03")
        nadia.get_by_label("De", exact=True).fill("09:00")
        nadia.get_by_label("À", exact=True).fill("10:30")
        nadia.get_by_label("Chez le client").check()
        nadia.get_by_role("button", name="Prendre le rendez-vous").click()
        nadia.get_by_text("Le rendez-vous est pris").wait_for()
        sound(nadia, axe_violations)
        nadia.get_by_label("Votre message").fill("Quel numéro d'erreur ?")
        nadia.get_by_label("Le client, qui doit répondre").check()
        nadia.get_by_role("button", name="Envoyer ou noter").click()
        nadia.get_by_text("Votre message est envoyé").wait_for()
        nadia.goto(f"{DESK}/?q=caisses+bloquees")
        sound(nadia, axe_violations)
        assert nadia.get_by_role("link", name="Caisse bloquée").is_visible()

    with visiting(browser, house, CLAIRE, PHONE) as claire:
        claire.goto("/espace-client/")
        claire.get_by_role("link", name="Caisse bloquée").click()
        sound(claire, axe_violations)
        claire.get_by_role("button", name="Pas encore").click()
        claire.get_by_text("Votre réponse est notée").wait_for()
        claire.get_by_label("Votre message").fill("C'est l'erreur 42.")
        claire.get_by_role("button", name="Envoyer le message").click()
        claire.get_by_text("Votre message est envoyé").wait_for()
        # Sent: nothing of it comes back into the form.
        assert claire.get_by_label("Votre message").input_value() == ""
        claire.get_by_role("button", name="C'est réglé, clore le ticket").click()
        claire.get_by_text("Le ticket est clos").first.wait_for()
        sound(claire, axe_violations)
        assert house.ticket().state is State.CLOSED
        claire.get_by_role("button", name="Rouvrir le ticket").click()
        claire.get_by_text("Le ticket est rouvert").wait_for()
    ticket = house.ticket()
    assert (ticket.state, ticket.backup) == (State.PLANNED, Backup.TO_DO)


#: What keys and thoughts take an unpractised typist (the keystroke-level model), in seconds.
KEY, THOUGHT, AT_MOST = 0.28, 1.35, 20


def test_a_call_is_typed_from_the_keyboard_alone_in_seconds(
    browser: "Browser", house: House, axe_violations: AxeViolations
) -> None:
    with visiting(browser, house, STAFF, DESKTOP) as nadia:
        nadia.goto(f"{DESK}/saisir")
        sound(nadia, axe_violations)
        nadia.evaluate(
            """() => { window.keys = 0; window.fields = new Set([document.activeElement.name]);
            addEventListener("keydown", () => keys++);
            addEventListener("focusin", ({ target }) => fields.add(target.name)); }"""
        )
        # The field has the focus: who, as it sounds; what; Enter. The account, the channel, the call-back are there.
        nadia.keyboard.type("klein")
        nadia.keyboard.press("Tab")
        nadia.keyboard.type("Plus de réseau à l'étage")
        counted = nadia.evaluate("[keys, [...fields]]")
        nadia.keyboard.press("Enter")
        nadia.get_by_role("heading", name="Plus de réseau à l'étage").wait_for()
        nadia.get_by_role("heading", name="À rappeler").wait_for()
        sound(nadia, axe_violations)
    keys, fields = counted
    assert fields == ["who", "subject"]
    assert (keys + 1) * KEY + len(fields) * THOUGHT < AT_MOST
    ticket = house.ticket()
    assert (ticket.creator_mail, ticket.channel) == (LEA, Channel.PHONE)
    assert ticket.call_back_since is not None


def test_without_javascript_everything_goes_the_same_way(browser: "Browser", house: House) -> None:
    with visiting(browser, house, CLAIRE, DESKTOP, script=False) as claire:
        claire.goto(f"{PAGES}/nouveau")
        claire.get_by_label("En une ligne").fill("Écran noir")
        claire.get_by_label("Ce qui se passe").fill("Plus rien ne s'affiche.")
        claire.get_by_label("Rien ne presse").check()
        claire.get_by_label("Je ne sais pas").check()
        claire.get_by_text("Préciser").click()
        claire.get_by_label("De quoi s'agit-il").select_option(index=2)
        file = {"name": "photo.txt", "mimeType": "text/plain", "buffer": b"noir"}
        claire.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
        claire.get_by_label("J'accepte ces conditions").check()
        claire.get_by_role("button", name="Envoyer la demande").click()
        claire.get_by_role("heading", name="Écran noir").wait_for()
        assert claire.get_by_role("link", name="photo.txt").is_visible()
        claire.get_by_label("Votre message").fill("Il remarche.")
        claire.get_by_role("button", name="Envoyer le message").click()
        claire.get_by_text("Il remarche.").wait_for()
        claire.get_by_role("button", name="C'est réglé, clore le ticket").click()
        claire.get_by_text("Le ticket est clos").first.wait_for()
    assert house.ticket().state is State.CLOSED
