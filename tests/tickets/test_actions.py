"""A ticket comes in by web, phone or mail with its proof and its mails, or not at all; it is talked over in one thread."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.files.models import StoredFile
from portal.tickets.actions import Caller, accept_terms, enter_call, open_on_the_portal
from portal.tickets.attached import FileToAttach
from portal.tickets.finding import NoSuchTicket, find_by_mail_ids, find_followed, find_ticket
from portal.tickets.letters import Letters, reference_of
from portal.tickets.message_actions import (
    AnsweredMeanwhile,
    release_message,
    reply_from_mail,
    write_as_client,
    write_as_staff,
)
from portal.tickets.models import Ticket
from portal.tickets.rules import (
    AgreementMissing,
    AlreadyClosed,
    Channel,
    NotAllowed,
    Place,
    State,
    TermsNotAccepted,
)
from portal.tickets.state_actions import close
from tests.tickets.conftest import (
    ADVISER,
    ARRIVED,
    ASKED,
    CLAIRE,
    LEA,
    MARC,
    NOON,
    OTTO,
    SELLER,
    Room,
)

LATER = NOON + timedelta(hours=1)


def test_a_ticket_of_the_portal_keeps_who_asked_what_and_under_which_terms(room: Room) -> None:
    with room.sessions.begin() as session:
        stored = StoredFile(
            id=7, key="k", name="photo.jpg", media_type="image/jpeg", size=1, sha256="0" * 64, kept_for="tickets",
            created_at=NOON, scanned_at=NOON,
        )  # fmt: skip
        session.add(stored)
    reference = room.open(asked=replace(ASKED, files=[FileToAttach(7, "photo.jpg")]))
    assert reference == "TIC-2026-0001"
    with room.sessions() as session:
        ticket = room.ticket(session, reference)
        assert (ticket.creator_name, ticket.channel, ticket.state) == ("Claire Muller", Channel.WEB, State.TO_QUALIFY)
        assert (ticket.terms_slug, ticket.terms_sha256) == (room.cover.terms.slug, room.cover.terms.sha256)
        assert (ticket.terms_accepted_at, ticket.terms_accepted_by) == (NOON, "Claire Muller")
        assert [(file.file_id, file.name) for file in ticket.files] == [(7, "photo.jpg")]
        assert ticket.call_back_since is None
    assert room.kinds() == ["tickets.opened", "tickets.terms_accepted"]
    assert [mail.recipient for mail in room.mails("received")] == [CLAIRE]
    assert [mail.recipient for mail in room.mails("to_handle")] == [room.library.company.mail]


def test_without_a_contract_and_an_acceptance_nothing_is_opened(room: Room) -> None:
    with pytest.raises(TermsNotAccepted), room.sessions.begin() as session:
        open_on_the_portal(
            session, ASKED, by=room.person(session, CLAIRE), cover=room.cover, accepts=False, form_key="k",
            letters=room.letters, at=NOON,
        )  # fmt: skip
    assert room.kinds() == []


def test_under_a_contract_nothing_is_to_accept(room: Room) -> None:
    with room.sessions.begin() as session:
        ticket = open_on_the_portal(
            session, ASKED, by=room.person(session, CLAIRE), cover=replace(room.cover, under_contract=True),
            accepts=False, form_key="k", letters=room.letters, at=NOON,
        )  # fmt: skip
        assert ticket.under_contract
        assert ticket.terms_accepted_at is None
    (mail,) = room.mails("received")
    assert "accepter" not in mail.text


def test_at_a_third_partys_without_its_agreement_nothing_is_opened(room: Room) -> None:
    with pytest.raises(AgreementMissing):
        room.open(asked=replace(ASKED, place=Place.THIRD))
    assert room.open(asked=replace(ASKED, place=Place.THIRD, third_agreed=True)) == "TIC-2026-0001"


def test_the_same_page_twice_is_one_ticket_and_leaves_no_gap(room: Room) -> None:
    assert [room.open("a"), room.open("a"), room.open("b")] == ["TIC-2026-0001", "TIC-2026-0001", "TIC-2026-0002"]
    assert len(room.mails("received")) == 2


def test_one_page_sent_by_two_hands_at_once_is_one_ticket(room: Room) -> None:
    given: list[str] = []
    threads = [threading.Thread(target=lambda: given.append(room.open("same"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert given == ["TIC-2026-0001"] * 4


def test_a_ticket_that_fails_half_way_leaves_nothing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the power failed")

    with monkeypatch.context() as patch:
        patch.setattr(Letters, "to_handle", broken)
        with pytest.raises(RuntimeError):
            room.open()
    assert room.kinds() == []
    assert room.open() == "TIC-2026-0001"


def test_the_creator_of_a_typed_ticket_is_who_called_and_a_call_back_is_to_do(room: Room) -> None:
    reference = room.call()
    with room.sessions() as session:
        ticket = room.ticket(session, reference)
        assert (ticket.creator_name, ticket.creator_id) == ("Léa Klein", room.person(session, LEA).id)
        assert ticket.typed_by_id == room.person(session, ADVISER).id
        assert ticket.call_back_since == NOON
    (mail,) = room.mails("received")
    assert mail.recipient == LEA
    assert "accepter" in mail.text


def test_a_caller_without_an_address_is_told_nothing_by_mail(room: Room) -> None:
    room.call(caller=None)
    assert room.mails("received") == []
    assert len(room.mails("to_handle")) == 1


def test_a_client_types_no_ticket_for_others(room: Room) -> None:
    with room.sessions.begin() as session:
        by = room.person(session, CLAIRE)
        with pytest.raises(NotAllowed):
            enter_call(
                session, ASKED, caller=Caller("X"), organisation=None, channel=Channel.PHONE, by=by, call_back=True,
                cover=room.cover, form_key="k", letters=room.letters, at=NOON,
            )  # fmt: skip


# --- By mail -------------------------------------------------------------------------------------


def test_a_contacts_mail_is_a_ticket_to_qualify_with_a_call_back(room: Room) -> None:
    reference = room.mail()
    with room.sessions() as session:
        ticket = room.ticket(session, reference)
        assert (ticket.state, ticket.channel, ticket.call_back_since) == (State.TO_QUALIFY, Channel.MAIL, NOON)
        assert not ticket.quarantined
        (message,) = ticket.messages
        assert (message.text, message.folded) == (ARRIVED.text, ARRIVED.folded)
    (mail,) = room.mails("received")
    assert mail.headers["In-Reply-To"] == "<1@client.example>"


def test_the_same_mail_twice_is_one_ticket(room: Room) -> None:
    assert room.mail() == room.mail()


@pytest.mark.parametrize(("person", "quarantined"), [(None, False), (None, True), (CLAIRE, True)])
def test_who_is_unknown_or_not_backed_is_nobodys_until_a_person_says_so(
    room: Room, person: str | None, quarantined: bool
) -> None:
    reference = room.mail(person, quarantined=quarantined)
    with room.sessions() as session:
        ticket = room.ticket(session, reference)
        assert ticket.quarantined
        assert ticket.organisation_id is None
        with pytest.raises(NoSuchTicket):
            find_ticket(session, reference, viewer=room.person(session, CLAIRE))
        assert find_ticket(session, reference, viewer=room.person(session, ADVISER))


def test_a_reply_by_mail_joins_its_ticket_once(room: Room) -> None:
    reference = room.open()
    mail = replace(ARRIVED, key="r1", text="Toujours bloquée.", mail_id="<2@client.example>")
    for _ in range(2):
        with room.sessions.begin() as session:
            reply_from_mail(
                session, room.ticket(session, reference), mail, person=room.person(session, CLAIRE),
                quarantined=False, letters=room.letters, at=LATER,
            )  # fmt: skip
    with room.sessions() as session:
        ticket = room.ticket(session, reference)
        assert [message.text for message in ticket.messages][1:] == ["Toujours bloquée."]
        assert find_by_mail_ids(session, ["<nothing@x>", "<2@client.example>"]) is ticket
    assert len(room.mails("client_wrote")) == 1


def test_a_reply_that_nothing_backs_is_staffs_alone_until_one_lets_it_through(room: Room) -> None:
    reference = room.open()
    with room.sessions.begin() as session:
        message = reply_from_mail(
            session, room.ticket(session, reference), replace(ARRIVED, key="r1", from_mail="x@y.example"), person=None,
            quarantined=True, letters=room.letters, at=LATER,
        )  # fmt: skip
        number = message.id
    assert [mail.event for mail in room.mails("unknown_wrote")] == ["tickets/unknown_wrote"]
    assert room.mails("colleague_wrote") == []
    with room.sessions.begin() as session:
        message = next(each for each in room.ticket(session, reference).messages if each.id == number)
        with pytest.raises(NotAllowed):
            release_message(session, message, by=room.person(session, SELLER), letters=room.letters, at=LATER)
        release_message(session, message, by=room.person(session, ADVISER), letters=room.letters, at=LATER)
    assert [mail.recipient for mail in room.mails("colleague_wrote")] == [CLAIRE]


def test_our_own_message_ids_name_their_ticket_and_others_do_not(room: Room) -> None:
    room.open()
    (mail,) = room.mails("received")
    assert reference_of(mail.message_id, "portail.example") == "TIC-2026-0001"
    assert reference_of("<ticket.TIC-2026-0001.x@ailleurs.example>", "portail.example") is None
    assert reference_of("<quote-request.DEM-2026-0001.received@portail.example>", "portail.example") is None


# --- Talked over ---------------------------------------------------------------------------------


def write(
    room: Room, reference: str, words: str, *, by: str = ADVISER, internal: bool = False, asks: bool = False,
    key: str = "k", seen: int | None = None,
) -> None:  # fmt: skip
    with room.sessions.begin() as session:
        person = room.person(session, by)
        if person.staff:
            write_as_staff(
                session, room.ticket(session, reference), by=person, words=words, internal=internal, asks=asks,
                files=(), seen=seen, form_key=key, letters=room.letters, at=LATER,
            )  # fmt: skip
        else:
            write_as_client(
                session, room.ticket(session, reference), by=person, name=person.name, words=words, files=(),
                form_key=key, letters=room.letters, at=LATER,
            )  # fmt: skip


def test_an_answer_goes_to_who_follows_once_and_the_state_waits_when_it_asks(room: Room) -> None:
    reference = room.open()
    for _ in range(2):
        write(room, reference, "Quel modèle ?", asks=True)
    with room.sessions() as session:
        ticket = room.ticket(session, reference)
        assert ticket.state is State.WAITING
        assert ticket.reply_due_since is None
    assert [mail.recipient for mail in room.mails("answer")] == [CLAIRE]
    write(room, reference, "Une vieille.", by=CLAIRE, key="c")
    with room.sessions() as session:
        ticket = room.ticket(session, reference)
        assert (ticket.state, ticket.reply_due_since) == (State.OPEN, LATER)


def test_a_colleague_who_writes_follows_from_then_on_and_the_creator_is_told(room: Room) -> None:
    reference = room.open()
    write(room, reference, "Moi aussi.", by=MARC)
    assert [mail.recipient for mail in room.mails("colleague_wrote")] == [CLAIRE]
    write(room, reference, "Nous regardons.", key="s")
    assert {mail.recipient for mail in room.mails("answer")} == {CLAIRE, MARC}


def test_an_internal_message_leaves_by_no_mail_at_all(room: Room) -> None:
    reference = room.open()
    write(room, reference, "Client difficile.", internal=True)
    with room.sessions() as session:
        from portal.mail.models import OutgoingMail

        assert not [mail for mail in session.scalars(select(OutgoingMail)) if "difficile" in mail.text]
        assert room.ticket(session, reference).reply_due_since == NOON


def test_sales_read_and_do_not_answer(room: Room) -> None:
    reference = room.open()
    with pytest.raises(NotAllowed):
        write(room, reference, "Bonjour", by=SELLER)


def test_an_answer_written_while_a_colleague_answered_is_held_back_and_shown(room: Room) -> None:
    reference = room.open()
    with room.sessions() as session:
        seen = room.ticket(session, reference).messages[-1].id
    write(room, reference, "Je m'en occupe.", by=ADVISER, seen=seen)
    with pytest.raises(AnsweredMeanwhile) as held:
        write(room, reference, "Redémarrez-la.", by="nadia@ims.example", key="other", seen=seen)
    assert (held.value.author, held.value.text) == ("Anne Klein", "Je m'en occupe.")
    assert len(room.mails("answer")) == 1


def test_nobody_writes_in_what_is_closed_but_a_mail_is_kept(room: Room) -> None:
    reference = room.open()
    with room.sessions.begin() as session:
        by = room.person(session, ADVISER)
        close(
            session, room.ticket(session, reference), by=by, name=by.name, creator=False, letters=room.letters, at=LATER
        )
    for by_mail in (ADVISER, CLAIRE):
        with pytest.raises(AlreadyClosed):
            write(room, reference, "Et ?", by=by_mail)
    with room.sessions.begin() as session:
        reply_from_mail(
            session, room.ticket(session, reference), replace(ARRIVED, key="late"), person=room.person(session, CLAIRE),
            quarantined=False, letters=room.letters, at=LATER,
        )  # fmt: skip
        ticket = room.ticket(session, reference)
        assert (ticket.state, ticket.reply_due_since) == (State.CLOSED, LATER)


# --- The terms -----------------------------------------------------------------------------------


def test_terms_are_accepted_once_by_the_link_of_the_acknowledgement(room: Room) -> None:
    reference = room.mail(None)
    with room.sessions.begin() as session:
        key = room.ticket(session, reference).link_key
        ticket = find_followed(session, reference, key)
        assert accept_terms(session, ticket, by=None, name=ticket.creator_name, at=LATER)
        assert not accept_terms(session, ticket, by=None, name=ticket.creator_name, at=LATER)
        assert ticket.terms_accepted_at == LATER
        with pytest.raises(NoSuchTicket):
            find_followed(session, reference, key + "x")
    assert room.kinds() == ["tickets.opened", "tickets.terms_accepted"]


def test_another_organisations_ticket_does_not_exist(room: Room) -> None:
    reference = room.open()
    with room.sessions() as session:
        assert find_ticket(session, reference, viewer=room.person(session, MARC)).reference == reference
        with pytest.raises(NoSuchTicket):
            find_ticket(session, reference, viewer=room.person(session, OTTO))


def test_numbers_rise_without_a_gap_when_many_ask_at_once(room: Room) -> None:
    given: list[str] = []

    def several(name: int) -> None:
        given.extend(room.open(f"{name}-{turn}") for turn in range(3))

    threads = [threading.Thread(target=several, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == [f"TIC-2026-{number:04}" for number in range(1, 10)]
    with room.sessions() as session:
        assert len(session.scalars(select(Ticket)).all()) == 9
