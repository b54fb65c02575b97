"""What staff record on an invoice: payments, credit notes, deferrals, claims; and what they take back."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import Blueprint, abort, flash, redirect
from sqlalchemy import select

from portal.accounts.guard import me
from portal.invoices.desk_views import any_invoice, page
from portal.invoices.dispute_pages import new_key
from portal.invoices.forms import ReasonForm
from portal.invoices.links import DESK
from portal.invoices.models import Invoice
from portal.invoices.payment_actions import (
    PaymentError,
    cancel,
    claim_penalty,
    grant_deferral,
    record_payment,
    set_against,
)
from portal.invoices.payment_forms import ClaimForm, CreditForm, StopForm, deferral_form, payment_form
from portal.invoices.payment_models import Claim, Deferral, Payment
from portal.invoices.payment_rules import Means, Regime
from portal.invoices.reminder_actions import stop_reminders
from portal.invoices.views import CONFLICT, REFUSED, letters, never_stored
from portal.web import db, now, today

invoice_payments = Blueprint("invoice_payments", __name__, url_prefix=DESK, template_folder="templates")
invoice_payments.after_request(never_stored)
ROWS: dict[str, type[Payment | Deferral | Claim]] = {"paiement": Payment, "report": Deferral, "penalite": Claim}


def _do(number: int, name: str, form: Any, act: Callable[[Invoice, str], str]) -> Any:
    """Parse, act, answer: what is not taken is shown again beside its form."""
    invoice = any_invoice(number)
    if not form.validate():
        return page(invoice, REFUSED, **{name: form})
    try:
        done = act(invoice, form.key.data or new_key())
    except PaymentError as error:
        db.session.rollback()
        return page(any_invoice(number), CONFLICT, refusal=f"{error} Rien n'a été enregistré.", **{name: form})
    db.session.commit()
    flash(done, "success")
    return redirect(f"{DESK}/{number}", 303)


@invoice_payments.post("/<int:number>/paiement")
def pay(number: int) -> Any:
    """Record money received."""
    form = payment_form(today())

    def act(invoice: Invoice, key: str) -> str:
        record_payment(
            db.session, invoice, day=form.day.data, amount=form.amount.data, means=Means(form.means.data),
            reference=form.reference.data or "", form_key=key, by=me(), at=now(),
        )  # fmt: skip
        return "Le paiement est enregistré."

    return _do(number, "pay", form, act)


@invoice_payments.post("/<int:number>/avoir")
def credit(number: int) -> Any:
    """Set a credit note against the invoice."""
    form = CreditForm()

    def act(invoice: Invoice, key: str) -> str:
        named = select(Invoice).where(
            Invoice.number == form.number.data, Invoice.organisation_id == invoice.organisation_id
        )
        note = db.session.scalars(named.where(Invoice.id != invoice.id)).first()
        if note is None:
            raise PaymentError("Ce client n'a pas d'avoir de ce numéro.")
        if set_against(db.session, note, invoice, form_key=key, by=me(), at=now()) is None:
            raise PaymentError("Il ne reste rien de cet avoir, ou rien à payer de cette facture.")
        return "L'avoir est imputé."

    return _do(number, "credit", form, act)


@invoice_payments.post("/<int:number>/report")
def defer(number: int) -> Any:
    """Record a deferral granted in writing."""
    form = deferral_form(today())

    def act(invoice: Invoice, key: str) -> str:
        grant_deferral(
            db.session, invoice, until=form.until.data, granted_on=form.granted_on.data, writing=form.writing.data,
            form_key=key, by=me(), letters=letters(), at=now(),
        )  # fmt: skip
        return "Le report est enregistré\u00a0; le client en est averti par courriel."

    return _do(number, "defer", form, act)


@invoice_payments.post("/<int:number>/penalite")
def claim(number: int) -> Any:
    """Claim for a delay: a decision, never by itself."""
    form = ClaimForm()

    def act(invoice: Invoice, key: str) -> str:
        claim_penalty(
            db.session, invoice, day=today(), regime=Regime(form.regime.data), penalty=form.penalty.data,
            indemnity=form.indemnity.data or Decimal(0), words=form.words.data or "", form_key=key, by=me(),
            letters=letters(), at=now(),
        )  # fmt: skip
        return "La réclamation est enregistrée\u00a0; le client en est averti par courriel."

    return _do(number, "claim", form, act)


@invoice_payments.post("/<int:number>/annuler/<kind>/<int:entry>")
def cancel_entry(number: int, kind: str, entry: int) -> Any:
    """Take back what was recorded by mistake, with the reason."""
    model = ROWS.get(kind) or abort(404)
    held: Any = db.session.get(model, entry)
    if held is None or held.invoice_id != number:
        abort(404)
    form = ReasonForm()

    def act(_: Invoice, __: str) -> str:
        cancel(db.session, held, reason=form.reason.data, by=me(), letters=letters(), at=now())
        return "C'est annulé\u00a0; la raison est gardée."

    return _do(number, "cancel", form, act)


@invoice_payments.post("/<int:number>/rappels")
def stop(number: int) -> Any:
    """Stop the reminders of an invoice, or let them begin again."""
    form = StopForm()

    def act(invoice: Invoice, _: str) -> str:
        reason = form.reason.data or None
        stop_reminders(db.session, invoice, reason=reason, by=me(), at=now())
        return "Plus aucun rappel ne part pour cette facture." if reason else "Les rappels reprennent."

    return _do(number, "stop", form, act)
