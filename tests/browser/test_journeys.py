"""Whole journeys through site, portal, worker and mail, in a real browser, on both engines."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from portal import clock
from portal.accounts.actions import add_staff
from portal.accounts.rules import StaffRole
from portal.app import create_app
from portal.config import read_settings
from portal.db import make_engine, make_sessions
from portal.quotes.request_models import QuoteRequest
from portal.quotes.request_rules import State
from portal.server import Both
from portal.site_files import SiteFiles
from portal.web import db
from portal.worker import Worker, handlers
from tests.browser.conftest import ROOT, AxeViolations, Watch
from tests.browser.serving import free_port, on_a_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SALES = "paul@ims.example"
PROSPECT = "claire@muller.example"
PHONE, DESKTOP = 375, 1280


class Inbox:
    """A mail server's memory."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        message = message_from_bytes(bytes(envelope.original_content or b""), policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"


@dataclass
class House:
    """Site and portal under one address, a worker, and the mail server it talks to."""

    url: str
    sessions: sessionmaker[Session]
    worker: Worker
    inbox: Inbox
    secret: str
    app: Any

    def mail(self, recipient: str) -> EmailMessage:
        """The last mail that somebody has received, once everything that waits has left."""
        # In a thread of its own: the browser's library keeps a loop in this one, which a seal needs for itself.
        worker = threading.Thread(target=self.worker.run, kwargs={"until_empty": True})
        worker.start()
        worker.join()
        return next(mail for mail in reversed(self.inbox.messages) if mail["To"] == recipient)

    def text(self, recipient: str) -> str:
        body = self.mail(recipient).get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    def link(self, recipient: str, words: str) -> str:
        """The address that stands under these words in somebody's last mail."""
        found = re.search(rf"{words}\s*:\s*(https?://\S+)", self.text(recipient))
        assert found, self.text(recipient)
        return found.group(1)

    def authenticator(self) -> str:
        """The code that the authenticator of the staff shows now."""
        with self.app.app_context():
            factory = self.app.extensions["security"]._totp_factory._totp
        return str(factory.from_source(self.secret).generate().token)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The site, built once for an address whose links lead to the client area, and the port of that address."""
    folder, port = tmp_path_factory.mktemp("journeys") / "public", free_port()
    base = f"http://127.0.0.1:{port}"
    options = ["--output", str(folder), "--base-url", f"{base}/", "--portal-url", f"{base}/espace-client"]
    built = subprocess.run(
        [sys.executable, "build.py", *options], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return folder, port


@pytest.fixture
def house(published: tuple[Path, int], migrated: Engine, database_url: str, tmp_path: Path) -> Iterator[House]:
    """Everything that runs in production, in one process, on each engine."""
    folder, port = published
    inbox = Inbox()
    mail_port = free_port()
    smtp = Controller(inbox, hostname="127.0.0.1", port=mail_port)
    smtp.start()
    settings = read_settings(
        {
            "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": database_url,
            "PORTAL_BASE_URL": f"http://127.0.0.1:{port}", "PORTAL_MAIL_URL": f"smtp://127.0.0.1:{mail_port}",
            "PORTAL_STORAGE_URL": f"file:{tmp_path / 'files'}",
        }
    )  # fmt: skip
    app = create_app(settings)
    with app.app_context():
        secret = app.extensions["security"]._totp_factory.generate_totp_secret()
        staff = add_staff(db.session, email=SALES, name="Paul Weber", roles=[StaffRole.SALES], now=clock.now())
        staff.tf_primary_method, staff.tf_totp_secret = "authenticator", secret
        db.session.commit()
    worker_engine = make_engine(database_url)
    worker = Worker(
        make_sessions(worker_engine), handlers(settings, "portail@ims.example", app.extensions["portal"]), now=clock.now
    )
    with on_a_port(app, port, inside=Both(app, SiteFiles(folder))):
        yield House(settings.base_url, make_sessions(migrated), worker, inbox, secret, app)
        smtp.stop()
    worker_engine.dispose()


@contextmanager
def visiting(
    browser: "Browser", house: House, width: int, scheme: str = "light", *, refused: int | None = None,
    script: bool = True,
) -> "Iterator[Page]":  # fmt: skip
    """A browser of one's own; it must find nothing to complain about, but a refusal that is expected."""
    context = browser.new_context(
        base_url=house.url, viewport={"width": width, "height": 800}, locale="fr-FR", timezone_id="Europe/Paris",
        color_scheme="dark" if scheme == "dark" else "light", is_mobile=width == PHONE, has_touch=width == PHONE,
        java_script_enabled=script,
    )  # fmt: skip
    context.set_default_timeout(10_000)
    watch = Watch(house.url)
    watch.follow(context)
    yield context.new_page()
    context.close()
    assert [problem for problem in watch.problems if refused is None or str(refused) not in problem] == []


def sound(page: "Page", axe_violations: AxeViolations) -> None:
    """Nothing for axe-core to say, and nothing cut off at the side."""
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def sign_in_as_staff(page: "Page", house: House) -> None:
    page.get_by_label("Adresse électronique").first.fill(SALES)
    page.get_by_role("button", name="Recevoir un code").click()
    code = re.search(r"^(\d{6})\s*$", house.text(SALES), re.MULTILINE)
    assert code
    page.get_by_label("Code à six chiffres").fill(code.group(1))
    page.get_by_role("button", name="Se connecter").first.click()
    page.get_by_role("heading", name="Écrivez le code de votre application").wait_for()
    page.get_by_label("Code à six chiffres").fill(house.authenticator())
    page.get_by_role("button", name="Se connecter").click()


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_a_prospect_estimates_asks_is_answered_by_mail_and_becomes_a_client(
    browser: "Browser", house: House, axe_violations: AxeViolations, width: int
) -> None:
    # From the calculator to the form, with the estimate.
    with visiting(browser, house, width) as prospect:
        prospect.goto("/calculateur/?version=2018-10-01&ligne=remote-server:20,x3&tva=1")
        prospect.get_by_role("link", name="Demander un devis").click()
        prospect.get_by_role("heading", name="Votre estimation est jointe").wait_for()
        prospect.get_by_text("80,01\u00a0points").first.wait_for()
        sound(prospect, axe_violations)
        prospect.get_by_label("Votre besoin").fill("Remplacer un serveur avant Noël.")
        prospect.get_by_label("Votre organisation").fill("Boulangerie Muller")
        prospect.get_by_label("Son SIREN ou SIRET").fill("732 829 320")
        prospect.get_by_label("Vos prénom et nom").fill("Claire Muller")
        prospect.get_by_label("Votre adresse électronique").fill(PROSPECT)
        prospect.wait_for_timeout(3_000)  # nobody is quicker than the form allows
        prospect.get_by_role("button", name="Envoyer la demande").click()
        prospect.get_by_role("heading", name="Votre demande est bien reçue").wait_for()
        prospect.get_by_text("-0001").wait_for()
        sound(prospect, axe_violations)
    assert "80,01\u00a0points" in house.text(PROSPECT)

    # Staff find it on the desk, and answer.
    with visiting(browser, house, DESKTOP, "dark") as staff:
        staff.goto("/espace-client/")
        sign_in_as_staff(staff, house)
        staff.get_by_role("heading", name="Bureau").wait_for()
        sound(staff, axe_violations)
        staff.get_by_role("link", name="Boulangerie Muller").click()
        staff.get_by_text("80,01\u00a0points").first.wait_for()
        sound(staff, axe_violations)
        staff.get_by_label("Votre message").fill("Combien de postes ?")
        staff.get_by_role("button", name="Répondre par courriel").click()
        staff.get_by_text(f"Votre réponse part à {PROSPECT}").wait_for()
        staff.get_by_role("link", name="Bureau").first.click()
        staff.get_by_role("heading", name="Rien n'attend").wait_for()
        sound(staff, axe_violations)

        # The answer comes by mail, in the thread of the acknowledgement, and is replied to by its link.
        answer = house.mail(PROSPECT)
        first = next(mail for mail in house.inbox.messages if "bien reçue" in mail["Subject"])
        assert answer["In-Reply-To"] == first["Message-ID"]
        with visiting(browser, house, width) as prospect:
            prospect.goto(house.link(PROSPECT, "Lire et répondre"))
            prospect.get_by_text("Combien de postes ?").wait_for()
            prospect.get_by_label("Votre message").fill("Douze.")
            prospect.get_by_role("button", name="Envoyer le message").click()
            prospect.get_by_text("Votre message est envoyé").wait_for()
            sound(prospect, axe_violations)

        # Accepted: the organisation and its first person are there.
        staff.goto("/espace-client/bureau/")
        staff.get_by_role("link", name="Boulangerie Muller").click()
        staff.get_by_text("Douze.").wait_for()
        staff.get_by_text("Ouvrir un espace client").click()
        sound(staff, axe_violations)
        staff.get_by_role("button", name="Ouvrir l'espace client").click()
        staff.get_by_text("Devenue cliente le").wait_for()
        sound(staff, axe_violations)
    with house.sessions() as session:
        assert session.scalars(select(QuoteRequest.state)).all() == [State.ACCEPTED]

    # Its first person signs in with a code and finds a start page.
    with visiting(browser, house, width) as client:
        client.goto(house.link(PROSPECT, "Ouvrir mon espace client"))
        client.get_by_label("Adresse électronique").first.fill(PROSPECT)
        client.get_by_role("button", name="Recevoir un code").click()
        client.get_by_label("Code à six chiffres").wait_for()
        code = re.search(r"^(\d{6})\s*$", house.text(PROSPECT), re.MULTILINE)
        assert code
        client.get_by_label("Code à six chiffres").fill(code.group(1))
        client.get_by_role("button", name="Se connecter").first.click()
        client.get_by_role("heading", name="Boulangerie Muller").wait_for()
        client.get_by_role("heading", name="Rien ne vous attend").wait_for()
        sound(client, axe_violations)


def test_what_a_prospect_typed_survives_a_mistake_on_a_phone(
    browser: "Browser", house: House, axe_violations: AxeViolations
) -> None:
    with visiting(browser, house, PHONE, refused=422) as page:
        page.goto("/espace-client/demande-de-devis")
        page.get_by_label("Votre besoin").fill("Remplacer un serveur.")
        page.get_by_label("Son SIREN ou SIRET").fill("732 829 321")
        page.wait_for_timeout(3_000)
        with page.expect_response(lambda answer: answer.status == 422):
            page.get_by_role("button", name="Envoyer la demande").click()
        page.get_by_role("alert").wait_for()
        assert page.evaluate("document.activeElement.id") == "erreurs"
        assert page.get_by_label("Votre besoin").input_value() == "Remplacer un serveur."
        assert page.get_by_label("Son SIREN ou SIRET").input_value() == "732 829 321"
        sound(page, axe_violations)
        page.get_by_role("link", name="Ce numéro n'est ni un SIREN").click()
        assert page.evaluate("document.activeElement.id") == "identity"
