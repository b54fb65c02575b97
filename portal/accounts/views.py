"""Pages of one's own account, of colleagues, and the two doors from outside: an invitation, a request."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask_login import logout_user
from flask_security import auth_required
from flask_security.utils import login_user
from sqlalchemy import select

from portal.accounts import access, membership, sign_in
from portal.accounts.actions import AddressTaken, IdentityTaken
from portal.accounts.configuration import GRACE
from portal.accounts.forms import AccessForm, InvitationForm, RolesForm
from portal.accounts.guard import me
from portal.accounts.membership import InvitationOver
from portal.accounts.models import Invitation, Organisation, Person, SignedIn
from portal.accounts.rules import CLIENT_WORDS, FRESHNESS, ClientRole, LastAdministrator, NotAllowed
from portal.accounts.security import PasskeyNeeded, current_session
from portal.errors import show as refuse
from portal.web import AREA, db, mail_domain, now, settings

accounts = Blueprint("accounts", __name__, url_prefix=AREA, template_folder="templates")
fresh = auth_required("session", within=lambda: FRESHNESS, grace=lambda: GRACE)


@accounts.errorhandler(NotAllowed)
def not_allowed(_: NotAllowed) -> Any:
    """The table of routes lets nobody come here; the rule says no all the same."""
    return refuse(403)


@accounts.app_errorhandler(IdentityTaken)
def identity_taken(_: IdentityTaken) -> Any:
    """A colleague wrote the same organisation down at the same moment: reload, and it is there."""
    db.session.rollback()
    return refuse(409)


@accounts.app_errorhandler(PasskeyNeeded)
def passkey_needed(_: PasskeyNeeded) -> Any:
    """Staff with a passkey sign in with it."""
    flash("Votre compte demande votre clé d'accès\u00a0: utilisez-la pour vous connecter.", "error")
    return redirect(url_for("security.us_signin"), 303)


# --- From outside --------------------------------------------------------------------------------


@accounts.route("/demander-un-acces", methods=["GET", "POST"])
def ask_access() -> Any:
    """Ask for an access; the answer is the same whoever asks."""
    form = AccessForm()
    if form.validate_on_submit():
        if not form.website.data:  # a person leaves the hidden field empty
            access.request_access(
                db.session, email=form.email.data, name=form.name.data, organisation_name=form.organisation_name.data,
                identity=form.identity.data, message=form.message.data or "", now=now(),
            )  # fmt: skip
            db.session.commit()
        return redirect(url_for("accounts.access_asked"), 303)
    return render_template("accounts/ask_access.html", form=form), 422 if form.errors else 200


@accounts.get("/demander-un-acces/merci")
def access_asked() -> Any:
    """What happens next."""
    return render_template("accounts/access_asked.html")


@accounts.route("/invitation/<token>", methods=["GET", "POST"])
def invitation(token: str) -> Any:
    """Read an invitation; accept it by POST, which signs in: the link came by mail."""
    try:
        if request.method == "POST":
            person = membership.accept_invitation(db.session, token=token, now=now())
            logout_user()
            session.clear()
            login_user(person, authn_via=["invitation"])
            db.session.commit()
            flash("Bienvenue. Ajoutez une clé d'accès\u00a0: vous vous connecterez sans attendre de code.", "success")
            return redirect(url_for("accounts.safety"), 303)
        found = membership.find_invitation(db.session, token, now=now())
    except InvitationOver:
        return render_template("accounts/invitation_over.html"), 404
    except AddressTaken:
        db.session.rollback()
        return render_template("accounts/address_taken.html"), 409
    return render_template("accounts/invitation.html", invitation=found)


# --- One's own account ---------------------------------------------------------------------------


@accounts.get("/compte/securite")
def safety() -> Any:
    """How one signs in."""
    return render_template("accounts/safety.html", me=me())


@accounts.get("/compte/appareils")
def devices() -> Any:
    """Where one is signed in."""
    held = sign_in.open_sessions(db.session, me(), now=now())
    return render_template("accounts/devices.html", sessions=held, current=current_session())


@accounts.post("/compte/appareils/<int:number>/deconnecter")
def end_device(number: int) -> Any:
    """Sign one device out."""
    held = db.session.scalars(
        select(SignedIn).where(SignedIn.id == number, SignedIn.person_id == me().id, SignedIn.ended_at.is_(None))
    ).first()
    if held is None:
        abort(404)
    held.ended_at = now()
    db.session.commit()
    flash(f"{held.device_name} est déconnecté.", "success")
    return redirect(url_for("accounts.devices"), 303)


@accounts.post("/compte/appareils/deconnecter-tout")
def end_everywhere() -> Any:
    """Sign every device out, this one too."""
    sign_in.end_sessions(db.session, me(), now=now())
    db.session.commit()
    logout_user()
    session.pop("token", None)
    flash("Vous êtes déconnecté partout.", "success")
    return redirect(url_for("security.us_signin"), 303)


# --- Colleagues ----------------------------------------------------------------------------------


def _organisation() -> Organisation:
    found = me().organisation
    if found is None:
        abort(404)
    return found


def _colleague(number: int) -> Person:
    found = db.session.get(Person, number)
    if found is None or not found.active or found.organisation_id != _organisation().id:
        abort(404)
    return found


@accounts.get("/collegues")
def colleagues() -> Any:
    """Who signs in for the organisation."""
    organisation = _organisation()
    return render_template(
        "accounts/colleagues.html",
        me=me(),
        organisation=organisation,
        people=[person for person in organisation.people if person.active],
        invitations=membership.open_invitations(db.session, organisation, now=now()),
        words=CLIENT_WORDS,
    )


@accounts.route("/collegues/inviter", methods=["GET", "POST"])
@fresh
def invite() -> Any:
    """Invite a colleague."""
    form = InvitationForm()
    if form.validate_on_submit():
        membership.invite(
            db.session, organisation=_organisation(), email=form.email.data, name=form.name.data,
            roles=[ClientRole(name) for name in form.roles.data], by=me(), base_url=settings().base_url,
            domain=mail_domain(), now=now(),
        )  # fmt: skip
        db.session.commit()
        flash(f"L'invitation part à {form.email.data}. Elle vaut sept jours.", "success")
        return redirect(url_for("accounts.colleagues"), 303)
    return render_template("accounts/invite.html", form=form), 422 if form.errors else 200


@accounts.post("/collegues/invitations/<int:number>/retirer")
@fresh
def withdraw(number: int) -> Any:
    """Take an invitation back."""
    found = db.session.get(Invitation, number)
    if found is None or found.organisation_id != _organisation().id or found.accepted_at or found.revoked_at:
        abort(404)
    membership.withdraw_invitation(db.session, found, by=me(), now=now())
    db.session.commit()
    flash(f"L'invitation de {found.email} est retirée.", "success")
    return redirect(url_for("accounts.colleagues"), 303)


@accounts.route("/collegues/<int:number>/roles", methods=["GET", "POST"])
@fresh
def roles(number: int) -> Any:
    """Give a colleague other roles."""
    person = _colleague(number)
    form = RolesForm(data={"roles": sorted(person.role_names)})
    if form.validate_on_submit():
        try:
            wanted = [ClientRole(name) for name in form.roles.data]
            membership.change_roles(db.session, person, wanted, by=me(), now=now())
        except LastAdministrator:
            db.session.rollback()
            form.roles.errors = ["Gardez au moins un administrateur\u00a0: donnez d'abord ce rôle à quelqu'un d'autre."]
        else:
            db.session.commit()
            flash(f"Les rôles de {person.name} sont changés.", "success")
            return redirect(url_for("accounts.colleagues"), 303)
    return render_template("accounts/roles.html", form=form, person_named=person), 422 if form.errors else 200


@accounts.post("/collegues/<int:number>/retirer")
@fresh
def remove(number: int) -> Any:
    """Remove a colleague, whose sessions end at once."""
    person = _colleague(number)
    try:
        membership.remove_person(db.session, person, by=me(), now=now())
    except LastAdministrator:
        db.session.rollback()
        flash("Gardez au moins un administrateur\u00a0: donnez d'abord ce rôle à quelqu'un d'autre.", "error")
    else:
        db.session.commit()
        flash(f"{person.name} n'a plus d'accès.", "success")
    return redirect(url_for("accounts.colleagues"), 303)
