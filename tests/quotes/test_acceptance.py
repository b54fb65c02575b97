"""Two sides accept, the client first; in time, once, by who may; until we answer the client may take it back."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.accounts.models import Person
from portal.contracts.models import Contract
from portal.jobs.models import Job
from portal.orders.models import Order
from portal.quotes import acceptance_actions as acceptance
from portal.quotes import confirmation_actions as confirmation
from portal.quotes.acceptance_actions import Signature, TooManyCodes, WrongCode, consents
from portal.quotes.quote_models import Quote, QuoteAct
from portal.quotes.quote_rules import (
    Act,
    How,
    NotAllowed,
    QuoteExpired,
    ReasonMissing,
    State,
    WrongState,
)
from portal.quotes.reading_actions import WrongDay, read_quote
from portal.quotes.shown import as_sent
from portal.quotes.writing_actions import find_quote
from tests.accounts.conftest import CLAIRE, LEA, MARC, OTTO, STAFF
from tests.quotes.quoting import FROM, LINE, PDF, Room, day

POINTS = {
    "kind": "points", "description": "Contrat Liberty, 500 points", "quantity": "500", "unit": "", "price": "1,10",
    "vat": "20", "contract": "liberty",
}  # fmt: skip


def signature(key: str, **values: Any) -> Signature:
    held = Signature("Claire Muller", "gérante", ("J'ai lu les CGV.",), "lien et code", key, FROM)
    return replace(held, **values)


def accept(room: Room, reference: str, key: str = "a", email: str = CLAIRE) -> None:
    with room.portal.sessions.begin() as session:
        acceptance.accept_quote(
            session, find_quote(session, reference), by=room.person(session, email), signature=signature(key),
            library=room.library, letters=room.letters, at=room.at,
        )  # fmt: skip


def confirm(room: Room, reference: str, key: str = "c", email: str = STAFF) -> None:
    with room.portal.sessions.begin() as session:
        confirmation.confirm_quote(
            session, find_quote(session, reference), by=room.person(session, email), form_key=key, author=FROM,
            identified_by="clé d'accès", letters=room.letters, at=room.at,
        )  # fmt: skip


def take_back(room: Room, reference: str, key: str = "t", email: str = CLAIRE) -> None:
    with room.portal.sessions.begin() as session:
        acceptance.take_back(
            session, find_quote(session, reference), by=room.person(session, email), words="", form_key=key, author=FROM,
            identified_by="lien", letters=room.letters, at=room.at,
        )  # fmt: skip


def refuse(room: Room, reference: str, words: str = "Trop cher.", email: str = CLAIRE, key: str = "r") -> None:
    with room.portal.sessions.begin() as session:
        acceptance.refuse_quote(
            session, find_quote(session, reference), by=room.person(session, email), words=words, form_key=key,
            author=FROM, identified_by="lien", letters=room.letters, at=room.at,
        )  # fmt: skip


def decline(room: Room, reference: str, words: str = "Plus en stock.") -> None:
    with room.portal.sessions.begin() as session:
        confirmation.decline_quote(
            session, find_quote(session, reference), by=room.person(session, STAFF), words=words, form_key="d",
            author=FROM, identified_by="clé d'accès", letters=room.letters, at=room.at,
        )  # fmt: skip


def received(room: Room, **values: Any) -> str:
    reference = room.sent(**values)
    with room.portal.sessions.begin() as session:
        read_quote(
            session, find_quote(session, reference), by=room.person(session, CLAIRE), how=How.READ_BY_LINK,
            library=room.library, letters=room.letters, at=room.at,
        )  # fmt: skip
    return reference


def state(room: Room, reference: str) -> State:
    found: State = room.see(reference, lambda quote: quote.state)
    return found


def acts(room: Room, reference: str) -> list[Act]:
    found: list[Act] = room.see(reference, lambda quote: [act.act for act in quote.acts])
    return found


# --- In time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received_at", "last"),
    [
        (datetime(2026, 11, 23, 12, tzinfo=UTC), datetime(2026, 12, 3, 22, 59, 59, tzinfo=UTC)),
        (datetime(2026, 12, 16, 12, tzinfo=UTC), datetime(2026, 12, 28, 22, 59, 59, tzinfo=UTC)),  # 26, extended
        (datetime(2027, 3, 15, 12, tzinfo=UTC), datetime(2027, 3, 25, 22, 59, 59, tzinfo=UTC)),
        (
            datetime(2027, 3, 16, 12, tzinfo=UTC),
            datetime(2027, 3, 30, 21, 59, 59, tzinfo=UTC),
        ),  # Good Friday, summer time
    ],
)
def test_it_is_accepted_to_the_last_second_of_its_last_day_in_paris_and_not_one_later(
    room: Room, received_at: datetime, last: datetime
) -> None:
    room.portal.clock.moment = received_at
    first, second = received(room), received(room)
    room.portal.clock.moment = last
    accept(room, first)
    room.portal.clock.moment = last + timedelta(seconds=1)
    with pytest.raises(QuoteExpired):
        accept(room, second, "b")
    assert (state(room, first), state(room, second)) == (State.ACCEPTED, State.RECEIVED)


def test_a_last_day_of_its_own_ends_on_that_day_though_it_is_a_holiday(room: Room) -> None:
    first, second = received(room, own_last_day="26/12/2026"), received(room, own_last_day="26/12/2026")
    room.portal.clock.moment = datetime(2026, 12, 26, 22, 59, 59, tzinfo=UTC)
    accept(room, first)
    room.portal.clock.moment += timedelta(seconds=1)
    with pytest.raises(QuoteExpired):
        accept(room, second, "b")


def test_being_in_time_is_judged_at_the_clients_act_and_we_may_answer_later(room: Room) -> None:
    reference = received(room)
    room.portal.clock.pass_(days=10)
    accept(room, reference)
    room.portal.clock.pass_(days=30)
    confirm(room, reference)
    assert state(room, reference) is State.FINAL


def test_accepting_what_was_never_known_to_be_received_is_receiving_it(room: Room) -> None:
    reference = room.sent()
    accept(room, reference)
    assert room.see(reference, lambda quote: str(quote.received_on)) == "2026-11-23"


# --- Once, by who may ----------------------------------------------------------------------------


@pytest.mark.parametrize("email", [MARC, LEA, OTTO, STAFF])
def test_nobody_accepts_refuses_or_takes_back_without_the_role(room: Room, email: str) -> None:
    reference = received(room)
    for act in (accept, refuse):
        with pytest.raises(NotAllowed):
            act(room, reference, email=email)
    accept(room, reference)
    with pytest.raises(NotAllowed):
        take_back(room, reference, email=email)
    assert acts(room, reference) == [Act.ACCEPTED]


def test_a_person_whose_access_was_taken_accepts_nothing(room: Room) -> None:
    reference = received(room)
    with room.portal.sessions.begin() as session:
        room.person(session, CLAIRE).active = False
    with pytest.raises(NotAllowed):
        accept(room, reference)


def test_the_same_page_twice_is_one_acceptance_and_another_page_is_refused(room: Room) -> None:
    reference = received(room)
    accept(room, reference, "a")
    accept(room, reference, "a")
    with pytest.raises(WrongState):
        accept(room, reference, "b")
    assert acts(room, reference) == [Act.ACCEPTED]
    assert len(room.mails("quote_accepted")) == len(room.mails("quote_to_confirm")) == 1


@pytest.mark.parametrize("same_page", [True, False])
def test_of_two_at_the_same_moment_one_wins_and_the_other_sees_the_result(room: Room, same_page: bool) -> None:
    reference = received(room)
    start, results = threading.Barrier(2), []

    def go(key: str) -> None:
        start.wait()
        try:
            accept(room, reference, key)
            results.append("accepted")
        except WrongState as error:
            results.append(error.state.value)

    threads = [threading.Thread(target=go, args=("a" if same_page else str(number),)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["accepted", "accepted"]
    assert acts(room, reference) == [Act.ACCEPTED]
    assert len(room.mails("quote_accepted")) == 1


def test_of_an_acceptance_and_a_withdrawal_at_the_same_moment_one_wins(room: Room) -> None:
    from portal.quotes.quote_rules import Ground
    from portal.quotes.sending_actions import withdraw_quote

    reference = received(room)
    start, lost = threading.Barrier(2), []

    def withdraw() -> None:
        with room.portal.sessions.begin() as session:
            withdraw_quote(
                session, find_quote(session, reference), by=room.person(session, STAFF), ground=Ground.REASON,
                words="Erreur", form_key="w", author=FROM, letters=room.letters, at=room.at,
            )  # fmt: skip

    def go(act: Any) -> None:
        start.wait()
        try:
            act()
        except WrongState:
            lost.append(act)

    threads = [threading.Thread(target=go, args=(act,)) for act in (withdraw, lambda: accept(room, reference))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 1
    assert len(acts(room, reference)) == 1


# --- The code ------------------------------------------------------------------------------------


def code(room: Room, reference: str) -> str:
    with room.portal.sessions.begin() as session:
        quote = find_quote(session, reference)
        acceptance.send_code(
            session, quote, quote.recipients[0], by=room.person(session, CLAIRE), browser="b", letters=room.letters, at=room.at
        )  # fmt: skip
    return room.portal.code(CLAIRE)


def accept_by_code(room: Room, reference: str, answer: str, key: str = "a") -> None:
    with room.portal.sessions() as session:
        quote, claire = find_quote(session, reference), room.person(session, CLAIRE)
        acceptance.accept_quote(
            session, quote, by=claire, signature=signature(key), library=room.library, letters=room.letters, at=room.at,
            check=acceptance.check_code(session, quote, answer, by=claire, browser="b", at=room.at),
        )  # fmt: skip
        session.commit()


def test_a_code_accepts_the_quote_it_was_sent_for_once(room: Room) -> None:
    reference, other = received(room), received(room)
    sent = code(room, reference)
    with pytest.raises(WrongCode):
        accept_by_code(room, other, sent)
    accept_by_code(room, reference, f" {sent[:3]} {sent[3:]} ")
    assert state(room, reference) is State.ACCEPTED
    take_back(room, reference)
    with pytest.raises(WrongCode):
        accept_by_code(room, reference, sent, "b")


def test_a_code_of_the_sign_in_accepts_nothing_and_one_of_a_quote_signs_nobody_in(room: Room) -> None:
    reference = received(room)
    visitor = room.portal.visitor()
    sign_in = room.portal.ask_code(visitor, CLAIRE)
    with pytest.raises(WrongCode):
        accept_by_code(room, reference, sign_in)
    sent = code(room, reference)
    visitor.send("connexion", 200, identity=CLAIRE, passcode=sent)
    assert not visitor.is_signed_in()


@pytest.mark.parametrize(("wrong", "accepted"), [(4, True), (5, False)])
def test_a_code_takes_five_answers(room: Room, wrong: int, accepted: bool) -> None:
    reference = received(room)
    sent = code(room, reference)
    bad = "000000" if sent != "000000" else "000001"
    for _ in range(wrong):
        with pytest.raises(WrongCode):
            accept_by_code(room, reference, bad)
    if accepted:
        accept_by_code(room, reference, sent)
    else:
        with pytest.raises(WrongCode):
            accept_by_code(room, reference, sent)
    assert (state(room, reference) is State.ACCEPTED) is accepted


@pytest.mark.parametrize(("seconds", "accepted"), [(599, True), (600, False)])
def test_a_code_holds_for_ten_minutes(room: Room, seconds: int, accepted: bool) -> None:
    reference = received(room)
    sent = code(room, reference)
    room.portal.clock.pass_(seconds=seconds)
    if accepted:
        accept_by_code(room, reference, sent)
    else:
        with pytest.raises(WrongCode):
            accept_by_code(room, reference, sent)


def test_a_sixth_code_in_an_hour_is_not_sent(room: Room) -> None:
    reference = received(room)
    for _ in range(5):
        code(room, reference)
    with pytest.raises(TooManyCodes):
        code(room, reference)
    assert len(room.mails("quote_code")) == 5


def test_a_right_code_is_not_spent_when_the_quote_ended_meanwhile(room: Room) -> None:
    reference = received(room)
    room.portal.clock.moment = datetime(2026, 12, 3, 22, 59, 0, tzinfo=UTC)
    sent = code(room, reference)
    room.portal.clock.pass_(seconds=60)
    with pytest.raises(QuoteExpired):
        accept_by_code(room, reference, sent)
    assert acts(room, reference) == []


# --- Both sides ----------------------------------------------------------------------------------


def test_only_our_acceptance_makes_the_order_final(room: Room) -> None:
    reference = received(room, lines=[LINE, POINTS], conditions="Formation comprise.")
    with pytest.raises(WrongState):
        confirm(room, reference)
    accept(room, reference)
    with room.portal.sessions() as session:
        assert session.scalars(select(Order)).all() == []
    room.portal.clock.pass_(hours=2)
    confirm(room, reference)
    confirm(room, reference)
    with room.portal.sessions() as session:
        order = session.scalars(select(Order)).one()
        quote = find_quote(session, reference)
        assert (order.quote_reference, quote.order_reference) == (reference, order.reference)
        assert (order.terms_slug, order.terms_sha256) == (quote.terms_slug, quote.terms_sha256)
        assert (order.accepted_client_at, order.accepted_provider_at) == (room.at - timedelta(hours=2), room.at)
        assert order.conditions["text"] == "Formation comprise."
        contract = session.scalars(select(Contract)).one()
        assert contract.order_reference == order.reference
        assert contract.entries[-1].balance == Decimal(500)
        jobs = session.scalars(select(Job).where(Job.kind == confirmation.PROOF)).all()
        assert [job.payload for job in jobs] == [{"quote": quote.id}]
    assert [mail.recipient for mail in room.mails("quote_final")] == [CLAIRE]
    assert len(room.mails("quote_final_staff")) == 1
    assert "orders.placed" not in room.kinds()
    assert room.kinds() == ["quotes.sent", "quotes.received", "quotes.accepted", "quotes.confirmed"]


@pytest.mark.parametrize("email", [CLAIRE, MARC])
def test_a_client_does_not_accept_for_us(room: Room, email: str) -> None:
    reference = received(room)
    accept(room, reference)
    with pytest.raises(NotAllowed):
        confirm(room, reference, email=email)


def test_until_we_accept_the_client_takes_its_acceptance_back_and_may_accept_again(room: Room) -> None:
    reference = received(room)
    accept(room, reference)
    take_back(room, reference)
    assert state(room, reference) is State.RECEIVED
    with pytest.raises(WrongState):
        confirm(room, reference)
    accept(room, reference, "again")
    confirm(room, reference)
    with pytest.raises(WrongState):
        take_back(room, reference, "late")
    assert acts(room, reference) == [Act.ACCEPTED, Act.TAKEN_BACK, Act.ACCEPTED, Act.CONFIRMED]


def test_an_acceptance_taken_back_after_the_last_day_is_not_given_again(room: Room) -> None:
    reference = received(room)
    accept(room, reference)
    room.portal.clock.pass_(days=20)
    take_back(room, reference)
    with pytest.raises(QuoteExpired):
        accept(room, reference, "again")


def test_we_decline_with_a_reason_and_there_is_no_order(room: Room) -> None:
    reference = received(room)
    accept(room, reference)
    with pytest.raises(ReasonMissing):
        decline(room, reference, " ")
    decline(room, reference)
    assert state(room, reference) is State.NOT_CONFIRMED
    assert "> Plus en stock." in room.mails("quote_not_confirmed")[0].text
    with pytest.raises(WrongState):
        confirm(room, reference)
    with room.portal.sessions() as session:
        assert session.scalars(select(Order)).all() == []


def test_the_client_refuses_with_a_reason_once(room: Room) -> None:
    reference = received(room)
    with pytest.raises(ReasonMissing):
        refuse(room, reference, "")
    refuse(room, reference)
    refuse(room, reference)
    assert acts(room, reference) == [Act.REFUSED]
    with pytest.raises(WrongState):
        accept(room, reference)
    assert "> Trop cher." in room.mails("quote_refused_staff")[0].text


def test_a_supplement_names_the_order_it_adds_to(room: Room) -> None:
    from portal.quotes.quote_rules import Parent
    from portal.quotes.writing_actions import follow_up

    first = received(room)
    accept(room, first)
    confirm(room, first)
    with room.portal.sessions.begin() as session:
        quote = find_quote(session, first)
        more = follow_up(session, quote, Parent.SUPPLEMENT, by=room.person(session, STAFF), form_key="s", at=room.at)
        more.draft = more.draft | {"lines": [LINE]}
        room.send(session, more)
        second = more.reference
    accept(room, second, "a2")
    confirm(room, second, "c2")
    with room.portal.sessions() as session:
        orders = session.scalars(select(Order).order_by(Order.id)).all()
        assert orders[1].supplements == orders[0].reference


# --- On paper ------------------------------------------------------------------------------------


def paper(room: Room, reference: str, on: str) -> None:
    from portal.files.actions import keep

    with room.portal.sessions.begin() as session:
        store = room.portal.app.extensions["portal"].store
        scan = keep(session, store, PDF, name="signe.pdf", kept_for="quotes", now=room.at)
        acceptance.record_paper(
            session, find_quote(session, reference), by=room.person(session, STAFF), name="Claire Muller",
            capacity="gérante", day=day(on), scan=scan, form_key=room.key(), author=FROM, library=room.library,
            letters=room.letters, at=room.at,
        )  # fmt: skip


def test_a_paper_counts_from_the_day_it_was_signed_and_not_from_the_day_it_came(room: Room) -> None:
    reference = received(room)
    room.portal.clock.pass_(days=14)
    with pytest.raises(QuoteExpired):
        paper(room, reference, "2026-12-04")
    paper(room, reference, "2026-12-03")
    assert state(room, reference) is State.ACCEPTED
    act = room.see(reference, lambda quote: quote.acceptance)
    assert (str(act.on), act.name, act.scan_id is not None) == ("2026-12-03", "Claire Muller", True)
    confirm(room, reference)


@pytest.mark.parametrize("on", ["2026-11-22", "2026-11-24"])
def test_a_paper_is_not_signed_before_the_quote_was_sent_nor_tomorrow(room: Room, on: str) -> None:
    with pytest.raises(WrongDay):
        paper(room, received(room), on)


def test_a_paper_that_comes_back_tells_of_reception(room: Room) -> None:
    reference = room.sent()
    room.portal.clock.pass_(days=2)
    paper(room, reference, "2026-11-24")
    assert room.see(reference, lambda quote: str(quote.received_on)) == "2026-11-24"


# --- What is kept --------------------------------------------------------------------------------


def test_what_one_consents_to_is_kept_word_for_word(room: Room) -> None:
    reference = received(room, conditions="x", derogations=[{"words": "y", "day": "20/11/2026", "article": ""}])
    with room.portal.sessions() as session:
        words = consents(as_sent(find_quote(session, reference), room.library))
    assert [each.partition(" ")[0] for each in words] == ["J'ai", "J'ai", "J'ai"]
    assert "CGV du 1er\u00a0octobre\u00a02018" in words[0]
    assert "particulières" in words[1]
    assert "dérogations" in words[2]


def test_an_accepted_quote_is_frozen_for_everybody(room: Room) -> None:
    reference = received(room)
    accept(room, reference)
    confirm(room, reference)
    for statement in (
        "UPDATE quote SET total_gross = 60000",
        "UPDATE quote_line SET unit_price = 60000",
        "DELETE FROM quote_line",
        "UPDATE quote SET state = 'received'",
        "UPDATE quote SET last_day = '2030-01-01'",
        "UPDATE quote SET order_reference = 'CMD-2026-9999'",
        "UPDATE quote_act SET name = 'Quelqu''un'",
        "DELETE FROM quote_act",
    ):
        with pytest.raises(DBAPIError, match=r"frozen|never changed"), room.portal.sessions.begin() as session:
            session.execute(text(statement))
    with room.portal.sessions() as session:
        assert session.scalars(select(Quote)).one().state is State.FINAL
        assert len(session.scalars(select(QuoteAct)).all()) == 2


def test_a_try_that_was_refused_is_in_the_log(room: Room) -> None:
    reference = received(room)
    with room.portal.sessions.begin() as session:
        acceptance.record_try(
            session, find_quote(session, reference), "acceptance", NotAllowed(), by=session.scalars(
                select(Person).where(Person.email == MARC)
            ).one(), author=FROM, at=room.at,
        )  # fmt: skip
    assert room.kinds()[-1] == "quotes.acceptance_denied"
