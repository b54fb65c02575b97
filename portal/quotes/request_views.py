"""The public pages of a quote request: the form, its confirmation, its follow-up by a link."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from portal.quotes.contract_wish import contract_wish, fill_in
from portal.quotes.estimate import Reading, read_estimate
from portal.quotes.links import FOLLOW, FORM, RECEIVED, BrokenLink, Links
from portal.quotes.request_actions import Asked, NoSuchRequest, find_followed, reply_as_requester, submit_request
from portal.quotes.request_forms import MessageForm, RequestForm
from portal.quotes.request_letters import Letters, estimate_of
from portal.quotes.request_models import QuoteRequest
from portal.quotes.request_rules import CLOSED, AlreadyClosed, identity_number, identity_words
from portal.terms import Version
from portal.web import db, mail_domain, now, services, settings, today

#: Nobody fills the form in faster.
SHORTEST_STAY = timedelta(seconds=3)
KEY_BYTES = 16
REFUSED, EXPIRED, CONFLICT = 422, 400, 409

quotes = Blueprint("quotes", __name__, template_folder="templates")


def register(app: Flask) -> None:
    """Add the room's public pages to an application.

    Their forms check the token themselves, to give back what was typed: a
    session that has ended while somebody wrote loses nothing.
    """
    app.register_blueprint(quotes)
    for endpoint in ("quotes.ask", "quotes.follow"):
        app.extensions["csrf"].exempt(app.view_functions[endpoint])
    app.jinja_env.filters["identity_words"] = identity_words


def links() -> Links:
    """The addresses of this installation."""
    return Links(settings().base_url, settings().secret_key)


def letters() -> Letters:
    """The mails of this installation."""
    return Letters(services().library, links(), mail_domain())


@quotes.after_request
def never_stored(response: Response) -> Response:
    """What a person wrote stays out of caches."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


# --- The form ------------------------------------------------------------------------------------


@quotes.route(FORM, methods=["GET", "POST"])
def ask() -> Any:
    """Ask for a quote, with the calculator's estimate when its address comes along."""
    terms = services().library.in_force(today())
    form = RequestForm()
    if request.method != "POST":
        reading = read_estimate(request.query_string.decode("utf-8", "replace"), services().library, today())
        form.estimate.data = reading.estimate.query if reading.estimate else ""
        if wish := contract_wish(request.args.get("contrat", ""), request.args.get("demande", "")):
            fill_in(form, wish)
        return _form(form, reading, terms, 200)
    reading = read_estimate(form.estimate.data or "", services().library, today())
    if form.estimate.data and reading.estimate is None:
        form.form_errors.append(
            "L'estimation jointe n'est pas lisible\u00a0: elle est retirée. Votre demande est gardée\u00a0: "
            "envoyez-la sans estimation, ou refaites l'estimation dans le calculateur."
        )
    if not form.validate() or form.form_errors:
        return _form(form, reading, terms, EXPIRED if form.csrf_token.errors else REFUSED)
    key = _checked_page(form, terms)
    if key is None:
        return _form(form, reading, terms, REFUSED)
    asked = Asked(
        organisation=form.organisation.data, identity=identity_number(form.identity.data),
        contact_name=form.contact_name.data, mail=form.mail.data, phone=form.phone.data or None, wish=form.wish.data,
    )  # fmt: skip
    made = submit_request(
        db.session, asked, terms=terms, estimate=reading.estimate, form_key=key, letters=letters(), at=now()
    )
    db.session.commit()
    return redirect(links().received(made.reference, made.link_key), 303)


def _form(form: RequestForm, reading: Reading, terms: Version, status: int) -> tuple[str, int]:
    if form.csrf_token.errors:
        form.form_errors.append(
            "Cette page était ouverte depuis trop longtemps. Ce que vous avez écrit est gardé\u00a0: envoyez-la de nouveau."
        )
    # A page that is shown again stays the page it was: sent twice, it is one request.
    if not _opened(form):
        form.opening.data = links().opening(secrets.token_urlsafe(KEY_BYTES), now())
    form.terms.data, form.website.data = terms.slug, ""
    form.estimate.data = reading.estimate.query if reading.estimate else ""
    cited = services().library.version(reading.estimate.version) if reading.estimate else terms
    return render_template("quotes/ask.html", form=form, reading=reading, terms=terms, cited=cited), status


def _opened(form: RequestForm) -> tuple[str, datetime] | None:
    try:
        return links().read_opening(form.opening.data or "")
    except BrokenLink:
        return None


def _checked_page(form: RequestForm, terms: Version) -> str | None:
    """The key of the page that was sent; None, with the reason on the form, for one that must be sent again."""
    opened = _opened(form)
    if form.website.data or opened is None or now() - opened[1] < SHORTEST_STAY:
        form.form_errors.append(
            "Nous n'avons pas pu distinguer cet envoi de celui d'un robot. Ce que vous avez écrit est gardé\u00a0: "
            "envoyez-le de nouveau."
        )
        return None
    if form.terms.data != terms.slug:
        form.form_errors.append(
            "De nouvelles conditions générales sont entrées en vigueur pendant que vous écriviez. Relisez-les, puis "
            "envoyez de nouveau\u00a0: ce que vous avez écrit est gardé."
        )
        return None
    return opened[0]


# --- After it ------------------------------------------------------------------------------------


def _followed(token: str) -> QuoteRequest:
    return _found(token) or abort(404)


def _found(token: str) -> QuoteRequest | None:
    try:
        return find_followed(db.session, *links().opened(token))
    except (BrokenLink, NoSuchRequest):
        return None


@quotes.get(f"{RECEIVED}/<token>")
def received(token: str) -> Any:
    """The request is in: its reference, what happens next."""
    return render_template("quotes/received.html", asked=_followed(token), token=token)


@quotes.route(f"{FOLLOW}/<token>", methods=["GET", "POST"])
def follow(token: str) -> Any:
    """The thread as its author sees it; looking changes nothing, a POST adds a message."""
    form = MessageForm()
    passed = request.method == "POST" and form.validate()
    if form.csrf_token.errors and _found(token) is None:
        abort(EXPIRED)  # a forged token is told nothing of which links exist
    asked = _followed(token)
    if not passed:
        shown = 200 if request.method != "POST" else EXPIRED if form.csrf_token.errors else REFUSED
        return _thread(asked, form, shown)
    try:
        reply_as_requester(
            db.session, asked, words=form.words.data, form_key=form.key.data or secrets.token_urlsafe(KEY_BYTES),
            letters=letters(), at=now(),
        )  # fmt: skip
    except AlreadyClosed:
        db.session.rollback()
        return _thread(asked, form, CONFLICT)
    db.session.commit()
    flash("Votre message est envoyé. La réponse arrive par courriel et s'affiche ici.", "success")
    return redirect(links().follow(asked.reference, asked.link_key), 303)


def _thread(asked: QuoteRequest, form: MessageForm, status: int) -> tuple[str, int]:
    if form.csrf_token.errors:
        form.form_errors.append(
            "Cette page était ouverte depuis trop longtemps. Votre message est gardé\u00a0: envoyez-le de nouveau."
        )
    form.key.data = form.key.data or secrets.token_urlsafe(KEY_BYTES)
    library, estimate = services().library, estimate_of(asked)
    return (
        render_template(
            "quotes/follow.html", asked=asked, form=form, estimate=estimate, closed=asked.state in CLOSED,
            unsent=status == CONFLICT, terms=library.version(asked.terms_slug),
            cited=library.version(estimate.version) if estimate else None,
        ),
        status,
    )  # fmt: skip
