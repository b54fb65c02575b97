"""A person's own pages: what may be asked, the requests, whether the organisation is named; and a stranger's two pages."""

import secrets
from datetime import date
from typing import Any

from flask import Blueprint, Flask, abort, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.accounts.guard import me
from portal.accounts.rules import ClientRole
from portal.accounts.views import fresh
from portal.errors import Refusal
from portal.errors import show as refuse
from portal.files.rules import FileGone
from portal.files.views import download
from portal.french import long_date
from portal.privacy import erasure, exports, references
from portal.privacy.actions import Asked, NoSuchRequest, ask, confirm_address, find_request, requests_of, withdraw
from portal.privacy.forms import PublicForm, RightForm
from portal.privacy.letters import Letters
from portal.privacy.links import CLIENT, FOLLOW, PUBLIC, BrokenLink, Links
from portal.privacy.models import PrivacyRequest
from portal.privacy.rooms import declared
from portal.privacy.rules import CLOSED, AlreadyClosed, Right, Source, State
from portal.routes import ADMINISTRATOR
from portal.web import db, mail_domain, now, services, settings, today

KEY_BYTES = 16
REFUSED, EXPIRED, CONFLICT = 422, 400, 409
#: What a person asks on pages of their own; erasure shows first what it would do.
ASKED_HERE = tuple(right for right in Right if right is not Right.CLIENT_FILE)

NOT_READY = Refusal(
    "Ce dossier n'est plus là",
    "Il est resté une semaine, puis il a été détruit, comme son courriel le disait\u00a0; ou il n'est pas encore prêt.",
    "Demandez vos données de nouveau\u00a0: un nouveau dossier est préparé aussitôt.",
)

privacy = Blueprint("privacy", __name__, template_folder="templates")


def register(app: Flask) -> None:
    """Add the pages of persons; the public form checks its token itself, to give back what was typed."""
    app.register_blueprint(privacy)
    app.jinja_env.filters["iso_date"] = lambda text: long_date(date.fromisoformat(text))
    app.extensions["csrf"].exempt(app.view_functions["privacy.ask_publicly"])


def links() -> Links:
    """The addresses of this installation."""
    return Links(settings().base_url, settings().secret_key)


def letters() -> Letters:
    """The mails of this installation."""
    return Letters(services().library, links(), mail_domain())


@privacy.after_request
def never_stored(response: Response) -> Response:
    """What a person asked stays out of caches."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


# --- Signed in -----------------------------------------------------------------------------------


@privacy.get(f"{CLIENT}/")
def start() -> Any:
    """What may be asked, and what was."""
    person = me()
    organisation = person.organisation
    return render_template(
        "privacy/start.html", rights=_rights(), asked=requests_of(db.session, person), organisation=organisation,
        named=references.may_be_named(db.session, organisation.id) if organisation else None,
        administers=ADMINISTRATOR in person.role_names, law=services().library.law, closed=CLOSED,
    )  # fmt: skip


def _rights() -> list[Right]:
    """The rights that whoever looks may use: the client file is the organisation's, its administrator speaks for it."""
    administers = ClientRole.ADMINISTRATOR in me().role_names and not me().staff
    return [right for right in Right if right is not Right.CLIENT_FILE or administers]


@privacy.route(f"{CLIENT}/demander/<right>", methods=["GET", "POST"])
def ask_right(right: str) -> Any:
    """Use a right: one page, one button."""
    if right not in {offered.value for offered in _rights()}:
        abort(404)
    wanted, form, person = Right(right), RightForm(), me()
    if wanted is Right.ERASURE and request.method == "GET":
        return redirect(url_for("privacy.erase"), 303)
    form.ask_for(wanted)
    if form.validate_on_submit():
        made = ask(
            db.session, Asked(wanted, person.name, person.email, form.details.data or "", form.mandate.data or ""),
            person=person, source=Source.PORTAL, form_key=_own_key(form.key.data), letters=letters(), at=now(),
        )  # fmt: skip
        if wanted.served_at_once and not made.mandate:
            exports.order(db.session, made, at=now())
        db.session.commit()
        flash("Votre demande est enregistrée. Un courriel vous le confirme.", "success")
        return redirect(url_for("privacy.show", reference=made.reference), 303)
    form.key.data = form.key.data or secrets.token_urlsafe(KEY_BYTES)
    return render_template("privacy/ask.html", form=form, right=wanted), REFUSED if form.errors else 200


def _own_key(given: str | None) -> str:
    # Somebody else's page cannot be sent again as one's own.
    return f"{me().id}:{given or secrets.token_urlsafe(KEY_BYTES)}"[:64]


def mine(reference: str) -> PrivacyRequest:
    """One's own request; anybody else's is 404."""
    try:
        found = find_request(db.session, reference)
    except NoSuchRequest:
        abort(404)
    if found.person_id != me().id:
        abort(404)
    return found


@privacy.get(f"{CLIENT}/<reference>")
def show(reference: str) -> Any:
    """Where a request stands, step by step, and what happens next."""
    asked = mine(reference)
    return render_template(
        "privacy/request.html", **_seen(asked), own=True, export=exports.export_of(db.session, asked), now=now()
    )


@privacy.get(f"{CLIENT}/<reference>/avancement")
def progress(reference: str) -> Any:
    """How far a file is, for the page that waits."""
    export = exports.export_of(db.session, mine(reference)) or abort(404)
    return jsonify(made=export.made, whole=export.whole, ready=export.ready_at is not None)


@privacy.post(f"{CLIENT}/<reference>/dossier")
def fetch(reference: str) -> Any:
    """The file, for this person alone, while its week runs."""
    export = exports.export_of(db.session, mine(reference)) or abort(404)
    try:
        content = exports.fetch(db.session, services().store, export, by=me().email, at=now())
    except (exports.NotReady, FileGone):
        db.session.rollback()
        return refuse(410, NOT_READY)
    db.session.commit()
    return download(content, name=f"{reference}.zip", media_type="application/zip")


@privacy.route(f"{CLIENT}/effacer", methods=["GET", "POST"])
@fresh
def erase() -> Any:
    """See what would become of each record; confirm, with a fresh sign-in, what was seen."""
    form, person = RightForm(), me()
    form.ask_for(Right.ERASURE)
    seen = erasure.preview(db.session, person.email, rooms=declared(), library=services().library)
    if form.validate_on_submit():
        made = ask(
            db.session, Asked(Right.ERASURE, person.name, person.email, form.details.data or ""),
            person=person, source=Source.PORTAL, form_key=_own_key(form.key.data), letters=letters(), at=now(),
        )  # fmt: skip
        if made.preview is None:
            erasure.confirm(db.session, made, seen, at=now())
        db.session.commit()
        flash("Votre demande est enregistrée. Un courriel vous le confirme.", "success")
        return redirect(url_for("privacy.show", reference=made.reference), 303)
    form.key.data = form.key.data or secrets.token_urlsafe(KEY_BYTES)
    return render_template("privacy/erase.html", form=form, seen=seen), REFUSED if form.errors else 200


def _seen(asked: PrivacyRequest) -> dict[str, object]:
    return {
        "asked": asked,
        "last_day": asked.timing.last_day(services().library.law, today()),
        "closed": asked.state in CLOSED,
        "executing": asked.state is State.EXECUTING,
    }


@privacy.post(f"{CLIENT}/<reference>/retirer")
def give_up(reference: str) -> Any:
    """Who asked gives it up."""
    asked = mine(reference)
    try:
        withdraw(db.session, asked, at=now())
    except AlreadyClosed:
        db.session.rollback()
        return refuse(409)
    db.session.commit()
    flash("Votre demande est retirée.", "success")
    return redirect(url_for("privacy.show", reference=reference), 303)


@privacy.post(f"{CLIENT}/references")
def choose_reference() -> Any:
    """One click, logged, reversible: whether the organisation may be named (CGV articles 12 and 13)."""
    organisation = me().organisation
    if organisation is None:
        abort(404)
    named = request.form.get("named") == "1"
    references.choose(db.session, organisation, named=named, by=me(), at=now())
    db.session.commit()
    flash(
        f"{organisation.legal_name} peut de nouveau être citée." if named
        else f"{organisation.legal_name} ne sera plus citée\u00a0: son nom quitte la page des références à sa prochaine mise à jour, chaque nuit.",
        "success",
    )  # fmt: skip
    return redirect(url_for("privacy.start"), 303)


# --- From outside --------------------------------------------------------------------------------


@privacy.route(PUBLIC, methods=["GET", "POST"])
def ask_publicly() -> Any:
    """Somebody without an account asks. The answer is the same whatever the address, known to us or not."""
    form = PublicForm()
    if request.method == "POST":
        if form.validate() and not form.website.data:
            ask(
                db.session,
                Asked(
                    Right(form.right.data), form.name.data, form.email.data, form.details.data or "",
                    form.mandate.data or "",
                ),
                person=None, source=Source.FORM, form_key=f"f:{form.key.data or secrets.token_urlsafe(KEY_BYTES)}"[:64],
                letters=letters(), at=now(),
            )  # fmt: skip
            db.session.commit()
            return redirect(url_for("privacy.asked"), 303)
        if form.website.data and not form.errors:
            return redirect(url_for("privacy.asked"), 303)
        if form.csrf_token.errors:
            form.form_errors.append(
                "Cette page était ouverte depuis trop longtemps. Ce que vous avez écrit est gardé\u00a0: envoyez-la de nouveau."
            )
    form.key.data, form.website.data = form.key.data or secrets.token_urlsafe(KEY_BYTES), ""
    status = EXPIRED if form.csrf_token.errors else REFUSED if form.errors else 200
    return render_template("privacy/ask_publicly.html", form=form), status


@privacy.get(f"{PUBLIC}/merci")
def asked() -> Any:
    """What happens next."""
    return render_template("privacy/asked.html")


def _followed(token: str) -> PrivacyRequest:
    try:
        reference, link_key = links().opened(token)
        found = find_request(db.session, reference)
    except (BrokenLink, NoSuchRequest):
        abort(404)
    if not secrets.compare_digest(found.link_key, link_key):
        abort(404)
    return found


@privacy.get(f"{FOLLOW}/<token>")
def follow(token: str) -> Any:
    """A stranger's request; looking changes nothing, for machines follow the links of mails too."""
    return render_template("privacy/request.html", **_seen(_followed(token)), own=False, token=token)


@privacy.post(f"{FOLLOW}/<token>")
def confirm(token: str) -> Any:
    """The address is theirs."""
    confirm_address(db.session, _followed(token), letters=letters(), at=now())
    db.session.commit()
    flash("Votre adresse est confirmée\u00a0: votre demande est enregistrée.", "success")
    return redirect(url_for("privacy.follow", token=token), 303)
