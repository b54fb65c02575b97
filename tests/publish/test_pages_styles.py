"""The stylesheet in parts, minified; our own words set as French wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from portal.publish.app import minified, of_whom, our_words, stylesheets
from portal.publish.options import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("/* why */ a { color: red; }", "a{color:red}"),
        ("a :hover, b > c { margin: 0 auto; }", "a :hover,b > c{margin:0 auto}"),
        (
            "@media (min-width: 52rem) {\n  p { width: calc(100% - 2rem); }\n}",
            "@media (min-width:52rem){p{width:calc(100% - 2rem)}}",
        ),
        ('q::before { content: "– "; }', 'q::before{content:"– "}'),
    ],
)
def test_minifying_takes_out_only_what_a_browser_does_not_read(css: str, expected: str) -> None:
    assert minified(css) == expected


def test_the_base_begins_with_the_tokens() -> None:
    parts = stylesheets(ROOT / "site")
    assert parts["base"].startswith(":root{color-scheme:light dark;--bg:")


def test_every_colour_has_a_light_and_a_dark_value() -> None:
    light, _, dark = (ROOT / "site" / "static" / "tokens.css").read_text().partition("@media screen")
    names = [line.split(":")[0].strip() for line in light.splitlines() if ": #" in line]
    assert names
    assert all(f"{name}: #" in dark for name in names)


def test_nothing_scrolls_by_itself() -> None:
    # From the top to a permalink is the whole contract: a second and more to watch.
    assert "scroll-behavior" not in "".join(stylesheets(ROOT / "site").values())


@pytest.mark.parametrize(("name", "expected"), [("IMS Partners", "d’IMS Partners"), ("Dupont", "de Dupont")])
def test_a_name_after_de_loses_its_vowel_before_another(name: str, expected: str) -> None:
    assert of_whom(name) == expected


def test_a_theme_without_a_stylesheet_has_no_parts(tmp_path: Path) -> None:
    assert stylesheets(tmp_path) == {}


def test_our_own_words_get_french_spaces_and_apostrophes() -> None:
    assert our_words("Pourquoi ? L'article 5 : oui") == "Pourquoi\u202f? L’article 5\u00a0: oui"
