"""Invoices as staff see them: every client's, those to match, one of them with what may be done."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy import select

from portal.accounts.actions import find_organisation
from portal.accounts.guard import me
from portal.accounts.models import Organisation
from portal.accounts.rules import InvalidIdentity, parse_identity
from portal.files.views import send
from portal.invoices.actions import AlreadyMatched, match_invoice, note_lateness
from portal.invoices.behind import behind, parts_behind
from portal.invoices.dispute_pages import new_key
from portal.invoices.forms import MatchForm, ReasonForm
from portal.invoices.issuer import issuer_of
from portal.invoices.links import DESK
from portal.invoices.models import Invoice
from portal.invoices.parts import delay_of
from portal.invoices.payment_forms import ClaimForm, CreditForm, StopForm, deferral_form, payment_form
from portal.invoices.payment_rules import Regime
from portal.invoices.reminder_models import Reminder
from portal.invoices.searching import count, of_everybody, of_nobody
from portal.invoices.views import CONFLICT, REFUSED, asked_export, asked_page, letters, never_stored, parts_of, row
from portal.web import db, now, services, settings, today

invoices_desk = Blueprint("invoices_desk", __name__, url_prefix=DESK, template_folder="templates")
invoices_desk.after_request(never_stored)


def any_invoice(number: int) -> Invoice:
    """The invoice of that number, whoever's it is."""
    return db.session.get(Invoice, number) or abort(404)


@invoices_desk.get("/")
def index() -> Any:
    """Every client's invoices; beside them, how many wait to be matched."""
    return render_template(
        "invoices/desk_list.html", found=asked_page(of_everybody()), unmatched=count(db.session, of_nobody()),
        url_of=lambda number: url_for("invoices_desk.show", number=number),
    )  # fmt: skip


@invoices_desk.get("/factures.csv")
def export() -> Any:
    """The same list for a spreadsheet."""
    return asked_export(of_everybody())


@invoices_desk.get("/a-rattacher")
def unmatched() -> Any:
    """Invoices that no client sees yet."""
    return render_template(
        "invoices/desk_unmatched.html", found=asked_page(of_nobody()), issuer=issuer_of(settings(), services().library.company),
        url_of=lambda number: url_for("invoices_desk.show", number=number),
    )  # fmt: skip


@invoices_desk.get("/<int:number>")
def show(number: int) -> Any:
    """One invoice, with what staff may do."""
    return page(any_invoice(number))


def page(invoice: Invoice, status: int = 200, *, refusal: str | None = None, **forms: Any) -> tuple[str, int]:
    """The page of an invoice on the desk; ``forms`` hold what was typed and not taken."""
    shown, law, day = row(invoice), services().library.law, today()
    public = bool(invoice.organisation and invoice.organisation.public_body)
    delay = delay_of(shown, law, day, staff=True, public_body=public)
    given = {
        "match": MatchForm, "pay": lambda **options: payment_form(day, **options), "credit": CreditForm,
        "defer": lambda **options: deferral_form(day, **options), "claim": ClaimForm, "stop": StopForm,
        "cancel": ReasonForm,
    }  # fmt: skip
    shown_forms: dict[str, Any] = {}
    for name, make in given.items():
        form = forms.get(name) or make(formdata=None)
        if hasattr(form, "key"):
            form.key.data = form.key.data or new_key()
        shown_forms[name] = form
    if "claim" not in forms and delay and delay.clause:
        shown_forms["claim"].regime.data = Regime.CLAUSE.value
        shown_forms["claim"].penalty.data = delay.clause.total
    if "pay" not in forms:
        shown_forms["pay"].amount.data = shown.account.left or None
    reminders = select(Reminder).where(Reminder.invoice_id == invoice.id).order_by(Reminder.id)
    return (
        render_template(
            "invoices/desk.html", row=shown, refusal=refusal, opened=set(forms), delay=delay, law=law,
            **parts_of(shown), **shown_forms,
            behind=behind(db.session, invoice, staff=True),
            parts=parts_behind(db.session, services().library, invoice, staff=True), candidates=_candidates(invoice),
            reminders=db.session.scalars(reminders).all(),
        ),
        status,
    )  # fmt: skip


def _candidates(invoice: Invoice) -> list[Organisation]:
    """Clients that an unmatched invoice may be for: by their number, then by their name."""
    if invoice.organisation_id is not None:
        return []
    found = select(Organisation).order_by(Organisation.legal_name)
    wanted = "".join(invoice.buyer.casefold().split())
    return [
        each
        for each in db.session.scalars(found)
        if (invoice.buyer_siren and each.siren == invoice.buyer_siren)
        or (wanted and "".join(each.legal_name.casefold().split()) == wanted)
    ][:5]


@invoices_desk.get("/<int:number>/original")
def original(number: int) -> Any:
    """The file as it was issued."""
    return send(any_invoice(number).file)


@invoices_desk.post("/<int:number>/rattacher")
def match(number: int) -> Any:
    """Say whose invoice it is."""
    invoice, form = any_invoice(number), MatchForm()
    if not form.validate():
        return page(invoice, REFUSED, match=form)
    try:
        organisation = find_organisation(db.session, parse_identity(form.identity.data))
    except InvalidIdentity as error:
        form.identity.errors = [str(error)]
        return page(invoice, REFUSED, match=form)
    if organisation is None:
        form.identity.errors = ["Aucun client n'a ce numéro. Ouvrez-lui d'abord un espace."]
        return page(invoice, REFUSED, match=form)
    try:
        match_invoice(db.session, invoice, organisation, by=me(), letters=letters(), at=now())
    except AlreadyMatched as error:
        db.session.rollback()
        return page(any_invoice(number), CONFLICT, refusal=str(error))
    db.session.commit()
    flash(
        f"{invoice.title} est maintenant dans l'espace de {organisation.legal_name}, prévenu par courriel.", "success"
    )
    return redirect(f"{DESK}/{number}", 303)


@invoices_desk.post("/<int:number>/retard-vu")
def seen(number: int) -> Any:
    """Take note that an invoice came late to its client."""
    note_lateness(any_invoice(number), by=me(), at=now())
    db.session.commit()
    return redirect(f"{DESK}/{number}", 303)
