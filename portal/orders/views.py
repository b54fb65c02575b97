"""Orders as their client sees them: the list, one of them, its proof, the end that the client has the right to."""

from typing import Any

from flask import Blueprint, Flask, Response, abort, flash, redirect, render_template
from sqlalchemy import select

from portal.accounts.guard import me
from portal.accounts.refusals import tell_refused
from portal.files.views import send
from portal.orders import amendment_views
from portal.orders.forms import ServeForm, TerminateForm
from portal.orders.links import CLIENT
from portal.orders.models import Order
from portal.orders.pages import letters, new_key, order_page, providers, reader_of, signer
from portal.orders.progress_actions import note_refused, progress_of, serve_notice, terminate
from portal.orders.progress_rules import Ground
from portal.orders.providers import Providers, is_paid
from portal.orders.rules import OrderError
from portal.web import db, now, services

orders = Blueprint("orders", __name__, url_prefix=CLIENT, template_folder="templates")
CONFLICT, REFUSED = 409, 422


def register(app: Flask, handed: Providers) -> None:
    """Add the pages of this room; ``handed`` is what the rooms above give."""
    from portal.orders.desk_views import orders_desk

    app.extensions["orders"] = handed
    app.register_blueprint(orders)
    app.register_blueprint(orders_desk)


@orders.after_request
def never_stored(response: Response) -> Response:
    """What was ordered stays out of caches."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def rows(found: list[Order], *, staff: bool) -> list[dict[str, Any]]:
    """Orders as a list shows them: where each stands, whether it is paid."""
    return [
        {
            "order": order,
            "progress": progress_of(db.session, order),
            "paid": is_paid(providers().payments(db.session, order, staff)),
        }
        for order in found
    ]


@orders.get("/")
def index() -> Any:
    """Every order of the organisation, the last one first."""
    mine = select(Order).where(Order.organisation_id == me().organisation_id).order_by(Order.id.desc())
    return render_template("orders/list.html", rows=rows(list(db.session.scalars(mine)), staff=False))


@orders.get("/<reference>")
def show(reference: str) -> Any:
    """One order."""
    return page(reference)


def page(
    reference: str, status: int = 200, *, form: TerminateForm | None = None, refusal: str = "",
    serving: ServeForm | None = None,
) -> Any:  # fmt: skip
    """The page of an order, with what was typed and not taken."""
    reader, serving = reader_of(reference), serving or ServeForm(formdata=None, prefix="notice-")
    serving.key.data = serving.key.data or new_key()
    form = form or TerminateForm(formdata=None)
    form.key.data = form.key.data or new_key()
    form.lines.choices = [(line.position, line.label) for line in reader.order.lines_in_force]
    return (
        render_template(
            "orders/show.html", **order_page(reader), form=form, refusal=refusal, serving=serving,
            conventions=services().library.conventions,
        ),
        status,
    )  # fmt: skip


@orders.post("/<reference>/mise-en-demeure")
def serve(reference: str) -> Any:
    """Put the company on notice: either side may."""
    reader, form = reader_of(reference), ServeForm(prefix="notice-")
    if not form.validate():
        return page(reference, REFUSED, serving=form)
    by = signer("")
    try:
        serve_notice(
            db.session, reader.order, words=form.words.data, by=reader.person, known=by.identified_by, ip=by.ip,
            user_agent=by.user_agent[:400], form_key=(form.key.data or new_key())[:60], letters=letters(), at=now(),
        )  # fmt: skip
    except OrderError as error:
        tell_refused(note_refused, reader.order, "serve", by=reader.person, reason=type(error).__name__, at=now())
        return page(reference, CONFLICT, serving=form, refusal=f"{error} Rien n'a été envoyé.")
    db.session.commit()
    flash("Votre mise en demeure est envoyée et reçue. Une copie vous parvient par courriel.", "success")
    return redirect(reader.url(), 303)


@orders.get("/<reference>/preuve")
def proof(reference: str) -> Any:
    """The file of proof of the order."""
    file = providers().proof(db.session, reader_of(reference).order).file
    return abort(404) if file is None else send(file)


@orders.post("/<reference>/resilier/<ground>")
def end(reference: str, ground: str) -> Any:
    """The client ends an order, when 7.5 or article 10 gives it the right."""
    return ended(reference, ground, page)


def ended(reference: str, ground: str, again: Any) -> Any:
    """End an order for the side of whoever asks; ``again`` shows its page with what went wrong."""
    reader, form = reader_of(reference), TerminateForm()
    form.lines.choices = [(line.position, line.label) for line in reader.order.lines_in_force]
    if ground not in {each.value for each in Ground} or reader.version is None:
        abort(404)
    if not form.validate():
        return again(reference, REFUSED, form=form)
    try:
        terminate(
            db.session, reader.order, side=reader.side, ground=Ground(ground), work_done=form.words.data,
            lines_done=form.lines.data or (), by=reader.person, terms=reader.version,
            form_key=form.key.data or new_key(), letters=letters(), at=now(),
        )  # fmt: skip
    except OrderError as error:
        tell_refused(note_refused, reader.order, "terminate", by=reader.person, reason=type(error).__name__, at=now())
        words = "Le droit de résilier n'est pas ouvert, ou la commande est déjà close. Rien n'a été modifié."
        return again(reference, CONFLICT, form=form, refusal=words)
    db.session.commit()
    flash("La commande est résiliée. L'autre partie en est avertie par courriel.", "success")
    return redirect(reader.url(), 303)


amendment_views.add_to(orders)
