"""The pages that compute, on a site with a past, a present and a coming version."""

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from portal.terms import load_library
from portal.terms.diff import compare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

FIRST, SAME, COMING = "2018-10-01", "2022-03-01", "2027-03-01"
MONTHS = {"03": "Mars"}
#: What the coming version says otherwise; the second one differs by its last line alone.
EDITS = (
    ("durée de 10 jours", "durée de 20 jours"),
    ("60 Pts", "66 Pts"),
    ("0.60", "0.70"),
    ("# CONDITIONS", "# NOUVELLES CONDITIONS"),
)


def text(place: "Locator") -> str:
    return re.sub(r"\s+", " ", place.inner_text()).strip()


@pytest.fixture(scope="module")
def versions(content: "Path", tmp_path_factory: pytest.TempPathFactory) -> "Path":
    folder = tmp_path_factory.mktemp("content") / "content"
    shutil.copytree(content, folder)
    for slug, edits in ((SAME, ()), (COMING, EDITS)):
        shutil.copytree(folder / "cgv" / FIRST, folder / "cgv" / slug)
        dated = (("01 Octobre 2018", f"01 {MONTHS[slug[5:7]]} {slug[:4]}"), *edits)
        for name in ("cgv.md", "clauses.toml"):
            path = folder / "cgv" / slug / name
            words = path.read_text()
            for old, new in dated:
                assert old in words or name == "clauses.toml", old
                words = words.replace(old, new)
            if edits:
                words = words.replace("days = 10", "days = 20")
            path.write_text(words)
    return folder


@pytest.fixture(scope="module")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> "Path":
    return tmp_path_factory.mktemp("tools") / "public"


@pytest.fixture(scope="module")
def site_url(serve_site: Any, versions: "Path", site_folder: "Path") -> "Iterator[str]":
    with serve_site(versions, site_folder) as url:
        yield url


@pytest.mark.parametrize(
    ("day", "last", "rule"),
    [
        ("2027-02-28", "mercredi 10 mars 2027", "10 jours d’après l’article 5.1 des CGV du 1er mars 2022"),
        ("2027-03-01", "lundi 22 mars 2027", "20 jours d’après l’article 5.1 des CGV du 1er mars 2027"),
    ],
)
def test_a_deadline_follows_the_version_of_its_day(page: "Page", day: str, last: str, rule: str) -> None:
    page.goto(f"/delais/?devis={day}")
    found = page.locator("[data-found]:visible")
    assert last in text(found)
    assert rule in text(found)
    href = found.get_by_role("link", name="article 5.1").get_attribute("href") or ""
    assert page.request.get(href).ok


def test_before_the_first_version_no_deadline_is_given(page: "Page") -> None:
    page.goto("/delais/?devis=2018-09-30")
    assert "aucune version" in text(page.locator("#devis-error"))
    assert page.locator("[data-found]:visible").count() == 0
    page.goto("/delais/?devis=2018-10-01")
    assert page.locator("[data-found]:visible").count() == 1


@pytest.mark.parametrize("address", ["/delais/", "/calculateur/"])
def test_a_coming_version_is_announced_where_one_computes(page: "Page", address: str) -> None:
    page.goto(address)
    banner = page.locator(".banner.future")
    assert "1er mars 2027" in text(banner)
    for link in banner.get_by_role("link").all():
        assert page.request.get(link.get_attribute("href") or "").ok


def test_an_estimate_of_a_coming_version_reads_from_the_older_to_the_newer(page: "Page") -> None:
    page.goto(f"/calculateur/?version={COMING}&ligne=onsite-desktop:60,technical,km:10")
    page.locator("#result:not([aria-busy])").wait_for()
    told = text(page.locator("#old"))
    assert "Ce qui changera dans le tarif" in told
    assert "PC et bureautique : 60 → 66 points par heure" in told
    assert "Kilomètre hors zone : 0,60 → 0,70 € par km" in told
    href = page.locator("#old a").get_attribute("href")
    assert href == f"/cgv/comparer/?a={SAME}&b={COMING}"
    cited = page.locator("#result a[data-cite]").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
    assert cited
    assert all(COMING in each for each in cited)


def test_an_estimate_of_a_past_version_reads_the_same_way(page: "Page") -> None:
    page.goto(f"/calculateur/?version={FIRST}&ligne=remote-desktop:60,technical")
    page.locator("#result:not([aria-busy])").wait_for()
    assert "Le tarif est le même" in text(page.locator("#old"))
    assert page.locator("#old a").get_attribute("href") == f"/cgv/comparer/?a={FIRST}&b={SAME}"


def test_a_day_to_come_is_told_as_such(page: "Page") -> None:
    page.clock.set_fixed_time("2026-11-23T12:00:00Z")
    page.goto("/cgv/versions/?jour=2027-03-05")
    assert "en vigueur à partir du 1er mars 2027" in text(page.locator("#which-answer"))
    page.clock.set_fixed_time("2027-03-01T12:00:00Z")
    page.reload()
    assert "en vigueur depuis le 1er mars 2027" in text(page.locator("#which-answer"))


def test_a_version_compared_with_itself_is_said_to_be_the_same(page: "Page") -> None:
    page.goto(f"/cgv/comparer/?a={FIRST}&b={FIRST}")
    page.locator("#compare-status", has_text="C’est la même version").wait_for()
    assert text(page.locator("#comparison")) == ""


@pytest.mark.parametrize(("old", "new"), [(FIRST, SAME), (SAME, COMING), (FIRST, COMING)])
def test_the_browser_and_python_draw_the_same_comparison(page: "Page", versions: "Path", old: str, new: str) -> None:
    library = load_library(versions)
    ours = [
        [row.kind, row.clause.number, row.text_changed, blocks(row)]
        for row in compare(library.version(old), library.version(new)).rows
    ]
    given = [page.request.get(f"/cgv/{slug}.json").json() for slug in (old, new)]
    page.goto("/recherche/")
    theirs = page.evaluate(
        """([a, b]) => import("/static/diff.js").then(({ compare }) => {
          const runs = (list) => list.map(({ kind, text }) => [kind, text]);
          return compare(a, b).map(({ kind, old, now, textChanged, blocks }) => [
            kind, (now ?? old).number, textChanged, blocks.map((block) => [block.role, runs(block.old), runs(block.now)]),
          ]);
        })""",
        given,
    )
    assert theirs == ours
    assert (ours[0][0], ours[-1][0]) == ("changed" if new == COMING else "unchanged", "changed")


def blocks(row: Any) -> list[Any]:
    def runs(given: Any) -> list[list[str]]:
        return [[run.kind, run.text] for run in given]

    return [[block.role, runs(block.old_runs), runs(block.new_runs)] for block in row.blocks]
