"""A message comes in: kept first, placed once, in the thread it belongs to; nobody gets in by a name or a number."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parseaddr
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.files import actions as files
from portal.files.models import StoredFile
from portal.files.store import StoreAway
from portal.jobs.actions import lease
from portal.mail.actions import post
from portal.mail.incoming.folding import MARKER
from portal.mail.incoming.message import Action, DeliveryReport
from portal.mail.incoming.reading import NotAMessage
from portal.mail.models import OutgoingMail
from portal.mail.received_models import Outcome, ReceivedMail
from portal.mail.receiving import GRACE, JOB, NotPlaced, TooLarge, identity_of
from portal.tickets.models import Ticket, TicketMessage
from tests.mail import letters
from tests.mail.conftest import HOTLINE, NOON, Post
from tests.mail.test_hostile import PIECES
from tests.mail.test_reports import report

if TYPE_CHECKING:
    from collections.abc import Sequence

CLAIRE, LEA, OTTO, STAFF = "claire@client.example", "lea@client.example", "otto@autre.example", "nadia@ims.example"
STRANGER = "inconnu@ailleurs.example"


def thread(room: Post, reference: str) -> list[tuple[str | None, str, bool]]:
    with room.sessions() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.reference == reference)).one()
        return [(message.author_mail, message.text, message.quarantined) for message in ticket.messages]


def ticket(room: Post, reference: str) -> Ticket:
    with room.sessions() as session:
        return session.scalars(select(Ticket).where(Ticket.reference == reference)).one()


def raw_of(room: Post, row: ReceivedMail) -> bytes:
    with room.sessions() as session:
        return files.read(room.receiver.store, session.get_one(StoredFile, row.file_id))


# --- A ticket ------------------------------------------------------------------------------------


def test_a_contacts_mail_becomes_a_ticket_of_their_organisation_and_is_acknowledged(post_room: Post) -> None:
    raw = post_room.letter()
    reference = post_room.receive(raw)
    made = ticket(post_room, reference)
    assert (made.subject, made.quarantined, made.creator_mail) == ("Panne", False, CLAIRE)
    assert made.call_back_since == NOON
    acknowledged = post_room.sent(CLAIRE)[0]
    replies = post_room.receiver.replies
    assert acknowledged.headers["Reply-To"] == replies.address_for(reference)
    assert acknowledged.subject.endswith(replies.mark_for(reference))
    assert acknowledged.text.startswith(f"— {MARKER} —")
    (row,) = post_room.rows()
    assert (row.outcome, row.reference, row.handled_at, row.via) == (Outcome.TICKET, reference, NOON, "pipe")
    assert raw_of(post_room, row) == raw


@pytest.mark.parametrize("sender", [STRANGER, CLAIRE])
def test_who_is_unknown_or_not_backed_makes_a_ticket_that_no_client_sees(post_room: Post, sender: str) -> None:
    made = ticket(post_room, post_room.receive(post_room.letter(sender=sender, backed=sender == STRANGER)))
    assert (made.quarantined, made.organisation_id, made.creator_id) == (True, None, None)


def test_a_refuted_sender_is_told_nothing(post_room: Post) -> None:
    refuted = "Authentication-Results: mx.ims.example; dmarc=fail header.from=client.example\n"
    reference = post_room.receive(post_room.letter(fields=refuted, backed=False))
    assert ticket(post_room, reference).quarantined
    assert post_room.sent(CLAIRE) == []


def test_a_forged_finding_below_our_servers_own_backs_nobody(post_room: Post) -> None:
    raw = post_room.letter(
        fields="Authentication-Results: mx.evil.example; dmarc=pass header.from=client.example\n", backed=False
    )
    assert ticket(post_room, post_room.receive(raw)).quarantined


def test_files_come_along_and_what_is_refused_is_told_to_staff(post_room: Post) -> None:
    reference = post_room.receive(letters.OUTLOOK)
    program = (
        b"From: a@b.example\nSubject: x\nContent-Type: application/octet-stream; name=virus.exe\n"
        b"Content-Disposition: attachment; filename=virus.exe\n\nMZ\x90\0" + b"\0" * 60
    )
    other = post_room.receive(program)
    with post_room.sessions() as session:
        first, second = (
            session.scalars(select(Ticket).where(Ticket.reference == each)).one() for each in (reference, other)
        )
        assert [one.name for one in first.files] == ["image001.png", "Capture d’écran.pdf"]
        assert second.files == []
        assert any("non reprise" in remark for remark in second.messages[0].remarks)


# --- The same twice --------------------------------------------------------------------------------


def test_the_same_message_twice_is_one_ticket_whatever_servers_wrote_above_it(post_room: Post) -> None:
    raw = post_room.letter()
    first = post_room.receiver.receive(raw, via="pipe", now=NOON)
    second = post_room.receiver.receive(
        b"Received: from x by y; Tue\r\n" + raw.replace(b"\n", b"\r\n"), via="imap", now=NOON
    )
    assert (second.reference, second.again) == (first.reference, True)
    assert len(post_room.tickets()) == len(post_room.rows()) == 1


def test_another_message_under_the_same_message_id_is_another_ticket(post_room: Post) -> None:
    first = post_room.receive(post_room.letter("Un", number=1))
    assert post_room.receive(post_room.letter("Deux", number=1)) != first


def test_the_same_message_from_eight_sides_at_once_is_one_ticket(post_room: Post) -> None:
    raw, found = post_room.letter(), []
    begin = threading.Barrier(8)

    def bring() -> None:
        begin.wait()
        found.append(post_room.receive(raw))

    threads = [threading.Thread(target=bring) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 8
    assert len(set(found)) == len(post_room.tickets()) == len(post_room.rows()) == 1


# --- Answers ---------------------------------------------------------------------------------------


def opened(room: Post) -> tuple[str, OutgoingMail]:
    """A ticket of Claire's and the mail that acknowledged it."""
    reference = room.receive(room.letter())
    return reference, room.sent(CLAIRE)[-1]


def test_an_answer_joins_its_ticket_by_its_threading(post_room: Post) -> None:
    reference, mail = opened(post_room)
    answer = post_room.letter("Il est réparé.", fields=f"In-Reply-To: {mail.message_id}\n", subject="Re: autre chose")
    assert post_room.receive(answer) == reference
    assert thread(post_room, reference)[-1] == (CLAIRE, "Il est réparé.", False)
    assert post_room.rows()[-1].outcome is Outcome.REPLY


def test_an_answer_joins_by_the_references_alone_and_by_the_senders_own_message(post_room: Post) -> None:
    reference, mail = opened(post_room)
    assert (
        post_room.receive(post_room.letter("Suite", fields=f"References: <x@y> {mail.message_id} <z@y>\n")) == reference
    )
    assert post_room.receive(post_room.letter("Encore", fields="In-Reply-To: <m1@client.example>\n")) == reference


def test_an_answer_joins_by_the_signed_address_and_by_the_signed_subject(post_room: Post) -> None:
    reference, mail = opened(post_room)
    by_address = post_room.letter("Par l'adresse", to=f"Hotline <{mail.headers['Reply-To'].upper()}>")
    assert post_room.receive(by_address) == reference
    assert post_room.receive(post_room.letter("Par l'objet", subject=f"RE: {mail.subject}")) == reference
    delivered = post_room.letter("Redirigé", fields=f"Delivered-To: {mail.headers['Reply-To']}\n", to="x@ims.example")
    assert post_room.receive(delivered) == reference


def test_a_forged_reference_joins_nothing(post_room: Post) -> None:
    reference, _ = opened(post_room)
    small = reference.lower()
    for letter in (
        post_room.letter(to=f"hotline+{small}.aaaaaaaaaaaa@ims.example", sender=STRANGER),
        post_room.letter(to=f"hotline+{small}@ims.example", sender=STRANGER),
        post_room.letter(subject=f"[{reference} aaaaaaaaaaaa] Panne", sender=STRANGER),
        post_room.letter(subject=f"[{reference}] Panne", sender=STRANGER),
        post_room.letter(fields=f"In-Reply-To: <ticket.{reference}@portail.example>\n", sender=STRANGER),
        post_room.letter(fields=f"In-Reply-To: {post_room.sent(CLAIRE)[0].message_id}\n", sender=STRANGER),
        post_room.letter(fields="In-Reply-To: <m1@client.example>\n", sender=STRANGER),
    ):
        assert post_room.receive(letter) != reference
    assert len(thread(post_room, reference)) == 1


def test_a_signed_address_of_one_ticket_opens_no_other(post_room: Post) -> None:
    reference, mail = opened(post_room)
    other = post_room.receive(post_room.letter(sender=OTTO))
    address = mail.headers["Reply-To"].replace(reference.lower(), other.lower())
    assert post_room.receive(post_room.letter(to=address, sender=STRANGER)) not in {reference, other}


def test_a_stranger_who_holds_the_address_is_heard_by_staff_alone(post_room: Post) -> None:
    reference, mail = opened(post_room)
    assert (
        post_room.receive(post_room.letter("Je suis le frère.", to=mail.headers["Reply-To"], sender=STRANGER))
        == reference
    )
    assert thread(post_room, reference)[-1] == (STRANGER, "Je suis le frère.", True)


def test_a_contact_speaks_in_their_organisations_tickets_only_when_backed(post_room: Post) -> None:
    reference, mail = opened(post_room)
    to = mail.headers["Reply-To"]
    for sender in (CLAIRE, LEA, OTTO):
        post_room.receive(post_room.letter("Vraiment", to=to, sender=sender))
        post_room.receive(post_room.letter("Faussement", to=to, sender=sender, backed=False))
        really, falsely = thread(post_room, reference)[-2:]
        assert really == (sender, "Vraiment", sender == OTTO)
        assert falsely == (sender, "Faussement", True)


def test_a_stranger_goes_on_in_their_own_ticket_by_the_address_that_we_signed(post_room: Post) -> None:
    reference = post_room.receive(post_room.letter(sender=STRANGER))
    (acknowledged,) = post_room.sent(STRANGER)
    thread_of = f"In-Reply-To: {acknowledged.message_id}\n"
    signed = parseaddr(acknowledged.headers["Reply-To"])[1]
    answer = post_room.letter("Merci", to=signed, sender=STRANGER, fields=thread_of, backed=False)
    assert post_room.receive(answer) == reference
    assert thread(post_room, reference)[-1] == (STRANGER, "Merci", False)


def test_who_only_guessed_the_thread_of_a_stranger_is_seen_by_staff_first(post_room: Post) -> None:
    reference = post_room.receive(post_room.letter(sender=STRANGER))
    (acknowledged,) = post_room.sent(STRANGER)
    thread_of = f"In-Reply-To: {acknowledged.message_id}\n"
    forged = post_room.letter("Fermez tout", sender=STRANGER, fields=thread_of, backed=False)
    assert post_room.receive(forged) == reference
    assert thread(post_room, reference)[-1] == (STRANGER, "Fermez tout", True)


def test_quotes_and_signature_are_folded_and_kept(post_room: Post) -> None:
    _reference, mail = opened(post_room)
    words = "Oui.\n\n-- \nClaire\n\nLe lun. 23 nov. 2026, IMS <h@ims.example> a écrit :\n> Bonjour"
    post_room.receive(post_room.letter(words, fields=f"In-Reply-To: {mail.message_id}\n"))
    with post_room.sessions() as session:
        message = session.scalars(select(TicketMessage).order_by(TicketMessage.id.desc())).first()
        assert message is not None
        assert message.text == "Oui."
        assert "Claire" in message.folded
        assert "> Bonjour" in message.folded


# --- No loops --------------------------------------------------------------------------------------


def test_what_a_machine_wrote_is_kept_and_shown_and_answered_by_nobody(post_room: Post) -> None:
    for field in ("Auto-Submitted: auto-replied", "Precedence: bulk", "List-Id: <l.example>", "Return-Path: <>"):
        assert post_room.receive(post_room.letter(fields=f"{field}\n")) in post_room.tickets()
    assert post_room.sent(CLAIRE) == []


def test_an_absence_note_joins_its_ticket_and_moves_nothing(post_room: Post) -> None:
    reference, mail = opened(post_room)
    before = len(post_room.sent())
    note = post_room.letter(
        "Je suis absente.", fields=f"In-Reply-To: {mail.message_id}\nAuto-Submitted: auto-replied\n"
    )
    assert post_room.receive(note) == reference
    assert thread(post_room, reference)[-1][1] == "Je suis absente."
    assert len(post_room.sent()) == before


def test_two_machines_do_not_talk_to_each_other_for_ever(post_room: Post) -> None:
    for number in range(8):
        post_room.receive(
            post_room.letter(f"Merci pour votre message {number}", subject=f"Merci {number}", sender=STRANGER)
        )
    assert 1 <= len(post_room.sent(STRANGER)) <= 5
    post_room.now += timedelta(hours=2)
    post_room.receive(post_room.letter("Bonjour", sender=STRANGER))
    assert post_room.sent(STRANGER)[-1].created_at == post_room.now


def test_two_machines_that_follow_one_ticket_stop_telling_each_other(post_room: Post) -> None:
    reference, mail = opened(post_room)
    to = mail.headers["Reply-To"]
    post_room.receive(post_room.letter("Je suis là aussi.", to=to, sender=LEA))
    seen = 0
    for _ in range(60):
        # Each answers every mail it gets, and neither says that it is a machine.
        waiting = [each for each in post_room.sent() if each.recipient in {CLAIRE, LEA}][seen:]
        if not waiting:
            break
        seen += len(waiting)
        for each in waiting:
            assert post_room.receive(post_room.letter("Bien reçu.", to=to, sender=each.recipient)) == reference
    else:
        pytest.fail("they would go on for ever")
    assert seen <= 24
    assert ticket(post_room, reference).reply_due_since is not None
    with post_room.sessions() as session:
        last = session.scalars(select(TicketMessage).order_by(TicketMessage.id.desc())).first()
        assert last is not None
        assert any("comme le fait une machine" in remark for remark in last.remarks)
    # Once it is over, a person is heard again; one that takes its time is stopped by the day's own limit.
    before = len(post_room.sent())
    post_room.now += timedelta(hours=2)
    post_room.receive(post_room.letter("Une vraie question.", to=to, sender=LEA))
    assert len(post_room.sent()) > before
    for _ in range(40):
        post_room.now += timedelta(minutes=20)
        post_room.receive(post_room.letter("Bien reçu.", to=to, sender=LEA))
    before = len(post_room.sent())
    post_room.receive(post_room.letter("Bien reçu.", to=to, sender=LEA))
    assert len(post_room.sent()) == before


def test_our_own_mail_that_comes_back_makes_nothing(post_room: Post) -> None:
    from portal.mail.message import compose

    reference, mail = opened(post_room)
    with post_room.sessions() as session:
        own = session.get_one(OutgoingMail, mail.id)
        raw = compose(own, sender="IMS <hotline@ims.example>", now=NOON).as_bytes()
    before = len(post_room.sent())
    receipt = post_room.receiver.receive(b"Received: x\n" + raw, via="imap", now=NOON)
    assert (receipt.outcome, receipt.reference) == (Outcome.OWN, reference)
    assert len(post_room.tickets()) == 1
    assert len(post_room.sent()) == before


def test_a_mail_from_the_hotlines_own_address_is_answered_by_nobody(post_room: Post) -> None:
    post_room.receive(post_room.letter(sender=HOTLINE))
    assert post_room.sent(HOTLINE) == []


# --- What became of our mails ----------------------------------------------------------------------


def quote_mail(room: Post, recipient: str = "claire@client.example") -> OutgoingMail:
    with room.sessions.begin() as session:
        return post(
            session, event="quotes/sent", recipient=recipient, subject="Votre devis", text="x", html=None,
            domain="portail.example", now=NOON,
        )  # fmt: skip


def told(action: str, status: str, mail: OutgoingMail, token: str | None = None) -> bytes:
    original = f"Message-ID: {mail.message_id}\nX-Portail-Envoi: {token or mail.token}\n"
    return report(action, status, original)


class Hook:
    def __init__(self) -> None:
        self.calls: list[tuple[str, Sequence[Action]]] = []

    def __call__(self, session: Session, mail: OutgoingMail, report: DeliveryReport, *, at: datetime) -> None:
        self.calls.append((mail.message_id, [one.action for one in report.recipients]))


def hooked(room: Post) -> Hook:
    hook = Hook()
    room.receiver = replace(room.receiver, handover=replace(room.hotline, hooks=[("quotes/", hook)]))
    return hook


def test_a_bounce_is_shown_on_the_mail_that_bounced_and_makes_no_ticket(post_room: Post) -> None:
    mail, hook = quote_mail(post_room), hooked(post_room)
    receipt = post_room.receiver.receive(told("failed", "5.1.1", mail), via="pipe", now=NOON)
    assert (receipt.outcome, post_room.tickets()) == (Outcome.REPORT, [])
    (found,) = post_room.sent("claire@client.example")
    assert found.bounced_at == NOON
    assert "no such user" in (found.bounced_why or "")
    assert hook.calls == [(mail.message_id, [Action.FAILED, Action.FAILED])]
    assert post_room.rows()[0].outgoing_id == mail.id


def test_a_delivery_is_believed_only_from_who_held_the_mail(post_room: Post) -> None:
    mail, hook = quote_mail(post_room), hooked(post_room)
    post_room.receive(told("delivered", "2.0.0", mail, token="devine"))  # noqa: S106
    assert post_room.sent()[0].delivered_at is None
    assert hook.calls == []
    post_room.receive(told("delivered", "2.0.0", mail))
    assert post_room.sent()[0].delivered_at == NOON
    assert hook.calls == [(mail.message_id, [Action.DELIVERED, Action.DELIVERED])]


def test_a_delay_is_no_bounce(post_room: Post) -> None:
    mail = quote_mail(post_room)
    post_room.receive(told("delayed", "4.4.1", mail))
    assert post_room.sent()[0].bounced_at is None


def test_a_bounce_of_a_tickets_mail_belongs_to_the_ticket(post_room: Post) -> None:
    reference, mail = opened(post_room)
    assert post_room.receive(told("failed", "5.1.1", mail)) == reference
    assert len(thread(post_room, reference)) == 1


def test_a_bounce_of_a_mail_that_is_not_ours_is_a_ticket_like_any_other(post_room: Post) -> None:
    reference = post_room.receive(report("failed", "5.1.1", "Message-ID: <x@elsewhere.example>\n"))
    assert post_room.tickets() == [reference]


def test_an_absence_note_to_a_quote_is_kept_on_that_mail(post_room: Post) -> None:
    mail = quote_mail(post_room)
    note = post_room.letter("Absente", fields=f"In-Reply-To: {mail.message_id}\nAuto-Submitted: auto-replied\n")
    receipt = post_room.receiver.receive(note, via="pipe", now=NOON)
    assert (receipt.outcome, receipt.reference, post_room.tickets()) == (Outcome.KEPT, "", [])
    assert post_room.rows()[0].outgoing_id == mail.id


# --- Nothing is lost -------------------------------------------------------------------------------


def test_what_is_no_message_or_too_large_leaves_nothing(post_room: Post) -> None:
    with pytest.raises(NotAMessage):
        post_room.receive(b"PK\x03\x04")
    with pytest.raises(TooLarge):
        post_room.receive(b"From: a@b.example\n\n" + b"x" * (64 * 1024 * 1024))
    assert post_room.rows() == []


class Breaks:
    """A room of tickets that fails a number of times."""

    def __init__(self, inner: Any, times: int, error: Exception) -> None:
        self._inner, self.times, self._error = inner, times, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def place(self, *arguments: Any, **named: Any) -> Any:
        if self.times:
            self.times -= 1
            raise self._error
        return self._inner.place(*arguments, **named)


def test_a_message_that_cannot_be_placed_is_kept_and_placed_by_its_job(post_room: Post) -> None:
    whole = post_room.receiver
    post_room.receiver = replace(whole, handover=Breaks(whole.handover, 1, RuntimeError("bug")))
    raw = post_room.letter()
    with pytest.raises(NotPlaced):
        post_room.receive(raw)
    (row,) = post_room.rows()
    assert raw_of(post_room, row) == raw
    assert (row.handled_at, post_room.tickets()) == (None, [])

    with post_room.sessions.begin() as session:
        assert lease(session, now=NOON) is None
        job = lease(session, now=NOON + GRACE)
    assert job is not None
    assert job.kind == JOB
    post_room.receiver.work(post_room.sessions, job, NOON + GRACE)
    (row,) = post_room.rows()
    assert [row.reference] == post_room.tickets()
    assert post_room.receive(raw) == row.reference


def test_a_store_that_is_full_keeps_nothing_and_says_so(post_room: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise StoreAway("disk full")

    raw = post_room.letter()
    with monkeypatch.context() as patch:
        patch.setattr(type(post_room.receiver.store), "put", full)
        with pytest.raises(StoreAway):
            post_room.receive(raw)
    assert post_room.rows() == []
    assert post_room.receive(raw) in post_room.tickets()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=30), max_size=20).map(b"".join))
def test_no_message_breaks_the_receiver_and_each_is_kept_to_the_byte(post_room: Post, rest: bytes) -> None:
    raw = b"From: a@b.example\nMessage-ID: <x@y>\n" + rest
    post_room.receive(raw)
    with post_room.sessions() as session:
        row = session.scalars(select(ReceivedMail).where(ReceivedMail.identity == identity_of(raw))).one()
        assert row.handled_at is not None
        kept = files.read(post_room.receiver.store, session.get_one(StoredFile, row.file_id))
        assert identity_of(kept) == identity_of(raw)
        assert row.sha256 == sha256(kept).hexdigest()


def test_every_letter_of_the_corpus_becomes_a_ticket(post_room: Post) -> None:
    corpus = [value for name, value in vars(letters).items() if name.isupper()]
    for raw in corpus:
        assert post_room.receive(raw) in post_room.tickets()
        assert raw_of(post_room, post_room.rows()[-1]) == raw
    assert len(post_room.tickets()) == len(corpus)


def test_what_is_held_on_a_sender_is_found_and_forgotten(post_room: Post) -> None:
    from portal.files.rules import FileGone
    from portal.mail.personal_data import erase, find

    raw = post_room.letter(subject="Ma panne")
    reference = post_room.receive(raw)
    with post_room.sessions.begin() as session:
        (record,) = find(session, "Claire@client.example")
        assert record.reference == reference
        assert ("Objet", "Ma panne") in record.values
        assert erase(session, CLAIRE, NOON).references == (reference,)
        assert list(find(session, CLAIRE)) == []
    (row,) = post_room.rows()
    with pytest.raises(FileGone):
        raw_of(post_room, row)
    assert post_room.receive(raw) == reference
    assert len(post_room.tickets()) == 1
