"""The verbs of what is paid, put off and claimed: record, cancel with a reason. Each is in the caller's transaction."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.evidence.actions import record
from portal.invoices.document import CREDIT_NOTES
from portal.invoices.holding import held, restand
from portal.invoices.letters import Letters
from portal.invoices.models import Invoice
from portal.invoices.payment_models import Claim, Deferral, Payment
from portal.invoices.payment_rules import Means, Regime, fits

EURO = "EUR"


class PaymentError(Exception):
    """A refusal of this room; the message is French, for the form."""


class TooMuch(PaymentError):
    """More than what is left to pay."""


class NotDue(PaymentError):
    """A credit note asks for nothing."""


class AlreadyCancelled(PaymentError):
    """A colleague cancelled it before."""


class ReasonMissing(PaymentError):
    """What is cancelled is cancelled with a reason."""


def record_payment(
    session: Session, invoice: Invoice, *, day: date, amount: Decimal, means: Means, reference: str, form_key: str,
    by: Person | None, at: datetime,
) -> Payment:  # fmt: skip
    """Money received, in part or in full; the same page again is the same payment. ``by`` is None for an import.

    Raises:
        NotDue: for a credit note.
        TooMuch: more than what is left to pay.
    """
    session.refresh(invoice, with_for_update=True)
    known = held(session, invoice)
    if same := next((each for each in known.payments if each.form_key == form_key), None):
        return same
    account = known.account(invoice)
    if invoice.is_credit:
        raise NotDue("Un avoir ne se paie pas\u00a0: imputez-le sur la facture qu'il crédite.")
    if not fits(amount, account.left):
        raise TooMuch("Ce montant dépasse ce qui reste à payer.")
    payment = Payment(
        invoice_id=invoice.id, day=day, amount=amount, means=means, reference=reference, form_key=form_key,
        recorded_at=at, recorded_by=by.name if by else "import", recorded_by_id=by.id if by else None,
    )  # fmt: skip
    session.add(payment)
    session.flush()
    _done(session, invoice, "payment_recorded", by, at, payment=payment.id, day=day.isoformat(), amount=str(amount))
    return payment


def set_against(
    session: Session, credit_note: Invoice, invoice: Invoice, *, form_key: str, by: Person | None, at: datetime
) -> Payment | None:
    """Set a credit note against the invoice that it credits, up to what is left of both; None when nothing is.

    Raises:
        NotDue: one of the two is not what it must be, or they are not the same client's, or not in one currency.
    """
    session.refresh(invoice, with_for_update=True)
    session.refresh(credit_note, with_for_update=True)
    if (
        not credit_note.is_credit
        or invoice.is_credit
        or credit_note.organisation_id != invoice.organisation_id
        or credit_note.currency != invoice.currency
        or invoice.organisation_id is None
    ):
        raise NotDue("Cet avoir ne peut pas être imputé sur cette facture.")
    known = held(session, invoice)
    if same := next((each for each in known.payments if each.form_key == form_key), None):
        return same
    amount = min(credit_left(session, credit_note), known.account(invoice).left)
    if amount <= 0:
        return None
    payment = Payment(
        invoice_id=invoice.id, day=credit_note.issued_on, amount=amount, means=Means.CREDIT_NOTE,
        reference=credit_note.number, credit_note_id=credit_note.id, form_key=form_key, recorded_at=at,
        recorded_by=by.name if by else "import", recorded_by_id=by.id if by else None,
    )  # fmt: skip
    session.add(payment)
    session.flush()
    _done(session, invoice, "credit_set", by, at, payment=payment.id, note=credit_note.number, amount=str(amount))
    return payment


def credit_left(session: Session, credit_note: Invoice) -> Decimal:
    """What of a credit note is set against nothing yet."""
    used = session.scalars(
        select(Payment).where(Payment.credit_note_id == credit_note.id, Payment.cancelled_at.is_(None))
    )
    # Some software writes a credit note in negative amounts, some in positive ones.
    return abs(credit_note.payable or credit_note.gross) - sum((each.amount for each in used), Decimal(0))


def settle_preceding(session: Session, invoice: Invoice, *, at: datetime) -> None:
    """Set a newly matched credit note against the invoices that it names, and one that came before its invoice."""
    if invoice.organisation_id is None:
        return
    same_client = select(Invoice).where(
        Invoice.organisation_id == invoice.organisation_id, Invoice.seller_key == invoice.seller_key
    )
    if invoice.is_credit:
        for credited in session.scalars(same_client.where(Invoice.number.in_(invoice.preceding)).order_by(Invoice.id)):
            if not credited.is_credit and credited.currency == invoice.currency:
                set_against(session, invoice, credited, form_key=f"note-{invoice.id}", by=None, at=at)
        return
    for note in session.scalars(same_client.where(Invoice.type_code.in_(CREDIT_NOTES)).order_by(Invoice.id)):
        if invoice.number in note.preceding and note.currency == invoice.currency:
            set_against(session, note, invoice, form_key=f"note-{note.id}", by=None, at=at)


def grant_deferral(
    session: Session, invoice: Invoice, *, until: date, granted_on: date, writing: str, form_key: str, by: Person,
    letters: Letters, at: datetime,
) -> Deferral:  # fmt: skip
    """A deferral asked for in time and granted in writing (7.4): the due day moves, the client is told.

    Raises:
        NotDue: nothing is left to pay.
        ReasonMissing: without the writing there is no deferral.
    """
    session.refresh(invoice, with_for_update=True)
    known = held(session, invoice)
    if same := next((each for each in known.deferrals if each.form_key == form_key), None):
        return same
    account = known.account(invoice)
    if not account.left:
        raise NotDue("Il ne reste rien à payer\u00a0: il n'y a rien à reporter.")
    if not writing.strip():
        raise ReasonMissing("Un report s'accorde par écrit\u00a0: indiquez lequel.")
    deferral = Deferral(
        invoice_id=invoice.id, until=until, granted_on=granted_on, writing=writing.strip(), form_key=form_key,
        recorded_at=at, recorded_by=by.name, recorded_by_id=by.id,
    )  # fmt: skip
    session.add(deferral)
    session.flush()
    _done(session, invoice, "deferral_granted", by, at, until=until.isoformat(), granted_on=granted_on.isoformat(),
         writing=deferral.writing)  # fmt: skip
    letters.deferred(session, invoice, deferral, at)
    return deferral


def claim_penalty(
    session: Session, invoice: Invoice, *, day: date, regime: Regime, penalty: Decimal, indemnity: Decimal, words: str,
    form_key: str, by: Person, letters: Letters, at: datetime,
) -> Claim:  # fmt: skip
    """Staff decide to claim for a delay: the client is told, and sees it beside the clause.

    Raises:
        NotDue: nothing is claimed.
    """
    session.refresh(invoice, with_for_update=True)
    known = held(session, invoice)
    if same := next((each for each in known.claims if each.form_key == form_key), None):
        return same
    if indemnity and invoice.currency != EURO:
        raise NotDue(f"L'indemnité est en euros et cette facture en {invoice.currency}\u00a0: réclamez-la à part.")
    if penalty < 0 or indemnity < 0 or not penalty + indemnity:
        raise NotDue("Indiquez ce qui est réclamé.")
    claim = Claim(
        invoice_id=invoice.id, day=day, regime=regime, penalty=penalty, indemnity=indemnity, words=words.strip(),
        form_key=form_key, recorded_at=at, recorded_by=by.name, recorded_by_id=by.id,
    )  # fmt: skip
    session.add(claim)
    session.flush()
    _done(session, invoice, "penalty_claimed", by, at, regime=regime.value, penalty=str(penalty),
         indemnity=str(indemnity))  # fmt: skip
    letters.claimed(session, invoice, claim, at)
    return claim


def cancel(
    session: Session, row: Payment | Deferral | Claim, *, reason: str, by: Person, letters: Letters, at: datetime
) -> None:
    """Take back what was recorded by mistake; it stays readable, with the reason. The client is told of what it was told.

    Raises:
        ReasonMissing: without a reason.
        AlreadyCancelled: a colleague was faster.
    """
    if not reason.strip():
        raise ReasonMissing("Écrivez la raison.")
    session.refresh(row.invoice, with_for_update=True)
    session.refresh(row)
    if row.cancelled_at is not None:
        raise AlreadyCancelled("C'est déjà annulé.")
    row.cancelled_at, row.cancelled_by, row.cancel_reason = at, by.name, reason.strip()
    session.flush()
    kind = type(row).__name__.lower()
    _done(session, row.invoice, f"{kind}_cancelled", by, at, row=row.id, reason=row.cancel_reason)
    if not isinstance(row, Payment):
        letters.cancelled(session, row.invoice, row, at)


def _done(session: Session, invoice: Invoice, kind: str, by: Person | None, at: datetime, **content: object) -> None:
    """Reckon anew what is left of the invoice, and record the act."""
    restand(session, invoice)
    entry = record(
        session, f"invoices.{kind}", {"invoice": invoice.id, "by": by.email if by else "import", **content}, at=at
    )
    invoice.evidence = [*invoice.evidence, entry.seq]
