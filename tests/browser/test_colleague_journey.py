"""A colleague is invited, adds a passkey, signs in with it, and signs out everywhere: in a real browser, on both engines."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from portal import clock
from portal.accounts.actions import add_person, create_organisation
from portal.accounts.rules import ClientRole, Identity
from portal.app import create_app
from portal.config import read_settings
from portal.db import make_sessions
from portal.mail.models import OutgoingMail
from portal.web import AREA
from tests.browser.conftest import AxeViolations, Watch
from tests.browser.serving import free_port, on_a_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CLAIRE, JEAN = "claire@client.example", "jean@client.example"
PHONE, DESKTOP = 375, 1280


class Area:
    """The client area on a port, and the mails that wait in its outbox."""

    def __init__(self, url: str, sessions: sessionmaker[Session]) -> None:
        self.url, self.sessions = url, sessions

    def text(self, recipient: str) -> str:
        with self.sessions() as session:
            last = select(OutgoingMail).where(OutgoingMail.recipient == recipient).order_by(OutgoingMail.id.desc())
            return session.scalars(last.limit(1)).one().text

    def code(self, recipient: str) -> str:
        found = re.search(r"^(\d{6})$", self.text(recipient), re.MULTILINE)
        assert found
        return found.group(1)

    def link(self, recipient: str) -> str:
        found = re.search(r"https?://\S+", self.text(recipient))
        assert found
        return found.group(0)


@pytest.fixture
def area(migrated: Engine, database_url: str) -> Iterator[Area]:
    """The client area, with an organisation and its administrator."""
    port = free_port()
    # A browser makes passkeys for a name only, never for a number.
    url = f"http://localhost:{port}"
    app = create_app(
        read_settings({"PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": database_url, "PORTAL_BASE_URL": url})
    )
    sessions = make_sessions(migrated)
    with sessions.begin() as session:
        organisation = create_organisation(
            session, legal_name="Boulangerie Muller", identity=Identity(siren="732829320"), public_body=False, by=None,
            now=clock.now(),
        )  # fmt: skip
        add_person(
            session, organisation=organisation, email=CLAIRE, name="Claire Muller", roles=[ClientRole.ADMINISTRATOR],
            by=None, now=clock.now(),
        )  # fmt: skip
    with on_a_port(app, port):
        yield Area(url, sessions)


@contextmanager
def visiting(browser: "Browser", area: Area, width: int) -> "Iterator[tuple[BrowserContext, Page]]":
    """A browser of one's own, which must find nothing to complain about, but a form refused for its mistakes (422)."""
    context = browser.new_context(
        base_url=area.url, viewport={"width": width, "height": 800}, locale="fr-FR", timezone_id="Europe/Paris",
        color_scheme="dark" if width == PHONE else "light", is_mobile=width == PHONE, has_touch=width == PHONE,
    )  # fmt: skip
    context.set_default_timeout(10_000)
    watch = Watch(area.url)
    watch.follow(context)
    yield context, context.new_page()
    context.close()
    assert [problem for problem in watch.problems if "422" not in problem] == []


def sound(page: "Page", axe_violations: AxeViolations) -> None:
    """Nothing for axe-core to say, and nothing cut off at the side."""
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def add_authenticator(context: "BrowserContext", page: "Page") -> Any:
    """A phone's own passkeys, which know their holder."""
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_a_colleague_is_invited_signs_in_with_a_passkey_and_signs_out_everywhere(
    browser: "Browser", area: Area, axe_violations: AxeViolations, width: int
) -> None:
    with visiting(browser, area, width) as (_, claire):
        claire.goto(f"{AREA}/connexion?next={AREA}/collegues")
        sound(claire, axe_violations)
        claire.get_by_label("Adresse électronique").first.fill(CLAIRE)
        claire.get_by_role("button", name="Recevoir un code").click()
        claire.get_by_role("heading", name="Écrivez le code reçu").wait_for()
        sound(claire, axe_violations)
        claire.get_by_label("Code à six chiffres").fill(area.code(CLAIRE))
        claire.get_by_role("button", name="Se connecter").click()
        claire.get_by_role("link", name="Inviter un collègue").click()
        sound(claire, axe_violations)
        claire.get_by_role("button", name="Envoyer l'invitation").click()
        claire.get_by_role("heading", name="Des points sont à revoir").wait_for()
        sound(claire, axe_violations)
        claire.get_by_label("Nom et prénom").fill("Jean Roth")
        claire.get_by_label("Adresse électronique").fill(JEAN)
        claire.get_by_label("Technique").check()
        claire.get_by_role("button", name="Envoyer l'invitation").click()
        claire.get_by_text("Invitations en attente").wait_for()
        sound(claire, axe_violations)

    with visiting(browser, area, width) as (context, jean):
        jean.goto(area.link(JEAN))
        sound(jean, axe_violations)
        jean.get_by_role("button", name="Accepter l'invitation").click()
        jean.get_by_role("heading", name="Connexion et sécurité").wait_for()
        sound(jean, axe_violations)
        add_authenticator(context, jean)
        jean.get_by_role("link", name="Ajouter une clé d'accès").click()
        sound(jean, axe_violations)
        jean.get_by_label("Nom de cette clé").fill("Téléphone de Jean")
        jean.get_by_role("button", name="Ajouter une clé d'accès").click()
        jean.get_by_text("est ajoutée").wait_for()
        sound(jean, axe_violations)
        if width == PHONE:
            jean.get_by_role("button", name="Menu").click()
            jean.get_by_role("link", name="Collègues").wait_for()
            sound(jean, axe_violations)
            jean.get_by_role("button", name="Fermer").click()
            jean.get_by_role("link", name="Collègues").wait_for(state="hidden")
            jean.get_by_role("button", name="Menu").click()
        jean.get_by_role("button", name="Se déconnecter").click()
        jean.get_by_role("heading", name="Se connecter").wait_for()

        jean.get_by_role("button", name="Utiliser ma clé d'accès").click()
        jean.wait_for_url(f"{area.url}{AREA}/")
        jean.goto(f"{AREA}/compte/appareils")
        jean.get_by_text("cet appareil").wait_for()
        sound(jean, axe_violations)
        stolen = context.cookies()
        jean.get_by_role("button", name="Se déconnecter partout").click()
        jean.get_by_text("Vous êtes déconnecté partout").wait_for()
        sound(jean, axe_violations)

        context.clear_cookies()
        context.add_cookies(stolen)  # type: ignore[arg-type]
        jean.goto(f"{AREA}/compte/appareils")
        jean.get_by_role("heading", name="Se connecter").wait_for()
