"""Invoices as their client sees them: the list, one of them, its original, the list for a spreadsheet."""

from decimal import Decimal
from typing import Any

from flask import Blueprint, Flask, Response, abort, render_template, request, url_for
from sqlalchemy import select

from portal.accounts.guard import may, me
from portal.files.views import download, send
from portal.french import amount
from portal.invoices.behind import behind
from portal.invoices.dispute_models import DisputeDraft
from portal.invoices.export import table
from portal.invoices.letters import Letters
from portal.invoices.links import CLIENT, Links
from portal.invoices.listing import PAGE, Kept, Row, of_organisation, row_of, rows_of, search, sums
from portal.invoices.models import Invoice
from portal.invoices.parts import CATEGORIES, clause, delay_of, half_year_words, quantity, retention
from portal.invoices.payment_actions import held
from portal.invoices.payment_rules import Standing
from portal.web import db, mail_domain, services, settings, today

invoices = Blueprint("invoices", __name__, url_prefix=CLIENT, template_folder="templates")
REFUSED, CONFLICT, EXPIRED = 422, 409, 400


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


def asked_list(found: list[Row]) -> tuple[list[Row], Kept, str]:
    """(what the address keeps of a list, its filter, its words); an unknown filter is 404."""
    try:
        kept = Kept(request.args.get("etat", ""))
    except ValueError:
        abort(404)
    words = request.args.get("q", "").strip()[:200]
    return search(db.session, found, words), kept, words


def asked_page(found: list[Row]) -> tuple[list[Row], int, int]:
    """(the rows of the page that is asked for, its number, the last number); a page beyond the last is 404."""
    last = max(1, -(-len(found) // PAGE))
    page = request.args.get("page", 1, type=int)
    if not 1 <= page <= last:
        abort(404)
    return found[(page - 1) * PAGE : page * PAGE], page, last


@invoices.get("/")
def index() -> Any:
    """Every invoice of the organisation: what is due, overdue, disputed, paid."""
    every = _rows()
    found, kept, words = asked_list(every)
    shown, page, last = asked_page([each for each in found if each.keeps(kept)])
    opened = sorted(
        (each for each in every if each.keeps(Kept.OPEN) and each.clock is not None),
        key=lambda each: each.clock.last_day,  # type: ignore[union-attr]
    )
    due = sorted(
        (each for each in every if each.standing in {Standing.DUE, Standing.OVERDUE} and each.account.claimable),
        key=lambda each: each.account.due_on,  # type: ignore[arg-type, return-value]
    )
    return render_template(
        "invoices/list.html", rows=shown, page=page, last=last, kept=kept, words=words, sums=sums(every),
        counts={each: sum(row.keeps(each) for row in found) for each in Kept}, total=len(every),
        first_open=next(iter(opened), None), next_due=next(iter(due), None),
        url_of=lambda number: url_for("invoices.show", number=number),
    )  # fmt: skip


def _rows() -> list[Row]:
    return rows_of(db.session, services().library, of_organisation(db.session, me().organisation_id or 0), today())


@invoices.get("/factures.csv")
def export() -> Any:
    """The same list, filters included, for a spreadsheet."""
    found, kept, _ = asked_list(_rows())
    content = "".join(table(each for each in found if each.keeps(kept)))
    return download(content.encode(), name=f"factures-{today():%Y-%m-%d}.csv", media_type="text/csv; charset=utf-8")


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
    }


@invoices.get("/<int:number>/original")
def original(number: int) -> Any:
    """The file as it was issued, byte for byte; one that may hold other clients' invoices is not there."""
    invoice = own_invoice(number)
    if not invoice.has_own_file:
        abort(404)
    return send(invoice.file)
