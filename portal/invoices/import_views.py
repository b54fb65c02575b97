"""Importing on the desk: files sent from a browser, a report for each, and what is left for a person to settle."""

from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, Flask, abort, flash, jsonify, redirect, render_template, request
from flask_wtf.file import FileRequired, MultipleFileField
from werkzeug.datastructures import FileStorage

from portal.accounts.guard import me
from portal.errors import Refusal
from portal.errors import show as refuse
from portal.files.views import send
from portal.forms import BaseForm
from portal.french import amount, long_date
from portal.gate import row_number
from portal.invoices import import_report as report
from portal.invoices.import_actions import UPLOAD, AlreadyHandled, import_stream, set_aside
from portal.invoices.import_queue import WAITING, count_waiting, waiting
from portal.invoices.importing import importer_of
from portal.invoices.issuer import issuer_of
from portal.invoices.links import DESK
from portal.invoices.models import InvoiceImport
from portal.invoices.rules import Import
from portal.invoices.searching import PAGE
from portal.web import db, now, services, settings

invoice_imports = Blueprint("invoice_imports", __name__, url_prefix=DESK, template_folder="templates")
REFUSED = 422
HANDLED = Refusal(
    "C'est déjà fait",
    "Une autre personne de l'équipe s'en est occupée avant vous. Rien n'a été modifié.",
    "Revenez à la liste pour voir ce qui reste.",
)


class UploadForm(BaseForm):
    """Several files at once."""

    files = MultipleFileField(
        "Fichiers",
        validators=[FileRequired("Choisissez au moins un fichier.")],
        description="PDF Factur-X ou ZUGFeRD, XML CII ou UBL, CSV, ou une archive ZIP qui les contient.",
        render_kw={"accept": ".pdf,.xml,.csv,.zip", "multiple": True},
    )


def register(app: Flask) -> None:
    """The pages, and how they show what was read of a file."""
    app.jinja_env.filters.update(
        sum_in=lambda text, currency: None if text is None else amount(Decimal(text), currency or "(devise inconnue)"),
        reason_alone=report.reason_alone,
        iso_day=lambda text: None if text is None else long_date(date.fromisoformat(text)),
    )
    app.register_blueprint(invoice_imports)


@invoice_imports.errorhandler(AlreadyHandled)
def already_handled(_: Exception) -> Any:
    """A colleague was faster."""
    db.session.rollback()
    return refuse(409, HANDLED)


@invoice_imports.get("/importer")
def upload() -> Any:
    """Where files are brought in."""
    return _page(UploadForm(), None)


@invoice_imports.post("/importer")
def take() -> Any:
    """Take the files in, and say of each what became of it. Sent twice, they are duplicates."""
    form = UploadForm()
    if not form.validate_on_submit():
        return _page(form, None), REFUSED
    by = me().id
    db.session.commit()  # whoever asked is known: each file has a transaction of its own from here on
    importer = importer_of(settings(), library=services().library, store=services().store, origin=UPLOAD, by=by)
    answers = [answer for file in form.files.data for answer in _taken(file, importer)]
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return jsonify(
            [
                {**answer, "label": report.WORDS[answer["status"]], "reason": report.reason_alone(answer)}
                for answer in answers
            ]
        )
    return _page(UploadForm(formdata=None), answers)


def _taken(file: FileStorage, importer: Any) -> list[dict[str, Any]]:
    name = (file.filename or "fichier").replace("\\", "/").rpartition("/")[2]
    size = file.stream.seek(0, 2)
    file.stream.seek(0)
    return list(import_stream(db.sessionmaker, name, file.stream, size, importer, at=now()))


def _page(form: UploadForm, answers: list[dict[str, Any]] | None) -> str:
    counts = {status: sum(each["status"] == status for each in answers or ()) for status in report.WORDS}
    return render_template(
        "invoices/import.html", form=form, answers=answers, words=report.WORDS, summary_words=report.summary(counts),
        issuer=issuer_of(settings(), services().library.company), left=_left(),
    )  # fmt: skip


def _left() -> int:
    return sum(count_waiting(db.session).values())


@invoice_imports.get("/imports")
def index() -> Any:
    """What nobody has settled: invoices without a client, files that were refused."""
    counts, page = count_waiting(db.session), request.args.get("page", 1, type=row_number)
    last = max(1, -(-sum(counts.values()) // PAGE))
    if not 1 <= page <= last:
        abort(404)
    shown = waiting(db.session, limit=PAGE, offset=(page - 1) * PAGE)
    return render_template(
        "invoices/imports.html", page=page, last=last,
        groups=[
            (title, counts.get(status, 0), [each for each in shown if each.status is status])
            for title, status in (("Sans client", Import.UNMATCHED), ("Refusées", Import.REJECTED))
        ],
    )  # fmt: skip


@invoice_imports.get("/imports/<int:number>")
def show(number: int) -> Any:
    """One of them, with everything that was read and what may be done."""
    held = _found(number)
    return render_template("invoices/import_one.html", held=held, answer=held.answer, Import=Import)


@invoice_imports.post("/imports/<int:number>/classer")
def aside(number: int) -> Any:
    """Set it aside: nobody is told, the file stays."""
    set_aside(db.session, _found(number), by=me(), at=now())
    db.session.commit()
    flash("C'est classé. Le fichier est gardé, personne n'en est prévenu.", "success")
    return redirect(WAITING, 303)


@invoice_imports.get("/imports/<int:number>/fichier")
def file(number: int) -> Any:
    """The file as it came."""
    held = _found(number)
    kept = held.file or (held.invoice.file if held.invoice and held.status is Import.UNMATCHED else None)
    if kept is None:
        abort(404)
    return send(kept)


@invoice_imports.get("/imports/<int:number>/autre-fichier")
def other_file(number: int) -> Any:
    """The file of the invoice that a refused one contradicts."""
    held = _found(number)
    if held.invoice is None or held.status is Import.UNMATCHED:
        abort(404)
    return send(held.invoice.file)


def _found(number: int) -> InvoiceImport:
    found = db.session.get(InvoiceImport, number)
    if found is None:
        abort(404)
    return found
