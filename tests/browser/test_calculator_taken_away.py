"""An estimate taken away (mail, paper, spreadsheet, link), and what the form says around it."""

import gzip
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from portal.terms import load_library
from portal.terms.estimate import judge, work_out
from portal.terms.estimate_address import read_query

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

NB = "\u00a0"


def text(place: "Locator") -> str:
    return re.sub(r"\s", " ", place.inner_text())


def total(page: "Page", name: str = "points") -> str:
    return text(page.locator(f"#{name}"))


def opened(page: "Page", query: str = "") -> "Page":
    page.goto(f"/calculateur/{query and '?'}{query}")
    page.locator("#result:not([aria-busy])").wait_for()
    return page


def test_the_spreadsheet_holds_the_estimate_its_version_and_its_hash(page: "Page", tmp_path: "Path") -> None:
    opened(page, "version=2018-10-01&ligne=remote-server:20,x3&tva=1&point=1.5")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Télécharger (CSV)").click()
    saving.value.save_as(tmp_path / "estimate.csv")
    raw = (tmp_path / "estimate.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = [row.split(";") for row in raw.decode("utf-8-sig").split("\r\n")]
    assert rows[1][2:7] == ["20", "20", "26,67", "3", "80,01"]
    flat = {row[0]: row[1] for row in rows if len(row) == 2}
    assert flat["Version des CGV"] == "2018-10-01"
    assert re.fullmatch(r"[0-9a-f]{64}", flat["Empreinte SHA-256"])
    assert flat["Total HT avec contrat (€)"] == "120,02"
    assert not any(cell[:1] in "=+-@" for row in rows for cell in row if cell)


def test_without_a_portal_a_quote_is_asked_by_a_mail_that_says_the_estimate(page: "Page") -> None:
    opened(page, "version=2018-10-01&ligne=remote-server:20,x3")
    link = unquote(page.get_by_role("link", name="Demander un devis").get_attribute("href") or "")
    assert link.startswith("mailto:contact@ims-partners.fr?subject=Demande de devis&body=")
    for words in (
        "Téléassistance - Serveur et réseau (20 min), 3 fois",
        "80,01 points (art. 7.1.2)",
        "87,99 € HT (art. 7.1.1)",
        "SHA-256",
        "Prix d’équilibre d’un point : 1,0997 € HT",
        "Estimation du ",
    ):
        assert words in link.replace(NB, " ")
    assert "/calculateur/?version=2018-10-01&ligne=remote-server:20,x3,technical" in link


def test_a_mail_holds_the_price_typed_for_a_point_with_and_without_vat(page: "Page") -> None:
    opened(page, "version=2018-10-01&ligne=remote-server:20,x3&tva=1&point=1.5")
    link = unquote(page.get_by_role("link", name="Demander un devis").get_attribute("href") or "").replace(NB, " ")
    assert "Au prix de 1,5 € HT le point, que j’ai saisi : 120,02 € HT, soit 144,02 € TTC" in link
    assert "Total sans contrat : 87,99 € HT, soit 105,59 € TTC" in link


@pytest.mark.parametrize("query", ["ligne=remote-desktop:", "ligne=remote-desktop:abc&ligne=project:60"])
def test_no_quote_is_asked_with_a_fault_in_it(page: "Page", query: str) -> None:
    opened(page, query)
    page.evaluate("document.activeElement.blur()")
    link = page.get_by_role("link", name="Demander un devis")
    assert link.get_attribute("href") == "#errors"
    link.click()
    assert page.evaluate("document.activeElement.id") == "errors"
    page.get_by_label("Durée").first.fill("10")
    assert (link.get_attribute("href") or "").startswith("mailto:")


def test_the_day_of_the_estimate_is_on_paper_in_the_spreadsheet_and_in_the_mail(page: "Page", tmp_path: "Path") -> None:
    page.clock.set_fixed_time("2026-11-22T23:30:00Z")  # Paris is already on the 23rd
    opened(page, "version=2018-10-01&ligne=remote-server:20")
    assert "Estimation du 23 novembre 2026" in (page.locator("#proof").text_content() or "").replace(NB, " ")
    link = page.get_by_role("link", name="Demander un devis").get_attribute("href") or ""
    assert "Estimation du 23 novembre 2026" in unquote(link).replace(NB, " ")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Télécharger (CSV)").click()
    saving.value.save_as(tmp_path / "estimate.csv")
    assert "Date de l’estimation;23/11/2026\r\n" in (tmp_path / "estimate.csv").read_bytes().decode("utf-8-sig")


def test_two_interventions_print_on_two_sheets_without_what_is_not_the_estimate(page: "Page") -> None:
    opened(page, "version=2018-10-01&ligne=remote-server:20&ligne=onsite-server:40,km:12")
    page.get_by_role("button", name="Ajouter une intervention").click()
    page.get_by_role("button", name="Annuler").click()
    sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
    assert sheets <= 2
    page.emulate_media(media="print")
    for hidden in ("#undo", "#told", "#duration-hint", "#point-hint", ".actions >> nth=0", ".unsaid-list"):
        assert page.locator(hidden).is_hidden(), hidden
    assert page.get_by_label("Durée").first.evaluate("field => getComputedStyle(field).borderTopWidth") == "0px"


def test_what_was_begun_is_not_undone(page: "Page") -> None:
    opened(page, "version=2018-10-01&ligne=remote-server:20,technical")
    page.get_by_role("button", name="Ajouter une intervention").click()
    undo = page.get_by_role("button", name="Annuler")
    assert undo.is_visible()
    page.get_by_label("Durée").nth(0).fill("25")
    assert undo.is_visible()
    page.get_by_label("Durée").nth(1).fill("33")
    assert undo.is_hidden()
    assert page.locator("[data-line]").count() == 2


def test_one_action_comes_first_and_every_amount_has_its_article(page: "Page") -> None:
    opened(page, "version=2018-10-01&ligne=remote-server:20,technical")
    filled = page.locator("main :is(button, .button):visible").evaluate_all(
        "all => all.filter((each) => getComputedStyle(each).backgroundColor !== 'rgba(0, 0, 0, 0)')"
        ".map((each) => each.textContent)"
    )
    assert filled == ["Demander un devis"]
    for place in ("#pinned", "#result", ".outcome"):
        hrefs = page.locator(f"{place} a[data-cite]").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
        assert sorted(hrefs) == [
            "/cgv/2018-10-01/article-7/#art-7-1-1",
            "/cgv/2018-10-01/article-7/#art-7-1-2",
        ], place


def test_the_enter_key_leads_to_the_total(page: "Page") -> None:
    opened(page)
    page.get_by_label("Durée").press("Enter")
    assert page.evaluate("document.activeElement.id") == "result"


def test_the_summary_names_the_field(page: "Page") -> None:
    opened(page, "version=2018-10-01&ligne=project:60,technical&ligne=remote-server:abc,x0,technical&point=zz")
    told = [text(each) for each in page.locator("#errors li").all()]
    assert [each.partition(" : ")[0] for each in told] == [
        "Intervention 2, durée",
        "Intervention 2, nombre de fois",
        "Prix d’un point",
    ]


def test_what_an_address_leaves_out_is_said(page: "Page") -> None:
    opened(page, "ligne=remote-server:20")
    told = text(page.locator("#assumed"))
    assert "ne cite pas de version" in told
    assert "heure technique" in told
    opened(page, "version=2018-10-01&ligne=remote-server:20,technical")
    assert page.locator("#assumed").is_hidden()
    opened(page)
    assert page.locator("#assumed").is_hidden()


def test_no_advice_on_a_price_that_is_not_there(page: "Page") -> None:
    opened(page)
    page.get_by_label("Durée").fill("")
    assert (total(page, "even"), total(page, "verdict")) == ("–", "")


def test_the_calculator_weighs_30_kilobytes_at_most(page: "Page") -> None:
    bodies: list[bytes] = []
    page.on("response", lambda answer: bodies.append(answer.body()) if "favicon" not in answer.url else None)
    opened(page)
    page.wait_for_load_state("networkidle")
    assert sum(len(gzip.compress(body, 9)) for body in bodies) <= 30 * 1024


def test_with_a_portal_a_quote_is_asked_there_with_the_estimate(page: "Page", content: "Path") -> None:
    portal = "https://portail.example"
    page.route(
        "**/calculateur/?*",
        lambda route: route.fulfill(
            body=route.fetch().text().replace('"portal": null', f'"portal": "{portal}"'), content_type="text/html"
        ),
    )
    opened(page, "version=2018-10-01&ligne=remote-server:20,x3")
    link = page.get_by_role("link", name="Demander un devis").get_attribute("href") or ""
    assert link.startswith(f"{portal}/demande-de-devis?")
    library = load_library(content)
    tariff = library.versions[0].tariff
    handed = work_out(judge(read_query(link.partition("?")[2]), tariff), tariff, library.law.vat)
    assert str(handed.points) == "80.01"


def test_the_link_is_copied_or_shown_to_be_copied(page: "Page", watch: Any) -> None:
    opened(page, "version=2018-10-01&ligne=remote-server:20")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.get_by_role("button", name="Copier le lien").click()
    shown = page.get_by_role("dialog").get_by_label("Texte à copier")
    assert shown.input_value().endswith("/calculateur/?version=2018-10-01&ligne=remote-server:20,technical")
    assert page.evaluate("document.activeElement.selectionEnd") > 0
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.resolve(); }")
    page.get_by_role("button", name="Copier le lien").click()
    page.locator("#told", has_text="Lien copié.").wait_for()
