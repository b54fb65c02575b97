"""A mail that does not leave, as staff see it."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template
from sqlalchemy import select

from portal.jobs.models import Job
from portal.mail.failing import PAGE, send_again
from portal.mail.models import OutgoingMail
from portal.web import db, now

desk_mails = Blueprint("desk_mails", __name__, url_prefix=PAGE, template_folder="templates")


def _mail(number: int) -> OutgoingMail:
    found = db.session.get(OutgoingMail, number)
    # A mail that has left is nobody's business here.
    if found is None or (found.sent_at is None and found.failed_at is None):
        abort(404)
    return found


@desk_mails.get("/<int:number>")
def show(number: int) -> Any:
    """To whom, since when, and what the server said."""
    mail = _mail(number)
    job = db.session.scalars(select(Job).where(Job.key == f"mail:{mail.message_id}")).first()
    return render_template("desk/mail.html", mail=mail, job=job)


@desk_mails.post("/<int:number>/renvoyer")
def again(number: int) -> Any:
    """Try now."""
    mail = _mail(number)
    if send_again(db.session, mail, now=now()):
        db.session.commit()
        flash("Le courriel repart dans un instant. S'il échoue encore, il revient ici.", "success")
    else:
        db.session.rollback()
        flash("Ce courriel est parti, ou il est en train de partir.", "success")
    return redirect(f"{PAGE}/{number}", 303)
