"""What is sent twice or by two at once is done once; looking changes nothing; another's things are not there."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select
from werkzeug.routing import Rule

from portal.accounts.actions import add_person
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import ClientRole
from portal.evidence.actions import verify_log
from portal.evidence.models import Entry
from portal.invoices.dispute_actions import Grievance, Trace, file_dispute
from portal.invoices.dispute_answer_actions import answer_as_client, answer_as_staff
from portal.invoices.dispute_letters import DisputeLetters
from portal.invoices.dispute_models import Dispute, DisputeDraft, DisputeMessage
from portal.invoices.dispute_rules import Act, DisputeError, DisputeState, Reason
from portal.invoices.letters import Letters
from portal.invoices.models import Invoice, InvoiceImport
from portal.invoices.payment_actions import TooMuch, claim_penalty, grant_deferral, record_payment
from portal.invoices.payment_models import Claim, Deferral, Payment
from portal.invoices.payment_rules import Means, Regime
from portal.invoices.reminder_models import Reminder, ReminderStep
from portal.invoices.work_models import InvoiceWork
from portal.jobs.models import Job
from portal.mail.models import OutgoingMail
from portal.terms import Library
from tests.accounts.conftest import MARC, Portal, portal
from tests.contracts.test_ledger import together
from tests.invoices.conftest import NOON, reading
from tests.invoices.test_dispute_views import confirm, write
from tests.invoices.test_views import BILLER, Given, biller, give
from tests.quotes.conftest import signed_in

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

__all__ = ["biller", "give", "portal"]
ROOM = ("invoices.", "disputes.", "invoices_desk.", "disputes_desk.", "invoice_")
TABLES: tuple[Any, ...] = (
    Invoice, InvoiceImport, Payment, Deferral, Claim, Dispute, DisputeMessage, DisputeDraft, Reminder, ReminderStep,
    InvoiceWork, Entry, OutgoingMail, Job,
)  # fmt: skip


def rules(portal: Portal, *, client: bool) -> Iterator[Rule]:
    """The addresses of this room, of one side."""
    for rule in portal.app.url_map.iter_rules():
        if rule.endpoint.startswith(ROOM) and rule.endpoint.startswith(("invoices.", "disputes.")) is client:
            yield rule


def filled(rule: Rule, number: int, reference: str) -> str:
    """An address of the one invoice and the one dispute there are."""
    path = rule.rule
    for part, value in (
        ("<reference>", reference), ("<int:number>", str(number)), ("<int:entry>", "1"), ("<kind>", "paiement"),
        ("<act>", "examiner"),
    ):  # fmt: skip
        path = path.replace(part, value)
    return path


@pytest.fixture
def disputed(portal: Portal, give: Given, biller: str) -> tuple[int, str]:
    """One invoice with a dispute and a draft."""
    number = give()
    marc = signed_in(portal, MARC)
    write(marc, number)
    reference = confirm(marc, number)
    write(marc, number, faire="enregistrer", words="La suite.")
    return number, reference


def state(portal: Portal) -> list[Any]:
    with portal.sessions() as session:
        rows = [session.scalar(select(func.count()).select_from(table)) for table in TABLES]
        invoices = session.execute(
            select(Invoice.id, Invoice.remaining, Invoice.late_seen_at, Invoice.reminders_stopped)
        )
        disputes = session.execute(select(Dispute.id, Dispute.state, Dispute.waiting_since))
        return [rows, [tuple(row) for row in invoices], [tuple(row) for row in disputes]]


def but_the_log(found: list[Any]) -> list[Any]:
    counts, *rest = found
    return [[count for table, count in zip(TABLES, counts, strict=True) if table is not Entry], *rest]


def test_looking_changes_nothing_by_get_nor_by_head(portal: Portal, disputed: tuple[int, str]) -> None:
    browsers = {True: signed_in(portal, MARC), False: signed_in(portal, BILLER)}
    before, seen = state(portal), 0
    for client, browser in browsers.items():
        for rule in rules(portal, client=client):
            if "GET" not in (rule.methods or ()) or rule.rule.endswith(".pdf"):  # a letter is made without the base
                continue
            path = filled(rule, *disputed)
            got, asked = browser.client.get(path), browser.client.head(path)
            assert got.status_code == asked.status_code, path
            assert got.status_code in {200, 404}, path
            assert asked.get_data() == b""
            seen += got.status_code == 200
    assert seen > 18
    assert state(portal) == before


def test_nothing_of_one_client_is_there_for_another(portal: Portal, disputed: tuple[int, str]) -> None:
    with portal.sessions.begin() as session:
        other = session.get_one(Organisation, portal.ids["other"])
        add_person(
            session,
            organisation=other,
            email="b@autre.example",
            name="Bea",
            roles=[ClientRole.BILLING],
            by=None,
            now=NOON,
        )
    browser, seen = signed_in(portal, "b@autre.example"), 0
    token = browser.token("factures/")
    before = state(portal)
    for rule in rules(portal, client=True):
        if not rule.arguments:
            continue
        path = filled(rule, *disputed)
        for method in sorted({"GET", "HEAD", "POST"} & set(rule.methods or ())):
            answer = browser.client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)
            assert answer.status_code == 404, (method, path)
            seen += 1
    assert seen > 20
    assert but_the_log(state(portal)) == but_the_log(before)
    with portal.sessions() as session:  # what was tried and would have bound is told
        assert session.scalars(select(Entry.kind).order_by(Entry.seq.desc()).limit(5)).all() == ["accounts.refused"] * 5


def test_what_staff_send_twice_is_recorded_once(portal: Portal, give: Given, biller: str) -> None:
    number = give(reading(issued_on=date(2026, 4, 1), due_on=date(2026, 5, 1)))
    anne, page = signed_in(portal, biller), f"bureau/factures/{number}"
    for path, given in (
        ("paiement", {"paiement-day": "23/11/2026", "paiement-amount": "80", "paiement-means": "transfer", "paiement-key": "k"}),
        ("report", {"report-until": "1/2/2027", "report-granted_on": "23/11/2026", "report-writing": "Oui.", "report-key": "k"}),
    ):  # fmt: skip
        for _ in range(2):
            anne.send(f"{page}/{path}", 303, page, **given)
    with portal.sessions() as session:
        counts = [session.scalar(select(func.count()).select_from(table)) for table in (Payment, Deferral)]
        kinds = [
            kind for kind in session.scalars(select(Entry.kind)) if kind.startswith(("invoices.pay", "invoices.def"))
        ]
    assert counts == [1, 1]
    assert kinds == ["invoices.payment_recorded", "invoices.deferral_granted"]


@pytest.fixture
def act(
    sessions: "sessionmaker[Session]", library: Library, letters: Letters, bookkeeper: Person, biller_person: Person
) -> Callable[..., Callable[[], object]]:
    """``act(verb, invoice, key)``: a verb of this room, in a transaction and a thread of its own."""
    mails = DisputeLetters(letters)

    def made(verb: str, number: int, key: str = "k") -> Callable[[], object]:
        def go() -> object:
            with sessions.begin() as session:
                staff, client = session.merge(biller_person), session.merge(bookkeeper)
                given: dict[str, Any] = {"form_key": key, "at": NOON}
                match verb:
                    case "pay":
                        return record_payment(
                            session, session.get_one(Invoice, number), day=NOON.date(), amount=Decimal(480),
                            means=Means.TRANSFER, reference="", by=staff, **given,
                        )  # fmt: skip
                    case "defer":
                        return grant_deferral(
                            session, session.get_one(Invoice, number), until=date(2027, 2, 1), granted_on=NOON.date(),
                            writing="Oui.", by=staff, letters=letters, **given,
                        )  # fmt: skip
                    case "claim":
                        return claim_penalty(
                            session, session.get_one(Invoice, number), day=NOON.date(), regime=Regime.CLAUSE,
                            penalty=Decimal(1), indemnity=Decimal(0), words="", by=staff, letters=letters, **given,
                        )  # fmt: skip
                    case "file":
                        return file_dispute(
                            session, session.get_one(Invoice, number), Grievance(Decimal(480), Reason.PRICE, "Trop."),
                            by=client, trace=Trace(), library=library, letters=mails, **given,
                        )  # fmt: skip
                    case "accept":
                        dispute = session.scalars(select(Dispute)).one()
                        return answer_as_client(
                            session, dispute, Act.ACCEPT, by=client, words="", letters=mails, **given
                        )
                    case _:
                        dispute = session.scalars(select(Dispute)).one()
                        return answer_as_staff(
                            session, dispute, Act(verb), by=staff, words="Voici pourquoi.", letters=mails,
                            amount=Decimal(480) if verb == "credit" else None, **given,
                        )  # fmt: skip

        return go

    return made


@pytest.fixture
def biller_person(sessions: "sessionmaker[Session]") -> Person:
    from portal.accounts.actions import add_staff
    from portal.accounts.rules import StaffRole

    with sessions.begin() as session:
        return add_staff(session, email="anne@ims.example", name="Anne Klein", roles=[StaffRole.BILLING], now=NOON)


Acts = Callable[..., Callable[[], object]]


@pytest.mark.parametrize(
    ("verb", "table"), [("pay", Payment), ("defer", Deferral), ("claim", Claim), ("file", Dispute)]
)
def test_the_same_page_sent_by_two_threads_at_once_is_one_act(
    add: Callable[..., Invoice], sessions: "sessionmaker[Session]", act: Acts, verb: str, table: Any
) -> None:
    number = add().id
    assert together(*[act(verb, number) for _ in range(3)]) == []
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(table)) == 1
        assert list(verify_log(session)) == []


def test_two_of_the_staff_do_not_record_the_same_money_twice(
    add: Callable[..., Invoice], sessions: "sessionmaker[Session]", act: Acts
) -> None:
    number = add().id
    (refused,) = together(act("pay", number, "one"), act("pay", number, "two"))
    assert isinstance(refused, TooMuch)
    with sessions() as session:
        assert session.get_one(Invoice, number).remaining == 0


def test_of_a_credit_and_an_acceptance_of_something_else_at_once_the_client_accepts_what_was_said(
    add: Callable[..., Invoice], sessions: "sessionmaker[Session]", act: Acts
) -> None:
    number = add().id
    act("file", number)()
    act("maintain", number, "m")()
    failures = together(act("accept", number, "a"), act("credit", number, "c"))
    with sessions() as session:
        dispute, invoice = session.scalars(select(Dispute)).one(), session.get_one(Invoice, number)
        if failures:  # it was accepted first: nothing more is said
            assert isinstance(failures[0], DisputeError)
            assert (dispute.credited, invoice.claimable) == (None, Decimal(480))
        else:  # the credit came first: that is what was accepted
            assert (dispute.credited, invoice.claimable) == (Decimal(480), Decimal(0))
        assert dispute.state is DisputeState.ACCEPTED
        assert list(verify_log(session)) == []
