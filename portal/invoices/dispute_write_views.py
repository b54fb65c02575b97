"""A disagreement as its client writes it and confirms it, in two steps; a draft keeps what is typed."""

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from portal.accounts.guard import current_person, may, me
from portal.accounts.refusals import tell_refused
from portal.clock import PARIS
from portal.errors import EXPIRED as CSRF_EXPIRED
from portal.errors import show as refuse
from portal.evidence.actions import record
from portal.files.actions import erase
from portal.files.rules import FileRefused
from portal.french import clock_time
from portal.gate import row_number
from portal.invoices.dispute_actions import file_dispute
from portal.invoices.dispute_draft_actions import drop_draft, drop_file, find_draft, save_draft
from portal.invoices.dispute_forms import DisputeForm, form_for, typed_data
from portal.invoices.dispute_letters import dispute_address
from portal.invoices.dispute_models import Dispute, DisputeDraft
from portal.invoices.dispute_pages import dispute_letters, kept_files, new_key, trace
from portal.invoices.dispute_rules import DisputeError
from portal.invoices.dispute_views import disputes
from portal.invoices.models import Invoice
from portal.invoices.parts import clause
from portal.invoices.views import CONFLICT, EXPIRED, REFUSED, own_invoice, row
from portal.web import db, now, services, store

CONSENT = "Je notifie à {company} mon désaccord, tel qu'il est écrit ci-dessus."


@disputes.errorhandler(CSRFError)
def expired(_: CSRFError) -> Any:
    """A page that was open for too long: what was typed on it is kept, and shown again to whoever may send it."""
    person = current_person()
    if request.endpoint != "disputes.write" or person is None or not may("disputes.write", person):
        return refuse(EXPIRED, CSRF_EXPIRED)
    try:
        return write(**(request.view_args or {}))
    except HTTPException as refusal:
        return refuse(refusal.code or EXPIRED)


@disputes.route("/<int:number>/contester", methods=["GET", "POST"])
def write(number: int) -> Any:
    """Write a disagreement. Each sending keeps what is typed; "Continuer" leads to the recap when nothing is missing."""
    invoice = own_invoice(number)
    draft = find_draft(db.session, invoice, me())
    if request.method != "POST":
        given = MultiDict(typed_data(draft.content)) if draft else None
        form = form_for(DisputeForm, invoice, formdata=given, meta={"csrf": True})
        form.key.data = draft.form_key if draft else new_key()
        return _form(invoice, form, draft, 200)
    form = form_for(DisputeForm, invoice)
    return _save(invoice, form, draft)


def _save(invoice: Invoice, form: Any, draft: DisputeDraft | None) -> Any:
    passed = form.validate()
    if form.csrf_token.errors:
        if request.form.get("faire") == "auto":
            return jsonify(saved=None), EXPIRED
        form.form_errors.append(
            "Cette page était ouverte depuis trop longtemps. Ce que vous avez écrit est gardé\u00a0: envoyez-la de nouveau."
        )
        return _form(invoice, form, draft, EXPIRED)
    files = []
    if not form.files.errors:
        try:
            files = kept_files(form.files)
        except FileRefused:
            db.session.rollback()
            passed = False
    draft = save_draft(
        db.session, invoice, me(), form.typed, form_key=form.key.data or new_key(), files=files, at=now()
    )
    removed = request.form.get("retirer", type=row_number)
    if removed and (file := drop_file(db.session, draft, removed)):
        erase(db.session, store(), file, at=now())
    db.session.commit()
    match request.form.get("faire"):
        case "auto":
            return jsonify(saved=clock_time(now().astimezone(PARIS).time()))
        case "continuer" if passed:
            return redirect(url_for("disputes.recap", number=invoice.id), 303)
        case "continuer":
            return _form(invoice, form, draft, REFUSED)
    if form.files.errors:
        return _form(invoice, form, draft, REFUSED)
    flash("Votre brouillon est enregistré. Vous pouvez le reprendre plus tard, depuis cette facture.", "success")
    return redirect(url_for("disputes.write", number=invoice.id), 303)


def _form(invoice: Invoice, form: Any, draft: DisputeDraft | None, status: int) -> tuple[str, int]:
    shown = row(invoice)
    return (
        render_template(
            "invoices/dispute_write.html", row=shown, form=form, draft=draft,
            dispute=clause(shown.version, "invoice_dispute"),
        ),
        status,
    )  # fmt: skip


@disputes.get("/<int:number>/contester/recapitulatif")
def recap(number: int) -> Any:
    """What will be sent, before it is."""
    return _recap(own_invoice(number), None, 200)


def _recap(invoice: Invoice, refusal: DisputeError | None, status: int) -> Any:
    draft = find_draft(db.session, invoice, me())
    if draft is None:
        return redirect(url_for("disputes.write", number=invoice.id), 303)
    form = _checked(invoice, draft)
    if form is None:
        return redirect(url_for("disputes.write", number=invoice.id), 303)
    shown = row(invoice)
    company = services().library.company
    return (
        render_template(
            "invoices/dispute_recap.html", row=shown, form=form, grievance=form.grievance, draft=draft,
            dispute=clause(shown.version, "invoice_dispute"), address=dispute_address(company),
            consent=CONSENT.format(company=company.name), refusal=refusal,
            other=getattr(refusal, "reference", None),
        ),
        status,
    )  # fmt: skip


def _checked(invoice: Invoice, draft: DisputeDraft) -> Any:
    """A draft as a valid form; None when something is missing in it."""
    form = form_for(DisputeForm, invoice, formdata=MultiDict(typed_data(draft.content)), meta={"csrf": False})
    return form if form.validate() else None


@disputes.post("/<int:number>/contester/envoyer")
def file(number: int) -> Any:
    """Send it: filed to the second, the e-mail of 7.4 leaves to both sides."""
    invoice = own_invoice(number)
    key = request.form.get("key", "")[:64]
    draft = find_draft(db.session, invoice, me())
    if draft is None or draft.form_key != key:
        return _sent_before(invoice, key)
    form = _checked(invoice, draft)
    if form is None or request.form.get("revision") != str(draft.revision):
        flash("Votre brouillon a changé depuis ce récapitulatif\u00a0: relisez-le avant de l'envoyer.", "error")
        return redirect(url_for("disputes.recap", number=invoice.id), 303)
    library = services().library
    try:
        made = file_dispute(
            db.session, invoice, form.grievance, by=me(), form_key=key, trace=trace(), library=library,
            letters=dispute_letters(), draft=draft, consent=CONSENT.format(company=library.company.name), at=now(),
        )  # fmt: skip
    except DisputeError as error:
        db.session.rollback()
        _refused(invoice, error)
        return _recap(invoice, error, CONFLICT)
    db.session.commit()
    return redirect(url_for("disputes.show", reference=made.reference), 303)


def _sent_before(invoice: Invoice, key: str) -> Any:
    """The same page again is the same dispute."""
    mine = select(Dispute).where(Dispute.form_key == key, Dispute.invoice_id == invoice.id)
    made = db.session.scalars(mine).first() if key else None
    if made is None:
        return redirect(url_for("disputes.write", number=invoice.id), 303)
    return redirect(url_for("disputes.show", reference=made.reference), 303)


def _refused(invoice: Invoice, error: DisputeError) -> None:
    """What was tried and refused is proved too."""
    tell_refused(
        record, "invoices.dispute_refused",
        {"invoice": invoice.id, "by": me().email, "why": type(error).__name__, "other": getattr(error, "reference", None)},
        at=now(),
    )  # fmt: skip


@disputes.post("/<int:number>/contester/abandonner")
def drop(number: int) -> Any:
    """Forget a draft."""
    invoice = own_invoice(number)
    draft = find_draft(db.session, invoice, me())
    if draft is not None:
        for each in drop_draft(db.session, draft):
            erase(db.session, store(), each, at=now())
        db.session.commit()
        flash("Le brouillon est effacé. Rien n'a été envoyé.", "success")
    return redirect(url_for("invoices.show", number=number), 303)
