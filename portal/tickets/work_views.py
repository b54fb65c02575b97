"""What staff do with a ticket as a whole: appointments, merge, split, links, attach it to a client."""

from typing import Any

from flask import Blueprint, Flask, abort, request

from portal.accounts.guard import me
from portal.accounts.models import Person
from portal.errors import show as refuse
from portal.tickets.appointment_actions import (
    BadTime,
    MovedMeanwhile,
    Wanted,
    cancel,
    find_appointment,
    move,
    plan,
)
from portal.tickets.appointment_models import TicketAppointment
from portal.tickets.appointments import when_words
from portal.tickets.canned_views import tickets_canned
from portal.tickets.cover import cover_of
from portal.tickets.desk_page import appointment_form, show_ticket
from portal.tickets.desk_views import done, ticket_of
from portal.tickets.finding import NoSuchTicket, find_ticket
from portal.tickets.forms import AppointmentForm, AttachForm, ReasonForm, ReferenceForm, SplitForm
from portal.tickets.links import DESK
from portal.tickets.merge_actions import CannotMerge, NothingToSplit, link, merge, split, unlink
from portal.tickets.models import Ticket
from portal.tickets.people import advisers, organisations
from portal.tickets.rules import AlreadyClosed, NotAllowed, Place
from portal.tickets.serving import CONFLICT, REFUSED, letters, new_key, page
from portal.tickets.state_actions import ChangedMeanwhile, NotYours, attach_to_client
from portal.web import db, now, services, today

tickets_work = Blueprint("tickets_work", __name__, url_prefix=DESK, template_folder="templates")
BAD_TIME = "Le rendez-vous doit finir après son début, et n'être pas passé."
MOVED = "Un collègue a changé ce rendez-vous entre-temps. Rien n'a été modifié\u00a0: voici où il en est."


def register(app: Flask) -> None:
    """Add these pages to an application."""
    app.register_blueprint(tickets_work)
    app.register_blueprint(tickets_canned)


@tickets_work.errorhandler(NotAllowed)
def not_allowed(_: NotAllowed) -> Any:
    """The table of routes lets nobody come here; the rule says no all the same."""
    db.session.rollback()
    return refuse(403)


# --- Appointments --------------------------------------------------------------------------------


def _wanted(form: AppointmentForm, staff: list[Person]) -> Wanted:
    starts, ends = form.span()
    adviser = next((each for each in staff if str(each.id) == form.adviser.data), None)
    return Wanted(starts, ends, Place(form.place.data), form.place_words.data or None, adviser)


@tickets_work.post("/<reference>/rendez-vous")
def planned(reference: str) -> Any:
    """Make an appointment."""
    ticket, form, staff = ticket_of(reference), AppointmentForm(), advisers(db.session)
    appointment_form(ticket, form, staff)
    if not form.validate():
        return show_ticket(ticket, REFUSED, appointment=form)
    try:
        plan(
            db.session, ticket, _wanted(form, staff), by=me(), form_key=form.key.data or new_key(), letters=letters(),
            at=now(),
        )  # fmt: skip
    except BadTime:
        db.session.rollback()
        form.ends.errors = [BAD_TIME]
        return show_ticket(ticket, REFUSED, appointment=form)
    except AlreadyClosed:
        db.session.rollback()
        return show_ticket(
            ticket, CONFLICT, appointment=form, refusal="Ce ticket est clos\u00a0: aucun rendez-vous n'a été pris."
        )
    return done(ticket, "Le rendez-vous est pris\u00a0; le client en est prévenu.")


def _appointment(ticket: Ticket, number: int) -> TicketAppointment:
    return find_appointment(db.session, ticket, number) or abort(404)


@tickets_work.route("/<reference>/rendez-vous/<int:number>", methods=["GET", "POST"])
def moved(reference: str, number: int) -> Any:
    """Move an appointment."""
    ticket, staff = ticket_of(reference), advisers(db.session)
    held = _appointment(ticket, number)
    if request.method != "POST":
        return _moving(ticket, held, appointment_form(ticket, None, staff, held))
    form = AppointmentForm()
    seen = form.seen.data or ""
    appointment_form(ticket, form, staff, held)
    if not form.validate() or not seen.isdigit():
        return _moving(ticket, held, form, REFUSED)
    try:
        move(db.session, held, _wanted(form, staff), by=me(), seen=int(seen), letters=letters(), at=now())
    except BadTime:
        db.session.rollback()
        form.ends.errors = [BAD_TIME]
        return _moving(ticket, held, form, REFUSED)
    except MovedMeanwhile:
        db.session.rollback()
        return show_ticket(ticket, CONFLICT, refusal=MOVED)
    return done(ticket, "Le rendez-vous est déplacé\u00a0; le client en est prévenu.")


def _moving(ticket: Ticket, held: TicketAppointment, form: AppointmentForm, status: int = 200) -> Any:
    return page("desk_appointment", status, ticket=ticket, held=held, when=when_words(held), form=form)


@tickets_work.post("/<reference>/rendez-vous/<int:number>/annuler")
def cancelled(reference: str, number: int) -> Any:
    """Cancel an appointment, with the reason."""
    ticket, form = ticket_of(reference), ReasonForm()
    held = _appointment(ticket, number)
    if not form.validate() or not (form.seen.data or "").isdigit():
        return show_ticket(ticket, REFUSED, cancel=form)
    try:
        cancel(
            db.session, held, by=me(), reason=form.reason.data, seen=int(form.seen.data), letters=letters(), at=now()
        )  # fmt: skip
    except MovedMeanwhile:
        db.session.rollback()
        return show_ticket(ticket, CONFLICT, refusal=MOVED)
    return done(ticket, "Le rendez-vous est annulé\u00a0; le client en est prévenu.")


# --- Several tickets -----------------------------------------------------------------------------


def _other(form: ReferenceForm) -> Ticket | None:
    try:
        return find_ticket(db.session, (form.reference.data or "").upper().strip(), viewer=me())
    except NoSuchTicket:
        form.reference.errors = ["Aucun ticket n'a cette référence."]
        return None


@tickets_work.post("/<reference>/reunir")
def merged(reference: str) -> Any:
    """Put this ticket into another one."""
    ticket, form = ticket_of(reference), ReferenceForm()
    into = _other(form) if form.validate() else None
    if into is None:
        return show_ticket(ticket, REFUSED, merge=form)
    try:
        merge(db.session, ticket, into, by=me(), letters=letters(), at=now())
    except CannotMerge:
        db.session.rollback()
        form.reference.errors = ["On ne réunit que deux tickets différents du même client."]
        return show_ticket(ticket, REFUSED, merge=form)
    except AlreadyClosed:
        db.session.rollback()
        return show_ticket(ticket, CONFLICT, refusal="L'un des deux tickets est clos\u00a0: rien n'a été réuni.")
    return done(into, f"{reference} est réuni avec {into.reference}.")


@tickets_work.post("/<reference>/separer")
def parted(reference: str) -> Any:
    """Take some messages out into a ticket of their own."""
    ticket, form = ticket_of(reference), SplitForm()
    if not form.validate():
        return show_ticket(ticket, REFUSED, split=form)
    numbers = {int(value) for value in request.form.getlist("messages") if value.isdigit()}
    try:
        new = split(
            db.session, ticket, numbers, subject=form.subject.data, by=me(),
            form_key=f"split.{form.key.data or new_key()}", letters=letters(), at=now(),
        )  # fmt: skip
    except NothingToSplit:
        db.session.rollback()
        form.form_errors.append("Cochez les messages à séparer, et laissez-en au moins un.")
        return show_ticket(ticket, REFUSED, split=form)
    return done(new, f"Les messages sont dans le nouveau ticket {new.reference}.")


@tickets_work.post("/<reference>/lier")
def tied(reference: str) -> Any:
    """Link two tickets."""
    ticket, form = ticket_of(reference), ReferenceForm()
    other = _other(form) if form.validate() else None
    if other is None:
        return show_ticket(ticket, REFUSED, merge=form)
    try:
        link(db.session, ticket, other, by=me(), at=now())
    except CannotMerge:
        db.session.rollback()
        form.reference.errors = ["C'est ce ticket-ci."]
        return show_ticket(ticket, REFUSED, merge=form)
    return done(ticket, f"Les tickets {reference} et {other.reference} sont liés.")


@tickets_work.post("/<reference>/delier/<other>")
def untied(reference: str, other: str) -> Any:
    """Take a link away."""
    ticket, second = ticket_of(reference), ticket_of(other)
    unlink(db.session, ticket, second, by=me(), at=now())
    return done(ticket, f"Les tickets {reference} et {other} ne sont plus liés.")


@tickets_work.post("/<reference>/rattacher")
def attached(reference: str) -> Any:
    """Say whose ticket it is."""
    ticket, form = ticket_of(reference), AttachForm()
    if not form.validate():
        return show_ticket(ticket, REFUSED, attach=form)
    name = form.organisation.data or ""
    found = organisations(db.session, name, most=3)
    exact = [each for each in found if each.legal_name.casefold() == name.casefold()]
    if len(exact or found) != 1:
        form.organisation.errors = [
            "Aucune organisation ne porte ce nom."
            if not found
            else "Plusieurs organisations correspondent\u00a0: écrivez le nom entier."
        ]
        return show_ticket(ticket, REFUSED, attach=form)
    organisation = (exact or found)[0]
    creator = db.session.get(Person, int(form.creator.data)) if (form.creator.data or "").isdigit() else None
    try:
        attach_to_client(
            db.session, ticket, organisation=organisation, creator=creator,
            cover=cover_of(db.session, services().library, organisation.id, today()), by=me(), letters=letters(), at=now(),
        )  # fmt: skip
    except NotYours:
        db.session.rollback()
        form.creator.errors = ["Cette personne n'est pas de cette organisation."]
        return show_ticket(ticket, REFUSED, attach=form)
    except ChangedMeanwhile:
        db.session.rollback()
        return show_ticket(ticket, CONFLICT, refusal="Un collègue l'a rattaché entre-temps.")
    return done(ticket, f"Le ticket est rattaché à {organisation.legal_name}.")
