"""Tickets as staff see them: the lists, one ticket with everything that can be decided of it."""

from typing import Any

from flask import Blueprint, Flask, Response, abort, redirect, request, url_for
from flask_wtf.csrf import CSRFError

from portal.accounts.guard import me
from portal.accounts.models import Organisation
from portal.errors import show as refuse
from portal.gate import row_number
from portal.tickets.desk_page import answered_meanwhile, show_ticket
from portal.tickets.finding import NoSuchTicket, find_ticket
from portal.tickets.formatted import formatted as formatted_mail
from portal.tickets.forms import QualifyForm, StaffMessageForm, chosen
from portal.tickets.links import DESK
from portal.tickets.lists import Asked as ListAsked
from portal.tickets.lists import BadCursor, View, counted, for_staff
from portal.tickets.message_actions import AnsweredMeanwhile, release_message, write_as_staff
from portal.tickets.models import Ticket
from portal.tickets.people import advisers
from portal.tickets.rules import (
    AlreadyClosed,
    NotAllowed,
    NotClosed,
    Priority,
    State,
    may_enter,
)
from portal.tickets.serving import (
    CONFLICT,
    EXPIRED,
    REFUSED,
    expired,
    kept_files,
    letters,
    new_key,
    page,
    token_refused,
    told,
)
from portal.tickets.state_actions import ChangedMeanwhile, Qualified, call_back, close, qualify, reopen, take
from portal.tickets.thread import shown_file
from portal.web import db, now, services, today

tickets_desk = Blueprint("tickets_desk", __name__, url_prefix=DESK, template_folder="templates")
#: Views whose number is shown beside them: what somebody should look at.
COUNTED = (View.MINE, View.UNASSIGNED, View.TO_QUALIFY, View.CALL_BACKS, View.REPLIES)


def register(app: Flask) -> None:
    """Add the desk's pages; a token that is refused gives back what was typed."""
    from portal.tickets import call_views  # noqa: F401 - its views are bound to this blueprint

    app.register_blueprint(tickets_desk)


tickets_desk.register_error_handler(CSRFError, token_refused)


@tickets_desk.errorhandler(NotAllowed)
def not_allowed(_: NotAllowed) -> Any:
    """The table of routes lets nobody come here; the rule says no all the same."""
    db.session.rollback()
    return refuse(403)


@tickets_desk.after_request
def never_stored(response: Response) -> Response:
    """What clients wrote stays out of caches."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def ticket_of(reference: str) -> Ticket:
    """The ticket of an address, or 404."""
    try:
        return find_ticket(db.session, reference, viewer=me())
    except NoSuchTicket:
        abort(404)


def done(ticket: Ticket, words: str, *, sent: str | None = None) -> Any:
    """Keep what was done, and back to the ticket. ``sent``: the draft that may be forgotten."""
    db.session.commit()
    told(words)
    return redirect(url_for("tickets_desk.show", reference=ticket.reference, envoye=sent), 303)


# --- The lists -----------------------------------------------------------------------------------


@tickets_desk.get("/")
def index() -> Any:
    """What is to be done, in the order of the priorities; or what was searched for."""
    words, view, priority = (request.args.get(name, "") for name in ("q", "vue", "priorite"))
    if (view and view not in set(View)) or (priority and priority not in {str(int(each)) for each in Priority}):
        abort(404)
    chosen_view = View(view) if view else View.TO_DO
    organisation = request.args.get("client", type=row_number)
    given = ListAsked(
        words=words, view=chosen_view, priority=Priority(int(priority)) if priority else None,
        organisation_id=organisation, adviser_id=request.args.get("conseiller", type=row_number),
    )  # fmt: skip
    try:
        shown = for_staff(db.session, given, viewer=me(), after=request.args.get("apres"))
    except BadCursor:
        abort(404)
    return page(
        "desk_list", shown=shown, views=View, view=chosen_view, words=words, priority=priority, priorities=Priority,
        counts={each: counted(db.session, each, me()) for each in COUNTED}, first="apres" not in request.args,
        organisation=db.session.get(Organisation, organisation) if organisation else None, advisers=advisers(db.session),
        adviser=given.adviser_id, terms=services().library.in_force(today()), enters=may_enter(me().role_names),
    )  # fmt: skip


# --- One ticket ----------------------------------------------------------------------------------


@tickets_desk.get("/<reference>")
def show(reference: str) -> Any:
    """One ticket."""
    return show_ticket(ticket_of(reference))


@tickets_desk.post("/<reference>/qualifier")
def decide(reference: str) -> Any:
    """Subject, kind, priority, adviser, state: one change, one mail."""
    ticket, form = ticket_of(reference), QualifyForm()
    staff = {person.id: person for person in advisers(db.session)}
    form.offer(
        services().library.version(ticket.terms_slug).tariff, [(each.id, each.name) for each in staff.values()],
        ticket.state,
    )  # fmt: skip
    if not form.validate() or not (form.seen.data or "").isdigit():
        return show_ticket(ticket, REFUSED, decide=form)
    state = State(form.state.data)
    given = Qualified(
        subject=form.subject.data, service=chosen(form.service.data), priority=Priority(form.priority.data),
        adviser=staff.get(int(form.adviser.data)) if form.adviser.data else None,
        state=State.OPEN if state is State.PLANNED else state,
    )  # fmt: skip
    try:
        qualify(db.session, ticket, given, by=me(), seen=int(form.seen.data), letters=letters(), at=now())
    except ChangedMeanwhile:
        db.session.rollback()
        return show_ticket(ticket, CONFLICT, mine=given)
    except AlreadyClosed:
        db.session.rollback()
        return show_ticket(ticket, CONFLICT, refusal="Ce ticket a été clos entre-temps. Rien n'a été changé.")
    return done(ticket, "C'est noté.")


@tickets_desk.post("/<reference>/prendre")
def mine(reference: str) -> Any:
    """Take a ticket that is nobody's."""
    ticket = ticket_of(reference)
    try:
        take(db.session, ticket, by=me(), letters=letters(), at=now())
    except (ChangedMeanwhile, AlreadyClosed):
        db.session.rollback()
        return show_ticket(ticket, CONFLICT, refusal="Un collègue a été plus rapide. Rien n'a été changé.")
    return done(ticket, "Ce ticket est à vous.")


@tickets_desk.post("/<reference>/ecrire")
def write(reference: str) -> Any:
    """A message to the client, or among the team."""
    ticket, form = ticket_of(reference), StaffMessageForm()
    if not form.validate():
        return show_ticket(ticket, EXPIRED if expired(form) else REFUSED, form=form)
    if (files := kept_files(form, now())) is None:
        return show_ticket(ticket, REFUSED, form=form)
    kind, seen = form.kind.data, form.seen.data or ""
    try:
        write_as_staff(
            db.session, ticket, by=me(), words=form.words.data, internal=kind == "internal", asks=kind == "asks",
            files=files, seen=int(seen) if seen.isdigit() and kind != "internal" else None,
            form_key=f"desk.{form.key.data or new_key()}", letters=letters(), at=now(),
        )  # fmt: skip
    except AnsweredMeanwhile as answered:
        db.session.rollback()
        return answered_meanwhile(ticket, form, answered)
    except AlreadyClosed:
        db.session.rollback()
        return show_ticket(
            ticket,
            CONFLICT,
            form=form,
            refusal="Ce ticket a été clos entre-temps\u00a0: votre message n'est pas parti, il est gardé ci-dessous.",
        )
    words = "La note est gardée\u00a0: l'équipe seule la voit." if kind == "internal" else "Votre message est envoyé."
    return done(ticket, words, sent=f"bureau-{reference}")


@tickets_desk.post("/<reference>/clore")
def shut(reference: str) -> Any:
    """Close: a technician's right (6.4)."""
    ticket = ticket_of(reference)
    try:
        close(db.session, ticket, by=me(), name=me().name, creator=False, letters=letters(), at=now())
    except AlreadyClosed:
        db.session.rollback()
        return show_ticket(ticket, CONFLICT, refusal="Ce ticket était déjà clos.")
    return done(ticket, "Le ticket est clos\u00a0; le client en est prévenu.")


@tickets_desk.post("/<reference>/rouvrir")
def open_again(reference: str) -> Any:
    """Reopen at the creator's wish."""
    ticket = ticket_of(reference)
    try:
        reopen(db.session, ticket, by=me(), name=me().name, creator=False, letters=letters(), at=now())
    except NotClosed:
        db.session.rollback()
        return show_ticket(ticket, CONFLICT, refusal="Ce ticket était déjà rouvert.")
    return done(ticket, f"Le ticket est rouvert à la demande de {ticket.creator_name}.")


@tickets_desk.post("/<reference>/rappel")
def called(reference: str) -> Any:
    """The call-back was made, or tried in vain."""
    ticket, reached = ticket_of(reference), request.form.get("joint") == "oui"
    call_back(db.session, ticket, by=me(), reached=reached, at=now())
    return done(ticket, "Le rappel est noté." if reached else "L'essai est noté\u00a0: le rappel reste à faire.")


@tickets_desk.post("/<reference>/messages/<int:number>/montrer")
def release(reference: str, number: int) -> Any:
    """Let a mail through that nothing backed."""
    ticket = ticket_of(reference)
    message = next((each for each in ticket.messages if each.id == number), None)
    if message is None:
        abort(404)
    release_message(db.session, message, by=me(), letters=letters(), at=now())
    return done(ticket, "Le client voit maintenant ce courriel.")


@tickets_desk.get("/<reference>/messages/<int:number>/original")
def original(reference: str, number: int) -> Any:
    """The mail as it came, byte for byte."""
    from portal.files.models import StoredFile
    from portal.files.views import send

    message = next((each for each in ticket_of(reference).messages if each.id == number), None)
    stored = db.session.get(StoredFile, message.raw_file_id) if message is not None and message.raw_file_id else None
    if stored is None:
        abort(404)
    return send(stored)


@tickets_desk.get("/<reference>/fichiers/<int:number>-<key>")
def file(reference: str, number: int, key: str) -> Any:
    """An attached file."""
    from portal.tickets.serving import send_attached

    return send_attached(shown_file(ticket_of(reference), number, staff=True), key)


@tickets_desk.get("/<reference>/messages/<int:number>/mise-en-forme")
def formatted(reference: str, number: int) -> Any:
    """A mail as its sender laid it out."""
    return formatted_mail(ticket_of(reference), number, staff=True)
