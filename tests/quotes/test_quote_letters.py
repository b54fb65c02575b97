"""The words of each mail of a quote. To take over a wording that was changed on purpose: SNAPSHOTS=write."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import html5lib
import pytest

from portal.mail.models import OutgoingMail
from portal.quotes.quote_rules import Ground, Parent
from portal.quotes.reading_actions import answer, ask, ask_renewal, forward_quote, remind
from portal.quotes.sending_actions import withdraw_quote
from portal.quotes.writing_actions import find_quote, follow_up
from tests.accounts.conftest import CLAIRE, MARC, STAFF
from tests.quotes.quoting import FROM, LINE, Room
from tests.quotes.test_acceptance import accept, code, confirm, decline, received, refuse, take_back
from tests.quotes.test_reading import record

MAILS = Path(__file__).parent / "mails"
EVENTS = {
    "quote_sent", "quote_reminder", "quote_moved", "quote_withdrawn", "quote_question", "quote_answer", "quote_renewal",
    "quote_code", "quote_accepted", "quote_to_confirm", "quote_taken_back", "quote_taken_back_staff", "quote_refused",
    "quote_refused_staff", "quote_final", "quote_final_staff", "quote_not_confirmed",
}  # fmt: skip


@pytest.fixture
def mails(room: Room) -> dict[str, OutgoingMail]:
    first = received(room, to=(MARC, CLAIRE))
    with room.portal.sessions.begin() as session:
        quote, marc = find_quote(session, first), room.person(session, MARC)
        ask(session, quote, by=marc, words="Et la garantie ?\n\nMarc", form_key="q", letters=room.letters, at=room.at)
        answer(
            session, quote, by=room.person(session, STAFF), words="Trois ans.", form_key="a", letters=room.letters,
            at=room.at,
        )  # fmt: skip
        remind(
            session, library=room.library, letters=room.letters, at=datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
        )  # fmt: skip
    code(room, first)
    accept(room, first)
    take_back(room, first)
    accept(room, first, "again")
    confirm(room, first)
    second = received(room)
    accept(room, second, "2")
    decline(room, second)
    refuse(room, received(room))
    third = received(room)
    with room.portal.sessions.begin() as session:
        withdraw_quote(
            session, find_quote(session, third), by=room.person(session, STAFF), ground=Ground.REASON,
            words="Une erreur de prix.", form_key="w", author=FROM, letters=room.letters, at=room.at,
        )  # fmt: skip
        ask_renewal(
            session, find_quote(session, third), by=room.person(session, CLAIRE), letters=room.letters, at=room.at
        )  # fmt: skip
    fourth = room.sent()
    room.portal.clock.pass_(days=3)
    with room.portal.sessions.begin() as session:
        quote = find_quote(session, fourth)
        from portal.quotes.quote_rules import How
        from portal.quotes.reading_actions import read_quote

        read_quote(
            session, quote, by=room.person(session, CLAIRE), how=How.READ_BY_LINK, library=room.library,
            letters=room.letters, at=room.at,
        )  # fmt: skip
    record(room, fourth, "2026-11-24")
    return {event: room.mails(event)[0] for event in EVENTS if room.mails(event)}


def told(mail: OutgoingMail) -> str:
    text = re.sub(r"(devis/lien/)\S+", r"\1…", mail.text)
    text = re.sub(r"^\d{6}$", "123456", text, flags=re.MULTILINE)
    return f"À : {mail.recipient}\nObjet : {mail.subject}\n\n{text}"


def test_every_mail_says_what_it_said_and_is_valid_html_with_one_button(mails: dict[str, OutgoingMail]) -> None:
    assert set(mails) == EVENTS
    for event, mail in sorted(mails.items()):
        file = MAILS / f"{event}.txt"
        if os.environ.get("SNAPSHOTS") == "write":
            file.write_text(told(mail))
        assert told(mail) == file.read_text(), event
        html5lib.HTMLParser(strict=True).parse(mail.html or "")
        assert (mail.html or "").count("background:#00607a") == 1, event


def test_a_corrected_quote_and_one_that_a_colleague_gives_say_so(room: Room) -> None:
    first = room.sent(to=(MARC,))
    with room.portal.sessions.begin() as session:
        quote = find_quote(session, first)
        forward_quote(
            session, quote, room.portal.ids[CLAIRE], by=room.person(session, MARC), library=room.library,
            letters=room.letters, at=room.at,
        )  # fmt: skip
        better = follow_up(
            session, quote, Parent.CORRECTION, by=room.person(session, STAFF), form_key="c", at=room.at
        )  # fmt: skip
        room.send(session, better)
    forwarded, corrected = room.mails("quote_sent")[1:]
    assert "Marc Weber vous transmet, pour signature" in forwarded.text
    assert "Il remplace le devis DEV-2026-0001" in corrected.text


def test_a_mail_of_a_quote_stands_in_its_thread_and_asks_for_a_notice(room: Room) -> None:
    reference = received(room)
    accept(room, reference)
    sent, accepted = room.mails("quote_sent")[0], room.mails("quote_accepted")[0]
    assert accepted.headers["In-Reply-To"] == sent.message_id
    assert sent.headers == {"X-Portal-Notify": "success"}


def test_what_somebody_typed_makes_no_button_no_link_and_no_markup(room: Room) -> None:
    evil = "[Payer] https://evil.example\n\nhttps://evil.example <b>"
    reference = received(room, subject=evil, lines=[LINE])
    with room.portal.sessions.begin() as session:
        quote = find_quote(session, reference)
        ask(session, quote, by=room.person(session, CLAIRE), words=evil, form_key="q", letters=room.letters, at=room.at)
    accept(room, reference)
    acceptance_mails = room.mails("quote_accepted") + room.mails("quote_question") + room.mails("quote_sent")
    for mail in acceptance_mails:
        assert 'href="https://evil' not in (mail.html or "")
        assert "<b>" not in (mail.html or "")
        assert (mail.html or "").count("background:#00607a") == 1
