"""Search, which version on a day, comparison in the page, links and citations of a clause."""

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from portal.terms import load_library
from portal.terms.diff import compare

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

NEWER = "2026-07-01"


def text(place: "Locator") -> str:
    return re.sub(r"\s+", " ", place.inner_text()).strip()


# --- search ---


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("pénalités de retard", "7.4"),
        ("PENALITE", "7"),
        ("devis", "5.1"),
        ("reserve de propriete", "7.6"),
        ("réservé de propriétés", "7.6"),
        ("7.1.2", "7.1.2"),
        ("références commerciales", "13"),
    ],
)
def test_a_search_folds_accents_case_and_plurals(page: "Page", query: str, first: str) -> None:
    page.goto("/recherche/")
    page.get_by_label("Mots cherchés").fill(query)
    page.get_by_label("Mots cherchés").press("Enter")
    found = page.locator("#results li")
    assert re.match(rf"(ARTICLE )?{re.escape(first)}\b", text(found.first.get_by_role("link")))
    assert found.first.locator("mark").count() > 0
    assert re.match(r"\d+ articles? pour", text(page.locator("#count")))


@pytest.mark.parametrize("query", ["panne", "kilomètre", "euros", "prix"])
def test_a_search_knows_the_words_of_the_reader(page: "Page", query: str) -> None:
    page.goto(f"/recherche/?q={query}")
    assert page.locator("#results li mark").count() > 0


def test_words_that_no_article_holds_together_are_looked_up_apart(page: "Page") -> None:
    page.goto("/recherche/?q=kilom%C3%A8tre%20devis%20xyzzy")
    assert "Aucun article ne contient tous ces mots" in text(page.locator("#count"))
    assert page.locator("#results li").count() > 1


def test_nothing_found_offers_other_words_and_all_articles(page: "Page") -> None:
    page.goto("/recherche/?q=%3Cb%3Exyzzy%3C/b%3E")
    assert text(page.locator("#count")) == "Aucun article ne contient « <b>xyzzy</b> »."
    assert page.locator("#all").is_visible()
    page.locator("#results").get_by_role("link", name="facture").click()
    assert page.locator("#results li").count() > 0


def test_a_search_works_without_a_network_once_the_page_is_there(page: "Page", watch: Any) -> None:
    page.goto("/recherche/")
    page.context.set_offline(True)
    page.get_by_label("Mots cherchés").fill("sauvegarder")
    page.get_by_label("Mots cherchés").press("Enter")
    assert page.locator("#results li").count() > 0
    # Chromium asks for the icon again at each new address, a little later.
    page.wait_for_timeout(500)
    watch.problems = [problem for problem in watch.problems if "ERR_INTERNET_DISCONNECTED" not in problem]
    page.context.set_offline(False)


# --- versions ---


@pytest.mark.parametrize(
    ("day", "answer"),
    [("01/10/2018", "CGV du 1er octobre 2018"), ("30/09/2018", "aucune version"), ("31/02/2020", "n’existe pas")],
)
def test_the_version_of_a_day_is_found(page: "Page", day: str, answer: str) -> None:
    page.goto("/cgv/versions/")
    page.locator("#jour").fill(day)
    page.locator("#jour").press("Enter")
    assert answer in text(page.locator("#which-answer")) + text(page.locator("#jour-error"))


# --- comparison ---


def edited(published: dict[str, Any]) -> str:
    """The published JSON of a version, as a later version would be: words changed, an article out."""
    newer = json.loads(json.dumps(published).replace("88\\u20ac HT", "95\\u20ac HT"))
    newer["slug"] = NEWER
    newer["closing"] = "Date de dernière mise à jour : 01 Juillet 2026"
    newer["articles"] = [article for article in newer["articles"] if article["number"] != "8"]
    return json.dumps(newer)


def test_two_versions_without_a_page_are_compared_in_the_browser(page: "Page") -> None:
    published = page.request.get("/cgv/2018-10-01.json").json()
    page.goto("/recherche/")
    rows: list[list[Any]] = page.evaluate(
        """([old, now]) => import("/static/diff.js").then(({ compare }) => compare(old, now).map(
             ({ kind, old, now, blocks }) => [kind, (now ?? old).number, blocks.map((block) => [
               block.old.map((run) => run.kind + ":" + run.text).join("|"),
               block.now.map((run) => run.kind + ":" + run.text).join("|")])]))""",
        [published, json.loads(edited(published))],
    )
    changes = [row for row in rows if row[0] != "unchanged"]
    assert [row[:2] for row in changes] == [["changed", "7.1.1"], ["removed", "8"], ["changed", ""]]
    assert ["same:Heure technique : |del:88|same:€ HT", "same:Heure technique : |ins:95|same:€ HT"] in changes[0][2]


@pytest.mark.parametrize(
    ("day", "said"),
    [("01/10/2018", "en vigueur depuis le 1er octobre 2018"), ("23/11/2026", "en vigueur depuis le 1er octobre 2018")],
)
def test_the_version_of_a_day_is_proved(page: "Page", day: str, said: str) -> None:
    page.goto("/cgv/versions/")
    page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }")
    page.locator("#jour").fill(day)
    page.locator("#jour").press("Enter")
    answer = page.locator("#which-answer")
    assert said in text(answer)
    sha256 = page.request.get("/cgv/2018-10-01.json").json()["sha256"]
    assert sha256 in text(answer)
    hrefs = answer.locator("a").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
    assert {"/cgv/2018-10-01/", "/cgv/2018-10-01.md"} <= set(hrefs)
    answer.get_by_role("button", name="Citer").click()
    answer.get_by_role("button", name="Citation copiée").wait_for()
    assert sha256 in page.evaluate("window.copied")


def test_a_day_that_cannot_be_read_stays_in_the_address(page: "Page") -> None:
    page.goto("/cgv/versions/?jour=2020-01-01")
    page.locator("#jour").fill("31/02/2020")
    page.locator("#jour").press("Enter")
    page.reload()
    assert page.locator("#jour").input_value() == "31/02/2020"
    assert text(page.locator("#which-answer")) == ""


def test_a_comparison_drawn_in_the_page_reads_as_a_published_one(page: "Page") -> None:
    """One version exists: the page is given a second one, whose pair has no page of its own."""
    published = page.request.get("/cgv/2018-10-01.json").json()
    data = {
        "root": "",
        "pages": [],
        "versions": [
            {"slug": "2018-10-01", "from": "2018-10-01", "to": "2026-06-30", "status": "past"},
            {"slug": NEWER, "from": NEWER, "to": None, "status": "in_force"},
        ],
    }
    slugs = "".join(f"<option>{version['slug']}</option>" for version in data["versions"])  # type: ignore[index]
    body = f"""<!doctype html><html lang="fr"><title>Comparer – IMS Partners</title><main><h1>Comparer</h1>
      <form id="compare"><label>De <select name="a">{slugs}</select></label><label>à <select name="b">{slugs}</select></label></form>
      <p id="compare-status" role="status"></p><div id="comparison" tabindex="-1"></div></main>
      <script type="application/json" id="page-data">{json.dumps(data)}</script>
      <script type="module" src="/static/compare.js"></script></html>"""
    page.route("**/cgv/comparer/*", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.route(
        f"**/cgv/{NEWER}.json", lambda route: route.fulfill(body=edited(published), content_type="application/json")
    )
    page.goto(f"/cgv/comparer/?a={NEWER}&b=2018-10-01")
    page.get_by_role("status").filter(has_text="1").wait_for()
    assert text(page.get_by_role("status")) == "Numéros d’article : 1 modifié, 1 supprimé. Dernière ligne : modifiée."
    assert page.url.endswith(f"?a=2018-10-01&b={NEWER}")
    changes = page.locator(".change")
    assert [text(each) for each in changes.locator("h2").all()] == [
        "Modifié : 7.1.1",
        "Supprimé : 8",
        "Modifié : dernière ligne",
    ]
    assert text(changes.first.locator("del").first) == "[supprimé : 88]"
    assert text(changes.first.locator("ins").first) == "[ajouté : 95]"
    inline = changes.first.locator(".one").text_content() or ""
    assert "[supprimé : 88][ajouté : 95]€ HT" in re.sub(r"\s", " ", inline)


def test_an_address_of_a_comparison_that_is_no_page_leads_to_where_it_is_worked_out(page: "Page", watch: Any) -> None:
    page.goto("/cgv/comparer/2018-10-01/2031-01-01/")
    page.wait_for_url("**/cgv/comparer/?a=2018-10-01&b=2031-01-01")
    watch.forget()


def test_the_browser_aligns_clauses_as_python_does(page: "Page", tmp_content: "Path") -> None:
    """Renumbered, moved, added, removed and rewritten: the same kinds, in the same order."""
    source = tmp_content / "cgv" / "2018-10-01"
    newer = tmp_content / "cgv" / NEWER
    newer.mkdir()
    terms = (source / "cgv.md").read_text()
    for old, new in (
        ("### 7.5. Délai de livraison", "### 7.8. Délai de livraison"),
        ("60 Pts", "66 Pts"),
        (
            "### 6.5 Responsabilité",
            "### 6.5 Responsabilité\n\nUne phrase de plus.\n\n### 6.6 Nouveau\n\nTexte nouveau.",
        ),
    ):
        assert old in terms or old.replace("### ", "#### ") in terms
        terms = terms.replace(old, new)
    (newer / "cgv.md").write_text(terms)
    (newer / "clauses.toml").write_text((source / "clauses.toml").read_text())
    library = load_library(tmp_content)
    ours = [[row.kind, row.clause.number] for row in compare(*library.versions).rows]
    published = page.request.get("/cgv/2018-10-01.json").json()
    page.goto("/recherche/")
    theirs = page.evaluate(
        """([old, now]) => import("/static/diff.js").then(({ compare }) => compare(old, now).map(
             ({ kind, old, now }) => [kind, (now ?? old).number]))""",
        [published, as_published(library.versions[1])],
    )
    assert theirs == ours
    assert {kind for kind, _ in ours} >= {"unchanged", "changed", "added", "renumbered"}


def as_published(version: Any) -> dict[str, Any]:
    return {
        "slug": version.slug,
        "title": version.title,
        "closing": version.closing,
        "articles": [
            {
                "number": article.number,
                "url": "/",
                "clauses": [
                    {
                        "number": clause.number,
                        "name": clause.number,
                        "anchor": clause.anchor,
                        "depth": clause.depth,
                        "heading": clause.heading,
                        "title": clause.title,
                        "text": clause.text,
                        "blocks": [{"kind": block.kind, "items": list(block.items)} for block in clause.blocks],
                    }
                    for clause in article.clauses
                ],
            }
            for article in version.articles
        ],
    }


# --- links and citations ---


@pytest.mark.parametrize("address", ["/cgv/", "/cgv/2018-10-01/article-6/"])
def test_a_clause_is_cited_with_its_version_date_and_hash(page: "Page", site_url: str, address: str) -> None:
    page.goto(address)
    page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }")
    page.get_by_role("button", name="Citer l’article 6.3 (second)").focus()
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="Citation de l’article 6.3 (second) copiée.").wait_for()
    words = re.sub(r"\s", " ", page.evaluate("window.copied"))
    assert re.fullmatch(
        r"IMS Partners, CGV, version du 1er octobre 2018, art\. 6\.3 \(second\) — "
        + re.escape(f"{site_url}/cgv/2018-10-01/article-6/#art-6-3-bis")
        + r" — SHA-256 : [0-9a-f]{64} — consultée le \d{1,2}(er)? \w+ \d{4}",
        words,
    )
    page.get_by_role("button", name="Copier le lien l’article 6.3 (premier)").press("Enter")
    page.get_by_role("status").filter(has_text="Lien vers l’article 6.3 (premier) copié.").wait_for()
    assert page.evaluate("window.copied") == f"{site_url}/cgv/2018-10-01/article-6/#art-6-3"


@pytest.mark.parametrize("width", [375, 1280])
def test_the_buttons_of_a_clause_move_nothing(new_page: Any, width: int) -> None:
    heights = []
    for script in (True, False):
        with new_page(width, java_script_enabled=script) as page:
            page.goto("/cgv/2018-10-01/article-7/")
            if script:
                page.locator(".cite-tools").first.wait_for(state="attached")
            heights.append(page.locator("#art-7-6").bounding_box()["y"])
    assert heights[0] == heights[1]


def test_the_buttons_of_a_clause_come_after_its_heading(page: "Page") -> None:
    page.goto("/cgv/2018-10-01/article-7/#art-7-6")
    page.locator(".cite-tools").first.wait_for(state="attached")
    follows = "head => head.firstElementChild.matches('h2, h3, h4') && head.lastElementChild.matches('.cite-tools')"
    assert page.locator(".clause-head").evaluate_all(f"all => all.every({follows})")
    heading, tools = page.locator("#art-7-6"), page.locator("#art-7-6 + .cite-tools")
    assert heading.evaluate("heading => heading.matches(':target')")
    assert tools.evaluate("tools => getComputedStyle(tools).opacity") == "1"
    box, above = heading.bounding_box(), tools.bounding_box()
    assert box
    assert above
    assert above["y"] + above["height"] <= box["y"] + 0.5
