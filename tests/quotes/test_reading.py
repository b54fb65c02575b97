"""Sent is not received: what tells of reception, the last day that follows from it, the thread, the reminder."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.quotes.quote_rules import How, NotAllowed, State, WrongState
from portal.quotes.reading_actions import (
    NoSignatory,
    WrongDay,
    answer,
    ask,
    ask_renewal,
    forward_quote,
    read_quote,
    record_reception,
    remind,
    take_notice,
)
from portal.quotes.writing_actions import find_quote
from tests.accounts.conftest import CLAIRE, LEA, MARC, OTTO, STAFF
from tests.quotes.quoting import Room, day


def read(room: Room, reference: str, email: str = CLAIRE, how: How = How.READ_BY_LINK) -> None:
    with room.portal.sessions.begin() as session:
        read_quote(
            session, find_quote(session, reference), by=room.person(session, email), how=how, library=room.library,
            letters=room.letters, at=room.at,
        )  # fmt: skip


def notice(room: Room, action: str, *, message_id: str | None = None, at: datetime | None = None) -> bool:
    with room.portal.sessions.begin() as session:
        return take_notice(
            session, message_id=message_id or room.mails("quote_sent")[0].message_id, action=action, said_at=at,
            words="250 2.0.0 Ok", library=room.library, letters=room.letters, at=room.at,
        )  # fmt: skip


def known(room: Room, reference: str) -> tuple[State, date | None, date | None]:
    found: tuple[State, date | None, date | None] = room.see(
        reference, lambda quote: (quote.state, quote.received_on, quote.last_day)
    )
    return found


@pytest.mark.parametrize("how", [How.READ_BY_LINK, How.READ_SIGNED_IN])
def test_reading_it_is_receiving_it_and_the_last_day_follows(room: Room, how: How) -> None:
    reference = room.sent()
    read(room, reference, how=how)
    assert known(room, reference) == (State.RECEIVED, date(2026, 11, 23), date(2026, 12, 3))
    room.portal.clock.pass_(days=2)
    read(room, reference, how=how)
    assert len(room.see(reference, lambda quote: quote.receptions)) == 1
    assert known(room, reference)[2] == date(2026, 12, 3)
    assert room.kinds() == ["quotes.sent", "quotes.received"]


def test_the_day_of_reception_is_that_of_paris(room: Room) -> None:
    reference = room.sent()
    room.portal.clock.moment = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # half past midnight in Paris
    read(room, reference)
    assert known(room, reference)[1] == date(2026, 11, 24)


@pytest.mark.parametrize("action", ["relayed", "expanded", "delayed"])
def test_that_a_relay_took_the_mail_proves_nothing(room: Room, action: str) -> None:
    reference = room.sent()
    assert notice(room, action)
    assert known(room, reference)[:2] == (State.SENT, None)


def test_a_delivery_notice_is_reception_and_its_repetition_nothing_more(room: Room) -> None:
    reference = room.sent()
    room.portal.clock.pass_(hours=1)
    assert notice(room, "Delivered", at=room.at - timedelta(minutes=30))
    assert notice(room, "delivered", at=room.at)
    assert known(room, reference) == (State.RECEIVED, date(2026, 11, 23), date(2026, 12, 3))
    assert room.see(reference, lambda quote: [each.how for each in quote.receptions]) == [How.DELIVERY_NOTICE]


def test_a_servers_clock_makes_no_reception_before_the_sending_nor_to_come(room: Room) -> None:
    reference = room.sent()
    room.portal.clock.pass_(days=1)
    notice(room, "delivered", at=room.at - timedelta(days=400))
    assert known(room, reference)[1] == date(2026, 11, 23)
    other = room.sent()
    room.portal.clock.pass_(days=1)
    notice(room, "delivered", message_id=room.mails("quote_sent")[-1].message_id, at=room.at + timedelta(days=400))
    assert known(room, other)[1] == date(2026, 11, 25)


def test_a_mail_that_came_back_is_told_and_is_no_reception(room: Room) -> None:
    reference = room.sent()
    assert notice(room, "failed")
    assert known(room, reference)[:2] == (State.SENT, None)
    assert room.see(reference, lambda quote: quote.recipients[0].bounced_with) == "250 2.0.0 Ok"


def test_a_notice_of_some_other_mail_is_none_of_ours(room: Room) -> None:
    room.sent()
    assert not notice(room, "delivered", message_id="<other@localhost>")


def record(room: Room, reference: str, on: str, words: str = "Accusé de réception") -> None:
    from portal.files.actions import keep
    from portal.files.store import Store
    from tests.quotes.quoting import PDF

    with room.portal.sessions.begin() as session:
        store = room.portal.app.extensions["portal"].store
        assert isinstance(store, Store)
        proof = keep(session, store, PDF, name="ar.pdf", kept_for="quotes", now=room.at)
        record_reception(
            session, find_quote(session, reference), by=room.person(session, STAFF), day=day(on), words=words,
            proof=proof, library=room.library, letters=room.letters, at=room.at,
        )  # fmt: skip


def test_staff_record_a_day_with_its_proof_and_the_earliest_day_counts(room: Room) -> None:
    reference = room.sent()
    room.portal.clock.pass_(days=3)
    read(room, reference)
    assert known(room, reference)[2] == date(2026, 12, 7)  # 6 December is a Sunday
    record(room, reference, "2026-11-24")
    assert known(room, reference) == (State.RECEIVED, date(2026, 11, 24), date(2026, 12, 4))
    assert "plus tôt que nous ne le savions" in room.mails("quote_moved")[0].text
    record(room, reference, "2026-11-25")
    assert known(room, reference)[1] == date(2026, 11, 24)


@pytest.mark.parametrize("on", ["2026-11-22", "2026-11-24"])
def test_a_quote_is_not_received_before_it_was_sent_nor_tomorrow(room: Room, on: str) -> None:
    with pytest.raises(WrongDay):
        record(room, room.sent(), on)


def test_a_last_day_of_its_own_does_not_move_with_reception(room: Room) -> None:
    reference = room.sent(own_last_day="26/12/2026")
    read(room, reference)
    assert known(room, reference)[2] == date(2026, 12, 26)  # a Saturday, and a holiday: not extended


def test_somebody_elses_quote_is_not_read_asked_about_or_given_away(room: Room) -> None:
    reference = room.sent()
    with pytest.raises(NotAllowed):
        read(room, reference, OTTO)
    with pytest.raises(NotAllowed):
        read(room, reference, STAFF)
    with room.portal.sessions.begin() as session:
        quote, otto = find_quote(session, reference), room.person(session, OTTO)
        with pytest.raises(NotAllowed):
            ask(session, quote, by=otto, words="?", form_key="k", letters=room.letters, at=room.at)
        with pytest.raises(NotAllowed):
            forward_quote(session, quote, otto.id, by=otto, library=room.library, letters=room.letters, at=room.at)
        with pytest.raises(NotAllowed):
            ask_renewal(session, quote, by=otto, letters=room.letters, at=room.at)
    assert known(room, reference)[0] is State.SENT


def test_a_question_and_its_answer_go_by_mail_once_each(room: Room) -> None:
    reference = room.sent(to=(CLAIRE, MARC))
    with room.portal.sessions.begin() as session:
        quote = find_quote(session, reference)
        for _ in range(2):
            ask(
                session, quote, by=room.person(session, MARC), words="Et la garantie ?", form_key="k",
                letters=room.letters, at=room.at,
            )  # fmt: skip
            answer(
                session, quote, by=room.person(session, STAFF), words="Trois ans.", form_key="l", letters=room.letters,
                at=room.at,
            )  # fmt: skip
    assert len(room.mails("quote_question")) == 1
    assert {mail.recipient for mail in room.mails("quote_answer")} == {CLAIRE, MARC}


def test_it_is_given_to_who_may_sign_and_to_nobody_else(room: Room) -> None:
    reference = room.sent(to=(MARC,))
    with room.portal.sessions.begin() as session:
        quote, marc = find_quote(session, reference), room.person(session, MARC)
        for _ in range(2):
            forward_quote(
                session, quote, room.portal.ids[CLAIRE], by=marc, library=room.library, letters=room.letters, at=room.at
            )  # fmt: skip
        for nobody in (LEA, OTTO, STAFF):
            with pytest.raises(NoSignatory):
                forward_quote(
                    session, quote, room.portal.ids[nobody], by=marc, library=room.library, letters=room.letters,
                    at=room.at,
                )  # fmt: skip
    assert [mail.recipient for mail in room.mails("quote_sent")] == [MARC, CLAIRE]
    assert "Marc Weber vous transmet" in room.mails("quote_sent")[-1].text
    assert room.kinds() == ["quotes.sent", "quotes.forwarded"]


def reminded(room: Room, moment: datetime) -> int:
    with room.portal.sessions.begin() as session:
        return remind(session, library=room.library, letters=room.letters, at=moment)


def test_a_reminder_leaves_once_three_days_before_the_last_day_and_not_four(room: Room) -> None:
    reference = room.sent()
    read(room, reference)
    morning = datetime(2026, 11, 29, 7, 0, tzinfo=UTC)  # four days before 3 December
    assert reminded(room, morning) == 0
    assert reminded(room, morning + timedelta(days=1)) == 1
    assert reminded(room, morning + timedelta(days=2)) == 0
    (mail,) = room.mails("quote_reminder")
    assert "il reste 3 jours" in mail.subject
    assert "jeudi 3\u00a0décembre\u00a02026 inclus" in mail.text


def test_a_reminder_still_leaves_on_the_last_day_and_not_after_it(room: Room) -> None:
    read(room, room.sent())
    late = datetime(2026, 12, 3, 23, 30, tzinfo=UTC)  # 4 December in Paris
    assert reminded(room, late) == 0
    assert reminded(room, late - timedelta(hours=12)) == 1
    assert "aujourd'hui est le dernier jour" in room.mails("quote_reminder")[0].subject


def test_a_new_quote_is_asked_for_once_it_is_over_and_not_before(room: Room) -> None:
    reference = room.sent()
    read(room, reference)

    def wish() -> None:
        with room.portal.sessions.begin() as session:
            quote = find_quote(session, reference)
            ask_renewal(session, quote, by=room.person(session, MARC), letters=room.letters, at=room.at)

    room.portal.clock.moment = datetime(2026, 12, 3, 22, 59, 59, tzinfo=UTC)
    with pytest.raises(WrongState):
        wish()
    room.portal.clock.moment += timedelta(seconds=1)
    wish()
    wish()
    assert len(room.mails("quote_renewal")) == 1
