"""Every address of the site answers, and each page is good HTML that leads only where something is."""

from __future__ import annotations

import gzip
import json
import re
import warnings
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import html5lib
import pytest

from portal.publish.freezer import file_of, freezer_class
from portal.publish.options import Options
from portal.publish.site import Site, create_site
from portal.publish.tree import Tree

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from collections.abc import Iterator
    from pathlib import Path

    from portal.terms import Library

TODAY = date(2026, 11, 23)
BASE = "https://cgv.example.test/ims"
ROOT = "/ims"
TERMS_LIMIT = 10 * 1024  # one round trip, headers included
X = "{http://www.w3.org/1999/xhtml}"
ADDRESSES = """/ /cgv/ /cgv/2018-10-01/ /cgv/2018-10-01/article-7/ /cgv/versions/ /cgv/comparer/ /conventions/
/contact/ /tarifs/ /calculateur/ /delais/ /glossaire/ /references/ /mentions-legales/ /confidentialite/
/accessibilite/ /recherche/ /404.html /cgv/index.json /cgv/2018-10-01.json /cgv/2018-10-01.md /cgv/2018-10-01.pdf
/tarifs.json /cgv/feed.atom /sitemap.xml /robots.txt /.well-known/security.txt /static/favicon.svg
/static/social.png"""


def options(content: Path, **more: Any) -> Options:
    base = {"output": content.parent / "public", "base_url": f"{BASE}/", "portal_url": None, "today": TODAY}
    return Options(content=content, **{**base, **more})


@dataclass(frozen=True)
class Html:
    """A page as a browser understands it."""

    url: str
    text: str

    @cached_property
    def tree(self) -> ET.Element:
        tree: ET.Element = html5lib.HTMLParser(strict=True).parse(self.text)
        return tree

    def all(self, name: str) -> list[ET.Element]:
        return list(self.tree.iter(X + name))

    @cached_property
    def ids(self) -> list[str]:
        return [element.attrib["id"] for element in self.tree.iter() if "id" in element.attrib]


@pytest.fixture(scope="module")
def site(content: Path, library: Library) -> Site:
    return create_site(options(content), library)


@pytest.fixture(scope="module")
def answers(site: Site) -> dict[str, Any]:
    client = site.app.test_client()
    return {page.url: client.get(page.url) for page in site.pages()}


@pytest.fixture(scope="module")
def pages(answers: dict[str, Any]) -> list[Html]:
    return [Html(url, answer.text) for url, answer in answers.items() if answer.mimetype == "text/html"]


def test_every_address_kept_for_ever_is_there(answers: dict[str, Any]) -> None:
    assert set(ADDRESSES.split()) <= answers.keys()


def test_every_address_answers_with_the_type_its_name_promises(answers: dict[str, Any]) -> None:
    kinds = {
        "json": "application/json", "md": "text/markdown", "pdf": "application/pdf", "atom": "application/atom+xml",
        "txt": "text/plain", "svg": "image/svg+xml", "png": "image/png", "js": "text/javascript",
    }  # fmt: skip
    for url, answer in answers.items():
        assert answer.status_code == 200, url
        suffix = url.rpartition(".")[2]
        expected = kinds.get(suffix)
        assert answer.mimetype == expected or (
            expected is None and answer.mimetype in {"text/html", "text/xml", "application/xml"}
        ), url


def test_what_is_frozen_is_what_a_browser_would_be_answered(
    content: Path, library: Library, answers: dict[str, Any], tmp_path: Path
) -> None:
    urls = [url for url in answers if not url.endswith(".pdf")]
    tree = Tree(tmp_path / "public", tmp_path / "state")
    freezer_class()(create_site(options(content), library).app, tree, f"{BASE}/", compress=False).build(urls)
    assert [url for url in urls if tree.read(file_of(url)) != answers[url].data] == []


def test_no_address_stands_twice(site: Site) -> None:
    urls = [page.url for page in site.pages()]
    assert len(urls) == len(set(urls))


def test_an_unknown_version_or_article_is_not_found(site: Site) -> None:
    client = site.app.test_client()
    for url in (
        "/cgv/2018-10-02/",
        "/cgv/2018-10-01/article-99/",
        "/cgv/2018-10-02.json",
        "/cgv/2018-10-02.md",
        "/static/base.css",
        "/static/none.js",
    ):
        assert client.get(url).status_code == 404, url


def test_every_page_is_valid_html_with_one_h1_and_a_title_of_its_own(pages: list[Html]) -> None:
    titles: Counter[str] = Counter()
    for page in pages:
        assert len(page.all("h1")) == 1, page.url
        assert len(page.all("main")) == 1, page.url
        assert page.all("html")[0].attrib["lang"] == "fr"
        titles["".join(page.all("title")[0].itertext())] += 1
    # The text in force stands whole at two addresses.
    assert [count for count in titles.values() if count > 1] == [2]


def test_headings_never_jump(pages: list[Html]) -> None:
    for page in pages:
        levels = [int(e.tag[-1]) for e in page.tree.iter() if re.fullmatch(re.escape(X) + "h[1-6]", str(e.tag))]
        assert not [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1], page.url
        assert levels[0] == 1, page.url


def test_no_id_stands_twice_and_what_names_an_id_finds_it(pages: list[Html]) -> None:
    for page in pages:
        twice = [name for name, count in Counter(page.ids).items() if count > 1]
        # A <template> is a document of its own until a script copies it.
        assert not twice or page.all("template"), (page.url, twice)
        for element in page.tree.iter():
            for name in ("aria-labelledby", "aria-describedby", "for"):
                for wanted in element.attrib.get(name, "").split():
                    assert wanted in page.ids, (page.url, name, wanted)


def test_every_field_has_a_label(pages: list[Html]) -> None:
    for page in pages:
        named = {e.attrib["for"] for e in page.all("label") if "for" in e.attrib}
        wrapped = {id(field) for label in page.all("label") for field in label.iter()}
        for field in (*page.all("input"), *page.all("select"), *page.all("textarea")):
            has = field.attrib.get("id") in named or id(field) in wrapped or "aria-label" in field.attrib
            assert has or field.attrib.get("type") == "hidden", (page.url, field.attrib)


def test_every_link_and_every_fragment_leads_somewhere(pages: list[Html], answers: dict[str, Any]) -> None:
    ids = {page.url: set(page.ids) for page in pages}
    for page in pages:
        for element in (*page.all("a"), *page.all("link"), *page.all("script"), *page.all("form")):
            href = element.attrib.get("href") or element.attrib.get("src") or element.attrib.get("action")
            if href is None or href.startswith(("mailto:", "tel:")):
                continue
            parts = urlsplit(urljoin(f"{BASE}{page.url}", href))
            if f"{parts.scheme}://{parts.netloc}{ROOT}" != BASE:
                assert element.tag == X + "a", (page.url, href)
                continue
            path = parts.path.removeprefix(ROOT)
            assert path in answers, (page.url, href)
            if parts.fragment and path in ids:
                assert parts.fragment in ids[path], (page.url, href)


def test_nothing_is_asked_of_another_site(pages: list[Html]) -> None:
    # Addresses of links are no request; those of the layout and of scripts are.
    for page in pages:
        for name, attribute in (
            ("img", "src"),
            ("script", "src"),
            ("iframe", "src"),
            ("link", "href"),
            ("source", "srcset"),
        ):
            for element in page.all(name):
                address = element.attrib.get(attribute, "")
                assert not urlsplit(address).netloc or address.startswith(BASE), (page.url, address)
        assert not re.search(r"url\(|@import", "".join(e.text or "" for e in page.all("style"))), page.url


def test_no_script_stands_in_a_page_and_no_style_on_an_element(pages: list[Html]) -> None:
    for page in pages:
        for script in page.all("script"):
            inline = "src" not in script.attrib
            assert not inline or script.attrib["type"] in {"application/json", "application/ld+json"}, page.url
            if inline:
                json.loads(script.text or "")
        for element in page.tree.iter():
            assert not [name for name in element.attrib if name == "style" or name.startswith("on")], page.url


def test_pages_of_terms_fit_one_round_trip(pages: list[Html]) -> None:
    for page in pages:
        if page.url.startswith("/cgv/"):
            assert len(gzip.compress(page.text.encode(), 9)) <= TERMS_LIMIT, page.url


def test_every_page_describes_itself_and_has_a_preview(pages: list[Html]) -> None:
    for page in pages:
        meta = {e.attrib.get("name") or e.attrib.get("property"): e.attrib.get("content") for e in page.all("meta")}
        assert meta["description"], page.url
        assert len(meta["description"]) < 200, page.url
        assert meta["og:image"] == f"{BASE}/static/social.png"
        canonical = [e.attrib["href"] for e in page.all("link") if e.attrib.get("rel") == "canonical"]
        assert canonical == [f"{BASE}{'/cgv/2018-10-01/' if page.url == '/cgv/' else page.url}"]


def visible(page: Html) -> str:
    """The words of a page that are its own: not the text of the terms, nor data, nor styles."""

    def walk(element: ET.Element) -> Iterator[str]:
        if element.tag in {X + "script", X + "style", X + "code", X + "pre"}:
            return
        yield element.text or ""
        for child in element:
            yield from walk(child)
            yield child.tail or ""

    return "".join(walk(page.all("body")[0]))


def test_the_words_of_the_site_have_french_spaces(pages: list[Html]) -> None:
    quoting = {"/recherche/", "/glossaire/"}
    for page in pages:
        if page.url.startswith("/cgv/2018") or page.url in {"/cgv/", *quoting}:
            continue
        text = re.sub(r"«.*?»", "", visible(page), flags=re.DOTALL)
        assert not re.findall(r".{12} [;!?:»]", text), page.url
        assert not re.findall(r"[^\s\u202f][!?](?=\s)", text), page.url


def test_no_word_of_code_is_seen(pages: list[Html]) -> None:
    for page in pages:
        assert not re.search(r"\b(None|in_force|undefined|Undefined|nbsp)\b", visible(page)), page.url


def test_everything_is_under_the_prefix_of_the_base_url(pages: list[Html]) -> None:
    for page in pages:
        for element in page.tree.iter():
            for name in ("href", "src", "action"):
                value = element.attrib.get(name, "")
                assert not value.startswith("/") or value.startswith(f"{ROOT}/"), (page.url, value)


def test_a_portal_is_where_a_quote_is_asked_for_else_a_mail(content: Path, library: Library) -> None:
    with_portal = create_site(options(content, portal_url="https://portail.example.test/"), library)
    home = with_portal.app.test_client().get("/").text
    assert 'href="https://portail.example.test/demande-de-devis"' in home
    notice = with_portal.app.test_client().get("/confidentialite/").text
    assert 'href="https://portail.example.test/vos-donnees"' in notice  # articles 15 to 22: where they are used
    without = create_site(options(content), library).app.test_client().get("/").text
    assert 'href="mailto:contact@ims-partners.fr?subject=Demande%20de%20devis"' in without


def test_a_group_can_be_asked_for_alone(content: Path, library: Library) -> None:
    terms = [page.url for page in create_site(options(content, groups=frozenset({"terms"})), library).pages()]
    assert terms == ["/", "/cgv/", "/cgv/2018-10-01/", *(f"/cgv/2018-10-01/article-{n}/" for n in range(1, 14))]


def test_a_small_theme_of_three_templates_is_enough_for_the_terms(
    content: Path, library: Library, tmp_path: Path
) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "home.html").write_text("{% for row in rows %}{{ root }}{{ row.url }} {% endfor %}")
    (templates / "version.html").write_text("{{ row.version.title }}{% for it in articles %}{{ it|safe }}{% endfor %}")
    (templates / "article.html").write_text("{{ html|safe }} {{ following.url if following }}")
    site = create_site(options(content, theme=tmp_path, groups=frozenset({"terms"})), library)
    client = site.app.test_client()
    assert all(client.get(page.url).status_code == 200 for page in site.pages())
    assert client.get("/").text == f"{ROOT}/cgv/2018-10-01/ "


def test_building_the_list_of_pages_warns_of_nothing_and_renders_nothing(content: Path, library: Library) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        site = create_site(options(content), library)
        assert len(list(site.pages())) > 50
    assert "app" not in vars(site)
