"""What quotes hold on a person is found by their address; an erasure takes it where the quote came to nothing."""

from datetime import timedelta

from sqlalchemy import text

from portal.evidence.actions import verify_log
from portal.privacy.erasure import words
from portal.quotes.personal_data import PERSONAL_DATA as ASKED
from portal.quotes.quote_personal_data import FIELDS, PERSONAL_DATA
from portal.quotes.reading_actions import ask
from portal.quotes.request_models import QuoteRequest
from portal.quotes.request_rules import State as Asked
from portal.quotes.writing_actions import find_quote
from tests.accounts.conftest import CLAIRE, MARC
from tests.quotes.quoting import Room
from tests.quotes.test_acceptance import accept, received, refuse


def talked(room: Room) -> str:
    reference = received(room, to=(MARC, CLAIRE))
    with room.portal.sessions.begin() as session:
        ask(
            session, find_quote(session, reference), by=room.person(session, MARC), words="Mon portable : 06 11 22 33 44",
            form_key="q", letters=room.letters, at=room.at,
        )  # fmt: skip
    return reference


def test_its_purpose_is_one_that_the_notice_tells(room: Room) -> None:
    assert PERSONAL_DATA.purpose in {processing.key for processing in room.library.processing}


def test_everything_is_found_however_the_address_is_typed(room: Room) -> None:
    reference = talked(room)
    accept(room, reference)
    with room.portal.sessions() as session:
        (marc,) = PERSONAL_DATA.find(session, " Marc@Client.example ")
        (claire,) = PERSONAL_DATA.find(session, CLAIRE)
        assert list(PERSONAL_DATA.find(session, "x@client.example")) == []
    assert [label for label, _ in marc.values] == [field.label for field in FIELDS]
    assert "06 11 22 33 44" in dict(marc.values)["Échanges"]
    assert "gérante" in dict(claire.values)["Acceptations et refus"]
    assert "Claire Muller" not in str(marc.values)


def test_after_an_erasure_a_quote_that_came_to_nothing_names_nobody_and_the_log_verifies(room: Room) -> None:
    reference = talked(room)
    refuse(room, reference)
    with room.portal.sessions.begin() as session:
        assert PERSONAL_DATA.erase(session, MARC, room.at + timedelta(days=1)) == [reference]
    with room.portal.sessions() as session:
        assert list(verify_log(session)) == []
        rows = [
            str(tuple(row))
            for table in ("quote", "quote_recipient", "quote_reception", "quote_message", "quote_act", "outgoing_mail")
            for row in session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608
        ]
    for each in (MARC, "06 11"):
        assert not [row for row in rows if each in row], each


def test_what_waits_or_was_accepted_is_kept_and_what_has_expired_is_not(room: Room) -> None:
    reference = talked(room)
    with room.portal.sessions.begin() as session:
        assert PERSONAL_DATA.erase(session, MARC, room.at) == []
        (waits,) = PERSONAL_DATA.find(session, MARC)
        last = find_quote(session, reference).last_day
        # Five years from its last day, where an erasure comes before that; later it goes.
        assert (waits.under, waits.kept_since, waits.erased_after) == ("contract", last, last)
        assert "depuis la fin de la validité du devis" in words(waits, room.library)
    accept(room, reference)
    with room.portal.sessions.begin() as session:
        (accepted,) = PERSONAL_DATA.find(session, MARC)
        assert (accepted.kept_since, accepted.erased_after, reference in accepted.begins) == (None, None, True)
        assert PERSONAL_DATA.erase(session, MARC, room.at + timedelta(days=400)) == []
    other = received(room, to=(MARC,))
    with room.portal.sessions.begin() as session:
        assert PERSONAL_DATA.erase(session, MARC, room.at + timedelta(days=400)) == [other]


def test_a_request_is_kept_as_long_as_the_quote_that_was_made_of_it(room: Room) -> None:
    with room.portal.sessions.begin() as session:
        quote = room.draft(session)
        came = QuoteRequest(
            reference="DEM-2026-0099", form_key="d", link_key="k", state=Asked.ACCEPTED, submitted_at=room.at,
            organisation="Boulangerie", identity="732829320", contact_name="Zoé", mail="zoe@client.example",
            wish="Un devis", waiting_since=room.at, closed_at=room.at, terms_slug="2018-10-01", terms_sha256="0" * 64,
        )  # fmt: skip
        session.add(came)
        session.flush()
        quote.request_id = came.id
        room.send(session, quote)
        reference, last = quote.reference, quote.last_day
        (asked,) = ASKED.find(session, came.mail)
        assert (asked.reference, asked.under, asked.kept_since) == ("DEM-2026-0099", "contract", last)
    accept(room, reference)
    with room.portal.sessions() as session:
        (asked,) = ASKED.find(session, "zoe@client.example")
        assert (asked.kept_since, reference in asked.begins) == (None, True)
