"""Every page of the site, walked as its readers do: phone and desktop, light and dark, keyboard only."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: What identifies the thing that has the focus, and whether a person can see that it has it.
FOCUSED = """() => {
  const it = document.activeElement;
  if (!it || it === document.body) return null;
  const box = it.getBoundingClientRect();
  const style = getComputedStyle(it);
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  return {
    name: `${it.tagName.toLowerCase()} « ${(it.textContent || it.getAttribute('aria-label') || it.id).trim().slice(0, 40)} »`,
    visible: ring || style.boxShadow !== 'none',
    inView: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth,
  };
}"""
STICKS_OUT = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  return [...document.querySelectorAll('body *')]
    .filter((it) => it.getBoundingClientRect().right > wide + 1)
    .map((it) => `${it.tagName.toLowerCase()}.${it.className}`).slice(0, 5);
}"""
HEADINGS = "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((it) => Number(it.tagName[1]))"


@pytest.fixture(scope="session")
def addresses(site_url: str, site_folder: Path) -> list[str]:
    """Every page, read from the built site itself: the sitemap, and the pages it rightly leaves out."""
    sitemap = ET.parse(site_folder / "sitemap.xml")  # noqa: S314  # our own file
    listed = {urlsplit(node.text or "").path for node in sitemap.iter("{*}loc")}
    built = {
        "/" + page.parent.relative_to(site_folder).as_posix().removeprefix(".").rstrip("/") + "/"
        for page in site_folder.rglob("index.html")
    }
    return sorted({path.replace("//", "/") for path in listed | built})


class Visits:
    """Goes through the pages one by one, and gathers what is wrong with each."""

    def __init__(self, addresses: list[str]) -> None:
        self.addresses = addresses
        self.wrong: list[str] = []

    def through(self, page: "Page") -> Iterator[str]:
        """Open each page in turn."""
        for address in self.addresses:
            page.goto(address, wait_until="load")
            yield address

    def expect(self, holds: bool, address: str, what: Any) -> None:
        """Note that something does not hold, and walk on."""
        if not holds:
            self.wrong.append(f"{address}: {what}")


@pytest.fixture
def visits(addresses: list[str]) -> Iterator[Visits]:
    walked = Visits(addresses)
    yield walked
    assert not walked.wrong, "\n".join(walked.wrong)


def test_the_addresses_kept_for_ever_are_all_there(addresses: list[str]) -> None:
    kept = {
        "/", "/cgv/", "/cgv/2018-10-01/", "/cgv/2018-10-01/article-7/", "/cgv/versions/", "/cgv/comparer/",
        "/conventions/", "/contact/", "/tarifs/", "/calculateur/", "/delais/", "/glossaire/", "/references/",
        "/mentions-legales/", "/confidentialite/", "/accessibilite/", "/recherche/",
    }  # fmt: skip
    assert kept - set(addresses) == set()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_axe_finds_nothing_on_any_page(
    new_page: Any, axe_violations: Any, visits: Visits, width: int, scheme: str
) -> None:
    with new_page(width, color_scheme=scheme, reduced_motion="reduce") as page:
        for address in visits.through(page):
            for violation in axe_violations(page):
                visits.expect(False, address, violation)


@pytest.mark.parametrize("width", [320, 375, 1280])
def test_no_page_scrolls_sideways(new_page: Any, visits: Visits, width: int) -> None:
    with new_page(width) as page:
        for address in visits.through(page):
            sticking_out = page.evaluate(STICKS_OUT)
            visits.expect(not sticking_out, address, f"wider than {width} px: {sticking_out}")


def test_each_page_has_one_title_a_language_and_headings_in_order(page: "Page", visits: Visits) -> None:
    titles: dict[str, str] = {}
    for address in visits.through(page):
        levels = page.evaluate(HEADINGS)
        visits.expect(levels.count(1) == 1, address, f"{levels.count(1)} h1")
        jumps = [pair for pair in zip([0, *levels], levels, strict=False) if pair[1] > pair[0] + 1]
        visits.expect(not jumps, address, f"headings jump: {jumps}")
        visits.expect(page.locator("html").get_attribute("lang") == "fr", address, "no lang=fr")
        visits.expect(page.locator("main").count() == 1, address, "not one main")
        title = page.title()
        visits.expect(bool(title), address, "no title")
        twin = titles.setdefault(title, address)
        same_text = {"/cgv/", "/cgv/2018-10-01/"} >= {twin, address}
        visits.expect(twin == address or same_text, address, f"same title as {twin}: {title}")


def test_the_first_key_leads_to_the_main_content(page: "Page", visits: Visits) -> None:
    for address in visits.through(page):
        page.keyboard.press("Tab")
        skip = page.evaluate("() => document.activeElement.getAttribute('href') || ''")
        if not skip.startswith("#"):
            visits.expect(False, address, f"the first stop is no skip link but {skip!r}")
            continue
        seen = page.evaluate(FOCUSED)
        visits.expect(seen["inView"], address, "the skip link is not seen when it has the focus")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        inside = page.evaluate(
            "() => document.querySelector('main').contains(document.activeElement)"
            " || !document.querySelector('main').querySelector('a[href], button, input, select, textarea, summary')"
        )
        visits.expect(inside, address, "after the skip link, the next stop is not in the main content")


def test_the_keyboard_alone_goes_through_each_page_and_shows_where_it_is(new_page: Any, visits: Visits) -> None:
    with new_page(1280, reduced_motion="reduce") as page:
        for address in visits.through(page):
            stops = 0
            for _ in range(40):
                page.keyboard.press("Tab")
                stop = page.evaluate(FOCUSED)
                if stop is None:
                    break
                stops += 1
                visits.expect(stop["visible"], address, f"no visible focus on {stop['name']}")
                visits.expect(stop["inView"], address, f"the focus is out of sight on {stop['name']}")
            visits.expect(stops > 1, address, "nothing can be reached with the keyboard")


def test_what_is_touched_on_a_phone_is_large_enough(phone: "Page", visits: Visits) -> None:
    """WCAG 2.2, 2.5.8: 24 × 24 px at least for controls; links inside sentences are exempt."""
    script = """() => [...document.querySelectorAll('button, input:not([type=hidden]), select, summary')]
      .map((it) => [it, it.getBoundingClientRect()])
      .filter(([it, box]) => box.width && box.height && (box.width < 24 || box.height < 24)
        && !it.closest('label'))
      .map(([it, box]) => `${it.tagName.toLowerCase()}#${it.id} ${box.width}×${box.height}`)"""
    for address in visits.through(phone):
        small = phone.evaluate(script)
        visits.expect(not small, address, f"too small to touch: {small}")


def test_every_link_of_the_site_leads_somewhere(page: "Page", visits: Visits, site_url: str, site_folder: Path) -> None:
    ids: dict[str, set[str]] = {}
    links: list[tuple[str, str]] = []
    for address in visits.through(page):
        ids[address] = set(page.evaluate("() => [...document.querySelectorAll('[id]')].map((it) => it.id)"))
        hrefs = page.evaluate("() => [...document.querySelectorAll('a[href]')].map((it) => it.href)")
        links += [(address, href) for href in hrefs if href.startswith(site_url)]
    for address, href in links:
        parts = urlsplit(href)
        file = site_folder / parts.path.lstrip("/")
        there = file.is_file() or (parts.path.endswith("/") and (file / "index.html").is_file())
        visits.expect(there, address, f"dead link: {href}")
        anchor_known = not parts.fragment or parts.path not in ids or parts.fragment in ids[parts.path]
        # What follows a "=" is the state of the calculator or a search, not an anchor.
        visits.expect(anchor_known or "=" in parts.fragment, address, f"no such anchor: {href}")


def test_an_unknown_address_answers_404_in_french_and_shows_the_way(
    page: "Page", watch: Any, axe_violations: Any
) -> None:
    answer = page.goto("/une/adresse/inconnue/")
    assert answer is not None
    assert answer.status == 404
    assert page.locator("h1").count() == 1
    assert page.locator("main a[href]").count() > 0
    assert axe_violations(page) == []
    watch.forget()


def test_pages_read_without_javascript(new_page: Any, watch: Any, visits: Visits) -> None:
    with new_page(1280, java_script_enabled=False) as page:
        for address in visits.through(page):
            text = page.locator("main").inner_text()
            visits.expect(len(text) > 100, address, "nothing to read without JavaScript")
            visits.expect(not re.search(r"\b(undefined|NaN|None)\b", text), address, "a code name on the page")
    # Scripts that a page preloads are refused by the browser itself: that is the point here.
    watch.problems = [problem for problem in watch.problems if not problem.endswith(".js (csp)")]


def test_nothing_moves_while_a_page_loads(new_page: Any, visits: Visits) -> None:
    """Cumulative layout shift, as the browser counts it, is nought."""
    script = """() => new Promise((done) => {
      let sum = 0;
      const moved = new Set();
      new PerformanceObserver((list) => {
        for (const shift of list.getEntries()) {
          sum += shift.value;
          for (const { node } of shift.sources) moved.add(node ? `${node.nodeName}.${node.className || ''}` : '?');
        }
      }).observe({ type: 'layout-shift', buffered: true });
      setTimeout(() => done([sum, [...moved]]), 100);
    })"""
    for width in (375, 1280):
        with new_page(width) as page:
            for address in visits.through(page):
                shift, moved = page.evaluate(script)
                visits.expect(shift < 0.01, address, f"layout shift {shift:.3f} at {width} px: {moved}")
