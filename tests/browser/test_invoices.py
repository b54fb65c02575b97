"""An invoice from its file to the end of a dispute, in a real browser: in time, and too late."""

from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal import clock
from portal.accounts.actions import add_person, add_staff, create_organisation
from portal.accounts.models import Organisation
from portal.accounts.rules import ClientRole, Identity, StaffRole
from portal.files.actions import keep
from portal.invoices.actions import add_invoice
from portal.invoices.document import ReadInvoice
from portal.invoices.letters import Letters
from portal.invoices.links import Links
from portal.invoices.reading.reader import read_file
from portal.paper import why_unavailable
from tests.browser.conftest import AxeViolations
from tests.browser.serving import session_cookie
from tests.browser.test_journeys import DESKTOP, PHONE, House, house, published, sound, visiting
from tests.invoices.reading.written import Item, Written, factur_x, totals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, FilePayload, Page

__all__ = ["house", "published"]
MARC, ANNE = "marc@client.example", "anne@ims.example"


def bring_in(house: House, number: str, issued_on: date) -> int:
    """A real PDF/A-3, read and kept as the import does; its number in the address."""
    items = [Item("Intervention sur site"), Item("Écran 27 pouces", "1", "245.00", "245.00", unit="C62")]
    content = factur_x(
        Written(number=number, issued_on=issued_on, due_on=issued_on + timedelta(days=30), **totals(items))  # type: ignore[arg-type]
    )
    (read,) = read_file(content)
    assert isinstance(read, ReadInvoice)
    services, at = house.app.extensions["portal"], clock.now()
    with house.sessions.begin() as session:
        client = session.scalars(select(Organisation)).first()
        if client is None:
            client = create_organisation(
                session, legal_name="Boulangerie Exemple", identity=Identity(siren="000000000"), public_body=False,
                by=None, now=at,
            )  # fmt: skip
            add_person(
                session, organisation=client, email=MARC, name="Marc Weber", roles=[ClientRole.BILLING], by=None, now=at
            )
            add_staff(session, email=ANNE, name="Anne Klein", roles=[StaffRole.BILLING], now=at)
        file = keep(session, services.store, content, name=f"{number}.pdf", kept_for="invoices", now=at)
        return add_invoice(
            session, read, file=file, organisation=client, matched_by="siren", library=services.library,
            letters=Letters(services.library, Links(house.url), "ims.example"), at=at,
        ).id  # fmt: skip


NO_PDF: "FilePayload" = {"name": "facture.pdf", "mimeType": "application/pdf", "buffer": b"MZ\x90\x00" + bytes(2000)}


@contextmanager
def signed_in(
    browser: "Browser", house: House, email: str, width: int, scheme: str = "light", *, script: bool = True,
    refused: int | None = None,
) -> "Iterator[Page]":  # fmt: skip
    """Somebody with an open session; how one gets there is walked elsewhere."""
    cookie = session_cookie(house.app, house.sessions, email, house.url)
    with visiting(browser, house, width, scheme, refused=refused, script=script) as page:
        page.context.add_cookies([{"name": "portail", "value": cookie, "url": house.url}])
        yield page


@pytest.mark.parametrize(
    ("database_url", "width", "script"),
    [("sqlite", PHONE, True), ("postgresql", DESKTOP, False)],
    indirect=["database_url"],
)
def test_an_invoice_is_disputed_answered_and_the_outcome_accepted(
    browser: "Browser", house: House, axe_violations: AxeViolations, width: int, script: bool
) -> None:
    number = bring_in(house, "F-2026-0042", clock.today_in_paris())
    assert "vous pouvez la contester jusqu'au" in house.text(MARC)

    def look(page: "Page") -> None:
        if script:  # axe-core is a script
            sound(page, axe_violations)

    with signed_in(browser, house, MARC, width, script=script, refused=422) as client:
        client.goto(house.link(MARC, "Voir la facture"))
        client.get_by_text("Vous pouvez contester cette facture jusqu'au").wait_for()
        client.get_by_text("Écran 27 pouces").wait_for()
        look(client)
        with client.expect_download() as original:
            client.get_by_role("link", name="Télécharger l'original").click()
        assert original.value.suggested_filename == "F-2026-0042.pdf"
        client.goto("/espace-client/factures/")
        look(client)
        client.get_by_role("link", name="Facture F-2026-0042").click()
        client.get_by_role("link", name="Contester", exact=True).click()
        client.get_by_label("Certaines lignes").check()
        client.get_by_label("Écran 27 pouces").check()
        client.get_by_label("Expliquez votre désaccord").fill("L'écran n'est pas arrivé.")
        if script:
            client.get_by_text("Brouillon enregistré à").wait_for()
            look(client)
            client.reload()
        else:
            client.get_by_role("button", name="Enregistrer le brouillon").click()
            client.get_by_text("Votre brouillon est enregistré").wait_for()
        words = client.get_by_label("Expliquez votre désaccord")
        assert words.input_value() == "L'écran n'est pas arrivé."
        if script:  # a file that is none is refused; what is typed after that is kept as before
            client.locator("input[type=file]").first.set_input_files(NO_PDF)
            client.get_by_role("button", name="Enregistrer le brouillon").click()
            client.locator("#erreurs").wait_for()
            client.get_by_role("button", name="Retirer facture.pdf").click()
            words.fill("L'écran n'est jamais arrivé.")
            client.get_by_text("Brouillon enregistré à").wait_for()
            client.reload()
            assert words.input_value() == "L'écran n'est jamais arrivé."
            words.fill("L'écran n'est pas arrivé.")
        client.get_by_label("La prestation ou la livraison est incomplète").check()
        client.get_by_role("button", name="Relire avant d'envoyer").click()
        client.get_by_text("294,00\u00a0€").first.wait_for()
        look(client)
        client.get_by_role("button", name="Envoyer la contestation").click()
        client.get_by_text("C'est à IMS Partners de répondre").wait_for()
        look(client)
        dispute = client.url
    assert "notification que demande l'article 7.4" in house.text(house.app.extensions["portal"].library.company.mail)
    assert "L'écran n'est pas arrivé." in house.text(MARC)

    with signed_in(browser, house, ANNE, DESKTOP, "dark") as staff:
        staff.goto("/espace-client/bureau/")
        staff.get_by_role("link", name="Boulangerie Exemple, 294,00").click()
        sound(staff, axe_violations)
        staff.get_by_role("button", name="J'examine cette contestation").click()
        staff.get_by_text("Le client est averti").wait_for()
        staff.get_by_text("Accorder un avoir", exact=True).click()
        staff.get_by_label("Vos mots au client").locator("visible=true").fill("L'écran part demain, voici un geste.")
        staff.get_by_label("Montant de l'avoir, TTC").locator("visible=true").fill("29,40")
        staff.get_by_role("button", name="Accorder l'avoir").click()
        staff.get_by_text("L'avoir est accordé").wait_for()
        staff.goto(f"/espace-client/bureau/factures/{number}")
        sound(staff, axe_violations)

    assert "vous accorde un avoir de 29,40\u00a0€" in house.text(MARC)
    with signed_in(browser, house, MARC, width, script=script) as client:
        client.goto(dispute)
        client.get_by_role("button", name="Accepter cette issue").click()
        client.get_by_text("Vous avez accepté l'issue").wait_for()
        look(client)
        if not why_unavailable():
            with client.expect_download() as proof:
                client.get_by_role("link", name="Télécharger le dossier de preuve").click()
            assert proof.value.suggested_filename.startswith("preuve-CON-")
        client.goto(f"/espace-client/factures/{number}")
        look(client)


def test_one_that_comes_too_late_is_heard_and_admitted(
    browser: "Browser", house: House, axe_violations: AxeViolations
) -> None:
    number = bring_in(house, "F-2026-0007", clock.today_in_paris() - timedelta(days=40))
    with signed_in(browser, house, MARC, PHONE) as client:
        client.goto(f"/espace-client/factures/{number}")
        client.get_by_text("s'est achevé le").wait_for()
        sound(client, axe_violations)
        client.get_by_role("link", name="Envoyer une réclamation").click()
        client.get_by_role("heading", name="Réclamation hors délai").wait_for()
        client.get_by_label("Toute la facture").check()
        client.get_by_label("C'est déjà facturé").check()
        client.get_by_label("Expliquez votre désaccord").fill("Déjà facturé en septembre.")
        client.get_by_role("button", name="Relire avant d'envoyer").click()
        sound(client, axe_violations)
        client.get_by_role("button", name="Envoyer la réclamation").click()
        client.get_by_text("Hors délai.", exact=True).wait_for()
        sound(client, axe_violations)
        dispute = client.url
    with signed_in(browser, house, ANNE, DESKTOP) as staff:
        staff.goto("/espace-client/bureau/factures/contestations")
        staff.get_by_role("link", name="Boulangerie Exemple").click()
        staff.get_by_text("Admettre cette réclamation comme contestation").click()
        staff.get_by_label("Vos mots au client").locator("visible=true").fill("La facture est arrivée tard.")
        staff.get_by_role("button", name="Admettre", exact=True).click()
        staff.get_by_text("admise comme contestation").first.wait_for()
        sound(staff, axe_violations)
        staff.goto("/espace-client/bureau/factures/rappels")
        sound(staff, axe_violations)
    with signed_in(browser, house, MARC, PHONE, "dark") as client:
        client.goto(dispute)
        client.get_by_text("Envoyée hors délai, admise comme contestation").wait_for()
        sound(client, axe_violations)
