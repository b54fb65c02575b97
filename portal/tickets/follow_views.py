"""One ticket for its creator without an account, by the signed link of a mail; looking changes nothing, each act is a POST."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, Response, abort, redirect, url_for

from portal.tickets.actions import accept_terms
from portal.tickets.appointment_actions import answer_backup, find_appointment
from portal.tickets.appointments import to_come, when_words
from portal.tickets.finding import NoSuchTicket, find_followed
from portal.tickets.formatted import formatted as formatted_mail
from portal.tickets.forms import BackupForm, EmptyForm, MessageForm
from portal.tickets.links import FOLLOW, BrokenLink
from portal.tickets.message_actions import write_as_client
from portal.tickets.models import Ticket
from portal.tickets.rules import AlreadyClosed, Backup, NotClosed, State
from portal.tickets.serving import (
    CLOSED_BEFORE,
    CLOSED_NOW,
    CONFLICT,
    EXPIRED,
    OPEN_BEFORE,
    OPEN_NOW,
    REFUSED,
    expired,
    file_part,
    kept_files,
    letters,
    links,
    new_key,
    next_words,
    page,
    send_attached,
    send_calendar,
    told,
)
from portal.tickets.state_actions import close, reopen
from portal.tickets.thread import lines, shown_file, steps
from portal.web import db, now, services

ticket_follow = Blueprint("ticket_follow", __name__, url_prefix=FOLLOW, template_folder="templates")


def register(app: Flask) -> None:
    """Add these pages; they check their tokens themselves, once they know what they are about."""
    app.register_blueprint(ticket_follow)
    for endpoint in ("reply", "shut", "open_again", "accept", "backup"):
        app.extensions["csrf"].exempt(app.view_functions[f"ticket_follow.{endpoint}"])


@ticket_follow.after_request
def never_stored(response: Response) -> Response:
    """What a person wrote stays out of caches."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _followed(token: str) -> Ticket:
    try:
        return find_followed(db.session, *links().opened(token))
    except (BrokenLink, NoSuchTicket):
        abort(404)


def _page(ticket: Ticket, token: str, status: int = 200, *, form: MessageForm | None = None, unsent: str = "") -> Any:
    form = form or MessageForm(formdata=None)
    form.key.data = form.key.data or new_key()
    return page(
        "follow", status, ticket=ticket, token=token, form=form, unsent=unsent, next=next_words(ticket),
        appointments=[(each, when_words(each)) for each in to_come(db.session, ticket, now())],
        thread=lines(ticket, staff=False), history=steps(ticket, staff=False), closed=ticket.state is State.CLOSED,
        terms=services().library.version(ticket.terms_slug),
        to_accept=not ticket.under_contract and ticket.terms_accepted_at is None,
        file_url=lambda number: url_for("ticket_follow.file", token=token, **file_part(ticket, number)),
        formatted_url=lambda number: url_for("ticket_follow.formatted", token=token, number=number),
        backup_url=lambda number: url_for("ticket_follow.backup", token=token, number=number),
        calendar_url=lambda number: url_for("ticket_follow.calendar", token=token, number=number),
    )  # fmt: skip


def _checked(token: str) -> Ticket:
    """The ticket of an act without anything to fill in; a forged token is told nothing of which links exist."""
    if not EmptyForm().validate():
        abort(EXPIRED)
    return _followed(token)


def _done(token: str, words: str) -> Any:
    db.session.commit()
    told(words)
    return redirect(f"{FOLLOW}/{token}", 303)


@ticket_follow.get("/<token>")
def show(token: str) -> Any:
    """Where the ticket stands, the thread, the terms to accept."""
    return _page(_followed(token), token)


@ticket_follow.post("/<token>/repondre")
def reply(token: str) -> Any:
    """Write in the thread."""
    form = MessageForm()
    passed = form.validate()
    ticket = _followed(token)
    if not passed:
        return _page(ticket, token, EXPIRED if expired(form) else REFUSED, form=form)
    if (files := kept_files(form, now())) is None:
        return _page(ticket, token, REFUSED, form=form)
    try:
        write_as_client(
            db.session, ticket, by=None, name=ticket.creator_name, words=form.words.data, files=files,
            form_key=f"link.{form.key.data or new_key()}", letters=letters(), at=now(),
        )  # fmt: skip
    except AlreadyClosed:
        db.session.rollback()
        return _page(ticket, token, CONFLICT, unsent=form.words.data)
    return _done(token, "Votre message est envoyé. La réponse arrive par courriel et s'affiche ici.")


def _creators(token: str, act: Callable[..., None], words: str, already: str) -> Any:
    """What the creator may do: who holds the link is that (6.4)."""
    ticket = _checked(token)
    try:
        act(db.session, ticket, by=None, name=ticket.creator_name, creator=True, letters=letters(), at=now())
    except (AlreadyClosed, NotClosed):
        db.session.rollback()
        return _done(token, already)
    return _done(token, words)


@ticket_follow.post("/<token>/clore")
def shut(token: str) -> Any:
    """Close."""
    return _creators(token, close, CLOSED_NOW, CLOSED_BEFORE)


@ticket_follow.post("/<token>/rouvrir")
def open_again(token: str) -> Any:
    """Reopen: the creator's, by convention."""
    return _creators(token, reopen, OPEN_NOW, OPEN_BEFORE)


@ticket_follow.post("/<token>/accepter-les-conditions")
def accept(token: str) -> Any:
    """Accept the terms of the acknowledgement (article 9): never by opening the link, only by this button."""
    ticket = _checked(token)
    accept_terms(db.session, ticket, by=None, name=ticket.creator_name, at=now())
    return _done(token, "Les conditions générales sont acceptées. Merci.")


@ticket_follow.get("/<token>/fichiers/<int:number>-<key>")
def file(token: str, number: int, key: str) -> Any:
    """An attached file."""
    return send_attached(shown_file(_followed(token), number, staff=False), key)


@ticket_follow.get("/<token>/messages/<int:number>/mise-en-forme")
def formatted(token: str, number: int) -> Any:
    """A mail as its sender laid it out."""
    return formatted_mail(_followed(token), number, staff=False)


@ticket_follow.post("/<token>/rendez-vous/<int:number>/sauvegarde")
def backup(token: str, number: int) -> Any:
    """Answer whether the data are backed up before the visit (6.5)."""
    form = BackupForm()
    if not form.validate():
        abort(EXPIRED)
    ticket = _followed(token)
    appointment = find_appointment(db.session, ticket, number) or abort(404)
    answer = Backup(form.backup.data)
    answer_backup(db.session, appointment, answer=answer, by=None, name=ticket.creator_name, at=now())
    return _done(token, "Votre réponse est notée.")


@ticket_follow.get("/<token>/rendez-vous/<int:number>.ics")
def calendar(token: str, number: int) -> Any:
    """The appointment for a calendar."""
    ticket = _followed(token)
    appointment = find_appointment(db.session, ticket, number) or abort(404)
    return send_calendar(appointment, links().follow(ticket.reference, ticket.link_key))
