"""A disagreement as staff see it: answered in its thread, recorded when it came by mail or letter, exported."""

from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import selectinload

from portal.accounts.guard import me
from portal.clock import PARIS
from portal.files.rules import FileRefused
from portal.files.views import send
from portal.gate import row_number
from portal.invoices.desk_views import any_invoice
from portal.invoices.dispute_actions import NoSuchDispute, find_dispute, record_dispute
from portal.invoices.dispute_answer_actions import answer_as_staff
from portal.invoices.dispute_forms import WHOLE, RecordForm, StaffAnswerForm, form_for
from portal.invoices.dispute_models import Dispute
from portal.invoices.dispute_pages import dispute_letters, kept_files, new_key
from portal.invoices.dispute_rules import OVER, STAFF_NEXT, Act, Channel, DisputeError, DisputeState, NotYours
from portal.invoices.dispute_views import file_of
from portal.invoices.letters import readers
from portal.invoices.links import DESK, DESK_DISPUTES
from portal.invoices.models import Invoice
from portal.invoices.parts import clause
from portal.invoices.searching import PAGE, of_client
from portal.invoices.status_207 import status_207
from portal.invoices.views import CONFLICT, REFUSED, asked_page, never_stored, row
from portal.tickets.links import DESK as TICKETS
from portal.tickets.models import Ticket
from portal.web import db, now, services, today

disputes_desk = Blueprint("disputes_desk", __name__, url_prefix=DESK, template_folder="templates")
disputes_desk.after_request(never_stored)
#: What the address of an answer is called, and what was done.
ACTS = {
    "examiner": (Act.ACKNOWLEDGE, "Le client est averti que vous l'examinez."),
    "demander": (Act.ASK, "Votre question est envoyée."),
    "proposer": (Act.PROPOSE, "Votre proposition est envoyée."),
    "avoir": (Act.CREDIT, "L'avoir est accordé\u00a0; le client en est averti. Établissez-le dans le logiciel de facturation."),
    "maintenir": (Act.MAINTAIN, "La facture est maintenue\u00a0; vos raisons sont envoyées."),
    "admettre": (Act.ADMIT, "La réclamation est admise comme contestation\u00a0; le client en est averti."),
    "clore": (Act.SETTLE, "La contestation est close\u00a0; le client en est averti."),
    "ecrire": (Act.NOTE, "Votre message est envoyé."),
}  # fmt: skip


def any_dispute(reference: str) -> Dispute:
    """The dispute of a reference."""
    try:
        return find_dispute(db.session, reference)
    except NoSuchDispute:
        abort(404)


@disputes_desk.get("/contestations")
def index() -> Any:
    """Every disagreement: those that wait for staff first."""
    found = list(db.session.scalars(_disputes(Dispute.state.not_in(OVER)).order_by(Dispute.waiting_since)))
    page = request.args.get("page", 1, type=row_number)
    over = _disputes(Dispute.state.in_(OVER)).order_by(Dispute.closed_at.desc(), Dispute.id.desc())
    total = db.session.scalar(select(func.count()).select_from(Dispute).where(Dispute.state.in_(OVER))) or 0
    last = max(1, -(-total // PAGE))
    if not 1 <= page <= last:
        abort(404)
    return render_template(
        "invoices/desk_disputes.html", page=page, last=last,
        waiting=[each for each in found if each.state in STAFF_NEXT],
        open=[each for each in found if each.state not in STAFF_NEXT],
        over=db.session.scalars(over.limit(PAGE).offset((page - 1) * PAGE)).all(),
    )  # fmt: skip


def _disputes(condition: ColumnElement[bool]) -> Select[Dispute]:
    with_both = selectinload(Dispute.organisation), selectinload(Dispute.invoice)
    return select(Dispute).where(condition).options(*with_both)


@disputes_desk.get("/contestations/<reference>")
def show(reference: str) -> Any:
    """One disagreement, with what staff may answer."""
    return page(any_dispute(reference))


def page(
    dispute: Dispute, status: int = 200, *, form: StaffAnswerForm | None = None, refusal: str | None = None,
    opened: str = "",
) -> tuple[str, int]:  # fmt: skip
    """The page of a disagreement on the desk, with what was typed and not taken."""
    form = form or StaffAnswerForm(formdata=None)
    form.key.data = form.key.data or new_key()
    shown = row(dispute.invoice)
    return (
        render_template(
            "invoices/desk_dispute.html", dispute=dispute, row=shown, form=form, refusal=refusal, opened=opened,
            lines={line.id: line for line in dispute.invoice.lines}, clause=clause(shown.version, "invoice_dispute"),
            state=DisputeState,
        ),
        status,
    )  # fmt: skip


@disputes_desk.post("/contestations/<reference>/<act>")
def answer(reference: str, act: str) -> Any:
    """Acknowledge, ask, propose, credit, maintain, admit, close, write."""
    done, words = ACTS.get(act) or abort(404)
    dispute, form = any_dispute(reference), StaffAnswerForm()
    if done is Act.ACKNOWLEDGE:
        form.words.validators = []
    if done is Act.CREDIT and not (form.amount.raw_data and form.amount.raw_data[0].strip()):
        form.amount.data = dispute.amount
    if not form.validate():
        return page(dispute, REFUSED, form=form, opened=act)
    try:
        answer_as_staff(
            db.session, dispute, done, by=me(), words=form.words.data or "", form_key=form.key.data or new_key(),
            letters=dispute_letters(), files=kept_files(form.files), at=now(),
            amount=form.amount.data if done in {Act.CREDIT, Act.PROPOSE} else None,
        )  # fmt: skip
    except (DisputeError, FileRefused) as error:
        db.session.rollback()
        if isinstance(error, NotYours):
            abort(403)
        status = REFUSED if isinstance(error, FileRefused) else CONFLICT
        return page(any_dispute(reference), status, form=form, refusal=f"{error} Rien n'a été envoyé.", opened=act)
    db.session.commit()
    flash(words, "success")
    return redirect(f"{DESK_DISPUTES}/{reference}", 303)


@disputes_desk.get("/contestations/<reference>/statut-207.json")
def export(reference: str) -> Any:
    """The status 207 and its reason, for the platform: the portal does not send it."""
    response = jsonify(status_207(any_dispute(reference)))
    response.headers["Content-Disposition"] = f'attachment; filename="statut-207-{reference}.json"'
    return response


@disputes_desk.get("/contestations/<reference>/preuve.zip")
def proof(reference: str) -> Any:
    """The sealed file of proof."""
    return send(any_dispute(reference).proof or abort(404))


@disputes_desk.get("/contestations/<reference>/fichiers/<int:number>")
def attached(reference: str, number: int) -> Any:
    """A file of the disagreement."""
    return send(file_of(any_dispute(reference), number))


# --- What came by the clause's own ways ----------------------------------------------------------


@disputes_desk.route("/<int:number>/contestation", methods=["GET", "POST"])
def record(number: int) -> Any:
    """Record a disagreement that came by e-mail, by registered letter, or as a ticket (``?ticket=``)."""
    invoice = any_invoice(number)
    if invoice.organisation_id is None:
        abort(404)
    form = form_for(RecordForm, invoice, today=today())
    if not form.is_submitted():
        _begin(form, invoice)
        return _record_page(invoice, form, 200)
    if not form.validate():
        return _record_page(invoice, form, REFUSED)
    try:
        made = record_dispute(
            db.session, invoice, form.grievance, channel=Channel(form.channel.data), sent_on=form.sent_on.data,
            author=form.author.data, mail=form.mail.data, ticket=form.ticket.data or None, by=me(),
            files=kept_files(form.files), form_key=form.key.data or new_key(), library=services().library,
            letters=dispute_letters(), at=now(),
        )  # fmt: skip
    except (DisputeError, FileRefused) as error:
        db.session.rollback()
        form.form_errors.append(f"{error} Rien n'a été enregistré.")
        return _record_page(any_invoice(number), form, CONFLICT)
    db.session.commit()
    flash("La contestation est enregistrée\u00a0; le client en est averti par courriel.", "success")
    return redirect(f"{DESK_DISPUTES}/{made.reference}", 303)


@disputes_desk.get("/depuis-ticket/<reference>")
def from_ticket(reference: str) -> Any:
    """A ticket that is a disagreement: which of its client's invoices is it about?"""
    ticket = db.session.scalars(select(Ticket).where(Ticket.reference == reference)).first()
    if ticket is None or ticket.organisation_id is None:
        abort(404)
    return render_template(
        "invoices/desk_from_ticket.html", ticket=ticket, back=f"{TICKETS}/{reference}",
        found=asked_page(of_client(ticket.organisation_id)),
        url_of=lambda number: url_for("disputes_desk.record", number=number, ticket=reference),
    )  # fmt: skip


def _begin(form: Any, invoice: Invoice) -> None:
    form.key.data, form.scope.data = new_key(), WHOLE
    people = readers(db.session, invoice.organisation_id or 0)
    if people:
        form.author.data, form.mail.data = people[0].name, people[0].email
    named = select(Ticket).where(
        Ticket.reference == request.args.get("ticket", ""), Ticket.organisation_id == invoice.organisation_id
    )
    ticket = db.session.scalars(named).first()
    if ticket is not None:
        form.channel.data, form.ticket.data = Channel.TICKET.value, ticket.reference
        form.sent_on.data = ticket.opened_at.astimezone(PARIS).date()
        form.words.data, form.author.data = ticket.subject, ticket.creator_name
        form.mail.data = ticket.creator_mail or form.mail.data


def _record_page(invoice: Invoice, form: Any, status: int) -> tuple[str, int]:
    form.key.data = form.key.data or new_key()
    return (
        render_template("invoices/desk_record.html", row=row(invoice), form=form),
        status,
    )
