"""A client's tickets: the list, the form, one ticket with its thread."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, Response, abort, redirect, request, url_for
from flask_wtf.csrf import CSRFError

from portal.accounts.guard import me
from portal.accounts.models import Person
from portal.accounts.refusals import tell_refused
from portal.tickets.actions import Asked, accept_terms, open_on_the_portal
from portal.tickets.appointments import to_come, when_words
from portal.tickets.cover import Cover, cover_of
from portal.tickets.finding import NoSuchTicket, find_ticket, is_creator
from portal.tickets.forms import EmptyForm, MessageForm, RequestForm, chosen, services
from portal.tickets.links import CLIENT
from portal.tickets.lists import Asked as ListAsked
from portal.tickets.lists import BadCursor, for_client
from portal.tickets.merge_actions import linked
from portal.tickets.message_actions import write_as_client
from portal.tickets.models import Ticket
from portal.tickets.rules import (
    AlreadyClosed,
    Backup,
    Impact,
    NotClosed,
    NotTheCreator,
    Place,
    State,
    Urgency,
)
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
    new_key,
    next_words,
    page,
    token_refused,
    told,
)
from portal.tickets.state_actions import close, record_refusal, reopen
from portal.tickets.thread import lines, steps
from portal.web import db, now, today
from portal.web import services as house

tickets = Blueprint("tickets", __name__, url_prefix=CLIENT, template_folder="templates")


def register(app: Flask) -> None:
    """Add a client's pages; a token that is refused gives back what was typed."""
    from portal.tickets import client_part_views  # noqa: F401 - its views are bound to this blueprint

    app.register_blueprint(tickets)


tickets.register_error_handler(CSRFError, token_refused)


@tickets.after_request
def never_stored(response: Response) -> Response:
    """What a person wrote stays out of caches."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def mine(reference: str) -> Ticket:
    """The ticket of an address, of one's own organisation, or 404."""
    try:
        return find_ticket(db.session, reference, viewer=me())
    except NoSuchTicket:
        abort(404)


def _cover() -> Cover:
    return cover_of(db.session, house().library, me().organisation_id, today())


# --- The list ------------------------------------------------------------------------------------

KINDS = {"": None, "ouverts": True, "clos": False}


@tickets.get("/")
def index() -> Any:
    """The organisation's tickets: those that moved last first, or those that hold the words."""
    kind, words, state = (request.args.get(name, "") for name in ("etat", "q", "precis"))
    if kind not in KINDS or (state and state not in set(State)):
        abort(404)
    organisation = me().organisation_id or 0
    given = ListAsked(words=words, open_only=KINDS[kind], state=State(state) if state else None)
    try:
        shown = for_client(db.session, given, organisation_id=organisation, after=request.args.get("apres"))
    except BadCursor:
        abort(404)
    return page(
        "list", shown=shown, kind=kind, words=words, state=state, states=State, first="apres" not in request.args
    )


# --- The form ------------------------------------------------------------------------------------


@tickets.route("/nouveau", methods=["GET", "POST"])
def new() -> Any:
    """Ask for help: what, how pressing, and the rest for who wants to say more."""
    cover, form = _cover(), RequestForm()
    form.service.choices = services(cover.terms.tariff)
    if request.method != "POST":
        return _form(form, cover, 200)
    if not form.validate():
        return _form(form, cover, EXPIRED if expired(form) else REFUSED)
    if form.terms.data != cover.terms.slug:
        form.form_errors.append(
            "De nouvelles conditions générales s'appliquent depuis que cette page est ouverte. Relisez-les, puis "
            "envoyez de nouveau\u00a0: ce que vous avez écrit est gardé."
        )
        form.accepts.data = False
        return _form(form, cover, REFUSED)
    if not cover.under_contract and not form.accepts.data:
        form.accepts.errors = [
            "Sans contrat, l'intervention se fait aux conditions générales\u00a0: acceptez-les pour envoyer."
        ]
        return _form(form, cover, REFUSED)
    if (files := kept_files(form, now())) is None:
        return _form(form, cover, REFUSED)
    ticket = open_on_the_portal(
        db.session, _asked(form, files), by=me(), cover=cover, accepts=bool(form.accepts.data),
        form_key=f"web.{form.key.data or new_key()}", letters=letters(), at=now(),
    )  # fmt: skip
    db.session.commit()
    told(
        f"Votre demande est envoyée. Sa référence\u00a0: {ticket.reference}. Un courriel de confirmation part à {me().email}."
    )
    return redirect(url_for("tickets.show", reference=ticket.reference, envoye="nouveau"), 303)


def _asked(form: RequestForm, files: Any) -> Asked:
    place, named = Place(form.place.data), (form.beneficiary.data or "").casefold()
    # A colleague by their name: from then on they are told too. Anybody else stays a name.
    colleague = next((each.id for each in _colleagues() if each.name.casefold() == named), None)
    return Asked(
        subject=form.subject.data, description=form.description.data, service=chosen(form.service.data),
        urgency=Urgency(form.urgency.data), impact=Impact(form.impact.data) if form.impact.data else None, place=place,
        place_words=form.place_words.data or None, third_agreed=place is Place.THIRD and bool(form.third_agreed.data),
        backup=Backup(form.backup.data), beneficiary=form.beneficiary.data or None, beneficiary_id=colleague, files=files,
    )  # fmt: skip


def _colleagues() -> list[Person]:
    organisation = me().organisation
    return [each for each in organisation.people if each.active and each.id != me().id] if organisation else []


def _form(form: RequestForm, cover: Cover, status: int) -> tuple[str, int]:
    form.key.data = form.key.data or new_key()
    form.terms.data = cover.terms.slug
    more = any(
        form[name].errors for name in ("impact", "service", "beneficiary", "place", "place_words", "third_agreed")
    )
    return page("new", status, form=form, cover=cover, more=more, colleagues=[each.name for each in _colleagues()])


# --- One ticket ----------------------------------------------------------------------------------


def show_ticket(
    ticket: Ticket, status: int = 200, *, form: MessageForm | None = None, unsent: str = ""
) -> tuple[str, int]:
    """The page of one ticket, which every refused act comes back to."""
    form = form or MessageForm(formdata=None)
    form.key.data = form.key.data or new_key()
    person = me()
    return page(
        "show", status, ticket=ticket, form=form, unsent=unsent, next=next_words(ticket), appointments=_appointments(ticket),
        thread=lines(ticket, staff=False), history=steps(ticket, staff=False), closed=ticket.state is State.CLOSED,
        creator=is_creator(ticket, person), terms=house().library.version(ticket.terms_slug),
        linked=linked(db.session, ticket, organisation_id=person.organisation_id), sent=request.args.get("envoye", ""),
        to_accept=not ticket.under_contract and ticket.terms_accepted_at is None,
        file_url=lambda number: url_for("tickets.file", reference=ticket.reference, **file_part(ticket, number)),
        formatted_url=lambda number: url_for("tickets.formatted", reference=ticket.reference, number=number),
        backup_url=lambda number: url_for("tickets.backup", reference=ticket.reference, number=number),
        calendar_url=lambda number: url_for("tickets.calendar", reference=ticket.reference, number=number),
    )  # fmt: skip


def _appointments(ticket: Ticket) -> list[tuple[Any, str]]:
    return [(each, when_words(each)) for each in to_come(db.session, ticket, now())]


@tickets.get("/<reference>")
def show(reference: str) -> Any:
    """One ticket: where it stands, what happens next, the thread."""
    return show_ticket(mine(reference))


@tickets.post("/<reference>/repondre")
def reply(reference: str) -> Any:
    """Write in the thread, with files."""
    ticket, form = mine(reference), MessageForm()
    if not form.validate():
        return show_ticket(ticket, EXPIRED if expired(form) else REFUSED, form=form)
    if (files := kept_files(form, now())) is None:
        return show_ticket(ticket, REFUSED, form=form)
    try:
        write_as_client(
            db.session, ticket, by=me(), name=me().name, words=form.words.data, files=files,
            form_key=f"web.{form.key.data or new_key()}", letters=letters(), at=now(),
        )  # fmt: skip
    except AlreadyClosed:
        db.session.rollback()
        return show_ticket(ticket, CONFLICT, unsent=form.words.data)
    db.session.commit()
    told("Votre message est envoyé. La réponse arrive par courriel et s'affiche ici.")
    return redirect(url_for("tickets.show", reference=reference, envoye="reponse"), 303)


def done(ticket: Ticket, words: str) -> Any:
    """Keep what was done, and back to the ticket."""
    db.session.commit()
    told(words)
    return redirect(url_for("tickets.show", reference=ticket.reference), 303)


def _refused(ticket: Ticket, kind: str) -> tuple[str, int]:
    tell_refused(record_refusal, ticket, kind, by=me(), at=now())
    return show_ticket(ticket, 403)


def _creators(reference: str, act: Callable[..., None], refusal: str, words: str, already: str) -> Any:
    """What the creator of a ticket may do and a colleague may not; pressed twice, it is done once."""
    ticket, person = mine(reference), me()
    try:
        act(
            db.session, ticket, by=person, name=person.name, creator=is_creator(ticket, person), letters=letters(), at=now()
        )  # fmt: skip
    except NotTheCreator:
        return _refused(ticket, refusal)
    except (AlreadyClosed, NotClosed):
        db.session.rollback()
        return done(ticket, already)
    return done(ticket, words)


@tickets.post("/<reference>/clore")
def shut(reference: str) -> Any:
    """Close: the creator's right (6.4)."""
    return _creators(reference, close, "tickets.closing_refused", CLOSED_NOW, CLOSED_BEFORE)


@tickets.post("/<reference>/rouvrir")
def open_again(reference: str) -> Any:
    """Reopen: the creator's, by convention."""
    return _creators(reference, reopen, "tickets.reopening_refused", OPEN_NOW, OPEN_BEFORE)


@tickets.post("/<reference>/accepter-les-conditions")
def accept(reference: str) -> Any:
    """Accept the terms shown at the request (article 9)."""
    ticket, person = mine(reference), me()
    if not EmptyForm().validate():
        abort(400)
    accept_terms(db.session, ticket, by=person, name=person.name, at=now())
    return done(ticket, "Les conditions générales sont acceptées. Merci.")
