"""A person's own pages: what may be asked, one request, its file, an erasure; whether the organisation is named."""

import secrets
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.accounts.guard import current_person, me
from portal.accounts.models import Person
from portal.accounts.views import fresh
from portal.errors import Refusal
from portal.errors import show as refuse
from portal.files.rules import FileGone
from portal.files.views import download
from portal.mail.stops import frozen
from portal.privacy import erasure, exports, freezing, objections, references
from portal.privacy.actions import Asked, NoSuchRequest, ask, find_request, requests_of, withdraw
from portal.privacy.forms import ProofForm, RightForm
from portal.privacy.letters import Letters
from portal.privacy.links import CLIENT, Links
from portal.privacy.models import PrivacyExport, PrivacyRequest
from portal.privacy.proofs import held
from portal.privacy.rooms import declared
from portal.privacy.rules import CLOSED, LINK_LIFE, AlreadyClosed, Right, Source, State, may_speak_for
from portal.web import SAFE, db, mail_domain, now, services, settings, today

KEY_BYTES = 16
REFUSED, EXPIRED, CONFLICT, GONE = 422, 400, 409, 410
#: Rights that have a page of their own.
OWN_PAGES = {
    Right.RECTIFICATION: "privacy.rectify", Right.ERASURE: "privacy.erase", Right.RESTRICTION: "privacy.restrict",
    Right.OBJECTION: "privacy.object_to",
}  # fmt: skip
#: What somebody whose data are frozen may still send: about those very data, and about how they sign in.
WHILE_FROZEN = ("privacy.", "security.", "accounts.end_", "assets.")

NOT_READY = Refusal(
    "Ce dossier n'est plus là",
    "Il est resté une semaine, puis il a été détruit, comme son courriel le disait\u00a0; ou il n'est pas encore prêt.",
    "Demandez vos données de nouveau\u00a0: un nouveau dossier est préparé aussitôt.",
)
FROZEN = Refusal(
    "Vos données sont gelées",
    "Vous avez demandé que leur usage s'arrête\u00a0: rien de nouveau ne peut être fait en votre nom. Rien n'a été envoyé.",
    "Pour agir de nouveau, levez le gel depuis la page «\u00a0Mes données\u00a0», puis recommencez.",
)

privacy = Blueprint("privacy", __name__, template_folder="templates")


def basis(right: Right, day: date | None = None) -> str:
    """Where a right comes from, in the version of the CGV of a day."""
    return right.basis(services().library.in_force(day or today()))


def keep_frozen_still() -> Any:
    """No new act in the name of who had the use of their data frozen: they lift the freeze first."""
    if request.method in SAFE or request.endpoint is None or request.endpoint.startswith(WHILE_FROZEN):
        return None
    person = current_person()
    if person is None or person.staff or not frozen(db.session, [person.email]):
        return None
    return refuse(CONFLICT, FROZEN)


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


def new_key() -> str:
    """What tells one page from another."""
    return secrets.token_urlsafe(KEY_BYTES)


def own_key(given: str | None) -> str:
    """A page's key, this person's: somebody else's page cannot be sent again as one's own."""
    return f"{me().id}:{given or new_key()}"[:64]


@privacy.get(f"{CLIENT}/")
def start() -> Any:
    """What may be asked, and what was."""
    person = me()
    organisation = person.organisation
    return render_template(
        "privacy/start.html", rights=_rights(), own_pages=OWN_PAGES, asked=requests_of(db.session, person),
        organisation=organisation, named=objections.named(db.session, organisation), speaks=speaks(person),
        law=services().library.law, terms=services().library.in_force(today()), closed=CLOSED,
        freeze=freezing.freeze_of(db.session, person.email),
        stopped=objections.stopped(db.session, person.email),
        uses={use.key: use for use in services().library.objections.uses},
    )  # fmt: skip


def speaks(person: Person) -> bool:
    """Whether somebody speaks for their organisation (CGV article 13)."""
    return not person.staff and may_speak_for(person.role_names)


def _rights() -> list[Right]:
    """The rights that whoever looks may use: the client file is the organisation's."""
    return [right for right in Right if right is not Right.CLIENT_FILE or speaks(me())]


@privacy.route(f"{CLIENT}/demander/<right>", methods=["GET", "POST"])
def ask_right(right: str) -> Any:
    """Use a right: one page, one button."""
    if right not in {offered.value for offered in _rights()}:
        abort(404)
    wanted, form, person = Right(right), RightForm(), me()
    if wanted in OWN_PAGES:
        return redirect(url_for(OWN_PAGES[wanted]), 303)
    form.ask_for(wanted)
    if form.validate_on_submit():
        made = ask(
            db.session, Asked(wanted, person.name, person.email, form.details.data or ""), person=person,
            source=Source.PORTAL, form_key=own_key(form.key.data), letters=letters(), at=now(),
        )  # fmt: skip
        if wanted.served_at_once:
            exports.order(db.session, made, at=now())
        return asked_for(made)
    form.key.data = form.key.data or new_key()
    return render_template("privacy/ask.html", form=form, right=wanted), REFUSED if form.errors else 200


def asked_for(made: PrivacyRequest, words: str = "Votre demande est enregistrée. Un courriel vous le confirme.") -> Any:
    """Keep it, say so, show it."""
    db.session.commit()
    flash(words, "success")
    return redirect(url_for("privacy.show", reference=made.reference), 303)


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
    return render_template("privacy/request.html", **seen(mine(reference)), own=True)


def seen(asked: PrivacyRequest) -> dict[str, object]:
    """What the page of a request shows, to whoever may see it."""
    freeze = freezing.freeze_of(db.session, asked.about) if asked.right is Right.RESTRICTION else None
    if freeze is not None and asked.subject_email and freeze.request_id != asked.id:
        freeze = None  # whoever asks for somebody else is not told what that one asked
    return {
        "asked": asked,
        "last_day": asked.timing.last_day(services().library.law, today()),
        "closed": asked.state in CLOSED,
        "executing": asked.state is State.EXECUTING,
        "export": exports.export_of(db.session, asked),
        "freeze": freeze,
        # Whoever asked for somebody else does not read that one's mails.
        "withheld": freezing.withheld(db.session, asked) if not asked.subject_email else [],
        "link_until": asked.received_at + LINK_LIFE,
        "form": ProofForm(formdata=None),
        "sent_proofs": held(asked),
        "now": now(),
    }


@privacy.get(f"{CLIENT}/<reference>/avancement")
def progress(reference: str) -> Any:
    """How far a file is, for the page that waits."""
    export = exports.export_of(db.session, mine(reference)) or abort(404)
    return jsonify(made=export.made, whole=export.whole, ready=export.ready_at is not None)


@privacy.post(f"{CLIENT}/<reference>/dossier")
def fetch(reference: str) -> Any:
    """The file, for this person alone, while its week runs."""
    return handed_over(exports.export_of(db.session, mine(reference)), by=me().email)


def handed_over(export: PrivacyExport | None, *, by: str) -> Any:
    """A file as a download; its page where it is not there yet, or any more."""
    if export is None:
        abort(404)
    try:
        content = exports.fetch(db.session, services().store, export, by=by, at=now())
    except (exports.NotReady, FileGone):
        db.session.rollback()
        return refuse(GONE, NOT_READY)
    db.session.commit()
    return download(content, name=f"{export.request.reference}.zip", media_type="application/zip")


@privacy.route(f"{CLIENT}/effacer", methods=["GET", "POST"])
@fresh
def erase() -> Any:
    """See what would become of each record; confirm, with a fresh sign-in, what was seen."""
    form, person = RightForm(), me()
    form.ask_for(Right.ERASURE)
    shown = erasure.preview(db.session, person.email, rooms=declared(), library=services().library, today=today())
    if form.validate_on_submit():
        made = ask(
            db.session, Asked(Right.ERASURE, person.name, person.email, form.details.data or ""),
            person=person, source=Source.PORTAL, form_key=own_key(form.key.data), letters=letters(), at=now(),
        )  # fmt: skip
        if made.preview is None:
            erasure.confirm(db.session, made, shown, at=now())
        return asked_for(made)
    form.key.data = form.key.data or new_key()
    page = render_template(
        "privacy/erase.html", form=form, seen=shown, in_post=erasure.IN_POST if person.staff else ""
    )  # fmt: skip
    return page, REFUSED if form.errors else 200


@privacy.post(f"{CLIENT}/<reference>/retirer")
def give_up(reference: str) -> Any:
    """Who asked gives it up."""
    asked = mine(reference)
    try:
        withdraw(db.session, asked, at=now())
        held = freezing.freeze_of(db.session, asked.about) if asked.right is Right.RESTRICTION else None
        if held is not None and held.request_id == asked.id:
            freezing.lift(db.session, held, by=me().email, letters=letters(), at=now())
    except AlreadyClosed:
        db.session.rollback()
        return refuse(CONFLICT)
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
        else f"{organisation.legal_name} ne sera plus citée\u00a0: son nom quitte la page des références à sa prochaine mise à jour.",
        "success",
    )  # fmt: skip
    return redirect(url_for("privacy.start"), 303)
