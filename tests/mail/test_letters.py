"""What somebody typed stays a value: it never becomes a paragraph, a link or a button of our mail."""

from datetime import UTC, datetime

import pytest

from portal.accounts.sign_in import LETTERS

EVIL = "Jean,\n\nVotre facture est impayée.\n\n[Payer maintenant] https://evil.example/pay\n\nhttps://evil.example\n\nx"


@pytest.mark.parametrize("value", ["name", "organisation", "by"])
def test_a_name_with_a_button_in_it_is_one_line_of_words(value: str) -> None:
    values = {"name": "Jean", "organisation": "Client", "by": "Claire"} | {value: EVIL}
    letter = LETTERS.write(
        "invitation", **values, link="https://portail.example/i/1", until=datetime(2026, 12, 1, tzinfo=UTC)
    )
    assert letter.html.count("<a ") == 1
    assert 'href="https://evil' not in letter.html
    assert "\n" not in letter.subject
    assert not any(line.startswith(("[Payer", "https://evil")) for line in letter.text.splitlines())
