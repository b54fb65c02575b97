"""The deadlines page: the last day to act, why, what is left of it, in a real Chromium."""

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

SHIFT = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const each of list.getEntries()) sum += each.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 300);
})"""


def text(place: "Locator") -> str:
    return re.sub(r"\s+", " ", place.inner_text()).strip()


@pytest.mark.parametrize(
    ("label", "typed", "answer"),
    [
        ("Devis reçu le", "23/11/2026", "Votre devis reçu le 23 novembre 2026 expire le jeudi 3 décembre 2026 inclus."),
        (
            "Devis reçu le",
            "16/12/2026",
            "Votre devis reçu le 16 décembre 2026 expire le lundi 28 décembre 2026 inclus.",
        ),
        ("Devis reçu le", "24/3/2026", "Votre devis reçu le 24 mars 2026 expire le mardi 7 avril 2026 inclus."),
        (
            "Facture émise le",
            "30.11.2026",
            "Votre facture du 30 novembre 2026 peut être contestée jusqu’au mardi 15 décembre 2026 inclus.",
        ),
        (
            "Facture émise le",
            "2026-12-11",
            "Votre facture du 11 décembre 2026 peut être contestée jusqu’au lundi 28 décembre 2026 inclus.",
        ),
        (
            "Mise en demeure reçue le",
            "10 12 2026",
            "Mise en demeure reçue le 10 décembre 2026 : résiliation possible à partir du mardi 29 décembre 2026, si rien n’est fait jusqu’au lundi 28 décembre 2026 inclus.",
        ),
    ],
)
def test_a_deadline_is_told_with_its_weekday_inclusive(page: "Page", label: str, typed: str, answer: str) -> None:
    page.clock.set_fixed_time("2026-01-05T12:00:00Z")
    page.goto("/delais/")
    field = page.get_by_label(label)
    field.fill(typed)
    field.press("Enter")
    assert text(page.locator("[data-found]:visible p").first) == answer


def test_an_extended_day_says_why_and_that_it_is_a_convention(page: "Page") -> None:
    page.goto("/delais/?devis=2026-12-16")
    found = page.locator("[data-found]:visible")
    words = text(found)
    assert "s’achèvent le samedi 26 décembre 2026" in words
    assert "Du samedi 26 décembre 2026 au dimanche 27 décembre 2026, aucun jour n’est ouvrable (" in words
    assert words.count("fin de semaine") == 1
    assert "est une convention du site" in words
    assert found.get_by_role("link", name="convention").get_attribute("href") == "/conventions/#extended_day"
    page.goto("/delais/?devis=2026-11-23")
    assert "convention" not in text(found)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("31/02/2026", "n’existe pas"),
        ("29/02/2027", "n’existe pas"),
        ("abc", "pas lisible"),
        ("1/2/26", "pas lisible"),
        ("01/01/2099", "Choisissez une date entre"),
        ("30/09/2018", "aucune version"),
        ("", "Indiquez une date"),
    ],
)
def test_a_day_that_cannot_be_used_is_told_and_kept(page: "Page", typed: str, told: str) -> None:
    page.goto("/delais/")
    field = page.get_by_label("Devis reçu le")
    field.fill(typed)
    field.press("Enter")
    assert told in text(page.locator("#devis-error"))
    assert field.get_attribute("aria-invalid") == "true"
    assert page.evaluate("document.activeElement.id") == "devis"
    page.reload()
    assert field.input_value() == typed


def test_the_29th_of_february_of_a_leap_year_is_a_day(page: "Page") -> None:
    page.goto("/delais/?devis=2028-02-29")
    assert "29 février 2028" in text(page.locator("[data-found]:visible"))


def test_a_deadline_is_saved_to_a_calendar_as_a_whole_day(page: "Page", tmp_path: "Path") -> None:
    page.goto("/delais/?devis=2026-12-16")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Ajouter à mon agenda").click()
    saving.value.save_as(tmp_path / "day.ics")
    raw = (tmp_path / "day.ics").read_bytes()
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    unfolded = raw.replace(b"\r\n ", b"").decode()
    assert "DTSTART;VALUE=DATE:20261228\r\nDTEND;VALUE=DATE:20261229\r\n" in unfolded
    assert "SUMMARY:Dernier jour pour accepter le devis reçu le 16" in unfolded


def test_the_answers_stand_in_the_address(page: "Page") -> None:
    page.goto("/delais/")
    page.get_by_label("Devis reçu le").fill("16/12/2026")
    page.get_by_label("Facture émise le").fill("30/11/2026")
    page.get_by_label("Facture émise le").press("Enter")
    assert page.url.endswith("/delais/?devis=2026-12-16&facture=2026-11-30")


def test_without_javascript_worked_deadlines_stand_in(new_page: Any) -> None:
    with new_page(375, java_script_enabled=False) as page:
        page.goto("/delais/")
        assert page.locator("form").first.is_hidden()
        assert page.locator("tbody tr").count() == 9
        assert page.locator("tbody tr").first.is_visible()


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-10-15T12:00:00Z", "Il reste 1 jour."),
        ("2026-10-16T21:59:00Z", "C’est aujourd’hui le dernier jour."),
        ("2026-10-16T22:01:00Z", "Ce délai est passé depuis le samedi 17 octobre 2026."),
    ],
)
def test_a_deadline_says_what_is_left_of_it_in_paris(page: "Page", now: str, said: str) -> None:
    page.clock.set_fixed_time(now)
    page.goto("/delais/?facture=2026-10-01")
    found = page.locator("[data-found]:visible")
    words = text(found)
    assert said in words
    past = "passé" in said
    assert ("pouvait être contestée" in words) == past
    assert (found.locator('a[href="/conventions/#late_dispute"]').count() == 1) == past
    assert "par courrier électronique ou par lettre recommandée avec accusé de réception" in words
    for convention in ("dispute_address", "invoice_version"):
        assert found.locator(f'a[href="/conventions/#{convention}"]').count() == 1
    assert found.locator('a[href="mailto:contact@ims-partners.fr"]').count() == 1


@pytest.mark.parametrize(
    "address",
    [
        "/delais/?devis=2026-12-16&facture=2026-10-01",
        "/calculateur/?version=2018-10-01&ligne=remote-server:20&ligne=onsite-server:40,km:12&tva=1&point=1.5",
    ],
)
@pytest.mark.parametrize("width", [375, 1280])
def test_what_an_address_asks_moves_nothing(new_page: Any, address: str, width: int) -> None:
    with new_page(width) as page:
        page.goto(address, wait_until="networkidle")
        page.locator("[data-found]:visible, #result:not([aria-busy])").first.wait_for()
        assert page.evaluate(SHIFT) < 0.01
