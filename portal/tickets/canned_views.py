"""Ready answers: written once by whoever answers, put into a message with one choice."""

from typing import Any

from flask import Blueprint, abort, redirect, url_for
from sqlalchemy import select

from portal.accounts.guard import me
from portal.tickets.canned_models import CannedAnswer
from portal.tickets.forms import CannedForm
from portal.tickets.links import DESK
from portal.tickets.serving import REFUSED, page, told
from portal.web import db, now

tickets_canned = Blueprint("tickets_canned", __name__, url_prefix=f"{DESK}/reponses-types", template_folder="templates")


def canned_answers() -> list[CannedAnswer]:
    """Every ready answer, by title."""
    return list(db.session.scalars(select(CannedAnswer).order_by(CannedAnswer.title)))


@tickets_canned.route("/", methods=["GET", "POST"])
def index() -> Any:
    """The ready answers, and a new one; the same title again is the same answer, rewritten."""
    form = CannedForm()
    if not form.is_submitted() or not form.validate():
        return page("canned", REFUSED if form.is_submitted() else 200, answers=canned_answers(), form=form)
    held = db.session.scalars(select(CannedAnswer).where(CannedAnswer.title == form.title.data)).first()
    if held is None:
        held = CannedAnswer(title=form.title.data)
        db.session.add(held)
    held.text, held.written_at, held.written_by = form.text.data, now(), me().name
    db.session.commit()
    told(f"La réponse «\u00a0{held.title}\u00a0» est gardée.")
    return redirect(url_for("tickets_canned.index"), 303)


@tickets_canned.post("/<int:number>/retirer")
def remove(number: int) -> Any:
    """Take one away; what was sent with it stays."""
    held = db.session.get(CannedAnswer, number)
    if held is None:
        abort(404)
    db.session.delete(held)
    db.session.commit()
    told(f"La réponse «\u00a0{held.title}\u00a0» est retirée.")
    return redirect(url_for("tickets_canned.index"), 303)
