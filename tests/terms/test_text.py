"""The published text is the source text, cut where its own numbers say."""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from portal.terms import Library, UnknownClause, Version
from portal.terms.text import parse_article, render_inline, repeat_suffix, split

PAGE_HEADER = (
    "SARL IMS PARTNERS 51 Rte de Thann - Cité de l'Habitat 68460 LUTTERBACH "
    "Tél : 03.54.84.18.95 www.ims-partners.fr contact@ims-partners.fr"
)


def plain_words(markdown: str) -> list[str]:
    """Words of a Markdown source as an independent reader sees them: markdown-it's own tokens."""
    pieces: list[str] = []
    for token in MarkdownIt("commonmark").parse(markdown):
        pieces += [" " if child.type in {"softbreak", "hardbreak"} else child.content for child in token.children or ()]
        pieces.append(" ")
    return "".join(pieces).split()


@pytest.fixture(scope="module")
def version(library: Library) -> Version:
    return library.version("2018-10-01")


def test_the_text_is_the_source_word_for_word_but_for_the_page_header(root: Path, version: Version) -> None:
    source = " ".join(plain_words((root / "tests/data/seed-cgv.md").read_text(encoding="utf-8")))
    without_headers = " ".join(source.replace(PAGE_HEADER, " ").split())
    assert source.count(PAGE_HEADER) == 8
    assert " ".join(plain_words(version.source)) == without_headers


def test_what_is_parsed_gives_back_every_word_of_the_text(version: Version) -> None:
    parsed = [version.title, *(article.text for article in version.articles), version.closing]
    assert " ".join(" ".join(parsed).split()) == " ".join(plain_words(version.source))


def test_thirteen_articles_stand_in_order(version: Version) -> None:
    assert [article.number for article in version.articles] == [str(n) for n in range(1, 14)]
    assert version.article_slugs == tuple(article.slug for article in version.articles)


def test_both_articles_6_3_keep_their_number_and_get_two_anchors(version: Version) -> None:
    found = [clause for clause in version.clauses if clause.number == "6.3"]
    assert [clause.anchor for clause in found] == ["art-6-3", "art-6-3-bis"]
    assert found[1].title == "Déroulement de l'intervention"
    assert version.clause("6.3") is found[0]


def test_the_number_gives_the_depth_whatever_the_paper_says(version: Version) -> None:
    depths = {clause.number: clause.depth for clause in version.clauses}
    assert (depths["7"], depths["7.3"], depths["7.4"], depths["7.1.2"]) == (1, 2, 2, 3)


def test_alineas_are_counted_inside_their_own_clause(version: Version) -> None:
    anchors = [block.anchor for block in version.clause("7.4").blocks]
    assert anchors == ["art-7-4-al-1", "art-7-4-al-2", "art-7-4-al-3", "art-7-4-al-4"]


def test_a_permalink_names_version_article_and_anchor(version: Version) -> None:
    assert version.permalink("art-7-1-2") == "/cgv/2018-10-01/article-7/#art-7-1-2"
    assert version.permalink("art-7-4-al-2") == "/cgv/2018-10-01/article-7/#art-7-4-al-2"


def test_an_anchor_or_article_that_is_not_there_is_refused(version: Version) -> None:
    for ask in (
        lambda: version.permalink("art-99"),
        lambda: version.clause("99"),
        lambda: version.article("article-99"),
    ):
        with pytest.raises(UnknownClause, match="99"):
            ask()


def test_the_line_of_a_clause_is_the_line_of_its_heading(version: Version) -> None:
    lines = version.source.split("\n")
    for clause in version.clauses:
        assert lines[version.line(clause) - 1].endswith(clause.heading)


def test_the_typing_slips_of_the_original_are_kept(version: Version) -> None:
    for slip in ("des de l'informatique", "ça demande", "n° 7817", "nous résilieront", "01 Octobre 2018"):
        assert slip in version.source


def test_links_are_live_and_their_words_are_the_text(version: Version) -> None:
    block = version.clause("art-6-3").blocks[0]
    assert '<a href="mailto:hotline@ims-partners.fr">hotline@ims-partners.fr</a>' in block.html
    assert block.text.startswith("Le CLIENT envoie un courrier électronique à hotline@ims-partners.fr")


def test_a_list_gives_its_items_one_by_one(version: Version) -> None:
    rates = version.clause("7.1.1").blocks[0]
    assert rates.kind == "list"
    assert rates.items[0] == "Heure technique : 88€ HT"
    assert rates.html.startswith('<ul id="art-7-1-1-al-1"><li>')


def test_markup_in_the_text_is_never_html() -> None:
    html, text = render_inline("<script>alert(1)</script> & [x](javascript:alert(1))")
    assert "<script" not in html
    assert "href" not in html
    assert "alert(1)" in text


def _by_the_parser(source: str) -> tuple[str, str]:
    parser = MarkdownIt("commonmark", {"html": False})
    tokens = parser.parseInline(source)
    words = "".join(token.content for token in tokens[0].children or ())
    return parser.renderer.render(tokens, parser.options, {}), words


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=80))
def test_plain_words_come_out_of_the_short_cut_as_out_of_the_parser(words: str) -> None:
    source = words.strip() or "mot"
    assert render_inline(source) == _by_the_parser(source)


_ADDRESS = st.sampled_from(["https://", "http://", "mailto:", "javascript:", ""]).flatmap(
    lambda scheme: st.text(alphabet="ab1.-/@:_ ", max_size=12).map(lambda rest: scheme + rest)
)
_WORDS = st.text(alphabet="aé1 .,\"'()[]<>*_!&;\\`:-", max_size=8)


@given(
    st.lists(
        _WORDS
        | st.builds("[{}]({})".format, _WORDS | _ADDRESS, _ADDRESS)
        | st.builds("<{}>".format, _ADDRESS)
        | st.sampled_from(["<https://hera.maxdesk.com>", "[hotline@ims-partners.fr](mailto:hotline@ims-partners.fr)"]),
        max_size=4,
    )
)
@settings(max_examples=400)
def test_links_come_out_of_the_short_cut_as_out_of_the_parser(pieces: list[str]) -> None:
    source = "".join(pieces).strip() or "mot"
    assert render_inline(source) == _by_the_parser(source)


def test_the_text_of_2018_needs_no_parser(content: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from portal.terms import load_library
(version,) = load_library(Path({str(content)!r})).versions
print(len("".join(clause.text for clause in version.clauses)), "markdown_it" in sys.modules)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert int(said[0]) > 10_000
    assert said[1] == "False"


def test_a_heading_needs_no_blank_line_around_it() -> None:
    article = parse_article("## ARTICLE 3. Prix\nUn.\n### 3.1. Base\nDeux.\n\nTrois.")
    assert [(clause.number, len(clause.blocks)) for clause in article.clauses] == [("3", 1), ("3.1", 2)]
    assert article.clauses[1].blocks[1].offset == 5


def test_a_soft_line_break_is_a_space_in_the_text() -> None:
    article = parse_article("## ARTICLE 1 - A\n\nUne ligne\nrepliée.")
    assert article.clauses[0].text == "Une ligne repliée."


def test_a_heading_without_a_number_is_kept_and_told() -> None:
    article = parse_article("## ARTICLE 1 - A\n\n### Sans numéro\n\nMots.")
    assert article.unnumbered == ((2, "Sans numéro"),)
    assert article.clauses[1].title == "Sans numéro"


def test_suffixes_go_on_after_the_latin_ones() -> None:
    assert [repeat_suffix(n) for n in (0, 1, 2, 8)] == ["", "-bis", "-ter", "-9"]


def test_text_before_the_first_article_is_told_with_its_line() -> None:
    parts = split("# Titre\n\nÉgaré.\n\n## ARTICLE 1 - A\n\nMots.\n")
    assert parts.stray == ((3, "Égaré."),)
    assert parts.closing == ""
    assert parts.chunks == ((5, "## ARTICLE 1 - A\n\nMots."),)


def ids(values: Iterable[str]) -> list[str]:
    return [value for html in values for value in re.findall(r'id="([^"]+)"', html)]


def test_no_anchor_is_used_twice_in_a_version(version: Version) -> None:
    found = [clause.anchor for clause in version.clauses]
    found += ids(block.html for article in version.articles for block in article.blocks)
    assert len(found) == len(set(found))
