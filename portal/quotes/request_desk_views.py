"""A quote request as staff see it: the thread, an answer, the two ways it ends."""

import secrets
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template

from portal.accounts.actions import AddressTaken
from portal.accounts.guard import me
from portal.errors import show as refuse
from portal.mail.message import BadAddress
from portal.quotes.links import DESK
from portal.quotes.request_actions import (
    ClientKnown,
    NoSuchRequest,
    accept_request,
    decline_request,
    find_request,
    reply_to_request,
)
from portal.quotes.request_forms import AcceptForm, DeclineForm, MessageForm
from portal.quotes.request_letters import estimate_of
from portal.quotes.request_models import QuoteRequest
from portal.quotes.request_rules import CLOSED, AlreadyClosed, NotAllowed, may_decide
from portal.quotes.request_views import CONFLICT, KEY_BYTES, REFUSED, letters
from portal.web import db, now, services

quotes_desk = Blueprint("quotes_desk", __name__, url_prefix=DESK, template_folder="templates")


@quotes_desk.errorhandler(NotAllowed)
def not_allowed(_: NotAllowed) -> Any:
    """The table of routes lets nobody come here; the rule says no all the same."""
    return refuse(403)


def _asked(reference: str) -> QuoteRequest:
    try:
        return find_request(db.session, reference)
    except NoSuchRequest:
        abort(404)


def _page(
    asked: QuoteRequest, status: int = 200, *, reply: MessageForm | None = None, decline: DeclineForm | None = None,
    refusal: str | None = None, kept: str | None = None,
) -> tuple[str, int]:  # fmt: skip
    reply = reply or MessageForm(formdata=None)
    reply.key.data = reply.key.data or secrets.token_urlsafe(KEY_BYTES)
    estimate = estimate_of(asked)
    return (
        render_template(
            "quotes/desk.html", asked=asked, estimate=estimate, reply=reply,
            decline=decline or DeclineForm(formdata=None), closed=asked.state in CLOSED,
            decides=may_decide(me().role_names), refusal=refusal, kept=kept,
            cited=services().library.version(estimate.version) if estimate else None,
            terms=services().library.version(asked.terms_slug),
        ),
        status,
    )  # fmt: skip


def _too_late(asked: QuoteRequest, kept: str | None = None) -> tuple[str, int]:
    db.session.rollback()
    return _page(asked, CONFLICT, refusal="Cette demande a été close entre-temps. Rien n'a été envoyé.", kept=kept)


@quotes_desk.get("/<reference>")
def show(reference: str) -> Any:
    """One request."""
    return _page(_asked(reference))


@quotes_desk.post("/<reference>/repondre")
def reply(reference: str) -> Any:
    """Answer by mail."""
    asked, form = _asked(reference), MessageForm()
    if not form.validate():
        return _page(asked, REFUSED, reply=form)
    try:
        reply_to_request(
            db.session, asked, by=me(), words=form.words.data,
            form_key=form.key.data or secrets.token_urlsafe(KEY_BYTES), letters=letters(), at=now(),
        )  # fmt: skip
    except AlreadyClosed:
        return _too_late(asked, form.words.data)
    db.session.commit()
    flash(f"Votre réponse part à {asked.mail}.", "success")
    return redirect(f"{DESK}/{reference}", 303)


@quotes_desk.post("/<reference>/accepter")
def accept(reference: str) -> Any:
    """Open a client area for the requester."""
    asked, form = _asked(reference), AcceptForm()
    if not form.validate():
        abort(400)
    refusal = None
    try:
        accept_request(db.session, asked, by=me(), letters=letters(), at=now())
    except AlreadyClosed:
        return _too_late(asked)
    except ClientKnown as known:
        refusal = f"{known.organisation.legal_name} est déjà cliente, sous le même numéro. Invitez-y cette personne si elle en fait partie. Rien n'a été créé."
    except (AddressTaken, BadAddress):
        refusal = (
            f"L'adresse {asked.mail} sert déjà à se connecter ailleurs. Demandez une autre adresse. Rien n'a été créé."
        )
    if refusal:
        db.session.rollback()
        return _page(asked, CONFLICT, refusal=refusal)
    db.session.commit()
    flash(
        f"L'espace client de {asked.organisation} est ouvert\u00a0; {asked.contact_name} en est prévenu par courriel.",
        "success",
    )
    return redirect(f"{DESK}/{reference}", 303)


@quotes_desk.post("/<reference>/decliner")
def decline(reference: str) -> Any:
    """Decline, with the reason."""
    asked, form = _asked(reference), DeclineForm()
    if not form.validate():
        return _page(asked, REFUSED, decline=form)
    try:
        decline_request(db.session, asked, by=me(), reason=form.reason.data, letters=letters(), at=now())
    except AlreadyClosed:
        return _too_late(asked, form.reason.data)
    db.session.commit()
    flash(f"La demande est déclinée\u00a0; {asked.contact_name} en est prévenu par courriel.", "success")
    return redirect(f"{DESK}/{reference}", 303)
