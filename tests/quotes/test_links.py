"""Links that nobody can guess, cut or use for something else."""

from datetime import UTC, datetime

import pytest

from portal.quotes.links import BrokenLink, Links

LINKS = Links("https://portail.example", "k" * 32)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_a_link_gives_back_what_it_was_made_of() -> None:
    link = LINKS.follow("DEM-2026-0001", "key")
    assert link.startswith("https://portail.example/espace-client/demande-de-devis/suivi/")
    assert LINKS.opened(link.rsplit("/", 1)[1]) == ("DEM-2026-0001", "key")
    assert LINKS.read_opening(LINKS.opening("page", NOON)) == ("page", NOON)


def test_a_link_made_with_another_secret_or_for_another_purpose_is_broken() -> None:
    token = LINKS.follow("DEM-2026-0001", "key").rsplit("/", 1)[1]
    for wrong in (token[:-1], token + "A", "", "é", LINKS.opening("DEM-2026-0001", NOON)):
        with pytest.raises(BrokenLink):
            LINKS.opened(wrong)
    with pytest.raises(BrokenLink):
        Links("https://portail.example", "z" * 32).opened(token)


def test_the_secret_is_not_printed() -> None:
    assert "kkk" not in repr(LINKS)
