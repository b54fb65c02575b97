"""An amendment from end to end: staff propose, the client accepts on a phone or without JavaScript, the proof holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from portal import clock
from portal.accounts.actions import add_person, add_staff, create_organisation
from portal.accounts.rules import ClientRole, Identity, StaffRole
from portal.app import create_app
from portal.config import read_settings
from portal.contracts.rules import SpecialConditions
from portal.db import make_sessions
from portal.orders.actions import place_order
from portal.proof.actions import known_certificates
from portal.proof.checking import holds, verify_proof
from portal.web import services
from portal.worker import Worker, handlers
from tests.browser.conftest import AxeViolations, Watch
from tests.browser.serving import on_a_port, session_cookie
from tests.orders.test_orders import GOODS, WORK

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from portal.terms import Library

CLAIRE, PAUL = "claire@muller.example", "paul@ims.example"
WORDS = "Un troisième jour d'installation, le samedi."


@dataclass
class House:
    """The portal on a port, with one order."""

    url: str
    app: Flask
    sessions: sessionmaker[Session]
    reference: str

    def cookie(self, email: str) -> dict[str, str]:
        """Somebody with an open session; signing in is the accounts' own tests' matter."""
        return {"name": "portail", "value": session_cookie(self.app, self.sessions, email, self.url), "url": self.url}

    def work(self) -> None:
        """What waits for the worker is done."""
        given = services(self.app)
        Worker(
            self.sessions, handlers(given.settings, "portail@ims.example", given), now=clock.now
        ).run(until_empty=True)  # fmt: skip


@pytest.fixture
def house(library: "Library", tmp_path: Path, migrated: Engine, database_url: str) -> Iterator[House]:
    settings = read_settings(
        {
            "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": database_url, "PORTAL_STORAGE_URL": f"file://{tmp_path}/files",
            "PORTAL_DEMO": "1",
        }
    )  # fmt: skip
    app, sessions, now = create_app(settings), make_sessions(migrated), clock.now()
    terms = library.in_force(clock.today_in_paris())
    with sessions.begin() as session:
        client = create_organisation(
            session, legal_name="Boulangerie Muller", identity=Identity(siren="732829320"), public_body=False, by=None,
            now=now,
        )  # fmt: skip
        add_person(
            session, organisation=client, email=CLAIRE, name="Claire Muller", roles=[ClientRole.SIGNATORY], by=None,
            now=now,
        )  # fmt: skip
        staff = add_staff(session, email=PAUL, name="Paul Weber", roles=[StaffRole.SALES], now=now)
        order = place_order(
            session, organisation=client, quote_reference="DEV-2026-0001", lines=(WORK, GOODS), terms_slug=terms.slug,
            terms_sha256=terms.sha256, special_conditions=SpecialConditions(),
            accepted_client_at=now - timedelta(hours=2), accepted_provider_at=now - timedelta(hours=1), by=staff,
            at=now - timedelta(hours=1),
        )  # fmt: skip
        reference = order.reference
    with on_a_port(app) as address:
        yield House(address, app, sessions, reference)


@contextmanager
def visiting(browser: "Browser", house: House, email: str, width: int, *, script: bool = True) -> "Iterator[Page]":
    context = browser.new_context(
        base_url=house.url, viewport={"width": width, "height": 800}, locale="fr-FR", timezone_id="Europe/Paris",
        color_scheme="dark" if width < 400 else "light", java_script_enabled=script, accept_downloads=True,
    )  # fmt: skip
    context.set_default_timeout(15_000)
    context.add_cookies([house.cookie(email)])  # type: ignore[list-item]
    watch = Watch(house.url)
    watch.follow(context)
    yield context.new_page()
    context.close()
    assert [problem for problem in watch.problems if "422" not in problem] == []


@pytest.mark.parametrize(
    ("database_url", "width", "script"),
    [("sqlite", 375, True), ("postgresql", 1280, False)],
    indirect=["database_url"],
)
def test_staff_propose_and_the_client_accepts(
    browser: "Browser", house: House, axe_violations: AxeViolations, library: "Library", tmp_path: Path, width: int,
    script: bool,
) -> None:  # fmt: skip
    def sound(page: "Page") -> None:
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    with visiting(browser, house, PAUL, 1280) as desk:
        desk.goto(f"/espace-client/bureau/commandes/{house.reference}")
        sound(desk)
        desk.get_by_role("link", name="Proposer un avenant").click()
        desk.get_by_label("Ce qui change").fill(WORDS)
        desk.get_by_label("Quantité").first.fill("2,5")
        desk.get_by_role("button", name="Comparer avant et après").last.click()
        desk.get_by_text("Changée").wait_for()
        sound(desk)
        desk.get_by_label("Votre fonction").fill("commercial")
        sound(desk)
        desk.get_by_role("button", name="Envoyer la proposition").click()
        assert "attend la réponse" in desk.locator("main").inner_text()

    with visiting(browser, house, CLAIRE, width, script=script) as page:
        page.goto("/espace-client/commandes/")
        page.get_by_role("link", name="Remplacement du serveur").click()
        if script:
            sound(page)
        page.get_by_role("link", name="le lire et y répondre").click()
        assert WORDS in page.locator("main").inner_text()
        page.get_by_role("link", name="Accepter l'avenant").click()
        page.get_by_label("Votre fonction").fill("gérante")
        page.get_by_role("button", name="Accepter l'avenant").click()
        assert "Cochez la case" in page.get_by_role("alert").inner_text()
        if script:
            sound(page)
        for box in page.get_by_role("checkbox").all():
            assert not box.is_checked()
            box.check()
        page.get_by_role("button", name="Accepter l'avenant").click()
        assert "Les deux parties l'ont accepté" in page.locator("main").inner_text()
        house.work()
        page.reload()
        if script:
            sound(page)
        with page.expect_download() as download:
            page.get_by_role("link", name="Télécharger le dossier de preuve").click()
        download.value.save_as(tmp_path / "preuve.zip")

    published = {version.slug: version.sha256 for version in library.versions}
    with house.sessions() as session:
        known = known_certificates(session, services(house.app).settings)
    findings = verify_proof((tmp_path / "preuve.zip").read_bytes(), published=published, known=known)
    assert holds(findings), findings
