"""The pages of the demo's mailbox. ``create_app`` adds them to a demo only: they show everybody's mail to anybody."""

from flask import Blueprint, abort, current_app, render_template
from sqlalchemy import select
from werkzeug.wrappers import Response

from portal.accounts.models import Person
from portal.mail.models import OutgoingMail
from portal.web import db

ADDRESS = "/demo/courrier"
NEWEST = 100

mailbox = Blueprint("mailbox", __name__, template_folder="templates", url_prefix=ADDRESS)


@mailbox.get("")
def show() -> str:
    """The mails, newest first, and the codes that demo staff would read on their telephone."""
    mails = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id.desc()).limit(NEWEST)).all()
    return render_template("mailbox/list.html", mails=mails, codes=_codes())


@mailbox.get("/<int:number>")
def read(number: int) -> str:
    """One mail, as its recipient reads it."""
    mail = db.session.get(OutgoingMail, number)
    if mail is None:
        abort(404)
    return render_template("mailbox/mail.html", mail=mail)


@mailbox.after_request
def keep_out(response: Response) -> Response:
    """Codes are of the moment."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _codes() -> list[tuple[str, str]]:
    factory = current_app.extensions["security"]._totp_factory  # noqa: SLF001 - the library gives it no other name
    holders = db.session.scalars(
        select(Person).where(Person.staff, Person.tf_totp_secret.is_not(None)).order_by(Person.email)
    )
    return [(person.email, factory.generate_totp_password(person.tf_totp_secret)) for person in holders]
