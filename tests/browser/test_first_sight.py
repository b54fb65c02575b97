"""What a reader meets first: the number to call on a phone, the answer to an ordinary word."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_the_hotline_s_number_is_seen_on_a_small_phone_without_scrolling(page: "Page", site_url: str) -> None:
    page.set_viewport_size({"width": 375, "height": 667})
    page.goto(f"{site_url}/")
    box = page.locator("main a[href^='tel:']").first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 667


@pytest.mark.parametrize(
    ("asked", "article"), [("panne", "6.1"), ("kilomètres", "7.1.1"), ("euro", "7.1.1"), ("courriel", "6.3")]
)
def test_a_reader_s_word_finds_the_words_of_the_text(page: "Page", site_url: str, asked: str, article: str) -> None:
    page.goto(f"{site_url}/recherche/?q={asked}")
    results = page.locator("#results > li")
    assert results.count() > 0
    assert any(text.startswith(article) for text in results.locator("a").all_inner_texts())
    assert results.locator("mark").count() > 0
