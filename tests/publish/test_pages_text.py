"""The text on the pages is the text of the terms, word for word, and says where it stands in time."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import html5lib
import pytest

from portal.publish.command import main
from portal.publish.options import Options
from portal.publish.pages.history import NEIGHBOURS, pairs
from portal.publish.site import create_site
from portal.terms import ContentError, load_library

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from pathlib import Path

    from portal.publish.site import Site

X = "{http://www.w3.org/1999/xhtml}"
TODAY = date(2026, 11, 23)
PAST, CURRENT, FUTURE, DRAFT = "2018-10-01", "2024-06-15", "2027-01-01", "2027-06-01"


def make_site(content: Path, today: date = TODAY, **more: Any) -> Site:
    values = {"base_url": "https://cgv.example.test/", "portal_url": None, "drafts": False, **more}
    options = Options(content=content, output=content.parent / "public", today=today, **values)
    return create_site(options, load_library(content, drafts=options.drafts))


def add_version(content: Path, slug: str, *changes: tuple[str, str], draft: bool = False) -> None:
    folder = content / "cgv" / slug
    shutil.copytree(content / "cgv" / "2018-10-01", folder)
    text = (folder / "cgv.md").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "cgv.md").write_text(text)
    if draft:
        clauses = folder / "clauses.toml"
        clauses.write_text(clauses.read_text().replace("draft = false", "draft = true"))


@pytest.fixture
def four(tmp_content: Path) -> Path:
    """A past version, the one in force, one to come, and a draft: synthetic, for tests only."""
    add_version(tmp_content, CURRENT, ("88€ HT", "92€ HT"))
    add_version(tmp_content, FUTURE, ("88€ HT", "95€ HT"), ("Tout impayé", "Tout montant impayé"))
    add_version(tmp_content, DRAFT, ("88€ HT", "99€ HT"), draft=True)
    return tmp_content


def get(site: Site, url: str) -> str:
    answer = site.app.test_client().get(url)
    assert answer.status_code == 200, url
    return str(answer.text)


def words(element: ET.Element) -> list[str]:
    """Words of an element as they are read, without what stands beside the text."""
    blocks = {X + name for name in ("p", "li", "ul", "h1", "h2", "h3", "h4")}

    def walk(it: ET.Element) -> str:
        if it.attrib.get("class") == "note":
            return ""
        inner = (it.text or "") + "".join(walk(child) + (child.tail or "") for child in it)
        return f" {inner} " if it.tag in blocks else inner

    return walk(element).split()


def text_of(html: str) -> list[str]:
    tree = html5lib.HTMLParser(strict=True).parse(html)
    (article,) = (e for e in tree.iter(X + "article"))
    return words(article)


def spoken(markdown: str) -> list[str]:
    """The words of the Markdown source, by a way of its own: marks taken out, nothing parsed."""
    plain = re.sub(r"(?m)^(?:#+|-) ", "", markdown)
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", plain)
    return re.sub(r"<(https?://[^>]*)>", r"\1", plain).split()


def test_the_whole_page_is_the_source_word_for_word(content: Path) -> None:
    site = make_site(content)
    source = (content / "cgv" / "2018-10-01" / "cgv.md").read_text()
    title, _, body = source.partition("\n")
    for url in ("/cgv/", "/cgv/2018-10-01/"):
        html = get(site, url)
        assert text_of(html) == spoken(body)
        assert f"<h1>{title.removeprefix('# ')}</h1>" in html


def test_the_articles_together_are_the_source_word_for_word(content: Path) -> None:
    site = make_site(content)
    version = site.library.versions[0]
    said = [word for slug in version.article_slugs for word in text_of(get(site, f"/cgv/2018-10-01/{slug}/"))]
    body = (content / "cgv" / "2018-10-01" / "cgv.md").read_text().partition("\n")[2]
    # The closing line too: it stands after the last article.
    assert said == spoken(body)


def test_every_clause_has_its_permalink_and_every_alinea_its_anchor(content: Path) -> None:
    site = make_site(content)
    version = site.library.versions[0]
    whole, newest = get(site, "/cgv/2018-10-01/"), get(site, "/cgv/")
    for article in version.articles:
        html = get(site, f"/cgv/2018-10-01/{article.slug}/")
        for clause in article.clauses:
            assert f'id="{clause.anchor}"><a href="#{clause.anchor}">' in html
            assert f'<a href="{article.slug}/#{clause.anchor}">' in whole
            # From the page that changes with each version, to the address that does not.
            assert f'<a href="2018-10-01/{article.slug}/#{clause.anchor}">' in newest
            assert all(f'id="{block.anchor}"' in html for block in clause.blocks)


def test_the_day_of_coming_into_force_is_said_to_be_the_site_s_reading(content: Path) -> None:
    site = make_site(content)
    assert "aucune date d’entrée en vigueur : le site retient la première." in get(site, "/cgv/").replace("\u00a0", " ")
    assert 'href="/conventions/#force_day"' in get(site, "/cgv/versions/")


def test_both_articles_of_one_number_have_an_anchor_and_a_note(content: Path) -> None:
    html = get(make_site(content), "/cgv/2018-10-01/article-6/")
    assert 'id="art-6-3"' in html
    assert 'id="art-6-3-bis"' in html
    assert html.count("Note de l’éditeur.") == 3


def test_a_defined_word_leads_to_its_definition_at_its_first_use_only(content: Path) -> None:
    html = get(make_site(content), "/cgv/2018-10-01/article-5/")
    assert html.count('href="#def-client">CLIENT</a>') == 1
    assert html.count("CLIENT") > 5
    assert 'id="def-client"' in html
    assert "Le Client est la personne qui après avoir pris connaissance" in html


def test_a_word_is_not_linked_in_the_article_that_defines_it(content: Path) -> None:
    html = get(make_site(content), "/cgv/2018-10-01/article-2/")
    assert "#def-client" not in html


@pytest.mark.parametrize(
    ("slug", "words_of_it"),
    [
        (PAST, "Ce texte n’est plus en vigueur."),
        (FUTURE, "Ce texte n’est pas encore en vigueur."),
        (DRAFT, "Ceci est un projet."),
    ],
)
def test_what_is_not_in_force_says_so_on_each_of_its_pages(four: Path, slug: str, words_of_it: str) -> None:
    site = make_site(four, drafts=True)
    for url in (f"/cgv/{slug}/", f"/cgv/{slug}/article-7/"):
        html = get(site, url)
        assert words_of_it in html
        assert 'href="/cgv/">Lire la version en vigueur' in html


def test_the_version_in_force_has_no_banner_on_its_first_day_and_on_its_last(four: Path) -> None:
    for today in (date(2024, 6, 15), date(2026, 12, 31)):
        assert 'class="banner' not in get(make_site(four, today), f"/cgv/{CURRENT}/")
    for today in (date(2024, 6, 14), date(2027, 1, 1)):
        assert 'class="banner' in get(make_site(four, today), f"/cgv/{CURRENT}/")


def test_a_version_to_come_is_announced_with_its_differences(four: Path) -> None:
    site = make_site(four)
    for url in ("/", "/cgv/", "/tarifs/", "/calculateur/", "/delais/"):
        html = get(site, url)
        assert html.count('<aside class="banner') == 1
        assert "Une nouvelle version s’appliquera à partir du 1er\u00a0janvier\u00a02027." in html
        assert f'href="/cgv/comparer/{CURRENT}/{FUTURE}/"' in html
    later = make_site(four, date(2027, 1, 1))
    assert "Une nouvelle version" not in get(later, "/")


def test_pages_of_terms_fit_one_round_trip_with_their_banners_and_differences(four: Path) -> None:
    site = make_site(four, drafts=True, portal_url="https://portail.example.test/")
    client = site.app.test_client()
    for page in site.pages():
        if page.group in {"terms", "comparisons"}:
            assert len(gzip.compress(client.get(page.url).data, 9)) <= 10 * 1024, page.url


def test_a_draft_is_not_published_unless_asked_for(four: Path) -> None:
    assert not [page.url for page in make_site(four).pages() if DRAFT in page.url]
    drafts = make_site(four, drafts=True)
    assert [page.url for page in drafts.pages() if page.url == f"/cgv/{DRAFT}/"]
    assert DRAFT not in get(drafts, "/sitemap.xml")
    assert DRAFT not in get(drafts, "/cgv/feed.atom")
    assert f"Disallow: /cgv/{DRAFT}." in get(drafts, "/robots.txt")


def test_no_page_of_a_draft_may_be_indexed_and_every_other_may(four: Path) -> None:
    site = make_site(four, drafts=True)
    noindex = '<meta name="robots" content="noindex">'
    for url in (f"/cgv/{DRAFT}/", f"/cgv/{DRAFT}/article-7/", f"/cgv/comparer/{CURRENT}/{DRAFT}/"):
        assert noindex in get(site, url), url
        # Only a robot that may read the page sees it.
        assert f"Disallow: {url}" not in get(site, "/robots.txt")
    for url in (f"/cgv/{FUTURE}/", f"/cgv/{PAST}/article-7/", f"/cgv/comparer/{PAST}/{CURRENT}/"):
        assert noindex not in get(site, url), url


def test_a_draft_says_once_that_it_is_one(four: Path) -> None:
    site = make_site(four, drafts=True)
    assert "Projet du 1er juin 2027, jamais entré en vigueur." in get(site, f"/cgv/{DRAFT}/").replace("\u00a0", " ")
    assert "projet, jamais" not in get(site, "/cgv/versions/").lower()


def test_the_timeline_says_from_when_to_when(four: Path) -> None:
    html = get(make_site(four), "/cgv/versions/").replace("\u00a0", " ")
    assert "En vigueur du 1er octobre 2018 au 14 juin 2024." in html
    assert "En vigueur du 15 juin 2024 au 31 décembre 2026." in html
    assert "En vigueur à partir du 1er janvier 2027." in html


def test_the_timeline_and_the_comparison_read_well_with_one_version(content: Path) -> None:
    site = make_site(content)
    assert "Une seule version a été publiée jusqu’ici." in get(site, "/cgv/versions/")
    html = get(site, "/cgv/comparer/")
    assert "Il n’y a encore rien à comparer." in html
    assert "<form" not in html


def gone(words: str) -> str:
    return f'<del><i class="vh">[supprimé\u00a0: </i>{words}<i class="vh">]</i></del>'


def come(words: str) -> str:
    return f'<ins><i class="vh">[ajouté\u00a0: </i>{words}<i class="vh">]</i></ins>'


def changed_lines(content: Path, *changes: tuple[str, str]) -> str:
    add_version(content, CURRENT, *changes)
    return get(make_site(content), f"/cgv/comparer/{PAST}/{CURRENT}/").replace("\u00a0", " ")


def test_a_comparison_shows_that_only_the_last_line_changed(tmp_content: Path) -> None:
    html = changed_lines(tmp_content, ("01 Octobre 2018", "15 Juin 2024"))
    assert "disent la même chose" not in html
    assert "Dernière ligne : modifiée." in html
    assert html.count('<section class="change"') == 1
    assert "<h2>Modifié : dernière ligne</h2>" in html


def test_a_comparison_shows_that_only_the_title_changed(tmp_content: Path) -> None:
    source = (tmp_content / "cgv" / PAST / "cgv.md").read_text()
    title = source.partition("\n")[0]
    html = changed_lines(tmp_content, (title, f"{title} 2024"))
    assert "Titre : modifié." in html
    assert "Dernière ligne" not in html
    assert "<h2>Modifié : titre</h2>" in html


def test_a_comparison_counts_numbers_of_articles_and_names_no_line_that_stayed(tmp_content: Path) -> None:
    html = changed_lines(tmp_content, ("88€ HT", "92€ HT"))
    clauses = len(load_library(tmp_content).versions[0].clauses)
    assert f"Numéros d’article : 1 modifié et {clauses - 1} inchangés." in html
    assert "titre</" not in html
    assert "dernière ligne" not in html


def test_a_pair_without_a_page_is_said_to_need_javascript(four: Path) -> None:
    html = get(make_site(four), "/cgv/comparer/")
    assert "ce qui demande JavaScript" in re.findall(r"(?s)<noscript>(.*?)</noscript>", html)[1]


def test_the_feed_never_bears_a_day_to_come(four: Path) -> None:
    for today in (date(2026, 12, 31), date(2027, 1, 1)):
        updated = re.findall(r"<updated>(.{10})", get(make_site(four, today), "/cgv/feed.atom"))
        assert len(updated) == 4
        assert max(updated) == (FUTURE if today >= date(2027, 1, 1) else CURRENT)


def test_a_comparison_shows_each_changed_word_and_folds_the_rest(four: Path) -> None:
    html = get(make_site(four), f"/cgv/comparer/{CURRENT}/{FUTURE}/")
    assert gone("92") in html
    assert come("95") in html
    assert gone("92") + come("95") in html
    assert f"Tout{come(' montant')} impayé" in html
    assert html.count('<section class="change"') == 2
    assert "<details><summary>" in html


def test_comparisons_are_those_of_neighbours_and_of_the_one_in_force(tmp_content: Path) -> None:
    slugs = [f"2019-01-{day:02}" for day in range(1, 15)]
    for slug in slugs:
        add_version(tmp_content, slug)
    site = make_site(tmp_content, date(2019, 1, 3))
    places = {row.slug: place for place, row in enumerate(site.publication.rows)}
    found = {(old.slug, new.slug) for old, new in pairs(site.publication)}
    assert all(places[old] < places[new] for old, new in found)
    assert all("2019-01-03" in pair or places[pair[1]] - places[pair[0]] <= NEIGHBOURS for pair in found)
    assert ("2019-01-03", "2019-01-14") in found
    assert ("2019-01-01", "2019-01-06") in found
    assert ("2019-01-01", "2019-01-07") not in found
    assert len(found) <= NEIGHBOURS * len(places) + len(places)


def test_no_version_in_force_and_broken_references_are_told_as_findings(tmp_content: Path, tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="aucune version n'est en vigueur le 30/09/2018"):
        make_site(tmp_content, date(2018, 9, 30))
    for broken, said in (
        ('{"references": [\n}', r"json:2: .* ce n’est plus du JSON à la colonne 1"),
        ("[]", "la liste « references » manque"),
        ('{"clients": []}', "la liste « references » manque"),
        ('{"references": [{"name": "A"}, {"name": " "}]}', "la référence n° 2 n’a pas de nom"),
        ('{"references": [3]}', "la référence n° 1 n’a pas la forme"),
        ('{"references": [{"name": "Zoé", "since": "hier"}]}', r"« since » de la référence n° 1 \(Zoé\)"),
        ('{"references": [{"name": "Zoé", "since": "2021-13-01"}]}', "n’est pas une date"),
    ):
        (tmp_path / "references.json").write_text(broken)
        with pytest.raises(ContentError, match=f"références illisibles : .*{said}|{said}"):
            make_site(tmp_content, references=tmp_path / "references.json")
    with pytest.raises(ContentError, match="le fichier n’existe pas"):
        make_site(tmp_content, references=tmp_path / "none.json")


def test_a_finding_outside_of_the_content_is_told_by_its_own_path(
    tmp_content: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "nope.json"
    asked = ["--content", str(tmp_content), "--output", str(tmp_path / "public"), "--references", str(missing)]
    assert main([*asked, "--today", "2026-11-23"]) == 1
    assert capsys.readouterr().err == f"{missing}: références illisibles : le fichier n’existe pas\n"


def test_the_search_page_carries_the_synonyms_of_the_content_and_refuses_any_other_shape(tmp_content: Path) -> None:
    assert '"panne": ["d' in get(make_site(tmp_content), "/recherche/")
    before = keys(tmp_content)
    file = tmp_content / "search.toml"
    file.write_text('[synonyms]\nordinateur = ["matériel"]\n')
    assert changed(before, keys(tmp_content)) == {"/recherche/"}
    for broken, said in (
        ("[synonymes]\na = ['b']", "« synonymes » : table inconnue"),
        ("synonyms = 3", "n’est pas une table"),
        ("[synonyms]\na = 'b'", "« a » n’est pas suivi d’une liste de mots"),
        ("[synonyms]\na = []", "« a » n’est pas suivi d’une liste de mots"),
        ("[synonyms]\na = ", "search.toml:2: "),
    ):
        file.write_text(broken)
        with pytest.raises(ContentError, match=said):
            make_site(tmp_content)
    file.unlink()
    assert '"synonyms": {}' in get(make_site(tmp_content), "/recherche/")


def test_with_a_portal_the_ticket_is_its_matter_on_the_contact_page_and_beside_the_text(content: Path) -> None:
    portal = "https://portail.example.test/"
    site = make_site(content, portal_url=portal)
    contact = get(site, "/contact/")
    assert f'href="{portal}">Ouvrir un ticket' in contact
    assert "hera.maxdesk.com" not in contact
    assert contact.index("Par un ticket") < contact.index("Par téléphone")
    for url in ("/cgv/", "/cgv/2018-10-01/article-6/"):
        assert get(site, url).count(f' L’<a href="{portal}">espace client</a> en tient lieu.</p>') == 1


def test_without_a_portal_nothing_claims_one_and_the_printed_address_is_said_to_be_that(content: Path) -> None:
    site = make_site(content)
    contact = get(site, "/contact/").replace("\u00a0", " ")
    assert "C’est l’adresse imprimée dans les CGV du 1er octobre 2018." in contact
    assert contact.index("Par téléphone") < contact.index("Par courriel") < contact.index("Par un ticket")
    assert "espace client" not in contact
    assert "en tient lieu" not in get(site, "/cgv/2018-10-01/article-6/")


def test_a_word_is_kept_together_with_its_guillemets(content: Path) -> None:
    html = get(make_site(content), "/cgv/2018-10-01/article-5/")
    assert "<span>« CLIENT »</span>" in html
    assert '<span>« <a class="w" href="#def-client">CLIENT</a> »</span>' in html
    assert not re.findall(r"(?<!<span>)« [A-Z]+ »", html)


def test_a_comparison_keeps_guillemets_with_their_word_where_nothing_changed(four: Path) -> None:
    html = get(make_site(four), f"/cgv/comparer/{CURRENT}/{FUTURE}/")
    assert "<span>« PRESTATAIRE »</span>" in html
    assert not re.findall(r"(?<!<span>)« [A-Z]+ »", html)


def test_the_phone_stands_before_the_words_of_the_home_page(content: Path) -> None:
    html = get(make_site(content), "/")
    assert html.index('href="tel:') < html.index("<h1>")


def test_references_are_named_in_order_and_their_absence_is_honest(tmp_content: Path, tmp_path: Path) -> None:
    assert "Aucun client n’est cité ici pour l’instant." in get(make_site(tmp_content), "/references/")
    file = tmp_path / "references.json"
    file.write_text('{"references": [{"name": "Zèbre & Cie", "since": "2021-03-04"}, {"name": "Abeille"}]}')
    html = get(make_site(tmp_content, references=file), "/references/")
    assert html.index("Abeille") < html.index("Zèbre &amp; Cie")
    assert "Depuis 2021" in html
    assert "Il peut l’interdire expressément" in html


def test_what_the_company_has_not_said_is_marked_and_not_invented(tmp_content: Path) -> None:
    missing = make_site(tmp_content)
    assert get(missing, "/mentions-legales/").count('class="todo">à compléter') == 8
    assert "les CGV n’en donnent pas" in get(missing, "/contact/")
    company = tmp_content / "company.toml"
    text = company.read_text().replace('siren = ""', 'siren = "732 829 320"')
    company.write_text(re.sub(r'(?m)^hours = ""', 'hours = "8 h 30 à 18 h"', text))
    told = make_site(tmp_content)
    assert "732 829 320" in get(told, "/mentions-legales/")
    assert "8 h 30 à 18 h" in get(told, "/contact/")


def test_every_number_of_the_tariff_page_is_cited(content: Path) -> None:
    html = get(make_site(content), "/tarifs/")
    assert "/cgv/2018-10-01/article-7/#art-7-1-1" in html
    assert "/cgv/2018-10-01/article-7/#art-7-1-2" in html
    assert "88,00\u00a0€" in html
    assert "105,60\u00a0€" in html


def test_the_markdown_is_published_byte_for_byte(content: Path) -> None:
    site = make_site(content)
    raw = site.app.test_client().get("/cgv/2018-10-01.md").data
    assert raw == (content / "cgv" / "2018-10-01" / "cgv.md").read_bytes()
    assert hashlib.sha256(raw).hexdigest() in get(site, "/cgv/2018-10-01/article-1/")


# --- keys: a page is made again when something it shows has changed, and only then ---


def keys(content: Path, today: date = TODAY, **more: Any) -> dict[str, str]:
    return {page.url: page.key for page in make_site(content, today, **more).pages()}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {url for url in before.keys() & after.keys() if before[url] != after[url]}


def bodies(content: Path, today: date = TODAY) -> dict[str, bytes]:
    site = make_site(content, today)
    client = site.app.test_client()
    return {page.url: client.get(page.url).data for page in site.pages() if page.group not in {"pdf", "static"}}


@pytest.mark.parametrize(
    "edit",
    [
        ("cgv/2018-10-01/cgv.md", "88€ HT", "89€ HT"),
        ("cgv/2024-06-15/cgv.md", "Tout impayé", "Tout montant impayé"),
        ("cgv/2027-01-01/cgv.md", "95€ HT", "96€ HT"),
        ("cgv/2018-10-01/clauses.toml", "adresse imprimée ici", "adresse écrite ici"),
        ("company.toml", "LUTTERBACH", "MULHOUSE"),
        ("conventions.toml", "Les kilomètres facturés", "Des kilomètres facturés"),
        ("law.toml", 'percent = "20"', 'percent = "21"'),
        ("processing.toml", "Lire les CGV", "Parcourir les CGV"),
    ],
)
def test_a_page_whose_bytes_change_has_another_key(four: Path, edit: tuple[str, str, str]) -> None:
    name, old, new = edit
    keys_before, before = keys(four), bodies(four)
    file = four / name
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    different = {url for url, body in bodies(four).items() if before.get(url) != body}
    assert different
    assert different <= changed(keys_before, keys(four))


@pytest.mark.parametrize("today", [date(2026, 11, 24), date(2026, 12, 31), date(2027, 1, 1), date(2027, 2, 1)])
def test_another_day_makes_again_only_what_it_changes(four: Path, today: date) -> None:
    before = bodies(four)
    different = {url for url, body in bodies(four, today).items() if before.get(url) != body}
    again = changed(keys(four), keys(four, today))
    assert different <= again
    if today.year == TODAY.year:
        assert again == set()


def test_editing_one_version_leaves_the_pages_of_the_others_alone(four: Path) -> None:
    before = keys(four)
    file = four / "cgv" / PAST / "cgv.md"
    file.write_text(file.read_text().replace("88€ HT", "89€ HT"))
    again = changed(before, keys(four))
    assert f"/cgv/{PAST}/article-7/" in again
    assert not [url for url in again if url.startswith((f"/cgv/{CURRENT}", f"/cgv/{FUTURE}"))]
    assert "/tarifs/" not in again
    # Each page of answers about a day holds the periods of every version.
    assert "/conventions/" not in again
