"""Pages of a list follow each other without a gap or a repeat, in the order that 6.1 asks for; a search respects who looks."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.tickets.index import reindex
from portal.tickets.lists import Asked, BadCursor, View, counted, for_client, for_staff
from portal.tickets.message_actions import write_as_staff
from portal.tickets.models import Ticket
from portal.tickets.rules import Priority, State
from tests.tickets.conftest import ADVISER, ARRIVED, ASKED, CLAIRE, LEA, NOON, OTTO, Room


@pytest.fixture
def many(room: Room) -> list[str]:
    """Eleven tickets of every channel, some of the same moment, with priorities."""
    made = []
    for number in range(11):
        at = NOON + timedelta(minutes=number // 2)
        asked = replace(ASKED, subject=f"Panne {number}")
        made.append(
            room.open(f"k{number}", asked=asked, at=at) if number % 3 else room.call(f"k{number}", LEA, at=at, subject=f"Panne {number}")
        )  # fmt: skip
    with room.sessions.begin() as session:
        for number, reference in enumerate(made):
            room.ticket(session, reference).priority = Priority(number % 4)
    return made


def walked(session: Session, given: Asked, viewer: Person, size: int) -> list[Ticket]:
    """Every ticket that the pages of a list show, one page after the other."""
    met: list[Ticket] = []
    after = None
    while True:
        page = for_staff(session, given, viewer=viewer, after=after, size=size)
        met += page.tickets
        if (after := page.after) is None:
            return met


def test_walking_the_pages_meets_each_ticket_once_in_order(room: Room, many: list[str]) -> None:
    views = (View.TO_DO, View.UNASSIGNED, View.TO_QUALIFY, View.REPLIES, View.ALL)
    with room.sessions() as session:
        viewer = room.person(session, ADVISER)
        for view, size in ((view, size) for view in views for size in (1, 3, 25)):
            met = walked(session, Asked(view=view), viewer, size)
            assert sorted(ticket.reference for ticket in met) == sorted(many)
            if view in {View.TO_DO, View.UNASSIGNED, View.TO_QUALIFY}:
                keys = [(each.priority, each.portal_rank, each.opened_at, each.id) for each in met]
                assert keys == sorted(keys)
            if view is View.ALL:
                moved = [(each.changed_at, each.id) for each in met]
                assert moved == sorted(moved, reverse=True)


def test_a_search_is_walked_the_same_way_the_newest_first(room: Room, many: list[str]) -> None:
    with room.sessions() as session:
        viewer = room.person(session, ADVISER)
        for size in (2, 25):
            met = walked(session, Asked(words="pannes imprimante"), viewer, size)
            assert [ticket.reference for ticket in met] == sorted(many, reverse=True)


def test_filters_narrow_a_view_and_a_search_alike(room: Room, many: list[str]) -> None:
    with room.sessions() as session:
        viewer = room.person(session, ADVISER)
        for words in ("", "panne"):
            given = Asked(words=words, priority=Priority.URGENT)
            assert {each.priority for each in for_staff(session, given, viewer=viewer).tickets} == {Priority.URGENT}
            nobody = Asked(words=words, organisation_id=999)
            assert for_staff(session, nobody, viewer=viewer).tickets == []


def test_a_clients_search_finds_its_own_and_nothing_that_only_staff_read(room: Room) -> None:
    own, other = room.open("a"), room.open("b", by=OTTO)
    unknown = room.mail(None, mail=replace(ARRIVED, subject="Imprimante volée"))
    with room.sessions.begin() as session:
        write_as_staff(
            session, room.ticket(session, own), by=room.person(session, ADVISER), words="mauvais payeur", internal=True,
            asks=False, files=(), seen=None, form_key="k", letters=room.letters, at=NOON,
        )  # fmt: skip
    with room.sessions() as session:
        mine = room.person(session, CLAIRE).organisation_id or 0
        viewer = room.person(session, ADVISER)

        def client(words: str) -> list[str]:
            return [each.reference for each in for_client(session, Asked(words=words), organisation_id=mine).tickets]

        def staff(words: str) -> list[str]:
            return [each.reference for each in for_staff(session, Asked(words=words), viewer=viewer).tickets]

        assert client("imprimante") == [own]
        assert client("payeur") == client("imprimante payeur") == client("de la") == []
        assert staff("payeur") == [own]
        assert staff("imprimante") == [unknown, other, own]


def test_what_was_written_among_staff_is_found_once_it_is_told_to_the_client_too(room: Room) -> None:
    reference = room.open()
    with room.sessions.begin() as session:
        ticket, by = room.ticket(session, reference), room.person(session, ADVISER)
        for key, internal in (("a", True), ("b", False)):
            write_as_staff(
                session, ticket, by=by, words="routeur", internal=internal, asks=False, files=(), seen=None,
                form_key=key, letters=room.letters, at=NOON,
            )  # fmt: skip
            found = for_client(session, Asked(words="routeurs"), organisation_id=ticket.organisation_id or 0)
            assert [each.reference for each in found.tickets] == ([] if internal else [reference])
        reindex(session, ticket)


def test_a_clients_list_is_narrowed_by_state(room: Room) -> None:
    first, second = room.open("a"), room.open("b")
    with room.sessions.begin() as session:
        ticket = room.ticket(session, first)
        ticket.state, ticket.settled, ticket.closed_at = State.CLOSED, True, NOON
    with room.sessions() as session:
        mine = room.person(session, CLAIRE).organisation_id or 0
        for open_only, wanted in ((True, [second]), (False, [first]), (None, [second, first])):
            page = for_client(session, Asked(open_only=open_only), organisation_id=mine)
            assert [each.reference for each in page.tickets] == wanted


def test_a_place_in_a_list_that_is_none_of_ours_is_refused(room: Room) -> None:
    with room.sessions() as session:
        viewer = room.person(session, ADVISER)
        for after in ("nonsense", "bnVsbA==", "WzFd", "WyJhIiwxLDEsMV0=", "W10=", "eyJhIjoxfQ=="):
            with pytest.raises(BadCursor):
                for_staff(session, Asked(), viewer=viewer, after=after)


def test_a_view_is_counted_no_further_than_asked(room: Room, many: list[str]) -> None:
    with room.sessions() as session:
        viewer = room.person(session, ADVISER)
        assert counted(session, View.TO_DO, viewer) == len(many)
        assert counted(session, View.TO_DO, viewer, most=4) == 4
        assert counted(session, View.MINE, viewer) == 0
