"""The time of a ticket as staff see it: note it, see what it will cost, count it, correct it, answer what is contested."""

import secrets
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request
from sqlalchemy import select

from portal.accounts.guard import me
from portal.accounts.models import Person
from portal.contracts.statement import calculation
from portal.contracts.working import restored, working_of
from portal.errors import show as refuse
from portal.french import minutes as minutes_words
from portal.french import points, short_date
from portal.gate import row_number
from portal.terms import TermsError
from portal.tickets.finding import NoSuchTicket, find_ticket
from portal.tickets.intervention_actions import (
    Foreseen,
    Noted,
    foresee,
    governing,
    interventions_of,
    note_time,
    take_away,
)
from portal.tickets.intervention_forms import NEW, HoursForm, TimeForm
from portal.tickets.intervention_models import TimeEntry, WorkIntervention
from portal.tickets.intervention_rules import (
    InterventionOver,
    NothingWorked,
    Step,
)
from portal.tickets.intervention_views import KEY_BYTES, REFUSED, answered_working, unsaid
from portal.tickets.links import DESK
from portal.tickets.models import Ticket
from portal.tickets.rules import HANDLES, NotAllowed, Quarantined, may_handle
from portal.tickets.timer_actions import drop_timer, start_timer, timer_minutes
from portal.web import db, now, services, today

#: Entries that one preview may hold: a guard, not a rule.
MOST_ENTRIES = 30

tickets_time_desk = Blueprint("tickets_time_desk", __name__, url_prefix=DESK, template_folder="templates")


@tickets_time_desk.errorhandler(NotAllowed)
def not_allowed(_: NotAllowed) -> Any:
    """The table of routes lets nobody come here; the rule says no all the same."""
    db.session.rollback()
    return refuse(403)


@tickets_time_desk.errorhandler(InterventionOver)
@tickets_time_desk.errorhandler(Quarantined)
def over(_: Exception) -> Any:
    """A colleague counted it meanwhile, or the ticket is nobody's yet."""
    db.session.rollback()
    return refuse(409)


@tickets_time_desk.after_request
def never_stored(response: Response) -> Response:
    """What clients pay stays out of caches."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def ticket_of(reference: str) -> Ticket:
    """The ticket of an address, or 404."""
    try:
        return find_ticket(db.session, reference, viewer=me())
    except NoSuchTicket:
        abort(404)


def intervention_of(ticket: Ticket, number: int) -> WorkIntervention:
    """An intervention of a ticket, or 404."""
    found = db.session.get(WorkIntervention, number)
    if found is None or found.ticket_id != ticket.id or found.step is Step.DROPPED:
        abort(404)
    return found


def back(ticket: Ticket, words: str) -> Any:
    """Keep what was done, and back to the time of the ticket."""
    db.session.commit()
    flash(words, "success")
    return redirect(f"{DESK}/{ticket.reference}/temps", 303)


# --- The page ------------------------------------------------------------------------------------


def _technicians() -> Sequence[Person]:
    staff = db.session.scalars(select(Person).where(Person.staff, Person.active).order_by(Person.name)).all()
    return [person for person in staff if not HANDLES.isdisjoint(person.role_names)]


def _form(ticket: Ticket, found: Sequence[WorkIntervention], *, fresh: bool) -> TimeForm:
    version = governing(db.session, ticket, services().library, today())
    form = (
        TimeForm(formdata=None, today=today(), version=version) if fresh else TimeForm(today=today(), version=version)
    )
    form.technician.choices = [(person.id, person.name) for person in _technicians()]
    running = [each for each in found if each.step is Step.OPEN]
    form.intervention.choices = [
        *((str(each.id), f"Celle du {short_date(each.day)}, {_modes(each)}") for each in running),
        (NEW, "Une nouvelle intervention"),
    ]
    if fresh:
        form.day.data, form.technician.data, form.service.data = today(), me().id, ticket.service or ""
        form.intervention.data = str(running[0].id) if running else NEW
        form.minutes.data = timer_minutes(db.session, ticket, me(), now())
        form.key.data = secrets.token_urlsafe(KEY_BYTES)
    return form


def _modes(intervention: WorkIntervention) -> str:
    return f"{len(intervention.entries)}\u00a0temps, {minutes_words(sum(each.counts for each in intervention.entries))}"


def _foreseen(ticket: Ticket, intervention: WorkIntervention) -> Foreseen | None:
    if intervention.step is not Step.OPEN:
        return None
    try:
        return foresee(db.session, ticket, intervention.worked, services().library, intervention.day)
    except (NothingWorked, TermsError):
        return None


def show_time(
    ticket: Ticket, status: int = 200, *, form: TimeForm | None = None, refusal: str | None = None,
    hours: HoursForm | None = None, preview: str = "", preview_wrong: bool = False,
) -> tuple[str, int]:  # fmt: skip
    """The page of the time of a ticket."""
    found = interventions_of(db.session, ticket)
    version = governing(db.session, ticket, services().library, today())
    return (
        render_template(
            "tickets/time_desk.html", ticket=ticket, interventions=found, form=form or _form(ticket, found, fresh=True),
            hours=hours or HoursForm(formdata=None, version=version), Step=Step, refusal=refusal,
            foreseen={each.id: _foreseen(ticket, each) for each in found}, working=answered_working,
            told=calculation_of, unsaid=unsaid(), handles=may_handle(me().role_names),
            timer=timer_minutes(db.session, ticket, me(), now()), version=version, preview=preview,
            preview_wrong=preview_wrong,
        ),
        status,
    )  # fmt: skip


def calculation_of(foreseen: Foreseen, intervention: WorkIntervention) -> Any:
    """How it would be counted, in the words of a counted one."""
    return restored(working_of(foreseen.points, foreseen.version, day=intervention.day))


@tickets_time_desk.get("/<reference>/temps")
def show(reference: str) -> Any:
    """The time of a ticket."""
    return show_time(ticket_of(reference))


@tickets_time_desk.post("/<reference>/temps")
def note(reference: str) -> Any:
    """Note time."""
    ticket = ticket_of(reference)
    form = _form(ticket, interventions_of(db.session, ticket), fresh=False)
    if request.form.get("faire") == "calculer":
        return _calculated(ticket, form)
    if not form.validate():
        return show_time(ticket, REFUSED, form=form)
    technician = db.session.get_one(Person, form.technician.data)
    chosen = None if form.intervention.data == NEW else intervention_of(ticket, int(form.intervention.data))
    noted = Noted(form.service.data, form.minutes.data, form.words.data, form.day.data, technician)
    try:
        entry = note_time(
            db.session, ticket, noted, intervention=chosen, by=me(), library=services().library, at=now(),
            form_key=form.key.data or secrets.token_urlsafe(KEY_BYTES),
        )  # fmt: skip
    except TermsError as error:
        db.session.rollback()
        form.form_errors.append(str(error))
        return show_time(ticket, REFUSED, form=form)
    return back(ticket, f"{minutes_words(entry.minutes)} notées. Terminez l'intervention pour les décompter.")


@tickets_time_desk.get("/<reference>/temps/calcul")
def preview(reference: str) -> Any:
    """What an intervention would cost with one more entry: asked for while somebody types. Nothing is changed."""
    words, wrong = _preview(
        ticket_of(reference), request.args.get("intervention", ""), request.args.get("service", ""),
        request.args.get("minutes", type=row_number),
    )  # fmt: skip
    return jsonify(words=words, wrong=wrong) if words else jsonify(words="")


def _calculated(ticket: Ticket, form: TimeForm) -> tuple[str, int]:
    """The same for a page without scripts, with everything that was typed; nothing is noted."""
    asked = (form.intervention.data or "", form.service.data or "", form.minutes.data)
    words, wrong = _preview(ticket, *asked)
    nothing = "Choisissez la nature du travail et écrivez les minutes\u00a0: le calcul s'affiche ici."
    return show_time(ticket, form=form, preview=words or nothing, preview_wrong=wrong or not words)


def _preview(ticket: Ticket, number: str, service: str, typed: int | None) -> tuple[str, bool]:
    worked = intervention_of(ticket, int(number)).worked if number.isdigit() else []
    if service and typed:
        worked = [*worked, (service, typed)]
    try:
        seen = foresee(db.session, ticket, worked[:MOST_ENTRIES], services().library, today())
    except NothingWorked:
        return "", False
    except TermsError as error:
        return str(error), True
    return foreseen_words(seen), bool(seen.contract) and not seen.enough


def foreseen_words(seen: Foreseen) -> str:
    """``15 min à 60 points par heure : 15 points. Il resterait 85 points.``"""
    told = restored(working_of(seen.points, seen.version, day=today()))
    cost = f"{calculation(told)}\u00a0: {points(seen.points.points)} (article {told.article})." if told else ""
    if seen.contract is None:
        return f"{cost} Sans contrat, ce temps se facture en heures."
    if not seen.enough:
        return f"{cost} Il ne reste que {points(seen.left)}\u00a0: la règle du contrat n'en permet pas plus."
    if seen.after < 0:
        return f"{cost} Le solde passerait à {points(seen.after)}\u00a0: la règle du contrat le permet, le client en est prévenu."
    return f"{cost} Il resterait {points(seen.after)}."


@tickets_time_desk.post("/<reference>/temps/<int:number>/retirer")
def remove(reference: str, number: int) -> Any:
    """Take an entry away before it is counted."""
    ticket = ticket_of(reference)
    entry = db.session.get(TimeEntry, number)
    if entry is None or entry.intervention.ticket_id != ticket.id:
        abort(404)
    take_away(db.session, entry, by=me())
    return back(ticket, "Ce temps est retiré.")


@tickets_time_desk.post("/<reference>/temps/minuteur")
def timer(reference: str) -> Any:
    """Start one's timer, or give it up."""
    ticket = ticket_of(reference)
    if request.form.get("faire") == "arreter":
        drop_timer(db.session, by=me())
        return back(ticket, "Le minuteur est arrêté, rien n'est noté.")
    start_timer(db.session, ticket, by=me(), at=now())
    return back(ticket, "Le minuteur tourne. Notez le temps quand vous avez fini.")
