"""What `make run` shows, as it runs it: the demo's server and worker, a sign-in with what its mailbox holds."""

import re
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("database_url", "width"), [("sqlite", 375), ("postgresql", 1280)], indirect=["database_url"])
def test_an_adviser_finds_the_way_in_with_the_mailbox_alone(
    browser: "Browser", running: str, axe_violations: "Callable[[Page], list[str]]", width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="fr-FR")
    page, telephone = context.new_page(), context.new_page()

    def sound(shown: "Page") -> None:
        assert axe_violations(shown) == []
        assert shown.evaluate("document.documentElement.scrollWidth") <= width

    page.goto(running)
    assert "IMS Partners" in page.title()
    page.goto(f"{running}/espace-client/")
    page.get_by_label("Adresse électronique").first.fill("conseil@ims-partners.example")
    page.get_by_role("button", name="Recevoir un code").click()
    telephone.goto(f"{running}/demo/courrier")
    sound(telephone)
    telephone.get_by_role("link", name=re.compile("Votre code de connexion")).first.click()
    sound(telephone)
    found = re.search(r"\b\d{6}\b", telephone.locator("main").inner_text())
    assert found
    page.get_by_label("Code à six chiffres").fill(found[0])
    page.get_by_role("button", name="Se connecter").click()
    telephone.goto(f"{running}/demo/courrier")
    code = telephone.locator("dt", has_text="conseil@").locator("xpath=following-sibling::dd[1]").inner_text()
    page.get_by_label("Code à six chiffres").fill(code)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url(re.compile(r"/espace-client/bureau/|/espace-client/$"))
    assert "Julien Conseil" in (page.locator("header").text_content() or "")
    # The worker has "sent" the mail meanwhile: nothing waits in the mailbox.
    until = time.monotonic() + 20
    while "en attente d'envoi" in telephone.locator("main").inner_text():
        assert time.monotonic() < until
        telephone.goto(f"{running}/demo/courrier")
    context.close()
