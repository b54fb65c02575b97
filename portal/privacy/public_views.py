"""The pages of somebody without an account: the form, the link that proves the address, the request's end."""

import secrets
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for

from portal.files.rules import FileRefused
from portal.privacy import exports
from portal.privacy.actions import Asked, NoSuchRequest, ask, confirm_address, find_request
from portal.privacy.forms import PublicForm
from portal.privacy.links import FOLLOW, PUBLIC, BrokenLink
from portal.privacy.models import PrivacyRequest
from portal.privacy.rules import Right, Source
from portal.privacy.views import EXPIRED, REFUSED, handed_over, letters, links, new_key, privacy, seen
from portal.web import db, now, store


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


def found(read: Any, token: str) -> PrivacyRequest:
    """The request of a link; 404 where it is none of ours, or was replaced."""
    try:
        reference, link_key = read(token)
        asked = find_request(db.session, reference)
    except (BrokenLink, NoSuchRequest):
        abort(404)
    if not secrets.compare_digest(asked.link_key, link_key):
        abort(404)
    return asked


@privacy.get(f"{FOLLOW}/<token>")
def follow(token: str) -> Any:
    """A stranger's request; looking changes nothing, for machines follow the links of mails too."""
    asked = found(links().opened, token)
    return render_template("privacy/request.html", **seen(asked), own=False, followed=token)


@privacy.post(f"{FOLLOW}/<token>")
def confirm(token: str) -> Any:
    """The address is theirs."""
    confirm_address(db.session, found(links().opened, token), letters=letters(), at=now())
    db.session.commit()
    flash("Votre adresse est confirmée\u00a0: votre demande est enregistrée.", "success")
    return redirect(url_for("privacy.follow", token=token), 303)


@privacy.post(f"{FOLLOW}/<token>/dossier")
def fetch_followed(token: str) -> Any:
    """The file, for who holds the link of the mail, while its week runs."""
    asked = found(links().opened, token)
    return handed_over(exports.export_of(db.session, asked), by=asked.email)
