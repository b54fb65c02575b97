"""A quote is numbered, kept as it is typed, and sent only when it makes an offer with a validity printed on it."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.accounts.models import Person
from portal.quotes import writing_actions as writing
from portal.quotes.quote_models import Quote, QuoteTemplate
from portal.quotes.quote_rules import (
    Ground,
    GroundMissing,
    How,
    NotAllowed,
    NotSendable,
    NoValidity,
    Parent,
    State,
    WrongState,
)
from portal.quotes.reading_actions import read_quote
from portal.quotes.sending_actions import withdraw_quote
from portal.quotes.writing_actions import Overtaken, find_quote
from portal.terms import load_library
from tests.accounts.conftest import CLAIRE, LEA, MARC, OTTO, STAFF
from tests.quotes.quoting import FROM, LINE, Room, texts


def test_a_quote_is_sent_under_the_version_in_force_with_a_validity_and_its_sums(room: Room) -> None:
    reference = room.sent(to=(CLAIRE, MARC))
    assert reference == "DEV-2026-0001"
    with room.portal.sessions() as session:
        quote = find_quote(session, reference)
        version = room.library.in_force(date(2026, 11, 23))
        assert (quote.terms_slug, quote.terms_sha256) == (version.slug, version.sha256)
        assert (str(quote.total_net), str(quote.total_gross)) == ("2802.00", "3362.40")
        assert quote.latest_day == date(2026, 11, 23) + timedelta(
            days=room.library.conventions["quote_latest"].days or 0
        )
        assert (quote.state, quote.received_on) == (State.SENT, None)
        assert quote.client[0] == "Boulangerie Muller"
    assert room.kinds() == ["quotes.sent"]
    sent = room.mails("quote_sent")
    assert {mail.recipient for mail in sent} == {CLAIRE, MARC}
    assert len({mail.text for mail in sent}) == 2  # each has a link of its own
    assert all("ferme pendant 10\u00a0jours" in mail.text for mail in sent)


def test_the_same_page_again_is_the_same_draft_and_skips_no_number(room: Room) -> None:
    with room.portal.sessions.begin() as session:
        first = room.draft(session)
        room.keys -= 1
        assert room.draft(session) is first
        assert room.draft(session).reference == "DEV-2026-0002"


def test_numbers_are_unique_and_rise_when_many_begin_at_once(room: Room) -> None:
    begun: list[str] = []
    failures: list[Exception] = []

    def begin(number: int) -> None:
        try:
            for each in range(3):
                with room.portal.sessions.begin() as session:
                    from portal.accounts.models import Organisation

                    quote = writing.start_quote(
                        session, organisation=session.get_one(Organisation, room.portal.ids["client"]),
                        by=room.person(session, STAFF), typed=texts(), form_key=f"{number}-{each}", at=room.at,
                    )  # fmt: skip
                    begun.append(quote.reference)
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(begun) == [f"DEV-2026-{number:04}" for number in range(1, 13)]


def test_two_who_write_at_once_do_not_overwrite_each_other(room: Room) -> None:
    with room.portal.sessions.begin() as session:
        quote, by = room.draft(session), room.person(session, STAFF)
        seen = quote.revision
        save: Any = lambda subject: writing.save_draft(  # noqa: E731
            session, quote, by=by, typed=texts(subject=subject), recipients=[], revision=seen, at=room.at
        )
        assert save("Premier") == seen + 1
        with pytest.raises(Overtaken):
            save("Second")
        assert quote.draft["subject"] == "Premier"


def test_what_makes_no_offer_is_kept_and_not_sent(room: Room) -> None:
    with room.portal.sessions.begin() as session:
        quote = room.draft(session, to=(), subject="", lines=[LINE | {"price": "douze"}])
        with pytest.raises(NotSendable) as refused:
            room.send(session, quote)
        assert len(refused.value.words) == 3
        assert quote.draft["lines"][0]["price"] == "douze"
        assert quote.state is State.DRAFT
    assert room.portal.mails() == []
    assert room.kinds() == []


def test_without_a_validity_to_print_a_quote_is_not_sent(room: Room, tmp_content: Any) -> None:
    clauses = tmp_content / "cgv" / "2018-10-01" / "clauses.toml"
    start, rest = clauses.read_text().split("[quote_validity]")
    clauses.write_text(start + "[invoice_dispute]" + rest.split("[invoice_dispute]")[1])
    room.library = load_library(tmp_content)
    with room.portal.sessions.begin() as session, pytest.raises(NoValidity):
        room.send(session, room.draft(session))
    room.sent(own_last_day="31/12/2026")


def test_people_who_left_or_belong_elsewhere_are_sent_nothing(room: Room) -> None:
    with room.portal.sessions.begin() as session:
        room.person(session, LEA).active = False
        room.send(session, room.draft(session, to=(CLAIRE, LEA, OTTO)))
    assert [mail.recipient for mail in room.mails("quote_sent")] == [CLAIRE]


@pytest.mark.parametrize("role", ["adviser", "billing", "privacy"])
def test_other_roles_write_nothing(room: Room, role: str) -> None:
    from portal.accounts.models import Grant

    with room.portal.sessions.begin() as session:
        quote, person = room.draft(session), room.person(session, STAFF)
        person.roles[:] = []
        session.flush()
        person.roles.append(Grant(name=role))
        session.flush()
        with pytest.raises(NotAllowed):
            room.draft(session)
        with pytest.raises(NotAllowed):
            room.send(session, quote)


def test_a_client_writes_nothing(room: Room) -> None:
    with room.portal.sessions.begin() as session:
        quote = room.draft(session)
        with pytest.raises(NotAllowed):
            writing.discard_draft(session, quote, by=room.person(session, CLAIRE), at=room.at)


def test_a_draft_that_was_given_up_comes_back(room: Room) -> None:
    with room.portal.sessions.begin() as session:
        quote, by = room.draft(session), room.person(session, STAFF)
        writing.discard_draft(session, quote, by=by, at=room.at)
        with pytest.raises(WrongState):
            room.send(session, quote)
        writing.resume_draft(session, quote, by=by, at=room.at)
        room.send(session, quote)


def test_a_template_keeps_texts_and_none_of_what_is_of_one_quote(room: Room) -> None:
    with room.portal.sessions.begin() as session:
        by = room.person(session, STAFF)
        given = texts(own_last_day="31/12/2026", derogations=[{"words": "x", "day": "20/11/2026", "article": "7.4"}])
        writing.save_template(session, "Serveur", given, by=by, at=room.at)
        writing.save_template(session, "Serveur", given | {"subject": "Autre"}, by=by, at=room.at)
        (held,) = writing.templates(session)
        assert (held.draft["subject"], held.draft["own_last_day"], held.draft["derogations"]) == ("Autre", "", [])
        writing.delete_template(session, held, by=by)
        assert session.scalars(select(QuoteTemplate)).all() == []


# --- After it was sent ---------------------------------------------------------------------------


def received(room: Room, reference: str) -> None:
    with room.portal.sessions.begin() as session:
        read_quote(
            session, find_quote(session, reference), by=room.person(session, CLAIRE), how=How.READ_BY_LINK,
            library=room.library, letters=room.letters, at=room.at,
        )  # fmt: skip


def withdraw(room: Room, reference: str, ground: Ground | None, words: str) -> None:
    with room.portal.sessions.begin() as session:
        withdraw_quote(
            session, find_quote(session, reference), by=room.person(session, STAFF), ground=ground, words=words,
            form_key=room.key(), author=FROM, letters=room.letters, at=room.at,
        )  # fmt: skip


def state(room: Room, reference: str) -> State:
    found: State = room.see(reference, lambda quote: quote.state)
    return found


def test_an_offer_is_withdrawn_freely_before_it_is_received(room: Room) -> None:
    reference = room.sent()
    withdraw(room, reference, None, "")
    assert state(room, reference) is State.WITHDRAWN
    assert room.kinds() == ["quotes.sent", "quotes.withdrawn"]
    assert [mail.recipient for mail in room.mails("quote_withdrawn")] == [CLAIRE]
    with pytest.raises(WrongState):
        withdraw(room, reference, Ground.REASON, "encore")


def test_and_afterwards_by_agreement_or_with_a_reason_only(room: Room) -> None:
    reference = room.sent()
    received(room, reference)
    with pytest.raises(GroundMissing):
        withdraw(room, reference, None, "")
    assert state(room, reference) is State.RECEIVED
    withdraw(room, reference, Ground.REASON, "Une erreur de prix.")
    assert state(room, reference) is State.WITHDRAWN
    assert "> Une erreur de prix." in room.mails("quote_withdrawn")[0].text


def follow(room: Room, reference: str, kind: Parent, **ground: Any) -> str:
    with room.portal.sessions.begin() as session:
        return writing.follow_up(
            session, find_quote(session, reference), kind, by=room.person(session, STAFF), form_key=room.key(),
            at=room.at, **ground,
        ).reference  # fmt: skip


def send(room: Room, reference: str) -> None:
    with room.portal.sessions.begin() as session:
        room.send(session, find_quote(session, reference))


def test_a_corrected_quote_replaces_the_first_one_when_it_is_sent_and_not_before(room: Room) -> None:
    first = room.sent(derogations=[{"words": "Trente jours", "day": "20/11/2026", "article": "7.4"}])
    second = follow(room, first, Parent.CORRECTION)
    assert state(room, first) is State.SENT
    assert room.see(second, lambda quote: quote.draft["derogations"][0]["words"]) == "Trente jours"
    send(room, second)
    assert state(room, first) is State.REPLACED
    assert "remplace le devis DEV-2026-0001" in room.mails("quote_sent")[-1].text


def test_a_received_quote_is_not_replaced_behind_its_readers_back(room: Room) -> None:
    first = room.sent()
    second = follow(room, first, Parent.CORRECTION)
    received(room, first)
    with pytest.raises(GroundMissing):
        send(room, second)
    assert (state(room, first), state(room, second)) == (State.RECEIVED, State.DRAFT)
    with pytest.raises(GroundMissing):
        follow(room, first, Parent.CORRECTION)
    third = follow(room, first, Parent.CORRECTION, ground=Ground.AGREEMENT, words="Mme Muller, le 24")
    send(room, third)
    assert state(room, first) is State.REPLACED


def test_a_renewal_takes_the_texts_and_leaves_the_first_one_alone(room: Room) -> None:
    first = room.sent(own_last_day="24/11/2026")
    second = follow(room, first, Parent.RENEWAL)
    assert room.see(second, lambda quote: (quote.draft["subject"], quote.draft["own_last_day"])) == (
        "Remplacement du serveur", "",
    )  # fmt: skip
    send(room, second)
    assert state(room, first) is State.SENT


def test_only_a_final_order_has_a_supplement(room: Room) -> None:
    with pytest.raises(WrongState):
        follow(room, room.sent(), Parent.SUPPLEMENT)


# --- Frozen --------------------------------------------------------------------------------------

FROZEN = (
    "UPDATE quote SET subject = 'x'",
    "UPDATE quote SET conditions = 'x'",
    "UPDATE quote SET total_gross = 1",
    "UPDATE quote SET total_net = NULL",
    "UPDATE quote SET terms_sha256 = 'x'",
    "UPDATE quote SET latest_day = '2030-01-01'",
    "UPDATE quote SET line_count = 9",
    "UPDATE quote SET line_count = NULL",
    "UPDATE quote SET sent_at = NULL",
    "UPDATE quote SET derogations = '[]'",
    "UPDATE quote SET attached = '[1]'",
    "UPDATE quote SET state = 'draft', sent_at = NULL, latest_day = NULL, terms_sha256 = NULL, line_count = NULL",
    "DELETE FROM quote",
    "UPDATE quote_line SET unit_price = 60000 WHERE position = 1",
    "UPDATE quote_line SET quote_id = 999 WHERE position = 1",
    "UPDATE quote_line SET position = 7 WHERE position = 1",
    "DELETE FROM quote_line WHERE position = 1",
    (
        "INSERT INTO quote_line (quote_id, position, kind, description, quantity, unit, unit_price, vat_rate)"
        " SELECT quote_id, 9, kind, description, quantity, unit, unit_price, vat_rate FROM quote_line WHERE position = 1"
    ),
)
ONLY_SQLITE = (
    (
        "INSERT OR REPLACE INTO quote_line SELECT id, quote_id, position, kind, description, quantity, unit, 1, vat_rate,"
        " contract FROM quote_line WHERE position = 1"
    ),
    "UPDATE OR REPLACE quote_line SET unit_price = 1",
    "INSERT OR REPLACE INTO quote SELECT * FROM quote",
)
ONLY_POSTGRESQL = ("TRUNCATE quote CASCADE", "TRUNCATE quote_line")


@pytest.fixture
def frozen(room: Room) -> Room:
    with room.portal.sessions.begin() as session:
        room.send(session, room.draft(session, derogations=[{"words": "x", "day": "20/11/2026", "article": ""}]))
    return room


def test_what_was_sent_is_frozen_for_the_databases_own_sql_too(frozen: Room) -> None:
    sqlite = frozen.portal.sessions.kw["bind"].dialect.name == "sqlite"
    for statement in (*FROZEN, *(ONLY_SQLITE if sqlite else ONLY_POSTGRESQL)):
        with pytest.raises(DBAPIError, match="frozen"), frozen.portal.sessions.begin() as session:
            session.execute(text(statement))
    with frozen.portal.sessions.begin() as session:
        session.execute(text("UPDATE quote SET state = 'received', received_on = '2026-11-24'"))


def test_through_the_application_it_is_refused_with_a_word(frozen: Room) -> None:
    with frozen.portal.sessions.begin() as session:
        quote = session.scalars(select(Quote)).one()
        with pytest.raises(WrongState):
            writing.save_draft(
                session, quote, by=frozen.person(session, STAFF), typed=texts(subject="x"), recipients=[],
                revision=quote.revision, at=frozen.at,
            )  # fmt: skip


def test_a_draft_may_still_be_changed_by_anybodys_sql(room: Room) -> None:
    with room.portal.sessions.begin() as session:
        room.draft(session)
    with room.portal.sessions.begin() as session:
        session.execute(text("UPDATE quote SET subject = 'x'"))
        session.execute(text("DELETE FROM quote"))


def test_nobody_of_the_staff_is_a_recipient(room: Room) -> None:
    with room.portal.sessions.begin() as session:
        quote = room.draft(session, to=(CLAIRE, STAFF))
        room.send(session, quote)
        assert [each.person_id for each in quote.recipients] == [
            session.scalars(select(Person.id).where(Person.email == CLAIRE)).one()
        ]
