"""Payments, deferrals and claims: recorded once, taken back with a reason, and what they do to what is due."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.models import Person
from portal.evidence.models import Entry
from portal.forms import read_amount
from portal.invoices.holding import held
from portal.invoices.letters import Letters
from portal.invoices.models import Invoice
from portal.invoices.payment_actions import (
    AlreadyCancelled,
    NotDue,
    ReasonMissing,
    TooMuch,
    cancel,
    claim_penalty,
    grant_deferral,
    record_payment,
    set_against,
)
from portal.invoices.payment_import import DUPLICATE, RECORDED, REJECTED, UnreadablePayments, rows_of, take_in
from portal.invoices.payment_models import Payment
from portal.invoices.payment_rules import Account, Means, Regime, Standing
from portal.mail.models import OutgoingMail
from tests.accounts.conftest import MARC, Portal, portal
from tests.invoices.conftest import BOOKKEEPER, NOON, reading
from tests.invoices.test_views import Given, give, text
from tests.invoices.test_views import biller as biller_address
from tests.quotes.conftest import signed_in

__all__ = ["biller_address", "give", "portal"]
Add = Callable[..., Invoice]
TODAY = date(2026, 11, 23)


class Till:
    """The verbs, with what they always need."""

    def __init__(self, sessions: sessionmaker[Session], letters: Letters, by: Person) -> None:
        self.sessions, self.letters, self.by = sessions, letters, by

    def pay(self, invoice: Invoice, amount: str, key: str = "a", day: date = TODAY) -> int:
        with self.sessions.begin() as session:
            return record_payment(
                session, session.get_one(Invoice, invoice.id), day=day, amount=Decimal(amount), means=Means.TRANSFER,
                reference="VIR", form_key=key, by=session.merge(self.by), at=NOON,
            ).id  # fmt: skip

    def defer(self, invoice: Invoice, until: date, writing: str = "Courriel du 20.", key: str = "a") -> int:
        with self.sessions.begin() as session:
            return grant_deferral(
                session, session.get_one(Invoice, invoice.id), until=until, granted_on=TODAY, writing=writing,
                form_key=key, by=session.merge(self.by), letters=self.letters, at=NOON,
            ).id  # fmt: skip

    def account(self, invoice: Invoice) -> Account:
        with self.sessions() as session:
            found = session.get_one(Invoice, invoice.id)
            return held(session, found).account(found)

    def mails(self, event: str) -> list[OutgoingMail]:
        with self.sessions() as session:
            return list(session.scalars(select(OutgoingMail).where(OutgoingMail.event == f"invoices/{event}")))


@pytest.fixture
def till(sessions: sessionmaker[Session], letters: Letters, biller: Person) -> Till:
    return Till(sessions, letters, biller)


def test_partial_payments_add_up_and_never_to_more_than_is_due(add: Add, till: Till) -> None:
    invoice = add()
    till.pay(invoice, "180.00")
    till.pay(invoice, "180.00")  # the same page again
    till.pay(invoice, "299.99", key="b")
    assert till.account(invoice).left == Decimal("0.01")
    with pytest.raises(TooMuch):
        till.pay(invoice, "0.02", key="c")
    till.pay(invoice, "0.01", key="d")
    assert till.account(invoice).standing(TODAY) is Standing.PAID


def test_a_credit_note_is_not_paid_and_is_set_against_once(add: Add, till: Till) -> None:
    invoice, note = add(), add(reading("A-1", type_code="381", gross=Decimal(-100), payable=Decimal(-100)))
    with pytest.raises(NotDue):
        till.pay(note, "1")
    for key, expected in (("a", True), ("a", True), ("b", False)):
        with till.sessions.begin() as session:
            found = set_against(
                session, session.get_one(Invoice, note.id), session.get_one(Invoice, invoice.id), form_key=key,
                by=session.merge(till.by), at=NOON,
            )  # fmt: skip
            assert (found is not None) is expected
    assert till.account(invoice).left == Decimal(380)


def test_a_deferral_granted_in_writing_moves_the_due_day_and_tells_the_client(add: Add, till: Till) -> None:
    invoice = add(reading(issued_on=date(2026, 10, 1), due_on=date(2026, 10, 31)))
    assert till.account(invoice).standing(TODAY) is Standing.OVERDUE
    with pytest.raises(ReasonMissing):
        till.defer(invoice, date(2026, 12, 31), writing=" ")
    number = till.defer(invoice, date(2026, 12, 31))
    assert till.account(invoice).standing(TODAY) is Standing.DUE
    (mail,) = till.mails("deferred")
    assert (mail.recipient, "31\u00a0décembre\u00a02026" in mail.subject) == (BOOKKEEPER, True)
    assert "article 7.4" in mail.text
    for reason, error in ((" ", ReasonMissing), ("Saisi deux fois.", None), ("Encore.", AlreadyCancelled)):
        with till.sessions.begin() as session:
            row = held(session, session.get_one(Invoice, invoice.id)).deferrals[0]
            assert row.id == number
            arguments = {"reason": reason, "by": session.merge(till.by), "letters": till.letters, "at": NOON}
            if error:
                with pytest.raises(error):
                    cancel(session, row, **arguments)  # type: ignore[arg-type]
            else:
                cancel(session, row, **arguments)  # type: ignore[arg-type]
    assert till.account(invoice).standing(TODAY) is Standing.OVERDUE
    assert len(till.mails("cancelled")) == 1


def test_nothing_is_claimed_but_by_staff_and_the_client_is_told(
    add: Add, till: Till, sessions: sessionmaker[Session]
) -> None:
    invoice = add(reading(issued_on=date(2026, 1, 1), due_on=date(2026, 1, 31)))
    for penalty, error in (("0", NotDue), ("9.52", None)):
        with till.sessions.begin() as session:
            arguments = {
                "day": TODAY, "regime": Regime.CLAUSE, "penalty": Decimal(penalty), "indemnity": Decimal(0),
                "words": "", "form_key": penalty, "by": session.merge(till.by), "letters": till.letters, "at": NOON,
            }  # fmt: skip
            if error:
                with pytest.raises(error):
                    claim_penalty(session, session.get_one(Invoice, invoice.id), **arguments)  # type: ignore[arg-type]
            else:
                claim_penalty(session, session.get_one(Invoice, invoice.id), **arguments)  # type: ignore[arg-type]
    (mail,) = till.mails("claimed")
    assert "9,52\u00a0€" in mail.text
    with sessions() as session:
        kinds = session.scalars(select(Entry.kind).where(Entry.kind.like("invoices.penalty%"))).all()
        assert kinds == ["invoices.penalty_claimed"]


def test_staff_record_and_take_back_on_the_page(portal: Portal, give: Given, biller_address: str) -> None:
    number = give()
    anne = signed_in(portal, biller_address)
    page = f"bureau/factures/{number}"
    paid: dict[str, Any] = {
        "paiement-key": "k",
        "paiement-day": "23/11/2026",
        "paiement-amount": "1 80,00 €",
        "paiement-means": "transfer",
    }
    anne.send(f"{page}/paiement", 422, on=page, **(paid | {"paiement-day": "24/11/2026"}))
    anne.send(f"{page}/paiement", 409, on=page, **(paid | {"paiement-amount": "480,01"}))
    for _ in range(2):
        anne.send(f"{page}/paiement", on=page, **paid)
    assert "Reste à payer 300,00 €" in text(anne.open(page))
    assert "reste 300,00 €" in text(signed_in(portal, MARC).open("factures/"))
    put_off: dict[str, Any] = {
        "report-key": "k", "report-until": "31/01/2027", "report-granted_on": "2026-11-20", "report-writing": "Courriel.",
    }  # fmt: skip
    anne.send(f"{page}/report", on=page, **put_off)
    assert "31 janvier 2027 (imprimée : 23 décembre 2026)" in text(anne.open(page))
    anne.send(f"{page}/annuler/paiement/1", on=page, reason="Erreur de saisie.")
    anne.send(f"{page}/annuler/paiement/1", 409, on=page, reason="Encore.")
    anne.send(f"{page}/annuler/paiement/99", 404, on=page, reason="x")
    anne.send(f"{page}/annuler/autre/1", 404, on=page, reason="x")
    assert "Erreur de saisie." in anne.open(page)
    assert "Reste à payer 480,00 €" in text(signed_in(portal, MARC).open(f"factures/{number}"))


def test_staff_claim_on_the_page_and_the_client_sees_it(portal: Portal, give: Given, biller_address: str) -> None:
    number = give(reading(issued_on=date(2026, 1, 1), due_on=date(2026, 1, 31)))
    anne = signed_in(portal, biller_address)
    page = f"bureau/factures/{number}"
    given: dict[str, Any] = {
        "penalite-key": "k",
        "penalite-regime": "clause",
        "penalite-penalty": "7,75",
        "penalite-indemnity": "40",
    }
    anne.send(f"{page}/penalite", on=page, **given)
    shown = text(signed_in(portal, MARC).open(f"factures/{number}"))
    assert "IMS Partners réclame 47,75 €" in shown
    assert "40,00 € d'indemnité forfaitaire" in shown


def test_a_spare_day_is_not_late(add: Add, till: Till) -> None:
    invoice = add()
    assert till.account(invoice).standing(TODAY + timedelta(days=30)) is Standing.DUE
    assert till.account(invoice).standing(TODAY + timedelta(days=31)) is Standing.OVERDUE


def test_payments_of_a_csv_are_recorded_once_and_what_is_wrong_says_why(
    add: Add, sessions: "sessionmaker[Session]"
) -> None:
    add()
    add(reading("F-8"))
    rows = (
        "Facture;Reçu le;Montant;Moyen;Libellé\r\nF-2026-0042;20/11/2026;80,00;Virement;VIR MULLER\r\n"
        "F-2026-0042;20/11/2026;80,00;Virement;VIR MULLER\r\nF-2026-0042;23/11/2026;1 000,00;;\r\n"
        "F-9;20/11/2026;1;;\r\nF-8;24/11/2026;5;;\r\nF-8;20/11/2026;0;;\r\nF-8;20/11/2026;5;Traite;\r\nF-8;2026-11-20;480.00;CB;\r\n"
    )
    for content in (rows.encode("cp1252"), rows.encode()):
        said = []
        for row in rows_of(content):
            with sessions.begin() as session:
                said.append(take_in(session, row, at=NOON))
        first = content == rows.encode("cp1252")
        done = RECORDED if first else DUPLICATE
        assert [status for status, _ in said] == [done, done, *[REJECTED] * 5, done]
        assert [bool(why) for _, why in said] == [not first] * 2 + [True] * 5 + [not first]
    with sessions() as session:
        paid = {each.number: each.remaining for each in session.scalars(select(Invoice))}
        assert paid == {"F-2026-0042": Decimal("320.00"), "F-8": Decimal(0)}
        recorded = session.scalars(select(Payment).order_by(Payment.id)).all()
        assert [(each.means, each.recorded_by) for each in recorded] == [(Means.TRANSFER, "import")] * 2 + [
            (Means.CARD, "import")
        ]


def test_an_amount_that_reads_two_ways_is_refused_by_line_and_column(
    add: Add, sessions: "sessionmaker[Session]"
) -> None:
    pairs = (
        ("1 200,00", "1200.00"), ("1.200,00", None), ("1\u202f200", "1200.00"), ("1.200", None), ("1.20", "1.20"),
        ("1,200", None), ("1,20 €", "1.20"), ("1,2", None), ("1200", "1200.00"), ("1200.0", None), ("120 000", "120000.00"),
        ("12 00", None), ("5", "5.00"), ("-5", None), ("+5", None), ("5e1", None), ("0,01", "0.01"), ("0,00", None),
        ("1,20 EUR", "1.20"), ("1 200,00 CHF", None), ("$5", None), ("5 USD", None), ("£5", None), ("-12,00 €", None),
    )  # fmt: skip
    add(reading(gross=Decimal(200_000), payable=Decimal(200_000)))
    content = "".join(f"F-2026-0042\t20/11/2026\t{typed}\n" for typed, _ in pairs)
    for row, (typed, paid) in zip(rows_of(f"Facture\tDate\tMontant\n{content}".encode()), pairs, strict=True):
        with sessions.begin() as session:
            status, why = take_in(session, row, at=NOON)
            last = session.scalars(select(Payment).order_by(Payment.id.desc()).limit(1)).first()
        assert status == (REJECTED if paid is None else RECORDED), (typed, why)
        if paid is None:
            assert f"colonne « montant »\u00a0: « {typed} »" in why
            assert ("est un débit" in why) == typed.startswith("-")
        else:
            assert last is not None
            assert last.amount == Decimal(paid)
    assert row.line == len(pairs) + 1


@pytest.mark.parametrize("typed", ["1.200", "1,200"])
def test_a_form_asks_again_for_an_amount_with_three_decimals(typed: str) -> None:
    assert read_amount(typed[:-1]) == Decimal("1.20")
    with pytest.raises(ValueError, match="deux décimales"):
        read_amount(typed)


@pytest.mark.parametrize("content", [b"", b"Facture;Montant\n", b"\x81\xff;x", b'Facture;Date;Montant\n"F;1;2'])
def test_a_file_that_is_none_of_payments_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadablePayments):
        list(rows_of(content))
