"""Words are compared as a reader means them: without accents, case or endings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.tickets.stems import LONGEST_STEM, MOST_STEMS, asked, stems


@pytest.mark.parametrize(
    ("written", "looked_for"),
    [
        ("Les imprimantes sont bloquées", "imprimante bloqué"),
        ("Les imprimantes sont bloquees", "imprimante bloquée"),
        ("L'étage du bâtiment", "ETAGE batiments"),
        ("Le serveur redémarre", "redémarrer serveurs"),
        ("Le serveur redemarre", "redemarre"),
        ("cœur de réseau", "coeur reseau"),
        ("claire@muller.example a écrit", "claire@muller.example"),
        ("Voir TIC-2026-0001", "tic-2026-0001"),
        ("capture-écran_2.png", "capture ecran"),
        ("erreur 0x80070035", "0x80070035"),
    ],
)
def test_what_is_written_is_found_by_what_is_looked_for(written: str, looked_for: str) -> None:
    assert set(asked(looked_for)) <= stems(written)


@pytest.mark.parametrize(("written", "looked_for"), [("imprimante", "scanner"), ("serveur", "service"), ("", "mot")])
def test_what_is_not_written_is_not_found(written: str, looked_for: str) -> None:
    assert not set(asked(looked_for)) <= stems(written)


def test_words_that_every_text_holds_are_not_looked_for() -> None:
    assert asked("le la de") == []
    assert asked("l'imprimante de la mairie") == asked("imprimante mairie")


@given(st.text())
def test_any_text_gives_short_words_and_a_bounded_number_of_them(text: str) -> None:
    found = stems(text, text)
    assert len(found) <= MOST_STEMS + 10
    assert all(0 < len(word) <= LONGEST_STEM * 2 for word in found)
    assert len(asked(text)) <= 12
