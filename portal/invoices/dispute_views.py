"""A disagreement as its client follows it: whose turn it is, what was said, what can be done."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from flask import Blueprint, Flask, abort, flash, redirect, render_template, url_for

from portal.accounts.guard import me
from portal.files.models import StoredFile
from portal.files.rules import FileRefused
from portal.files.views import download, send
from portal.invoices.dispute_actions import NoSuchDispute, find_dispute, may_dispute
from portal.invoices.dispute_answer_actions import answer_as_client
from portal.invoices.dispute_forms import AnswerForm, OutcomeForm
from portal.invoices.dispute_letters import dispute_address
from portal.invoices.dispute_models import Dispute
from portal.invoices.dispute_pages import dispute_letters, kept_files, new_key, trace
from portal.invoices.dispute_rules import OUTCOMES, Act, DisputeError, DisputeState
from portal.invoices.letter import letter_pdf
from portal.invoices.links import CLIENT
from portal.invoices.parts import clause
from portal.invoices.views import CONFLICT, EXPIRED, REFUSED, never_stored, row
from portal.web import db, now, services, today

disputes = Blueprint("disputes", __name__, url_prefix=CLIENT, template_folder="templates")
disputes.after_request(never_stored)


def register(app: Flask) -> None:
    """Add the pages of the disagreements."""
    import_module("portal.invoices.dispute_write_views")  # its views stand on this blueprint
    app.register_blueprint(disputes)


def own_dispute(reference: str) -> Dispute:
    """The dispute of a reference, of the reader's own organisation; 404 for any other."""
    try:
        dispute = find_dispute(db.session, reference)
    except NoSuchDispute:
        abort(404)
    if dispute.organisation_id != me().organisation_id:
        abort(404)
    return dispute


@disputes.get("/contestations/<reference>")
def show(reference: str) -> Any:
    """One dispute: whose turn it is, what was said, what can be done."""
    return page(own_dispute(reference))


def page(
    dispute: Dispute, status: int = 200, *, answer: AnswerForm | None = None, refusal: DisputeError | None = None,
    kept: str = "",
) -> tuple[str, int]:  # fmt: skip
    """The page of a dispute, with the answer that was typed and why it was not taken."""
    answer = answer or AnswerForm(formdata=None)
    answer.key.data = answer.key.data or new_key()
    outcome = OutcomeForm(formdata=None)
    outcome.key.data = new_key()
    shown = row(dispute.invoice)
    return (
        render_template(
            "invoices/dispute.html", dispute=dispute, row=shown, answer=answer, outcome=outcome, refusal=refusal,
            kept=kept, acts=may_dispute(me(), dispute.invoice), clause=clause(shown.version, "invoice_dispute"),
            deciding=dispute.state in OUTCOMES, settled=dispute.state is DisputeState.SETTLED,
            lines={line.id: line for line in dispute.invoice.lines}, address=dispute_address(services().library.company),
        ),
        status,
    )  # fmt: skip


@disputes.post("/contestations/<reference>/repondre")
def answer(reference: str) -> Any:
    """Add words and files."""
    dispute, form = own_dispute(reference), AnswerForm()
    if not form.validate():
        return page(dispute, REFUSED, answer=form)
    try:
        files: Sequence[StoredFile] = kept_files(form.files)
    except FileRefused:
        db.session.rollback()
        return page(own_dispute(reference), REFUSED, answer=form)
    return _act(dispute, Act.ANSWER, form, "Votre message est envoyé.", files)


@disputes.post("/contestations/<reference>/accepter")
def accept(reference: str) -> Any:
    """Accept the outcome."""
    return _act(own_dispute(reference), Act.ACCEPT, _outcome(), "Vous avez accepté cette issue.")


@disputes.post("/contestations/<reference>/maintenir")
def uphold(reference: str) -> Any:
    """Maintain the disagreement."""
    return _act(own_dispute(reference), Act.UPHOLD, _outcome(), "Votre désaccord est maintenu, et notifié.")


@disputes.post("/contestations/<reference>/retirer")
def withdraw(reference: str) -> Any:
    """Withdraw the dispute."""
    return _act(own_dispute(reference), Act.WITHDRAW, _outcome(), "Votre contestation est retirée.")


def _outcome() -> OutcomeForm:
    form = OutcomeForm()
    if not form.validate():
        abort(EXPIRED if form.csrf_token.errors else REFUSED)
    return form


def _act(dispute: Dispute, act: Act, form: Any, done: str, files: Sequence[StoredFile] = ()) -> Any:
    reference = dispute.reference
    try:
        answer_as_client(
            db.session, dispute, act, by=me(), words=form.words.data or "", form_key=form.key.data or new_key(),
            letters=dispute_letters(), files=files, trace=trace(), at=now(),
        )  # fmt: skip
    except DisputeError as error:
        db.session.rollback()
        return page(own_dispute(reference), CONFLICT, refusal=error, kept=form.words.data or "")
    db.session.commit()
    flash(done, "success")
    return redirect(url_for("disputes.show", reference=reference), 303)


@disputes.get("/contestations/<reference>/lettre.pdf")
def letter(reference: str) -> Any:
    """The registered letter that 7.4 also allows, ready to post."""
    dispute = own_dispute(reference)
    content = letter_pdf(dispute, services().library, today())
    return download(content, name=f"lettre-recommandee-{reference}.pdf", media_type="application/pdf")


@disputes.get("/contestations/<reference>/preuve.zip")
def proof(reference: str) -> Any:
    """The sealed file of proof."""
    return send(own_dispute(reference).proof or abort(404))


@disputes.get("/contestations/<reference>/fichiers/<int:number>")
def attached(reference: str, number: int) -> Any:
    """A file of the dispute."""
    return send(file_of(own_dispute(reference), number))


def file_of(dispute: Dispute, number: int) -> StoredFile:
    """A file of a dispute; 404 for another's."""
    found = next((each.file for each in dispute.files if each.id == number), None)
    return found or abort(404)
