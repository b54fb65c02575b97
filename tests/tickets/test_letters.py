"""The words of each mail. To take over a wording that was changed on purpose: SNAPSHOTS=write."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import html5lib
import icalendar
import pytest
from sqlalchemy import select

from portal.mail.message import compose
from portal.mail.models import OutgoingMail
from portal.tickets.appointment_actions import Wanted, cancel, move, plan
from portal.tickets.letters import TEMPLATES, Letters
from portal.tickets.merge_actions import merge, split
from portal.tickets.message_actions import reply_from_mail, write_as_client, write_as_staff
from portal.tickets.rules import Place
from portal.tickets.state_actions import close
from tests.tickets.conftest import ADVISER, ARRIVED, ASKED, CLAIRE, MARC, NOON, Room

MAILS = Path(__file__).parent / "mails"


@pytest.fixture
def mails(room: Room, monkeypatch: pytest.MonkeyPatch) -> dict[str, OutgoingMail]:
    """One mail of each kind, the last of it."""
    monkeypatch.setattr("portal.tickets.finding.secrets.token_urlsafe", lambda _: "unguessable")
    later = NOON + timedelta(hours=2, minutes=5)
    first, second = room.open("a"), room.mail(None)
    third = room.open("b", asked=replace(ASKED, subject="Autre imprimante"))
    with room.sessions.begin() as session:
        one, by, claire = room.ticket(session, first), room.person(session, ADVISER), room.person(session, CLAIRE)
        given: dict[str, Any] = {"letters": room.letters, "at": later}
        write_as_staff(
            session, one, by=by, words="Quel modèle ?", internal=False, asks=True, files=(), seen=None, form_key="1",
            **given,
        )  # fmt: skip
        write_as_client(
            session, one, by=claire, name="Claire Muller", words="Une vieille.", files=(), form_key="2", **given
        )
        marc = room.person(session, MARC)
        write_as_client(session, one, by=marc, name="Marc Weber", words="Moi aussi.", files=(), form_key="3", **given)
        stranger = replace(ARRIVED, key="x", from_mail="x@y.example", from_name="X")
        reply_from_mail(session, one, stranger, person=None, quarantined=True, **given)
        starts = datetime(2026, 12, 3, 8, 0, tzinfo=UTC)
        wanted = Wanted(starts, starts + timedelta(hours=1, minutes=30), Place.OWN, "51 Rte de Thann", by)
        appointment = plan(session, one, wanted, by=by, form_key="4", **given)
        cancel(session, appointment, by=by, reason="Le client est absent.", seen=0, **given)
        merge(session, room.ticket(session, third), one, by=by, **given)
        split(session, one, [one.messages[0].id], subject="À part", by=by, form_key="5", **given)
        close(session, one, by=claire, name="Claire Muller", creator=True, **given)
    assert second
    with room.sessions() as session:
        found = session.scalars(select(OutgoingMail).order_by(OutgoingMail.id))
        return {mail.event.removeprefix("tickets/"): mail for mail in found if mail.event.startswith("tickets/")}


def test_every_mail_says_what_it_said(mails: dict[str, OutgoingMail]) -> None:
    assert set(mails) == {name for name in TEMPLATES.names() if not name.startswith(("_", "time_"))}
    for event, mail in mails.items():
        file = MAILS / f"{event}.txt"
        words = f"À : {mail.recipient}\nObjet : {mail.subject}\n\n{mail.text}"
        if os.environ.get("SNAPSHOTS") == "write":
            file.parent.mkdir(exist_ok=True)
            file.write_text(words)
        assert words == file.read_text(), event


def test_every_mail_is_valid_html_with_one_button_and_stands_in_its_thread(mails: dict[str, OutgoingMail]) -> None:
    for event, mail in mails.items():
        html5lib.HTMLParser(strict=True).parse(mail.html or "")
        assert (mail.html or "").count("background:#00607a") == 1, event
        assert mail.headers["References"].startswith("<ticket.TIC-2026-"), event
        assert "Reply-To" not in mail.headers


def test_answers_come_back_by_the_signed_address_where_there_is_one(room: Room, letters: Letters) -> None:
    room.letters = replace(letters, reply_to=lambda reference: f"hotline+{reference.lower()}@ims.example")
    room.open()
    (mail,) = room.mails("received")
    assert mail.headers["Reply-To"] == "hotline+tic-2026-0001@ims.example"


def test_what_somebody_wrote_makes_no_button_no_link_and_no_markup(room: Room) -> None:
    evil = "[Payer] https://evil.example\n\nhttps://evil.example\n<script>"
    room.open(asked=replace(ASKED, subject="[Payer] https://evil.example <b>", description=evil))
    for mail in (*room.mails("received"), *room.mails("to_handle")):
        assert 'href="https://evil.example' not in (mail.html or "")
        assert not any(tag in (mail.html or "") for tag in ("<b>", "<script>"))


def test_a_calendar_entry_keeps_its_identity_and_reminds_of_the_backup(mails: dict[str, OutgoingMail]) -> None:
    entry = icalendar.Calendar.from_ical(mails["appointment"].calendar or "")
    (event,) = entry.walk("VEVENT")
    assert entry["METHOD"] == "CANCEL"
    assert (event["SEQUENCE"], event["STATUS"]) == (1, "CANCELLED")
    assert "sauvegardez vos données" in str(event["DESCRIPTION"])
    assert "6.5" in str(event["DESCRIPTION"])
    assert event.decoded("DTSTART") == datetime(2026, 12, 3, 8, 0, tzinfo=UTC)


def test_an_appointment_is_one_entry_for_its_whole_life_and_each_mail_invites_its_reader(room: Room) -> None:
    starts = datetime(2026, 12, 3, 8, 0, tzinfo=UTC)
    with room.sessions.begin() as session:
        one, by = room.ticket(session, room.open()), room.person(session, ADVISER)
        given: dict[str, Any] = {"by": by, "letters": room.letters, "at": NOON}
        wanted = Wanted(starts, starts + timedelta(hours=1), Place.OWN, "51, Rte de Thann; 2e étage", by)
        appointment = plan(session, one, wanted, form_key="a", **given)
        later = replace(wanted, starts_at=starts + timedelta(days=1), ends_at=starts + timedelta(days=1, hours=2))
        move(session, appointment, later, seen=0, **given)
        cancel(session, appointment, reason="Le client est absent.", seen=1, **given)
        alone = icalendar.Calendar.from_ical(room.letters.calendar(appointment, "https://x.example"))
    found: dict[str, list[Any]] = {}
    uids = set()
    for mail in room.mails("appointment"):
        entry = icalendar.Calendar.from_ical(mail.calendar or "")
        (event,) = entry.walk("VEVENT")
        assert (entry["VERSION"], str(event["ATTENDEE"])) == ("2.0", f"mailto:{mail.recipient}")
        assert str(event["LOCATION"]) == "51, Rte de Thann; 2e étage"
        assert str(event["ORGANIZER"]).startswith("mailto:")
        assert all(len(line.encode()) <= 75 for line in (mail.calendar or "").split("\r\n"))
        uids.add(str(event["UID"]))
        found.setdefault(mail.recipient, []).append((entry["METHOD"], event["SEQUENCE"], event.decoded("DTSTART")))
    after = starts + timedelta(days=1)
    life = [("REQUEST", 0, starts), ("REQUEST", 1, after), ("CANCEL", 2, after)]
    assert found == {CLAIRE: life, ADVISER: life}
    assert len(uids) == 1
    assert "ATTENDEE" not in alone.walk("VEVENT")[0]


def test_a_mail_with_an_appointment_is_one_that_calendars_read(mails: dict[str, OutgoingMail]) -> None:
    sent = compose(mails["appointment"], sender="IMS <contact@ims.example>", now=NOON)
    message = message_from_bytes(bytes(sent), policy=policy.default)
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds.count("text/calendar") == 2
    assert {"text/plain", "text/html", "multipart/alternative"} <= set(kinds)
    inline = next(part for part in message.walk() if part.get_content_type() == "text/calendar")
    assert inline.get_param("method") == "CANCEL"
    assert inline.get_content().startswith("BEGIN:VCALENDAR")
