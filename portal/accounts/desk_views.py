"""A request for an access as staff see it: open one, or set it aside."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template

from portal.accounts import access
from portal.accounts.access import AlreadyHandled
from portal.accounts.actions import find_organisation
from portal.accounts.guard import me
from portal.accounts.models import AccessRequest
from portal.accounts.queue import DESK
from portal.accounts.rules import NotAllowed, parse_identity
from portal.errors import show as refuse
from portal.web import db, mail_domain, now, settings

accounts_desk = Blueprint("accounts_desk", __name__, url_prefix=DESK, template_folder="templates")


@accounts_desk.errorhandler(NotAllowed)
def not_allowed(_: NotAllowed) -> Any:
    """The table of routes lets nobody come here; the rule says no all the same."""
    return refuse(403)


@accounts_desk.errorhandler(AlreadyHandled)
def already_handled(_: AlreadyHandled) -> Any:
    """A colleague was faster."""
    db.session.rollback()
    return refuse(409)


def _asked(number: int) -> AccessRequest:
    found = db.session.get(AccessRequest, number)
    if found is None:
        abort(404)
    return found


@accounts_desk.get("/<int:number>")
def show(number: int) -> Any:
    """Who asks, and whether the organisation is a client."""
    asked = _asked(number)
    known = find_organisation(db.session, parse_identity(asked.identity))
    return render_template("accounts/access_request.html", asked=asked, known=known)


@accounts_desk.post("/<int:number>/ouvrir")
def grant(number: int) -> Any:
    """Invite who asked."""
    asked = _asked(number)
    access.grant_access(
        db.session, asked, by=me(), base_url=settings().base_url, domain=mail_domain(), now=now()
    )  # fmt: skip
    db.session.commit()
    flash(f"L'invitation part à {asked.email}.", "success")
    return redirect(f"{DESK}/{number}", 303)


@accounts_desk.post("/<int:number>/classer")
def set_aside(number: int) -> Any:
    """Close the request without opening anything."""
    access.set_access_aside(db.session, _asked(number), by=me(), now=now())
    db.session.commit()
    flash("La demande est classée. Personne n'en est prévenu.", "success")
    return redirect(f"{DESK}/{number}", 303)
