"""A mail that does not leave, or that came back, as staff see it, with what came in about it."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template
from sqlalchemy import select

from portal.accounts.guard import current_person
from portal.files.models import StoredFile
from portal.files.views import send
from portal.jobs.models import Job
from portal.mail.failing import PAGE, ROLES, send_again
from portal.mail.models import OutgoingMail
from portal.mail.received_models import ReceivedMail
from portal.web import db, now

desk_mails = Blueprint("desk_mails", __name__, url_prefix=PAGE, template_folder="templates")


#: Who sees what was kept back, too: it may have been a freeze of somebody's data.
WITHHELD_ROLES = frozenset({"privacy"})


def _mail(number: int) -> OutgoingMail:
    found = db.session.get(OutgoingMail, number)
    # A mail that waits for its turn is nobody's business here.
    told = ("sent_at", "failed_at", "bounced_at", "withheld_at")
    if found is None or not any(getattr(found, name) for name in told):
        abort(404)
    # Codes and links are in mails that have not left: those are an administrator's alone.
    person = current_person()
    roles = person.role_names if person is not None else frozenset()
    # Who is there for what was kept back alone reads nothing else.
    kept_back = found.withheld_at is not None and not WITHHELD_ROLES.isdisjoint(roles)
    bounced = found.bounced_at is not None and not WITHHELD_ROLES.issuperset(roles)
    if not (kept_back or bounced or not ROLES.isdisjoint(roles)):
        abort(403)
    return found


@desk_mails.get("/<int:number>")
def show(number: int) -> Any:
    """To whom, since when, and what the server said."""
    mail = _mail(number)
    job = db.session.scalars(select(Job).where(Job.key == f"mail:{mail.message_id}")).first()
    about = db.session.scalars(
        select(ReceivedMail).where(ReceivedMail.outgoing_id == mail.id).order_by(ReceivedMail.id)
    ).all()
    return render_template("desk/mail.html", mail=mail, job=job, about=about)


@desk_mails.post("/<int:number>/vu")
def seen(number: int) -> Any:
    """Take note of a bounce: it leaves the desk, and stays on the mail."""
    mail = _mail(number)
    if mail.bounced_at is not None and mail.bounce_seen_at is None:
        mail.bounce_seen_at = now()
        db.session.commit()
    flash("C'est noté. Le retour reste visible sur ce courriel.", "success")
    return redirect(f"{PAGE}/{number}", 303)


@desk_mails.get("/recus/<int:number>")
def received(number: int) -> Any:
    """A message that came in, byte for byte, as a download."""
    row = db.session.get(ReceivedMail, number)
    stored = db.session.get(StoredFile, row.file_id) if row is not None and row.file_id is not None else None
    if stored is None:
        abort(404)
    return send(stored)


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
