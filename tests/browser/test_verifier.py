"""A file of proof is checked on /verifier/: a phone and a desktop, with JavaScript and without."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portal import clock
from portal.app import create_app
from portal.config import read_settings
from portal.db import make_engine, make_sessions
from portal.evidence.actions import record
from portal.proof.actions import seal_of
from portal.proof.making import make_proof
from tests.browser.conftest import AxeViolations, Watch
from tests.browser.serving import on_a_port
from tests.conftest import Begun
from tests.proof.conftest import CLAIRE, DOCUMENTS, PAUL

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from portal.terms import Library


@pytest.fixture(scope="module")
def served(
    library: "Library", sqlite_begun: Begun, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The portal on a port, and a proof that it made."""
    folder = tmp_path_factory.mktemp("verifier")
    url = f"sqlite:///{folder / 'portal.sqlite3'}"
    shutil.copyfile(sqlite_begun("migrated")[0], folder / "portal.sqlite3")
    engine = make_engine(url)
    settings = read_settings({"PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": url})
    app = create_app(settings)
    with make_sessions(engine).begin() as session:
        entry = record(session, "quotes.final", {"who": "Paul"}, at=clock.now())
        seal = seal_of(session, settings, library.company, at=clock.now())
        proof = make_proof(
            reference="DEV-2026-0001", title="Remplacement du serveur", documents=DOCUMENTS, acts=(CLAIRE, PAUL),
            terms=library.in_force(clock.today_in_paris()), entries=(entry,), seal=seal, at=clock.now(),
        )  # fmt: skip
    engine.dispose()
    (folder / "preuve.zip").write_bytes(proof)
    place = proof.index(DOCUMENTS[1].content)
    (folder / "change.zip").write_bytes(proof[:place] + b"b" + proof[place + 1 :])
    with on_a_port(app) as address:
        yield address, folder


@pytest.mark.parametrize(("width", "script"), [(375, False), (1280, True)])
def test_a_proof_is_checked_and_a_changed_one_is_shown_for_what_it_is(
    browser: "Browser", served: tuple[str, Path], axe_violations: AxeViolations, width: int, script: bool
) -> None:
    url, folder = served
    context = browser.new_context(
        base_url=url, viewport={"width": width, "height": 800}, locale="fr-FR", java_script_enabled=script,
        color_scheme="dark" if width == 375 else "light",
    )  # fmt: skip
    watch = Watch(url)
    watch.follow(context)
    page = context.new_page()

    def sound() -> None:
        if script:
            assert axe_violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.goto("/verifier/")
    sound()
    for name, title in (("preuve.zip", "Ce fichier tient"), ("change.zip", "Ce fichier ne tient pas")):
        page.get_by_label("Fichier à vérifier").set_input_files(folder / name)
        page.get_by_role("button", name="Vérifier", exact=True).click()
        assert page.get_by_role("heading", level=1).inner_text() == title
        sound()
    first = page.locator(".findings li").first
    assert "Ne tient pas" in first.inner_text()
    assert "documents/02-accuse-de-reception.txt" in first.inner_text()
    context.close()
    assert watch.problems == []
