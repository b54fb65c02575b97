"""The calculator, used as its readers do: real Chromium, the real site."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from portal.terms.estimate_fields import MESSAGES

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

NB = "\u00a0"
WORKED = [
    ("remote-desktop:7", "15 points"),
    ("remote-server:20", "26,67 points"),
    ("onsite-desktop:10", "37,50 points"),
    ("onsite-server:40", "63,33 points"),
    ("remote-server:20,x3", "80,01 points"),
]


def text(place: "Locator") -> str:
    return re.sub(r"\s", " ", place.inner_text())


def total(page: "Page", name: str = "points") -> str:
    return text(page.locator(f"#{name}"))


def opened(page: "Page", query: str = "") -> "Page":
    page.goto(f"/calculateur/{query and '?'}{query}")
    page.locator("#result:not([aria-busy])").wait_for()
    return page


def address(page: "Page", pattern: str) -> str:
    page.wait_for_url(re.compile(pattern))
    return unquote(page.url)


@pytest.mark.parametrize(("line", "points"), WORKED)
def test_the_worked_examples_of_the_house_come_out(page: "Page", line: str, points: str) -> None:
    assert total(opened(page, f"ligne={line}")) == points


def test_a_line_shows_its_working_with_links_to_the_clauses(page: "Page") -> None:
    opened(page, "version=2018-10-01&ligne=onsite-server:10,project:5,x2,engineering,km:12.5")
    page.get_by_text("Voir le calcul").click()
    working = page.locator("[data-working]")
    words = text(working)
    for step in (
        "Sur site - Serveur et réseau : 10 min à 95 points par heure (art. 7.1.2).",
        "Temps réel : 15 min. Temps compté : 30 min, minimum de 30 min sur site (art. 7.1.2).",
        "Les 15 min qui manquent comptent au taux le plus bas, 80 points par heure.",
        "(95 × 10 + 80 × 5 + 80 × 15) ÷ 60 = 42,50 points.",
        "2 interventions : 2 × 42,50 = 85 points.",
        "114 × 15 ÷ 60 + 0,60 × 12,5 = 36,00 € HT.",
        "Non précisé par les CGV",
    ):
        assert step in words
    hrefs = working.locator("a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert "/cgv/2018-10-01/article-7/#art-7-1-2" in hrefs
    assert "/conventions/#lowest_rate" in hrefs
    for href in hrefs:
        there, _, anchor = href.partition("#")
        assert f'id="{anchor}"' in page.request.get(there).text()


def test_what_is_typed_goes_to_the_address_pinned_to_the_version(page: "Page") -> None:
    opened(page)
    page.get_by_label("Durée").fill("1 h 20")
    page.get_by_label("Combien de fois").fill("3")
    page.get_by_label("Ajouter la TVA").check()
    page.get_by_label("Prix HT d’un point").fill("1,50")
    url = address(page, "point=")
    assert url.endswith("?version=2018-10-01&ligne=remote-desktop:80,x3,technical&tva=1&point=1.50")
    names = ("points", "gross", "contract", "contract-vat", "contract-gross")
    before = tuple(total(page, name) for name in names)
    page.reload()
    assert tuple(total(page, name) for name in names) == before
    assert before == ("240 points", "422,39 €", "360,00 €", "72,00 €", "432,00 €")


def test_both_costs_the_break_even_and_a_chart_are_shown(page: "Page") -> None:
    opened(page, "ligne=remote-desktop:60,technical&point=2")
    assert (total(page, "contract"), total(page, "net"), total(page, "even")) == ("120,00 €", "88,00 €", "1,4667 €")
    assert "32,00 € HT de moins" in total(page, "verdict")
    name = page.get_by_role("img").get_attribute("aria-label") or ""
    assert re.sub(r"\s", " ", name) == "Coût HT : 120,00 € avec contrat, 88,00 € sans contrat."


def test_bad_input_is_told_by_the_field_and_in_a_summary_and_nothing_is_lost(page: "Page") -> None:
    query = "ligne=remote-server:abc,x0&ligne=remote-desktop:60&ligne=remote-desktop:1000000000&point=zz"
    opened(page, query)
    summary = page.locator("#errors")
    assert page.evaluate("document.activeElement.id") == "errors"
    assert summary.locator("li").count() == 4
    assert total(page) == "60 points"
    durations = page.get_by_label("Durée")
    assert durations.nth(0).input_value() == "abc"
    assert durations.nth(2).input_value() == "1000000000"
    described = durations.nth(0).get_attribute("aria-describedby") or ""
    assert any("pas lisible" in page.locator(f"#{name}").inner_text() for name in described.split())
    assert page.get_by_label("Prix HT d’un point").input_value() == "zz"
    summary.get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.value") == "abc"
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("20")
    page.get_by_label("Combien de fois").nth(0).fill("3")
    assert total(page) == "140,01 points"
    assert "zz" in address(page, "x3")


@pytest.mark.parametrize("typed", ["abc", "-5", "0", "1000000000", "1:75", "10\u2079"])
def test_a_typed_fault_is_told_once_the_field_is_left(page: "Page", typed: str) -> None:
    opened(page, "ligne=remote-desktop:60&ligne=remote-server:20")
    first = page.get_by_label("Durée").first
    first.fill(typed)
    assert page.locator("#errors").is_hidden()
    first.press("Tab")
    assert page.locator("#errors li").count() == 1
    assert first.get_attribute("aria-invalid") == "true"
    assert total(page) == "26,67 points"
    page.reload()
    assert first.input_value() == typed


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("version=1999-01-01&ligne=project:60", "version_unknown"),
        ("ligne=nothing:20&ligne=project:60", "service_unknown"),
        ("ligne=remote-desktop:5,onsite-desktop:5&ligne=project:60", "service_mixed"),
        ("ligne=project:60&" + "&".join(["ligne=project:60"] * 20), "lines_many"),
        ("ligne=project:60,project:60,project:60,project:60,project:60,project:60,project:60", "entries_many"),
        ("ligne=project:60&tva=oui", "vat_unreadable"),
        ("ligne=remote-desktop:60,km:3&ligne=project:60", "km_remote"),
        ("ligne=project:60&ligne=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E:20", "service_unknown"),
    ],
)
def test_an_edited_address_is_told_and_the_rest_is_worked_out(page: "Page", query: str, kind: str) -> None:
    opened(page, query)
    beginning = MESSAGES[kind].split("{")[0].split(":")[0].replace(NB, " ").strip()
    assert beginning in text(page.locator("#errors"))
    assert total(page) != "–"


def test_lines_are_added_duplicated_removed_and_brought_back_by_the_keyboard(page: "Page") -> None:
    opened(page, "ligne=remote-server:20,x3&ligne=onsite-server:40")
    page.get_by_role("button", name="Dupliquer").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("[data-line]").count() == 3
    assert "Intervention 2" in page.evaluate("document.activeElement.textContent")
    assert total(page) == "223,35 points"
    page.get_by_role("button", name="Supprimer").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.locator("[data-line]").count() == 2
    assert page.evaluate("document.activeElement.id") == "undo-button"
    page.keyboard.press("Enter")
    assert page.locator("[data-line]").count() == 3
    assert "Intervention 2" in page.evaluate("document.activeElement.textContent")
    assert page.get_by_label("Durée").nth(1).input_value() == "20"
    page.get_by_role("button", name="Ajouter une intervention").press("Enter")
    assert page.locator("[data-line]").count() == 4


def test_the_only_line_removed_leaves_an_empty_one_and_comes_back_alone(page: "Page") -> None:
    opened(page, "ligne=remote-server:20,x3")
    page.get_by_role("button", name="Supprimer").click()
    assert page.get_by_label("Durée").input_value() == ""
    assert total(page) == "–"
    page.get_by_role("button", name="Annuler").click()
    assert page.locator("[data-line]").count() == 1
    assert total(page) == "80,01 points"


def test_a_work_is_added_taken_out_and_brought_back(page: "Page") -> None:
    opened(page, "ligne=remote-server:20,project:15,remote-desktop:5")
    before = total(page)
    page.get_by_role("button", name="Retirer").nth(1).click()
    assert page.get_by_label("Durée").count() == 2
    page.get_by_role("button", name="Annuler").click()
    assert total(page) == before
    assert [each.input_value() for each in page.get_by_label("Durée").all()] == ["20", "15", "5"]


def test_going_on_site_keeps_the_kind_of_work_and_offers_kilometres(page: "Page") -> None:
    opened(page, "ligne=remote-server:20")
    assert page.get_by_label("Kilomètres").is_hidden()
    page.get_by_label("Sur site").check()
    assert page.get_by_label("Travail").input_value() == "onsite-server"
    page.get_by_label("Kilomètres").fill("10")
    assert (total(page), total(page, "net")) == ("47,50 points", "35,33 €")
    page.get_by_label("À distance").check()
    assert (total(page), total(page, "net")) == ("26,67 points", "29,33 €")


def test_the_totals_are_announced(page: "Page") -> None:
    opened(page)
    page.get_by_label("Durée").fill("20")
    page.get_by_role("status").filter(has_text="20 points avec contrat").wait_for()


def test_an_old_address_follows_its_own_tariff_and_says_what_changed(page: "Page") -> None:
    """The page is given a newer version in force; the older one is read from its JSON."""

    def newer(route: Any) -> None:
        body = route.fetch().text()
        body = body.replace('"rate": "60"', '"rate": "66"').replace(
            '"inForce": "2018-10-01"', '"inForce": "2026-07-01"'
        )
        body = re.sub(
            r'"versions": \[.*?\]',
            '"versions": [{"from": "2018-10-01", "slug": "2018-10-01", "status": "past", "to": "2026-06-30"},'
            ' {"from": "2026-07-01", "slug": "2026-07-01", "status": "in_force", "to": null}]',
            body,
        )
        body = body.replace('"version": "2018-10-01"', '"version": "2026-07-01"')
        route.fulfill(body=body, content_type="text/html")

    page.route("**/calculateur/?*", newer)
    opened(page, "version=2018-10-01&ligne=remote-desktop:60")
    assert total(page) == "60 points"
    told = page.locator("#old")
    assert "PC et bureautique : 60 → 66 points par heure" in text(told)
    compare = told.get_by_role("link", name="Comparer les deux versions").get_attribute("href")
    assert compare == "/cgv/comparer/?a=2018-10-01&b=2026-07-01"
    told.get_by_role("button", name="Recalculer").click()
    assert total(page) == "66 points"
    assert told.is_hidden()
    assert "version=2026-07-01" in address(page, "2026-07-01")


def test_without_javascript_worked_tables_stand_in(new_page: Any) -> None:
    with new_page(1280, java_script_enabled=False) as page:
        page.goto("/calculateur/")
        assert page.locator("form").is_hidden()
        row = page.get_by_role("row", name="Téléassistance - Serveur et réseau").inner_text().split("\t")
        assert row[1:5] == ["20,00", "20,00", "20,00", "26,67"]
        assert page.locator("noscript .note", has_text="besoin de JavaScript").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 375, 1280])
def test_axe_finds_nothing_when_everything_is_shown(
    new_page: Any, axe_violations: Any, width: int, scheme: str
) -> None:
    query = "version=2001-01-01&ligne=remote-server:abc,x0&ligne=onsite-server:10,project:5,km:3&tva=1&point=2"
    with new_page(width, color_scheme=scheme, reduced_motion="reduce") as page:
        opened(page, query)
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
