"""What is held on a person is found by their address; an erasure takes their name, and leaves a client its record."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from portal.evidence.actions import verify_log
from portal.files.models import StoredFile
from portal.mail.models import OutgoingMail
from portal.tickets.attached import FileToAttach
from portal.tickets.message_actions import write_as_staff
from portal.tickets.personal_data import FIELDS, PERSONAL_DATA, erase
from portal.tickets.rules import State
from tests.tickets.conftest import ADVISER, ARRIVED, CLAIRE, MARC, NOON, Room

LATER = NOON + timedelta(days=1)


def test_its_purpose_is_one_that_the_notice_tells(room: Room) -> None:
    assert PERSONAL_DATA.purpose in {processing.key for processing in room.library.processing}


def test_everything_held_is_found_by_the_address_however_it_is_typed(room: Room) -> None:
    room.open()
    room.open("b", by=MARC)
    with room.sessions() as session:
        (record,) = PERSONAL_DATA.find(session, " Claire@Client.example ")
    assert record.reference == "TIC-2026-0001, Imprimante bloquée"
    assert [label for label, _ in record.values] == [field.label for field in FIELDS]
    held = "\n".join(value for _, value in record.values)
    for each in ("Claire Muller", CLAIRE, "créateur", "l'atelier", "bien reçu"):
        assert each in held


def test_what_staff_wrote_among_themselves_is_in_no_export(room: Room) -> None:
    reference = room.open()
    with room.sessions.begin() as session:
        write_as_staff(
            session, room.ticket(session, reference), by=room.person(session, ADVISER), words="Client difficile",
            internal=True, asks=False, files=(), seen=None, form_key="k", letters=room.letters, at=NOON,
        )  # fmt: skip
        for mail in (CLAIRE, ADVISER):
            found = str(list(PERSONAL_DATA.find(session, mail)))
            assert "difficile" not in found


def test_a_client_keeps_its_ticket_without_the_persons_name(room: Room) -> None:
    reference = room.open()
    with room.sessions.begin() as session:
        assert erase(session, CLAIRE, LATER).references == (reference,)
    with room.sessions() as session:
        ticket = room.ticket(session, reference)
        assert (ticket.creator_name, ticket.creator_mail, ticket.participants) == ("(effacé)", None, [])
        assert ticket.messages[0].text.startswith("Bonjour")
        assert ticket.state is State.TO_QUALIFY
        assert list(verify_log(session)) == []
        mails = session.query(OutgoingMail).filter(OutgoingMail.event.startswith("tickets/"))
        assert CLAIRE not in {mail.recipient for mail in mails}
        assert "claire" not in {row[0] for row in session.execute(text("SELECT stem FROM ticket_word"))}


def test_a_stranger_is_forgotten_whole(room: Room) -> None:
    with room.sessions.begin() as session:
        for number, name in ((1, "original.eml"), (2, "jean-cv.pdf")):
            stored = StoredFile(
                id=number, key=f"k{number}", name=name, media_type="text/plain", size=1, sha256="0" * 64,
                kept_for="tickets", created_at=NOON, scanned_at=NOON,
            )  # fmt: skip
            session.add(stored)
    mail = replace(
        ARRIVED, from_mail="jean@inconnu.example", from_name="Jean Inconnu", raw_file_id=1,
        files=[FileToAttach(2, "jean-cv.pdf")],
    )  # fmt: skip
    reference = room.mail(None, mail=mail)
    with room.sessions() as session:
        assert "jean-cv.pdf" in str(list(PERSONAL_DATA.find(session, "jean@inconnu.example")))
    with room.sessions.begin() as session:
        assert erase(session, "jean@inconnu.example", LATER).references == (reference,)
    with room.sessions() as session:
        assert {file.erased_at for file in session.query(StoredFile)} == {LATER}
        assert room.ticket(session, reference).state is State.CLOSED
        assert list(verify_log(session)) == []
        assert list(PERSONAL_DATA.find(session, "jean@inconnu.example")) == []
        rows = [
            str(tuple(row))
            for table in (
                "ticket",
                "ticket_message",
                "ticket_participant",
                "ticket_event",
                "ticket_word",
                "ticket_file",
                "stored_file",
            )
            for row in session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608
        ]
        rows += [
            str(tuple(row))
            for row in session.execute(text("SELECT content FROM evidence_payload WHERE content LIKE '%TIC-%'"))
        ]
    for each in ("Jean", "jean@", "inconnu", "lent"):
        assert not [row for row in rows if each in row], each
