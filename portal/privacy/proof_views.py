"""Where who asks shows who they are, on the page of their request; where staff look at that, and at a mandate."""

from typing import Any

from flask import abort, flash, redirect, render_template, url_for

from portal.accounts.guard import me
from portal.errors import show as refuse
from portal.files.rules import FileRefused
from portal.files.views import send
from portal.privacy.deciding_views import asked_of
from portal.privacy.desk_views import privacy_desk
from portal.privacy.forms import ProofForm
from portal.privacy.identity import open_proof, send_proof
from portal.privacy.links import CLIENT, FOLLOW
from portal.privacy.models import PrivacyRequest
from portal.privacy.public_views import found
from portal.privacy.rules import AlreadyClosed, NotWaiting
from portal.privacy.views import CONFLICT, REFUSED, links, mine, privacy, seen
from portal.web import db, now, store


@privacy.post(f"{CLIENT}/<reference>/preuve")
def send_own_proof(reference: str) -> Any:
    """The proof of who signed in."""
    return _sent(mine(reference), url_for("privacy.show", reference=reference), own=True)


@privacy.post(f"{FOLLOW}/<token>/preuve")
def send_followed_proof(token: str) -> Any:
    """The proof of who holds the link of the mail."""
    asked = found(links().opened, token)
    return _sent(asked, url_for("privacy.follow", token=token), own=False, followed=token)


def _sent(asked: PrivacyRequest, back: str, **whose: Any) -> Any:
    form = ProofForm()
    if form.validate():
        try:
            files = form.proof.keep(db.session, store(), kept_for="privacy", now=now())
            send_proof(db.session, asked, files, at=now())
        except FileRefused:
            db.session.rollback()
        except (AlreadyClosed, NotWaiting):
            db.session.rollback()
            return refuse(CONFLICT)
        else:
            db.session.commit()
            flash("Votre preuve est arrivée. Le délai de réponse reprend.", "success")
            return redirect(back, 303)
    return render_template("privacy/request.html", **seen(asked) | {"form": form}, **whose), REFUSED


@privacy_desk.post("/<reference>/preuve/<int:number>")
def proof(reference: str, number: int) -> Any:
    """One proof of identity, for who decides on it; each opening is written down."""
    file = open_proof(db.session, asked_of(reference), number, by=me(), at=now())
    if file is None:
        abort(404)
    answer = send(file)
    db.session.commit()
    return answer


@privacy_desk.get("/<reference>/mandat")
def mandate(reference: str) -> Any:
    """The mandate that was joined."""
    file = asked_of(reference).mandate_file
    if file is None:
        abort(404)
    return send(file)
