"""Staff import invoices in a real browser: with the script file by file, without it all at once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine

from portal import clock
from portal.accounts.actions import add_staff, create_organisation
from portal.accounts.rules import Identity, StaffRole, vat_of
from portal.app import create_app
from portal.config import read_settings
from portal.db import make_sessions
from tests.browser.conftest import AxeViolations
from tests.browser.serving import free_port, on_a_port, session_cookie
from tests.invoices.reading.written import Written, cii, factur_x, ubl

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
OURS = Written(buyer="Boulangerie Muller", buyer_vat=vat_of("732829320"), buyer_siren="732829320")
Open = Callable[..., "Page"]


@pytest.fixture
def staff_page(migrated: Engine, database_url: str, browser: "Browser", tmp_path: Path) -> Iterator[Open]:
    """``staff_page(width=375, script=False)``: a page of somebody of the billing staff, signed in."""

    port = free_port()
    url = f"http://127.0.0.1:{port}"
    app = create_app(
        read_settings(
            {
                "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": database_url, "PORTAL_BASE_URL": url,
                "PORTAL_COMPANY_ID": "100000009", "PORTAL_STORAGE_URL": f"file:{tmp_path / 'files'}",
            }
        )
    )  # fmt: skip
    sessions = make_sessions(migrated)
    with sessions.begin() as session:
        create_organisation(
            session, legal_name="Boulangerie Muller", identity=Identity(siren="732829320"), public_body=False, by=None,
            now=clock.now(),
        )  # fmt: skip
        anne = add_staff(
            session, email="anne@ims.example", name="Anne Klein", roles=[StaffRole.BILLING], now=clock.now()
        )
    cookie = session_cookie(app, sessions, anne.email, url)
    with on_a_port(app, port):
        contexts = []

        def opened(*, width: int, script: bool) -> "Page":
            context = browser.new_context(
                viewport={"width": width, "height": 800}, locale="fr-FR", java_script_enabled=script
            )
            contexts.append(context)
            context.add_cookies([{"name": "portail", "value": cookie, "url": url}])
            page = context.new_page()
            page.goto(f"{url}/espace-client/bureau/factures/importer")
            return page

        yield opened
        for context in contexts:
            context.close()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """One to import, one to attach, one that is refused."""
    made = {
        "a.pdf": factur_x(OURS),
        "b.xml": ubl(OURS.but(number="F-2", buyer_vat="", buyer_siren="")).encode(),
        "c.xml": cii(OURS.but(gross="130.00")).encode(),
    }
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in made]


@pytest.mark.parametrize(
    ("database_url", "width", "script"),
    [("sqlite", 1280, True), ("postgresql", 375, True), ("sqlite", 375, False)],
    indirect=["database_url"],
)
def test_files_are_imported_and_what_is_left_is_found(
    staff_page: Open, files: list[Path], axe_violations: AxeViolations, *, width: int, script: bool
) -> None:
    page = staff_page(width=width, script=script)

    def sound() -> None:
        if script:
            assert axe_violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width

    sound()
    page.get_by_label("Fichiers").set_input_files(files)
    page.get_by_role("button", name="Importer").click()
    page.get_by_role(
        "heading", name="Envoi terminé" if script else "1 importée, 1 à rattacher et 1 refusée."
    ).wait_for()
    report = page.locator("ul.report > li")
    assert [item.locator(".status").inner_text() for item in report.all()] == ["importée", "à rattacher", "refusée"]
    assert "est déjà celui d'une autre facture" in report.nth(2).inner_text()
    sound()
    page.goto(page.url.replace("importer", "imports"))
    sound()
    page.get_by_role("link", name="Facture F-2026-0042").click()
    sound()
    page.get_by_role("button", name="Classer sans suite").click()
    assert "C'est classé" in page.locator("main").inner_text()
    page.get_by_role("link", name="Facture F-2").click()
    page.get_by_role("link", name="Rattacher à un client").click()
    assert "F-2" in page.get_by_role("heading", level=1).inner_text()
