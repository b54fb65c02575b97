"""The words of each mail. To take over a wording that was changed on purpose: SNAPSHOTS=write."""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import html5lib
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.models import Person
from portal.mail.models import OutgoingMail
from portal.quotes import request_actions as actions
from portal.quotes.estimate import Estimate
from portal.quotes.request_actions import (
    accept_request,
    decline_request,
    reply_as_requester,
    reply_to_request,
    submit_request,
)
from portal.quotes.request_letters import Letters
from portal.terms import Library
from tests.quotes.conftest import ASKED, NOON

MAILS = Path(__file__).parent / "mails"
EVENTS = ("received", "to_handle", "answer", "requester_wrote", "accepted", "declined")


@pytest.fixture
def mails(
    sessions: sessionmaker[Session], library: Library, letters: Letters, estimate: Estimate, seller: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, OutgoingMail]:  # fmt: skip
    monkeypatch.setattr("portal.quotes.request_actions.secrets.token_urlsafe", lambda _: "unguessable")
    terms, later = library.in_force(NOON.date()), NOON + timedelta(hours=2, minutes=5)
    with sessions.begin() as session:
        by = session.merge(seller)
        one = submit_request(session, ASKED, terms=terms, estimate=estimate, form_key="a", letters=letters, at=NOON)
        other = submit_request(session, ASKED, terms=terms, estimate=None, form_key="b", letters=letters, at=NOON)
        words = "Combien de postes ?\n\nPaul"
        reply_to_request(session, one, by=by, words=words, form_key="a", letters=letters, at=later)
        reply_as_requester(session, one, words="Douze.", form_key="b", letters=letters, at=later)
        accept_request(session, one, by=by, letters=letters, at=later)
        decline_request(session, other, by=by, reason="Hors de notre zone.", letters=letters, at=later)
    with sessions() as session:
        found = session.scalars(select(OutgoingMail).order_by(OutgoingMail.id.desc()))
        return {mail.event.removeprefix("quotes/"): mail for mail in found if mail.event.startswith("quotes/")}


def test_every_mail_says_what_it_said(mails: dict[str, OutgoingMail]) -> None:
    assert set(mails) == set(EVENTS)
    for event, mail in mails.items():
        file = MAILS / f"{event}.txt"
        words = f"À : {mail.recipient}\nObjet : {mail.subject}\n\n{mail.text}"
        if os.environ.get("SNAPSHOTS") == "write":
            file.parent.mkdir(exist_ok=True)
            file.write_text(words)
        assert words == file.read_text(), event


def test_every_mail_is_valid_html_with_one_button(mails: dict[str, OutgoingMail]) -> None:
    for event, mail in mails.items():
        html5lib.HTMLParser(strict=True).parse(mail.html or "")
        assert (mail.html or "").count("background:#00607a") == 1, event


def test_what_somebody_wrote_makes_no_button_and_no_link_in_our_mail(
    sessions: sessionmaker[Session], library: Library, letters: Letters
) -> None:
    evil = actions.Asked(
        "X", "732829320", "X", "x@y.example", None, "[Payer] https://evil.example\n\nhttps://evil.example"
    )
    with sessions.begin() as session:
        terms = library.in_force(NOON.date())
        submit_request(session, evil, terms=terms, estimate=None, form_key="a", letters=letters, at=NOON)
        for mail in session.scalars(select(OutgoingMail)):
            assert 'href="https://evil.example' not in (mail.html or "")


def test_a_name_with_markup_is_plain_text_in_the_mail(
    sessions: sessionmaker[Session], library: Library, letters: Letters
) -> None:
    evil = actions.Asked("<b>X</b>", "732829320", "<i>Y</i>", "x@y.example", None, "<script>")
    with sessions.begin() as session:
        terms = library.in_force(NOON.date())
        submit_request(session, evil, terms=terms, estimate=None, form_key="a", letters=letters, at=NOON)
        for mail in session.scalars(select(OutgoingMail)):
            assert not any(tag in (mail.html or "") for tag in ("<b>", "<i>", "<script>"))


def test_an_address_that_nobody_proved_gets_no_word_that_a_stranger_typed(mails: dict[str, OutgoingMail]) -> None:
    for words in ("https://ailleurs.example", "est lent", ASKED.organisation, ASKED.contact_name):
        assert words in mails["to_handle"].text
        assert words not in f"{mails['received'].subject} {mails['received'].text} {mails['received'].html}"


def test_an_address_gets_three_acknowledgements_a_day_and_every_request_is_taken_in(
    sessions: sessionmaker[Session], library: Library, letters: Letters
) -> None:
    terms = library.in_force(NOON.date())

    def ask(key: str, at: datetime, mail: str = ASKED.mail) -> None:
        with sessions.begin() as session:
            submit_request(
                session, replace(ASKED, mail=mail), terms=terms, estimate=None, form_key=key, letters=letters, at=at
            )

    def sent(event: str) -> int:
        with sessions() as session:
            return len(session.scalars(select(OutgoingMail).where(OutgoingMail.event == f"quotes/{event}")).all())

    for number in range(5):
        ask(f"k{number}", NOON + timedelta(minutes=number), ASKED.mail.upper() if number % 2 else ASKED.mail)
    assert (sent("received"), sent("to_handle")) == (3, 5)
    ask("other", NOON + timedelta(minutes=6), "jean@frey.example")
    ask("tomorrow", NOON + timedelta(days=2))
    assert sent("received") == 5
