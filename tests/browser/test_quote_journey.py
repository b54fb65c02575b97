"""A quote in a real browser, on both engines: staff with a second factor write and send it; the client's signatory reads
and accepts it on a phone by the code of a mail; staff accept; both hold a file of proof, and pdfsig agrees."""

import re
import shutil
import subprocess
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portal.proof.checking import holds, verify_proof
from portal.terms import Library
from tests.browser.conftest import AxeViolations, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, FilePayload, Page

pytestmark = pytest.mark.browser
AREA = "/espace-client"
SALES, CLAIRE = "commerce@ims-partners.example", "claire@boulangerie.example"
PHONE, DESKTOP = 375, 1280


@contextmanager
def visiting(browser: "Browser", url: str, width: int, *, script: bool = True) -> "Iterator[Page]":
    """A browser of one's own, which must find nothing to complain about but forms refused for their mistakes."""
    context = browser.new_context(
        base_url=url, viewport={"width": width, "height": 800}, locale="fr-FR", timezone_id="Europe/Paris",
        color_scheme="dark" if width == PHONE else "light", is_mobile=width == PHONE, has_touch=width == PHONE,
        java_script_enabled=script,
    )  # fmt: skip
    context.set_default_timeout(15_000)
    watch = Watch(url)
    watch.follow(context)
    yield context.new_page()
    context.close()
    assert [problem for problem in watch.problems if "422" not in problem] == []


NO_PDF: "FilePayload" = {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": b"MZ\x90\x00" + bytes(2000)}


def sound(page: "Page", axe_violations: AxeViolations) -> None:
    """Nothing for axe-core to say, and nothing cut off at the side."""
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def newest_mail(page: "Page", words: str) -> str:
    """The text of the newest mail whose subject has these words, out of the demo's mailbox."""
    until = time.monotonic() + 15
    while True:
        page.goto("/demo/courrier")
        found = page.get_by_role("link", name=re.compile(words))
        if found.count():
            found.first.click()
            return page.locator("main").inner_text()
        assert time.monotonic() < until, words
        time.sleep(0.3)


def sign_staff_in(page: "Page") -> None:
    page.goto(f"{AREA}/connexion")
    page.get_by_label("Adresse électronique").first.fill(SALES)
    page.get_by_role("button", name="Recevoir un code").click()
    mailbox = page.context.new_page()
    code = re.search(r"\b\d{6}\b", newest_mail(mailbox, "Votre code de connexion"))
    assert code
    page.get_by_label("Code à six chiffres").fill(code[0])
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_role("heading", name="Écrivez le code de votre application").wait_for()
    mailbox.goto("/demo/courrier")
    second = mailbox.locator("dt", has_text=SALES).locator("xpath=following-sibling::dd[1]").inner_text()
    mailbox.close()
    page.get_by_label("Code à six chiffres").fill(second)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url(re.compile(r"/espace-client/(bureau/)?$"))


def test_from_the_first_line_to_a_proof_that_pdfsig_agrees_with(
    browser: "Browser", running: str, axe_violations: AxeViolations, tmp_path: Path, library: Library
) -> None:
    with visiting(browser, running, DESKTOP) as staff, visiting(browser, running, PHONE) as phone:
        sign_staff_in(staff)
        staff.goto(f"{AREA}/bureau/devis/")
        sound(staff, axe_violations)
        staff.get_by_role("link", name="Nouveau devis").click()
        staff.get_by_label("Client", exact=True).select_option(label="Boulangerie Exemple")
        sound(staff, axe_violations)
        staff.get_by_role("button", name="Commencer le devis").click()
        staff.get_by_label("Objet", exact=True).fill("Réseau du nouvel atelier")
        staff.get_by_label("Désignation", exact=True).fill("Câblage de seize prises")
        staff.get_by_label("Quantité", exact=True).fill("16")
        staff.get_by_label("Prix unitaire HT", exact=True).fill("75,50")
        staff.get_by_text("Enregistré à").wait_for()  # by itself, a moment after the last key
        staff.reload()
        assert staff.get_by_label("Objet", exact=True).input_value() == "Réseau du nouvel atelier"
        # A file that is none is refused; what is typed after that is kept as before.
        staff.locator("input[type=file]").first.set_input_files(NO_PDF)
        staff.get_by_role("button", name="Enregistrer", exact=True).click()
        staff.locator("#erreurs").wait_for()
        staff.get_by_role("button", name="Retirer plan.pdf").click()
        staff.get_by_label("Conditions particulières (CP)").fill("Le passage des câbles est préparé par le client.")
        staff.get_by_text("Enregistré à").wait_for()
        staff.reload()
        sound(staff, axe_violations)
        staff.get_by_role("button", name="Voir ce que verra le client").click()
        staff.get_by_role("heading", name=re.compile("Aperçu")).wait_for()  # the sum stands on the draft too
        staff.get_by_text("1\u202f208,00").first.wait_for()
        sound(staff, axe_violations)
        staff.get_by_role("button", name="Envoyer le devis").click()
        staff.get_by_text("Le devis part à Claire Exemple").wait_for()
        sound(staff, axe_violations)
        page_of_quote = staff.url

        mailbox = phone.context.new_page()
        link = re.search(r"https?://\S+/devis/lien/\S+", newest_mail(mailbox, "Réseau du nouvel atelier"))
        assert link
        phone.goto(link[0])
        assert "1\u202f449" not in phone.content()
        sound(phone, axe_violations)
        phone.get_by_role("button", name="Lire le devis").click()
        phone.get_by_text("il reste 10\u00a0jours").or_(phone.get_by_text("il reste 1")).first.wait_for()
        assert phone.get_by_text("1\u202f449,60").first.is_visible()
        sound(phone, axe_violations)
        phone.get_by_role("link", name="Accepter le devis").first.click()
        assert phone.get_by_role("checkbox", checked=True).count() == 0
        sound(phone, axe_violations)
        phone.get_by_role("button", name="Continuer").click()
        phone.get_by_role("heading", name="Des points sont à revoir").wait_for()
        sound(phone, axe_violations)
        phone.get_by_label("Votre qualité").fill("gérante")
        for box in phone.get_by_role("checkbox").all():
            box.check()
        phone.get_by_role("button", name="Continuer").click()
        phone.get_by_role("heading", name="Confirmer l'acceptation").wait_for()
        sound(phone, axe_violations)
        code = re.search(r"\b\d{6}\b", newest_mail(mailbox, "Votre code pour accepter"))
        assert code
        phone.get_by_label("Code à six chiffres").fill(code[0])
        phone.get_by_role("button", name="Accepter le devis").click()
        phone.get_by_text("Votre acceptation est enregistrée").wait_for()
        sound(phone, axe_violations)

        staff.goto(f"{AREA}/bureau/?genre=devis-a-confirmer")
        staff.get_by_role("link", name=re.compile("Réseau du nouvel atelier")).click()
        assert staff.url == page_of_quote
        sound(staff, axe_violations)
        staff.get_by_role("button", name="Accepter la commande").click()
        staff.get_by_text("La commande est définitive").first.wait_for()
        sound(staff, axe_violations)

        until = time.monotonic() + 30
        while not phone.get_by_role("link", name="Télécharger le fichier de preuve").count():
            assert time.monotonic() < until
            time.sleep(0.5)
            phone.goto(link[0])
        sound(phone, axe_violations)
        with phone.expect_download() as saved:
            phone.get_by_role("link", name="Télécharger le fichier de preuve").click()
        proof = tmp_path / "preuve.zip"
        saved.value.save_as(proof)

    version = library.versions[-1]
    assert holds(list(verify_proof(proof.read_bytes(), published={version.slug: version.sha256})))
    with zipfile.ZipFile(proof) as held:
        held.extract("preuve.pdf", tmp_path)
    if shutil.which("pdfsig"):
        told = subprocess.run(["pdfsig", tmp_path / "preuve.pdf"], capture_output=True, text=True, check=False).stdout
        assert "Signature is Valid" in told


@pytest.mark.parametrize(
    ("database_url", "width"), [("sqlite", DESKTOP), ("postgresql", PHONE)], indirect=["database_url"]
)
def test_the_client_reads_and_begins_to_accept_without_any_script(browser: "Browser", running: str, width: int) -> None:
    with visiting(browser, running, width, script=False) as page:
        link = re.search(r"https?://\S+/devis/lien/\S+", newest_mail(page, "Télésauvegarde des postes"))
        assert link
        page.goto(link[0])
        page.get_by_role("button", name="Lire le devis").click()
        page.get_by_text("Télésauvegarde de huit postes").first.wait_for()
        page.get_by_role("link", name="Accepter le devis").first.click()
        page.get_by_role("button", name="Continuer").wait_for()
