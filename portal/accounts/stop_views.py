"""The page of a mail's "stop" link: opening it changes nothing, pressing its button does, and so does a mail program's."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, abort, render_template

from portal.mail.models import OutgoingMail
from portal.mail.stopping import PAGE, Stop, find
from portal.web import db, now


def register(app: Flask, stops: Mapping[str, Stop]) -> None:
    """``stops``: by the event of the mails. A mail program has no token of ours: the link itself is the secret."""

    def found(token: str) -> tuple[OutgoingMail, Stop]:
        mail = find(db.session, token)
        if mail is None or mail.event not in stops:
            abort(404)
        return mail, stops[mail.event]

    def show(token: str) -> Any:
        _, stop = found(token)
        return render_template("accounts/stop_mails.html", stop=stop, done=False)

    def end(token: str) -> Any:
        mail, stop = found(token)
        stop.stop(db.session, mail, now())
        db.session.commit()
        return render_template("accounts/stop_mails.html", stop=stop, done=True)

    mail_stops = Blueprint("mail_stops", __name__, url_prefix=PAGE, template_folder="templates")
    mail_stops.get("/<token>", endpoint="show")(show)
    mail_stops.post("/<token>", endpoint="stop")(end)
    app.extensions["csrf"].exempt(mail_stops)
    app.register_blueprint(mail_stops)
