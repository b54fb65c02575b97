"""The site with a past, a present and a coming version: what one version alone cannot show."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAST, PRESENT, COMING = "2018-10-01", "2022-03-01", "2027-01-01"
#: Enough of them between past and present for the past and the coming one to have no page in common.
BETWEEN = ("2019-03-01", "2019-09-01", "2020-03-01", "2020-09-01", "2021-03-01")
#: Words of the real text, and what a later version makes of them.
EDITS: dict[str, Sequence[tuple[str, str]]] = {
    **dict.fromkeys(BETWEEN, ()),
    PRESENT: [("à l'exclusion des particuliers", "à l'exclusion de tout particulier")],
    COMING: [
        ("à l'exclusion des particuliers", "à l'exclusion de tout particulier"),
        ("accident de circulation du « PRESTATAIRE », ", ""),
    ],
}
PAGES = (
    "/", "/cgv/", "/cgv/versions/", f"/cgv/{PAST}/", f"/cgv/{COMING}/", f"/cgv/{PAST}/article-11/",
    f"/cgv/comparer/{PAST}/{PRESENT}/", f"/cgv/comparer/{PRESENT}/{COMING}/", "/cgv/comparer/",
    f"/cgv/comparer/?a={PAST}&b={COMING}", "/calculateur/",
)  # fmt: skip


@pytest.fixture(scope="module")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("several") / "public"


@pytest.fixture(scope="module")
def site_url(
    serve_site: Any, content: Path, site_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The real content with two later versions, made from its own text."""
    folder = tmp_path_factory.mktemp("content") / "content"
    shutil.copytree(content, folder)
    for slug, edits in EDITS.items():
        shutil.copytree(folder / "cgv" / PAST, folder / "cgv" / slug)
        text = folder / "cgv" / slug / "cgv.md"
        words = text.read_text()
        for old, new in edits:
            assert old in words
            words = words.replace(old, new)
        text.write_text(words)
        clauses = folder / "cgv" / slug / "clauses.toml"
        quoted = clauses.read_text()
        for old, new in edits:
            quoted = quoted.replace(old, new)
        clauses.write_text(quoted)
    with serve_site(folder, site_folder) as url:
        yield url


@pytest.mark.parametrize(("width", "scheme"), [(375, "light"), (1280, "dark")])
def test_axe_finds_nothing_where_versions_meet(new_page: Any, axe_violations: Any, width: int, scheme: str) -> None:
    with new_page(width, color_scheme=scheme, reduced_motion="reduce") as page:
        found = []
        for address in PAGES:
            page.goto(address, wait_until="networkidle" if "?" in address else "load")
            found += [f"{address}: {violation}" for violation in axe_violations(page)]
        assert not found, "\n".join(found)


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_scrolls_sideways_where_versions_meet(new_page: Any, width: int) -> None:
    with new_page(width) as page:
        wide = []
        for address in PAGES:
            page.goto(address, wait_until="networkidle" if "?" in address else "load")
            if page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wide.append(address)
        assert not wide


def test_a_version_not_in_force_says_so_and_leads_to_the_one_in_force(page: "Page") -> None:
    for slug, said in ((PAST, "plus en vigueur"), (COMING, "1er janvier 2027")):
        page.goto(f"/cgv/{slug}/article-11/")
        text = page.locator("body").inner_text().replace("\u00a0", " ").replace("\u202f", " ")
        assert said in text, slug
        assert page.locator("a[href*='/cgv/']").count() > 0


def test_the_one_in_force_is_the_one_of_the_day(page: "Page") -> None:
    page.goto("/cgv/")
    text = page.locator("main").inner_text()
    assert "à l'exclusion de tout particulier" in text
    assert "accident de circulation" in text


def test_a_comparison_shows_the_words_taken_out_and_put_in(page: "Page") -> None:
    page.goto(f"/cgv/comparer/{PAST}/{PRESENT}/")
    assert any("particuliers" in words for words in page.locator("del").all_text_contents())
    assert any("tout" in words for words in page.locator("ins").all_text_contents())


def test_a_pair_without_a_page_of_its_own_is_worked_out_in_the_browser(page: "Page") -> None:
    page.goto(f"/cgv/comparer/?a={PAST}&b={COMING}")
    page.locator("del").first.wait_for(state="attached")
    assert any("circulation" in words for words in page.locator("del").all_text_contents())


def test_an_old_address_of_a_pair_that_is_no_page_leads_to_the_comparison(page: "Page", watch: Any) -> None:
    page.goto(f"/cgv/comparer/{PAST}/{COMING}/")
    page.wait_for_url(f"**/cgv/comparer/?a={PAST}&b={COMING}")
    page.locator("del").first.wait_for(state="attached")
    watch.forget()  # the 404 that leads there
