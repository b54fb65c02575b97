"""The time of a ticket as the client sees it: what was done, what it cost and why; an entry may be contested (7.2)."""

import secrets
from typing import Any

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request

from portal.accounts.guard import me
from portal.contracts.actions import balances, contracts_of
from portal.contracts.rules import NOTHING
from portal.contracts.working import restored
from portal.tickets.contest_actions import contest
from portal.tickets.finding import NoSuchTicket, find_ticket
from portal.tickets.intervention_actions import interventions_of
from portal.tickets.intervention_forms import ContestForm
from portal.tickets.intervention_letters import TimeLetters
from portal.tickets.intervention_models import TimeEntry, WorkIntervention
from portal.tickets.intervention_rules import ContestedAlready, NotCounted, Step, hour_label, service_label
from portal.tickets.links import CLIENT
from portal.tickets.models import Ticket
from portal.web import db, mail_domain, now, services, settings

KEY_BYTES = 16
REFUSED, CONFLICT = 422, 409
#: What the CGV do not say of time, said on its pages for what it is.
CONVENTIONS = ("minimum_once", "lowest_rate", "rounding", "project_minimum", "hour_fraction")

tickets_time = Blueprint("tickets_time", __name__, url_prefix=CLIENT, template_folder="templates")


def register(app: Flask) -> None:
    """Add the pages of time, for clients and for the desk."""
    from portal.tickets import intervention_count_views  # noqa: F401 - its views are bound to the desk's blueprint
    from portal.tickets.intervention_desk_views import tickets_time_desk

    app.register_blueprint(tickets_time)
    app.register_blueprint(tickets_time_desk)
    app.jinja_env.filters.update(service_label=service_label, hour_label=hour_label)
    app.jinja_env.globals["time_of"] = time_of


def letters() -> TimeLetters:
    """The mails of this installation."""
    return TimeLetters(services().library, settings().base_url, mail_domain())


def time_of(ticket: Ticket) -> dict[str, Any]:
    """What a ticket's own page says of its time: minutes, points, how many interventions."""
    found = interventions_of(db.session, ticket)
    counted = [each for each in found if each.step is not Step.OPEN]
    return {
        "minutes": sum(minutes for each in counted for _, minutes in each.worked),
        "points": sum((each.points_now or NOTHING for each in counted), NOTHING),
        "count": len(counted),
        "open": len(found) - len(counted),
    }


def unsaid() -> list[Any]:
    """The conventions that these pages rest on."""
    return [services().library.conventions[key] for key in CONVENTIONS]


def answered_working(intervention: WorkIntervention) -> Any:
    """How a counted intervention was worked out."""
    return restored(intervention.working)


def _ticket(reference: str) -> Ticket:
    try:
        return find_ticket(db.session, reference, viewer=me())
    except NoSuchTicket:
        abort(404)


@tickets_time.get("/<reference>/temps")
def show(reference: str) -> Any:
    """Everything that was done, and what it cost."""
    ticket = _ticket(reference)
    held = contracts_of(db.session, ticket.organisation_id or 0, ended=False)
    return render_template(
        "tickets/time.html", ticket=ticket, interventions=interventions_of(db.session, ticket), Step=Step,
        left=sum(balances(db.session, held).values(), NOTHING) if held else None, working=answered_working,
        unsaid=unsaid(), terms=services().library.version(ticket.terms_slug),
    )  # fmt: skip


@tickets_time.route("/<reference>/temps/<int:number>/contester", methods=["GET", "POST"])
def dispute(reference: str, number: int) -> Any:
    """Contest an entry."""
    ticket = _ticket(reference)
    entry = db.session.get(TimeEntry, number)
    if entry is None or entry.intervention.ticket_id != ticket.id or entry.intervention.step is Step.OPEN:
        abort(404)
    form = ContestForm()
    if request.method != "POST":
        return _dispute(ticket, entry, form, 200)
    if not form.validate():
        return _dispute(ticket, entry, form, REFUSED)
    try:
        contest(
            db.session, entry, reason=form.reason.data, by=me(), letters=letters(), at=now(),
            form_key=form.key.data or secrets.token_urlsafe(KEY_BYTES),
        )  # fmt: skip
    except (ContestedAlready, NotCounted):
        db.session.rollback()
        form.form_errors.append(
            "Une contestation de ce temps attend déjà sa réponse. Ce que vous avez écrit est gardé ci-dessous."
        )
        return _dispute(ticket, entry, form, CONFLICT)
    db.session.commit()
    flash("Votre contestation est envoyée. La réponse arrive par courriel et s'affiche ici.", "success")
    return redirect(f"{CLIENT}/{ticket.reference}/temps#temps-{entry.id}", 303)


def _dispute(ticket: Ticket, entry: TimeEntry, form: ContestForm, status: int) -> tuple[str, int]:
    form.key.data = form.key.data or secrets.token_urlsafe(KEY_BYTES)
    version = services().library.version(entry.intervention.terms_slug or ticket.terms_slug)
    return (
        render_template(
            "tickets/time_contest.html", ticket=ticket, entry=entry, form=form, clause=version.figure("work_recorded"),
            version=version,
        ),
        status,
    )  # fmt: skip
