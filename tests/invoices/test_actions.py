"""An invoice is kept as it was read, governed by a version, and announced with its last day."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.models import Organisation, Person
from portal.evidence.actions import verify_log
from portal.evidence.models import Entry
from portal.invoices.actions import AlreadyMatched, NumberTaken, match_invoice
from portal.invoices.document import ReadFinding
from portal.invoices.holding import held
from portal.invoices.letters import Letters
from portal.invoices.models import Invoice
from portal.invoices.rules import TermsFrom
from portal.mail.models import OutgoingMail
from portal.terms import Library
from tests.invoices.conftest import BOOKKEEPER, NOON, reading

Add = Callable[..., Invoice]


def mails(sessions: sessionmaker[Session], event: str) -> list[OutgoingMail]:
    with sessions() as session:
        found = select(OutgoingMail).where(OutgoingMail.event == f"invoices/{event}").order_by(OutgoingMail.id)
        return list(session.scalars(found))


def test_an_invoice_is_kept_as_it_was_read(add: Add, sessions: sessionmaker[Session], library: Library) -> None:
    odd = ReadFinding("total", "net", "Le total ne correspond pas à la somme des lignes.")
    number = add(reading(findings=(odd,), net=Decimal("400.005"), preceding=("F-1",))).id
    version = library.in_force(date(2026, 11, 23))
    with sessions() as session:
        invoice = session.get_one(Invoice, number)
        assert (invoice.net, invoice.gross, invoice.payable) == (
            Decimal("400.005"),
            Decimal("480.00"),
            Decimal("480.00"),
        )
        assert [line.name for line in invoice.lines] == ["Intervention sur site", "Écran 27 pouces"]
        assert [(tax.rate, tax.amount) for tax in invoice.taxes] == [(Decimal(20), Decimal("80.00"))]
        assert invoice.findings == [{"code": "total", "field": "net", "words": odd.words}]
        assert (invoice.terms_slug, invoice.terms_sha256) == (version.slug, version.sha256)
        assert invoice.terms_from is TermsFrom.DAY
        assert (invoice.matched_by, invoice.available_at, invoice.file_sha256) == ("siren", NOON, invoice.file.sha256)
        assert list(verify_log(session)) == []


def test_an_invoice_older_than_every_version_is_governed_by_none(add: Add) -> None:
    old = add(reading(issued_on=date(2018, 9, 30), due_on=None))
    first = add(reading("F-2", issued_on=date(2018, 10, 1), due_on=None))
    assert (old.terms_slug, old.terms_from) == (None, None)
    assert first.terms_slug == "2018-10-01"


def test_a_new_invoice_is_announced_to_the_billing_role_with_its_last_day(
    add: Add, sessions: sessionmaker[Session]
) -> None:
    add()
    (mail,) = mails(sessions, "announced")
    assert mail.recipient == BOOKKEEPER
    # 23 November + the days of 7.4: 8 December, a working day.
    assert mail.subject == "Facture F-2026-0042\u00a0: à vérifier jusqu'au 8\u00a0décembre\u00a02026"
    assert "480,00\u00a0€" in mail.text
    assert "/cgv/2018-10-01/article-7/#art-7-4" in mail.text


def test_one_that_comes_after_its_last_day_says_so(add: Add, sessions: sessionmaker[Session]) -> None:
    add(at=NOON + timedelta(days=30))
    (mail,) = mails(sessions, "announced")
    assert "réclamation hors délai" in mail.text
    assert "à vérifier jusqu'au" not in mail.subject


def test_an_unmatched_invoice_is_nobodys_until_staff_say_whose(
    add: Add, sessions: sessionmaker[Session], client: Organisation, biller: Person, letters: Letters
) -> None:
    number = add(matched=False).id
    assert mails(sessions, "announced") == []
    for refused in (False, True):
        with sessions.begin() as session:
            invoice = session.get_one(Invoice, number)
            organisation = session.merge(client)
            by, later = session.merge(biller), NOON + timedelta(days=1)
            if refused:
                with pytest.raises(AlreadyMatched):
                    match_invoice(session, invoice, organisation, by=by, letters=letters, at=later)
                continue
            match_invoice(session, invoice, organisation, by=by, letters=letters, at=later)
    with sessions() as session:
        invoice = session.get_one(Invoice, number)
        assert (invoice.matched_by, invoice.available_at) == ("person", NOON + timedelta(days=1))
    assert len(mails(sessions, "announced")) == 1


def test_a_seller_has_a_number_once_and_the_refusal_names_the_first(add: Add, sessions: sessionmaker[Session]) -> None:
    first = add()
    with pytest.raises(NumberTaken) as refusal:
        add(reading(gross=Decimal(1)))
    assert refusal.value.invoice_id == first.id
    with sessions() as session:
        assert len(session.scalars(select(Invoice)).all()) == 1
        kinds = session.scalars(select(Entry.kind).where(Entry.kind.like("invoices.%"))).all()
        assert kinds == ["invoices.imported", "invoices.made_available"]


@pytest.mark.parametrize("note_first", [False, True])
def test_a_credit_note_is_set_against_the_invoice_it_names_whichever_comes_first(
    add: Add, sessions: sessionmaker[Session], note_first: bool
) -> None:
    note = reading(
        "A-1", type_code="381", gross=Decimal("100.00"), payable=Decimal("100.00"), preceding=("F-2026-0042",)
    )
    if note_first:
        add(note)
    number = add().id
    if not note_first:
        add(note)
    with sessions() as session:
        invoice = session.get_one(Invoice, number)
        account = held(session, invoice).account(invoice)
        assert (account.paid, account.left) == (Decimal("100.00"), Decimal("380.00"))
