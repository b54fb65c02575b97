"""Two tickets become one, one becomes two; whoever does it at the same moment takes turns."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.tickets.finding import find_by_reference
from portal.tickets.merge_actions import CannotMerge, NothingToSplit, link, linked, merge, split, unlink
from portal.tickets.message_actions import reply_from_mail
from portal.tickets.models import TicketMessage
from portal.tickets.rules import AlreadyClosed, NotAllowed, Priority, State
from tests.tickets.conftest import ADVISER, ARRIVED, ASKED, CHIEF, CLAIRE, LEA, NOON, OTTO, Room

LATER = NOON + timedelta(hours=1)


def put(room: Room, first: str, second: str, by: str = ADVISER) -> None:
    with room.sessions.begin() as session:
        merge(
            session, room.ticket(session, first), room.ticket(session, second), by=room.person(session, by),
            letters=room.letters, at=LATER,
        )  # fmt: skip


def test_messages_followers_waits_and_priority_move_to_the_one_that_stays(room: Room) -> None:
    first, second = room.call(), room.open("b", asked=replace(ASKED, subject="Autre"))
    put(room, first, second)
    with room.sessions() as session:
        gone, stays = room.ticket(session, first), room.ticket(session, second)
        assert (gone.state, gone.merged_into_id, gone.messages) == (State.CLOSED, stays.id, [])
        assert len(stays.messages) == 2
        assert {each.mail for each in stays.participants} == {CLAIRE, LEA}
        assert stays.call_back_since == NOON
        assert gone.call_back_since is None
        assert find_by_reference(session, first) is stays
    assert [mail.recipient for mail in room.mails("merged")] == [LEA]


def test_an_answer_to_the_one_that_went_reaches_the_one_that_stays(room: Room) -> None:
    first, second = room.open("a"), room.open("b")
    put(room, first, second)
    with room.sessions.begin() as session:
        message = reply_from_mail(
            session, room.ticket(session, first), replace(ARRIVED, key="r"), person=room.person(session, CLAIRE),
            quarantined=False, letters=room.letters, at=LATER,
        )  # fmt: skip
        assert message.ticket.reference == second


def test_the_higher_priority_of_the_two_stays(room: Room) -> None:
    first, second = room.open("a"), room.open("b")
    with room.sessions.begin() as session:
        room.ticket(session, first).priority = Priority.URGENT
    put(room, first, second)
    with room.sessions() as session:
        assert room.ticket(session, second).priority == Priority.URGENT


def test_two_clients_are_never_merged_nor_a_ticket_with_itself(room: Room) -> None:
    first, other = room.open("a"), room.open("b", by=OTTO)
    for second in (other, first):
        with pytest.raises(CannotMerge):
            put(room, first, second)


def test_strangers_are_merged_only_with_themselves(room: Room) -> None:
    one = room.mail(None)
    same = room.mail(None, mail=replace(ARRIVED, key="m2"))
    other = room.mail(None, mail=replace(ARRIVED, key="m3", from_mail="autre@inconnu.example"))
    with pytest.raises(CannotMerge):
        put(room, one, other)
    put(room, one, same)


def test_only_a_technician_merges_for_it_closes_a_ticket(room: Room) -> None:
    first, second = room.open("a"), room.open("b")
    with pytest.raises(NotAllowed):
        put(room, first, second, by=CHIEF)
    put(room, first, second)
    with pytest.raises(AlreadyClosed):
        put(room, first, second)


def test_two_colleagues_who_merge_the_same_two_both_ways_make_one_of_them(room: Room) -> None:
    first, second = room.open("a"), room.open("b")
    outcomes: list[str] = []
    ready = threading.Barrier(2)

    def work(one: str, other: str) -> None:
        ready.wait()
        try:
            put(room, one, other)
            outcomes.append("done")
        except AlreadyClosed:
            outcomes.append("refused")

    threads = [threading.Thread(target=work, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]
    with room.sessions() as session:
        states = {room.ticket(session, each).state for each in (first, second)}
        assert states == {State.CLOSED, State.TO_QUALIFY}
        assert len(session.scalars(select(TicketMessage)).all()) == 2


def test_a_reply_that_comes_while_two_are_merged_is_not_lost(room: Room) -> None:
    first, second = room.open("a"), room.open("b")
    ready = threading.Barrier(2)

    def reply() -> None:
        ready.wait()
        with room.sessions.begin() as session:
            reply_from_mail(
                session, room.ticket(session, first), replace(ARRIVED, key="r"), person=room.person(session, CLAIRE),
                quarantined=False, letters=room.letters, at=LATER,
            )  # fmt: skip

    def join() -> None:
        ready.wait()
        put(room, first, second)

    threads = [threading.Thread(target=work) for work in (reply, join)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with room.sessions() as session:
        assert len(room.ticket(session, second).messages) == 3


def parts(room: Room, reference: str, count: int, key: str = "s") -> str:
    with room.sessions.begin() as session:
        ticket = room.ticket(session, reference)
        return split(
            session, ticket, [message.id for message in ticket.messages][:count], subject="Autre chose",
            by=room.person(session, ADVISER), form_key=key, letters=room.letters, at=LATER,
        ).reference  # fmt: skip


def test_a_split_takes_some_messages_and_leaves_some_once(room: Room) -> None:
    first = room.open("a")
    put(room, room.open("b"), first)
    with pytest.raises(NothingToSplit):
        parts(room, first, 2)
    with pytest.raises(NothingToSplit):
        parts(room, first, 0)
    new = parts(room, first, 1)
    assert parts(room, first, 1) == new
    with room.sessions() as session:
        assert (len(room.ticket(session, first).messages), len(room.ticket(session, new).messages)) == (1, 1)
        assert room.ticket(session, new).terms_accepted_by == "Claire Muller"


def test_linked_tickets_of_two_clients_are_linked_for_staff_alone(room: Room) -> None:
    first, same, other = room.open("a"), room.open("b"), room.open("c", by=OTTO)
    with room.sessions.begin() as session:
        one, by = room.ticket(session, first), room.person(session, ADVISER)
        for reference in (same, other, same):
            link(session, one, room.ticket(session, reference), by=by, at=LATER)
        assert [each.reference for each in linked(session, one)] == [same, other]
        assert [each.reference for each in linked(session, one, organisation_id=one.organisation_id)] == [same]
        assert [event.internal for event in one.events if event.kind == "linked"] == [False, True]
        unlink(session, one, room.ticket(session, other), by=by, at=LATER)
        unlink(session, one, room.ticket(session, other), by=by, at=LATER)
        assert [each.reference for each in linked(session, one)] == [same]
        with pytest.raises(CannotMerge):
            link(session, one, one, by=by, at=LATER)
