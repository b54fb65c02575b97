"""Invoices as their client sees them: the list, one of them, its original, the list for a spreadsheet."""

from decimal import Decimal
from typing import Any

from flask import Blueprint, Flask, Response, abort, render_template, request, url_for
from sqlalchemy import select

from portal.accounts.guard import may, me
from portal.files.actions import read as read_file
from portal.files.views import download, send
from portal.french import amount
from portal.gate import row_number
from portal.invoices.behind import behind, parts_behind
from portal.invoices.csv_content import csv_sources
from portal.invoices.dispute_models import DisputeDraft
from portal.invoices.export import table
from portal.invoices.holding import held
from portal.invoices.letters import Letters
from portal.invoices.links import CLIENT, Links
from portal.invoices.listing import Row, row_of
from portal.invoices.models import Invoice
from portal.invoices.parts import CATEGORIES, clause, delay_of, half_year_words, quantity, retention
from portal.invoices.payment_rules import Settling
from portal.invoices.reading.csv_extract import extract as rows_of_one
from portal.invoices.reading.refusal import Unreadable
from portal.invoices.searching import PAGE, Criteria, Found, Kept, NoSuchPage, every, find, keeping, of_client, read
from portal.web import db, mail_domain, services, settings, store, today

invoices = Blueprint("invoices", __name__, url_prefix=CLIENT, template_folder="templates")
REFUSED, CONFLICT, EXPIRED = 422, 409, 400
EURO = "EUR"


def register(app: Flask) -> None:
    """What the pages of this room need of the templates."""
    app.jinja_env.filters.update(
        sum_of=lambda value, invoice: amount(value, invoice.currency),
        currency=amount,
        decimal=Decimal,
        quantity=quantity,
        category=lambda code: CATEGORIES.get(code, code),
        half_year=half_year_words,
    )
    app.register_blueprint(invoices)


def letters() -> Letters:
    """The mails of this installation."""
    return Letters(services().library, Links(settings().base_url), mail_domain())


@invoices.after_request
def never_stored(response: Response) -> Response:
    """What is invoiced stays out of caches."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def own_invoice(number: int) -> Invoice:
    """The invoice of that number, of the reader's own organisation; 404 for any other."""
    invoice = db.session.get(Invoice, number)
    if invoice is None or invoice.organisation_id is None or invoice.organisation_id != me().organisation_id:
        abort(404)
    return invoice


def row(invoice: Invoice) -> Row:
    """An invoice as it stands today."""
    return row_of(services().library, invoice, held(db.session, invoice), today())


def asked_list() -> dict[str, Any]:
    """What the address asks of a list: its filter (an unknown one is 404) and its words."""
    try:
        kept = Kept(request.args.get("etat", ""))
    except ValueError:
        abort(404)
    return {"kept": kept, "words": request.args.get("q", "").strip()[:200]}


def asked_page(within: Criteria) -> Found:
    """The page that the address asks for; one beyond the last is 404."""
    page = request.args.get("page", 1, type=row_number)
    try:
        return find(db.session, services().library, within, today(), page=page, **asked_list())
    except NoSuchPage:
        abort(404)


def asked_export(within: Criteria) -> Any:
    """The whole list that the address asks for, for a spreadsheet."""
    content = "".join(table(every(db.session, services().library, within, today(), **asked_list())))
    return download(content.encode(), name=f"factures-{today():%Y-%m-%d}.csv", media_type="text/csv; charset=utf-8")


@invoices.get("/")
def index() -> Any:
    """Every invoice of the organisation: what is due, overdue, disputed, paid."""
    return render_template(
        "invoices/list.html", found=asked_page(_own()), first_open=_first_open(), next_due=_next_due(),
        url_of=lambda number: url_for("invoices.show", number=number),
    )  # fmt: skip


def _own() -> Criteria:
    return of_client(me().organisation_id or 0)


def _first_open() -> Row | None:
    """What must be disputed first, if it is; those that still can be are few."""
    library, day = services().library, today()
    open_ = (*_own(), *keeping(Kept.OPEN, library, day))
    rows = read(db.session, library, open_, day, limit=PAGE, order=(Invoice.issued_on, Invoice.id))
    return min(rows, key=lambda each: each.clock.last_day if each.clock else day, default=None)


def _next_due() -> Row | None:
    asked = (*_own(), Invoice.settling == Settling.ASKED, Invoice.due_day.is_not(None))
    order = (Invoice.due_day, Invoice.id)
    return next(iter(read(db.session, services().library, asked, today(), limit=1, order=order)), None)


@invoices.get("/factures.csv")
def export() -> Any:
    """The same list, filters included, for a spreadsheet."""
    return asked_export(_own())


@invoices.get("/<int:number>")
def show(number: int) -> Any:
    """One invoice: what can be done until when, its lines, what is paid, what a delay costs."""
    shown = row(own_invoice(number))
    can_dispute = may("disputes.write", me())
    draft = select(DisputeDraft.id).where(DisputeDraft.invoice_id == number, DisputeDraft.person_id == me().id)
    return render_template(
        "invoices/show.html", row=shown, can_dispute=can_dispute, draft=db.session.scalar(draft),
        **parts_of(shown), delay=delay_of(shown, services().library.law, today(), staff=False),
        behind=behind(db.session, shown.invoice),
        parts=parts_behind(db.session, services().library, shown.invoice),
    )  # fmt: skip


def parts_of(shown: Row) -> dict[str, Any]:
    """The clauses that a page of an invoice cites, in the version that governs it."""
    version = shown.version
    return {
        "dispute": clause(version, "invoice_dispute"),
        "retention": retention(shown),
        "title_clause": clause(version, "retention_of_title"),
        "no_payment": clause(version, "no_payment"),
        "late_clause": clause(version, "late_payment"),
        "penalty_clause": clause(version, "late_penalty"),
        "deferral_clause": clause(version, "deferral"),
        "suspension_clause": clause(version, "order_suspension"),
        "notice_clause": clause(version, "formal_notice"),
        "abroad": services().library.conventions["foreign_currency"] if shown.invoice.currency != EURO else None,
    }


@invoices.get("/<int:number>/original")
def original(number: int) -> Any:
    """The file as it was issued, byte for byte; one that may hold other clients' invoices is not there."""
    invoice = own_invoice(number)
    if not invoice.has_own_file:
        abort(404)
    return send(invoice.file)


@invoices.get("/<int:number>/extrait.csv")
def extract(number: int) -> Any:
    """The rows of an invoice that came in a file with others': said to be an extract, with the digest of the whole."""
    invoice = own_invoice(number)
    if invoice.has_own_file:
        abort(404)
    try:
        rows = rows_of_one(read_file(store(), invoice.file), invoice.number, csv_sources(settings().content_dir))
    except Unreadable:
        rows = None
    if rows is None:  # the way of writing CSV that it was read by is known here no more
        abort(404)
    head = f'"Extrait\u00a0: les seules lignes de {invoice.the}. Empreinte SHA-256 du fichier entier\u00a0: {invoice.file_sha256}"\r\n'
    return download(
        f"\ufeff{head}{rows}".encode(), name=f"extrait-{invoice.number}.csv", media_type="text/csv; charset=utf-8"
    )
