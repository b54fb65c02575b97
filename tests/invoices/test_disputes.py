"""A dispute is filed once, on the server's clock, by the days of 7.4; late ones are heard and suspend nothing."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.models import Organisation, Person
from portal.evidence.actions import verify_log
from portal.evidence.models import Entry
from portal.invoices.dispute_actions import Grievance, Point, Trace, file_dispute, find_dispute, record_dispute
from portal.invoices.dispute_answer_actions import answer_as_client, answer_as_staff
from portal.invoices.dispute_draft_actions import drop_draft, find_draft, save_draft
from portal.invoices.dispute_letters import DisputeLetters
from portal.invoices.dispute_models import Dispute
from portal.invoices.dispute_rules import (
    Act,
    AlreadyDisputed,
    AmountMissing,
    AmountTooHigh,
    BadDay,
    Channel,
    DisputeOver,
    DisputeState,
    NotNow,
    NotYours,
    Reason,
    ReasonMissing,
)
from portal.invoices.holding import held
from portal.invoices.letters import Letters
from portal.invoices.models import Invoice
from portal.invoices.payment_rules import Account
from portal.mail.models import OutgoingMail
from portal.terms import Library
from tests.invoices.conftest import BOOKKEEPER, NOON, reading

PARIS = ZoneInfo("Europe/Paris")
ALL = Decimal("480.00")
Add = Callable[..., Invoice]


class Room:
    """The verbs, with what they always need."""

    def __init__(self, sessions: sessionmaker[Session], library: Library, letters: Letters, by: Person, staff: Person):
        self.sessions, self.library, self.by, self.staff = sessions, library, by, staff
        self.letters = DisputeLetters(letters)

    def file(self, invoice: Invoice, *, at: datetime = NOON, key: str = "page", **changed: Any) -> Dispute:
        grievance = Grievance(
            **{"amount": ALL, "reason": Reason.PRICE, "text": "Le prix convenu était 90 €.", **changed}
        )
        with self.sessions.begin() as session:
            return file_dispute(
                session, session.get_one(Invoice, invoice.id), grievance, by=session.merge(self.by), form_key=key,
                trace=Trace("192.0.2.1", "Firefox", "code"), library=self.library, letters=self.letters,
                consent="Je notifie.", at=at,
            )  # fmt: skip

    def record(self, invoice: Invoice, *, sent_on: date, at: datetime = NOON, **changed: Any) -> Dispute:
        given: dict[str, Any] = {"channel": Channel.LETTER, "author": "Marc Weber", "mail": BOOKKEEPER, "ticket": None}
        with self.sessions.begin() as session:
            return record_dispute(
                session, session.get_one(Invoice, invoice.id), Grievance(ALL, Reason.QUALITY, "Panne."), sent_on=sent_on,
                files=(), by=session.merge(self.staff), form_key=f"r-{sent_on}", library=self.library,
                letters=self.letters, at=at, **{**given, **changed},
            )  # fmt: skip

    def staff_does(self, dispute: Dispute, act: Act, words: str = "Voici pourquoi.", **options: Any) -> None:
        with self.sessions.begin() as session:
            answer_as_staff(
                session, session.get_one(Dispute, dispute.id), act, by=session.merge(self.staff), words=words,
                form_key=options.pop("key", act.value), letters=self.letters, at=NOON + timedelta(hours=1), **options,
            )  # fmt: skip

    def client_does(self, dispute: Dispute, act: Act, words: str = "", key: str = "") -> None:
        with self.sessions.begin() as session:
            answer_as_client(
                session, session.get_one(Dispute, dispute.id), act, by=session.merge(self.by), words=words,
                form_key=key or act.value, letters=self.letters, at=NOON + timedelta(hours=2),
            )  # fmt: skip

    def state(self, dispute: Dispute) -> DisputeState:
        with self.sessions() as session:
            return session.get_one(Dispute, dispute.id).state

    def account(self, invoice: Invoice) -> Account:
        with self.sessions() as session:
            found = session.get_one(Invoice, invoice.id)
            return held(session, found).account(found)

    def mails(self, event: str) -> list[OutgoingMail]:
        with self.sessions() as session:
            found = select(OutgoingMail).where(OutgoingMail.event == f"invoices/{event}").order_by(OutgoingMail.id)
            return list(session.scalars(found))

    def kinds(self) -> list[str]:
        with self.sessions() as session:
            assert list(verify_log(session)) == []
            kinds = session.scalars(select(Entry.kind).where(Entry.kind.like("invoices.dispute%")).order_by(Entry.seq))
            return list(kinds)


@pytest.fixture
def room(
    sessions: sessionmaker[Session], library: Library, letters: Letters, bookkeeper: Person, biller: Person
) -> Room:
    return Room(sessions, library, letters, bookkeeper, biller)


def test_the_mail_of_7_4_leaves_to_both_sides_word_for_word_the_same(room: Room, add: Add) -> None:
    dispute = room.file(add())
    company, client = sorted(room.mails("dispute_notice"), key=lambda mail: mail.recipient != "contact@ims-partners.fr")
    assert (company.recipient, client.recipient) == ("contact@ims-partners.fr", BOOKKEEPER)
    # Each has its own link; everything else is the same.
    same = [line for line in company.text.splitlines() if not line.startswith("http")]
    assert same == [line for line in client.text.splitlines() if not line.startswith("http")]
    assert company.subject == f"Contestation {dispute.reference}\u00a0: Facture F-2026-0042"
    assert "notification que demande l'article 7.4" in company.text
    assert "> Le prix convenu était 90\u00a0€." in company.text
    assert room.kinds() == ["invoices.dispute_filed"]


@pytest.mark.parametrize(
    ("issued", "last", "why"),
    [
        (date(2026, 11, 30), date(2026, 12, 15), "an ordinary Tuesday"),
        (date(2026, 12, 11), date(2026, 12, 28), "26 December, a Saturday and a holiday of Alsace, then a Sunday"),
        (date(2026, 3, 19), date(2026, 4, 7), "Good Friday, then Easter Monday"),
        (date(2026, 3, 14), date(2026, 3, 30), "the Sunday on which summer time begins"),
        (date(2026, 10, 10), date(2026, 10, 26), "the Sunday on which it ends"),
    ],
)
def test_the_last_second_of_the_last_day_is_in_time_and_the_next_one_is_not(
    room: Room, add: Add, issued: date, last: date, why: str
) -> None:
    midnight = datetime(last.year, last.month, last.day, tzinfo=PARIS) + timedelta(days=1)
    first = add(reading("F-1", issued_on=issued))
    second = add(reading("F-2", issued_on=issued))
    in_time = room.file(first, at=(midnight - timedelta(seconds=1)).astimezone(UTC), key="a")
    after = room.file(second, at=midnight.astimezone(UTC), key="b")
    assert (in_time.late, in_time.last_day, in_time.sent_on) == (False, last, last), why
    assert (after.late, after.title) == (True, "Réclamation hors délai"), why


def test_a_late_claim_suspends_nothing_until_it_is_admitted_with_a_reason(room: Room, add: Add) -> None:
    invoice = add(reading(issued_on=date(2026, 10, 1), due_on=date(2026, 10, 31)))
    claim = room.file(invoice)
    assert claim.late
    assert room.account(invoice).claimable == ALL
    assert "réclamation hors délai" in room.mails("dispute_notice")[0].text
    with pytest.raises(ReasonMissing):
        room.staff_does(claim, Act.ADMIT, words=" ")
    room.staff_does(claim, Act.ADMIT, words="La facture est arrivée tard.")
    assert room.account(invoice).claimable == 0
    with pytest.raises(NotNow):
        room.staff_does(claim, Act.ADMIT, key="again")
    assert "admise comme contestation" in room.mails("dispute_answer")[-1].text


def test_one_in_time_is_not_there_to_be_admitted(room: Room, add: Add) -> None:
    with pytest.raises(NotNow):
        room.staff_does(room.file(add()), Act.ADMIT)


def test_the_same_page_twice_is_one_dispute(room: Room, add: Add) -> None:
    invoice = add()
    assert room.file(invoice).reference == room.file(invoice).reference
    assert len(room.mails("dispute_notice")) == 2


def test_two_disputes_of_one_point_at_once_are_one_and_a_refusal(room: Room, add: Add) -> None:
    invoice = add()
    found: list[str] = []
    barrier = threading.Barrier(4)

    def go(key: str) -> None:
        barrier.wait()
        try:
            found.append(room.file(invoice, key=key).reference)
        except AlreadyDisputed as refusal:
            found.append(f"refused: {refusal.reference}")

    threads = [threading.Thread(target=go, args=(f"page-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["CON-2026-0001", *["refused: CON-2026-0001"] * 3]


def test_two_lines_are_two_disputes_and_the_whole_overlaps_them(room: Room, add: Add) -> None:
    invoice = add()
    with room.sessions() as session:
        hour, screen = (line.id for line in session.get_one(Invoice, invoice.id).lines)
    room.file(invoice, key="a", amount=Decimal(60), points=(Point(hour, Decimal(60)),))
    room.file(invoice, key="b", amount=Decimal(300), points=(Point(screen, Decimal(300)),))
    for points in ((), (Point(hour, Decimal(1)),)):
        with pytest.raises(AlreadyDisputed):
            room.file(invoice, key="c", amount=Decimal(1), points=points)
    assert room.account(invoice).disputed_left == Decimal(360)
    assert room.account(invoice).claimable == Decimal(120)


@pytest.mark.parametrize(("amount", "error"), [("0", AmountMissing), ("480.01", AmountTooHigh), ("480.00", None)])
def test_no_more_is_disputed_than_was_invoiced(
    room: Room, add: Add, amount: str, error: type[Exception] | None
) -> None:
    invoice = add()
    if error is None:
        assert room.file(invoice, amount=Decimal(amount)).amount == ALL
        return
    with pytest.raises(error):
        room.file(invoice, amount=Decimal(amount))


def test_a_line_is_disputed_with_its_vat_and_no_more(room: Room, add: Add) -> None:
    invoice = add()
    with room.sessions() as session:
        hour = session.get_one(Invoice, invoice.id).lines[0].id
    with pytest.raises(AmountTooHigh):
        room.file(invoice, amount=Decimal("180.01"), points=(Point(hour, Decimal("180.01")),))
    room.file(invoice, amount=Decimal("180.00"), points=(Point(hour, Decimal("180.00")),))


def test_what_came_by_letter_is_in_time_by_its_sending_day(room: Room, add: Add) -> None:
    invoice = add(reading("F-1", issued_on=date(2026, 11, 6)))
    other = add(reading("F-2", issued_on=date(2026, 11, 6)))
    assert room.record(invoice, sent_on=date(2026, 11, 21)).late is False  # a Saturday: until Monday the 23rd
    with pytest.raises(BadDay):
        room.record(other, sent_on=date(2026, 11, 5))
    with pytest.raises(BadDay):
        room.record(other, sent_on=date(2026, 11, 24))
    later = NOON + timedelta(days=9)
    assert room.record(other, sent_on=date(2026, 11, 24), at=later).late is True
    assert [mail.recipient for mail in room.mails("dispute_recorded")] == [BOOKKEEPER] * 2
    assert room.mails("dispute_notice") == []


def test_only_the_billing_role_of_its_own_client_disputes(
    room: Room, add: Add, sessions: sessionmaker[Session], client: Organisation
) -> None:
    invoice = add()
    with sessions() as session:
        people = session.scalars(select(Person).where(Person.organisation_id == client.id)).all()
    for person in people:
        if person.email == BOOKKEEPER:
            continue
        room.by = person
        with pytest.raises(NotYours):
            room.file(invoice)
    room.by = room.staff
    with pytest.raises(NotYours):
        room.file(invoice)


def test_staff_ask_and_credit_in_part_and_the_client_accepts(room: Room, add: Add) -> None:
    invoice = add()
    dispute = room.file(invoice)
    room.staff_does(dispute, Act.ACKNOWLEDGE, words="")
    room.staff_does(dispute, Act.ASK, words="De quel jour parlez-vous ?")
    room.client_does(dispute, Act.ANSWER, "Du 3.")
    assert room.state(dispute) is DisputeState.ANSWERED
    with pytest.raises(AmountTooHigh):
        room.staff_does(dispute, Act.CREDIT, amount=Decimal("480.01"))
    room.staff_does(dispute, Act.CREDIT, amount=Decimal(80))
    assert room.account(invoice).claimable == 0  # all of it is disputed until the client agrees
    room.client_does(dispute, Act.ACCEPT)
    account = room.account(invoice)
    assert (account.disputed, account.promised_left, account.claimable) == (Decimal(0), Decimal(80), Decimal(400))
    with pytest.raises(DisputeOver):
        room.client_does(dispute, Act.UPHOLD)
    add(reading("A-1", type_code="381", gross=Decimal(80), payable=Decimal(80), preceding=("F-2026-0042",)),
        at=NOON + timedelta(days=1))  # fmt: skip
    account = room.account(invoice)
    assert (account.promised, account.left, account.claimable) == (Decimal(0), Decimal(400), Decimal(400))


def test_an_offer_with_an_amount_is_a_credit_once_it_is_accepted(room: Room, add: Add) -> None:
    dispute = room.file(add())
    room.staff_does(dispute, Act.PROPOSE, amount=Decimal(50))
    room.client_does(dispute, Act.ACCEPT)
    with room.sessions() as session:
        assert session.get_one(Dispute, dispute.id).credited == Decimal(50)


def test_a_disagreement_that_is_maintained_stays_and_says_what_remains(room: Room, add: Add) -> None:
    invoice = add()
    dispute = room.file(invoice)
    with pytest.raises(NotNow):
        room.client_does(dispute, Act.UPHOLD)
    room.staff_does(dispute, Act.MAINTAIN)
    room.client_does(dispute, Act.UPHOLD, "Nous ne sommes pas d'accord.")
    assert room.account(invoice).claimable == 0
    texts = [mail.text for mail in room.mails("dispute_answer")]
    assert sum("médiation" in each and "tribunal" in each for each in texts) == 2  # to both sides
    room.staff_does(dispute, Act.SETTLE)
    assert room.account(invoice).claimable == ALL
    room.client_does(dispute, Act.UPHOLD, key="again")
    assert room.state(dispute) is DisputeState.UPHELD


def test_answers_thread_in_the_mailboxes_and_are_written_once(room: Room, add: Add) -> None:
    dispute = room.file(add())
    for _ in range(2):
        room.staff_does(dispute, Act.ASK)
    (mail,) = room.mails("dispute_answer")
    notice = next(each for each in room.mails("dispute_notice") if each.recipient == BOOKKEEPER)
    assert mail.headers["In-Reply-To"] == notice.message_id
    with room.sessions() as session:
        assert [each.act for each in find_dispute(session, dispute.reference).messages] == [Act.FILE, Act.ASK]


def test_staff_without_the_role_answer_nothing(room: Room, add: Add) -> None:
    dispute = room.file(add())
    room.staff = room.by
    with pytest.raises(NotYours):
        room.staff_does(dispute, Act.ASK)


def test_a_draft_is_one_per_person_and_knows_what_changed(room: Room, add: Add) -> None:
    invoice = add()
    for words, revision in (("a", 1), ("a", 1), ("b", 2)):
        with room.sessions.begin() as session:
            draft = save_draft(
                session, session.get_one(Invoice, invoice.id), session.merge(room.by), {"words": words},
                form_key="k", at=NOON,
            )  # fmt: skip
            assert draft.revision == revision
    with room.sessions.begin() as session:
        draft_there = find_draft(session, session.get_one(Invoice, invoice.id), session.merge(room.by))
        assert draft_there
        assert draft_there.content == {"words": "b"}
        drop_draft(session, draft_there)
    with room.sessions() as session:
        assert find_draft(session, session.get_one(Invoice, invoice.id), room.by) is None


def test_a_dispute_that_fails_half_way_leaves_nothing(room: Room, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = add()

    def broken(*_: object) -> None:
        raise RuntimeError("the power failed")

    with monkeypatch.context() as patch:
        patch.setattr(DisputeLetters, "filed", broken)
        with pytest.raises(RuntimeError):
            room.file(invoice)
    assert room.kinds() == []
    assert room.file(invoice).reference == "CON-2026-0001"
