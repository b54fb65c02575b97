"""The pages of somebody without an account: the form, the link that proves the address, the request's end; a new address."""

import secrets
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for

from portal.accounts.actions import AddressTaken
from portal.errors import Refusal
from portal.errors import show as refuse
from portal.files.rules import FileRefused
from portal.privacy import exports, rectification
from portal.privacy.actions import Asked, NoSuchRequest, ask, confirm_address, find_request
from portal.privacy.forms import PublicForm
from portal.privacy.links import ADDRESS, FOLLOW, PUBLIC, BrokenLink
from portal.privacy.models import PrivacyRequest
from portal.privacy.rooms import places
from portal.privacy.rules import CLOSED, AlreadyClosed, Right, Source
from portal.privacy.views import CONFLICT, EXPIRED, GONE, REFUSED, handed_over, letters, links, new_key, privacy, seen
from portal.registry import Datum
from portal.web import db, now, store

TAKEN = Refusal(
    "Cette adresse ne peut pas être prise",
    "Quelqu'un se connecte déjà avec elle. Rien n'a changé\u00a0: l'adresse d'avant vaut toujours.",
    "Choisissez-en une autre, ou écrivez-nous.",
)
OVER = Refusal(
    "Cette demande est close",
    "L'adresse a déjà été remplacée, ou la demande a été retirée. Rien n'a changé.",
    "Connectez-vous pour voir où elle en est.",
)


@privacy.route(PUBLIC, methods=["GET", "POST"])
def ask_publicly() -> Any:
    """Somebody without an account asks. The answer is the same whatever the address, known to us or not."""
    form = PublicForm()
    if request.method == "POST":
        if form.validate() and not form.website.data and (not form.for_somebody or form.check_mandate()):
            try:
                _ask(form)
            except FileRefused:
                db.session.rollback()
            else:
                db.session.commit()
                return redirect(url_for("privacy.asked"), 303)
        if form.website.data and not form.errors:
            return redirect(url_for("privacy.asked"), 303)
        if form.csrf_token.errors:
            form.form_errors.append(
                "Cette page était ouverte depuis trop longtemps. Ce que vous avez écrit est gardé\u00a0: envoyez-la de nouveau."
            )
    form.key.data, form.website.data = form.key.data or new_key(), ""
    status = EXPIRED if form.csrf_token.errors else REFUSED if form.errors else 200
    return render_template("privacy/ask_publicly.html", form=form), status


def _ask(form: PublicForm) -> None:
    files = form.mandate_file.keep(db.session, store(), kept_for="privacy", now=now()) if form.for_somebody else []
    ask(
        db.session,
        Asked(
            Right(form.right.data), form.name.data or "", form.email.data or "", form.details.data or "",
            subject_name=form.subject_name.data or "", subject_email=form.subject_email.data or "",
            mandate=form.mandate.data or "", mandate_file=files[0] if files else None,
        ),
        person=None, source=Source.FORM, form_key=f"f:{form.key.data or new_key()}"[:64], letters=letters(), at=now(),
    )  # fmt: skip


@privacy.get(f"{PUBLIC}/merci")
def asked() -> Any:
    """What happens next."""
    return render_template("privacy/asked.html")


def _found(read: Any, token: str) -> PrivacyRequest:
    try:
        reference, link_key = read(token)
        found = find_request(db.session, reference)
    except (BrokenLink, NoSuchRequest):
        abort(404)
    if not secrets.compare_digest(found.link_key, link_key):
        abort(404)
    return found


@privacy.get(f"{FOLLOW}/<token>")
def follow(token: str) -> Any:
    """A stranger's request; looking changes nothing, for machines follow the links of mails too."""
    found = _found(links().opened, token)
    return render_template("privacy/request.html", **seen(found), own=False, followed=token)


@privacy.post(f"{FOLLOW}/<token>")
def confirm(token: str) -> Any:
    """The address is theirs."""
    confirm_address(db.session, _found(links().opened, token), letters=letters(), at=now())
    db.session.commit()
    flash("Votre adresse est confirmée\u00a0: votre demande est enregistrée.", "success")
    return redirect(url_for("privacy.follow", token=token), 303)


@privacy.post(f"{FOLLOW}/<token>/dossier")
def fetch_followed(token: str) -> Any:
    """The file, for who holds the link of the mail, while its week runs."""
    found = _found(links().opened, token)
    return handed_over(exports.export_of(db.session, found), by=found.email)


# --- A new address -------------------------------------------------------------------------------


def _moving(token: str) -> tuple[PrivacyRequest, str | None]:
    found = _found(links().opened_address, token)
    waiting = rectification.waiting(found) if found.state not in CLOSED else {}
    return found, waiting.get(Datum.EMAIL)


@privacy.get(f"{ADDRESS}/<token>")
def new_address(token: str) -> Any:
    """What would be replaced by what; looking changes nothing."""
    found, after = _moving(token)
    if after is None:
        return refuse(GONE, OVER)
    return render_template("privacy/new_address.html", asked=found, after=after)


@privacy.post(f"{ADDRESS}/<token>")
def take_address(token: str) -> Any:
    """Whoever reads the new address confirms it: it takes the place of the old one everywhere."""
    found, after = _moving(token)
    if after is None:
        return refuse(GONE, OVER)
    try:
        rectification.correct(
            db.session, found, [Datum.EMAIL], places=places(), by=after, letters=letters(), at=now()
        )  # fmt: skip
        rectification.close_if_done(db.session, found, by="espace client", letters=letters(), at=now())
    except (AddressTaken, AlreadyClosed) as error:
        db.session.rollback()
        return refuse(CONFLICT, TAKEN if isinstance(error, AddressTaken) else OVER)
    db.session.commit()
    flash(f"{after} est votre adresse désormais\u00a0: connectez-vous avec elle.", "success")
    return redirect(url_for("security.us_signin"), 303)
