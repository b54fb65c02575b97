"""The work behind an invoice, as staff put it there: proposed by its period, looked for by ticket or day, taken back."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request
from wtforms import SelectField, StringField
from wtforms.validators import Optional

from portal.accounts.guard import me
from portal.forms import BaseForm, DayField, at_most, strip
from portal.gate import row_number
from portal.invoices.behind import cost, parts_behind, worked
from portal.invoices.desk_views import any_invoice
from portal.invoices.links import DESK
from portal.invoices.models import Invoice
from portal.invoices.views import CONFLICT, REFUSED, never_stored, row
from portal.invoices.work_actions import WorkError, asked, elsewhere, link, period_of, proposed, since, unlink
from portal.invoices.work_models import InvoiceWork
from portal.web import db, now, services

invoice_work = Blueprint("invoice_work", __name__, url_prefix=DESK, template_folder="templates")
invoice_work.after_request(never_stored)
WHOLE = "0"


class LookForm(BaseForm):
    """What staff look for; it changes nothing."""

    class Meta(BaseForm.Meta):
        """Read by GET."""

        csrf = False

    ticket = StringField(
        "Ticket", filters=[strip], validators=[Optional(), at_most(40)], description="Par exemple TIC-2026-0042.",
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    first = DayField("Du", validators=[Optional()])
    last = DayField("Au", validators=[Optional()])


class LinkForm(BaseForm):
    """Which line the chosen work is behind."""

    line = SelectField("Derrière", validators=[Optional()])

    def __init__(self, invoice: Invoice, **options: Any) -> None:
        super().__init__(**options)
        self.line.choices = [(WHOLE, "La facture entière")] + [
            (str(line.id), line.name or f"Ligne {line.position}") for line in invoice.lines
        ]


@invoice_work.get("/<int:number>/travaux")
def show(number: int) -> Any:
    """What is behind it, what may be, what staff look for."""
    return _page(any_invoice(number), 200)


def _page(invoice: Invoice, status: int, refusal: str = "") -> Any:
    if invoice.organisation_id is None:
        abort(404)
    look = LookForm(request.args)
    looks = bool(look.ticket.data or look.first.data or look.last.data) and look.validate()
    found = (
        asked(db.session, invoice, ticket=look.ticket.data or "", first=look.first.data, last=look.last.data)
        if looks
        else proposed(db.session, invoice)
    )
    library, others = services().library, elsewhere(db.session, invoice, found)
    return (
        render_template(
            "invoices/desk_work.html", row=row(invoice), look=look, looks=looks, refusal=refusal,
            form=LinkForm(invoice, formdata=None), since=since(db.session, invoice), until=period_of(invoice)[1],
            parts=parts_behind(db.session, library, invoice, staff=True),
            found=[(each, worked(library, each), cost(each), others.get(each.id)) for each in found],
        ),
        status,
    )  # fmt: skip


@invoice_work.post("/<int:number>/travaux")
def add(number: int) -> Any:
    """Put what was ticked behind the invoice, or one of its lines."""
    invoice = any_invoice(number)
    form = LinkForm(invoice)
    chosen = request.form.getlist("intervention", type=row_number)
    if not form.validate() or not chosen:
        return _page(invoice, REFUSED, "" if chosen else "Cochez au moins une intervention.")
    line = None if form.line.data in {None, "", WHOLE} else int(form.line.data)
    try:
        made = link(db.session, invoice, chosen, line_id=line, by=me(), at=now())
    except WorkError as error:
        db.session.rollback()
        return _page(any_invoice(number), CONFLICT, f"{error} Rien n'a été enregistré.")
    db.session.commit()
    flash(
        "C'est enregistré. Le client voit ce travail sur la page de sa facture." if made else "C'était déjà fait.",
        "success",
    )
    return redirect(f"{DESK}/{number}/travaux", 303)


@invoice_work.post("/<int:number>/travaux/<int:entry>/retirer")
def remove(number: int, entry: int) -> Any:
    """Take one back."""
    held = db.session.get(InvoiceWork, entry)
    if held is None or held.invoice_id != number:
        abort(404)
    unlink(db.session, held, by=me(), at=now())
    db.session.commit()
    flash("C'est retiré.", "success")
    return redirect(f"{DESK}/{number}/travaux", 303)
