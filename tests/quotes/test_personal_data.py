"""What is held on a person is found by their address, and an erasure leaves none of it."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.models import Person
from portal.evidence.actions import verify_log
from portal.mail.models import OutgoingMail
from portal.quotes.estimate import Estimate
from portal.quotes.personal_data import FIELDS, PERSONAL_DATA
from portal.quotes.request_actions import accept_request, find_request, reply_as_requester, submit_request
from portal.quotes.request_letters import Letters
from portal.quotes.request_rules import State
from portal.terms import Library
from tests.quotes.conftest import ASKED, NOON

LATER = NOON + timedelta(days=1)


@pytest.fixture
def asked(sessions: sessionmaker[Session], library: Library, letters: Letters, estimate: Estimate) -> str:
    with sessions.begin() as session:
        terms = library.in_force(NOON.date())
        request = submit_request(
            session, ASKED, terms=terms, estimate=estimate, form_key="p", letters=letters, at=NOON
        )  # fmt: skip
        reply_as_requester(session, request, words="Claire, 06 11 22 33 44", form_key="k", letters=letters, at=NOON)
        return request.reference


def test_its_purpose_is_one_that_the_notice_tells(library: Library) -> None:
    assert PERSONAL_DATA.purpose in {processing.key for processing in library.processing}


def test_everything_held_is_found_by_the_address_however_it_is_typed(
    asked: str, sessions: sessionmaker[Session]
) -> None:
    with sessions() as session:
        (record,) = PERSONAL_DATA.find(session, " Claire@Muller.example ")
        assert list(PERSONAL_DATA.find(session, "autre@muller.example")) == []
    assert record.reference == asked
    assert [label for label, _ in record.values] == [field.label for field in FIELDS]
    held = "\n".join(value for _, value in record.values)
    for each in (ASKED.contact_name, ASKED.mail, ASKED.organisation, ASKED.wish, "06 11 22 33 44"):
        assert each in held


def test_after_an_erasure_no_table_holds_the_person_and_the_log_still_verifies(
    asked: str, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        assert PERSONAL_DATA.erase(session, ASKED.mail, LATER) == [asked]
    with sessions() as session:
        assert list(verify_log(session)) == []
        assert find_request(session, asked).state is State.DECLINED
        assert list(PERSONAL_DATA.find(session, ASKED.mail)) == []
        rows = [
            str(tuple(row))
            for table in ("quote_request", "quote_request_message", "outgoing_mail", "evidence_payload")
            for row in session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608
        ]
    for each in ("Claire", "Muller", "claire@", "732829320", "lent", "06 11"):
        assert not [row for row in rows if each in row], each


def test_a_mail_that_had_not_left_never_leaves(asked: str, sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        PERSONAL_DATA.erase(session, ASKED.mail, LATER)
        assert {mail.sent_at for mail in session.query(OutgoingMail)} == {LATER}


def test_what_became_a_clients_is_kept_with_its_contract(
    asked: str, sessions: sessionmaker[Session], seller: Person, letters: Letters
) -> None:
    with sessions.begin() as session:
        accept_request(session, find_request(session, asked), by=session.merge(seller), letters=letters, at=NOON)
        assert PERSONAL_DATA.erase(session, ASKED.mail, LATER) == []
        (kept,) = PERSONAL_DATA.find(session, ASKED.mail)
        assert (kept.under, kept.kept_since) == ("contract", NOON.date())
        assert find_request(session, asked).contact_name == ASKED.contact_name
