"""An intervention is counted, corrected, answered for; what has no contract is handed to the invoicing software."""

import csv
import secrets
from io import StringIO
from typing import Any

from flask import Response, abort, jsonify, render_template, request
from sqlalchemy import select

from portal.accounts.guard import me
from portal.accounts.refusals import tell_refused
from portal.contracts.actions import charged
from portal.contracts.alerts import tell_crossings
from portal.contracts.mail_choices import tell_below
from portal.contracts.rules import NOTHING, NoContract, PointsExhausted
from portal.contracts.statement import plain_number, safe
from portal.contracts.views import letters as contract_letters
from portal.evidence.actions import record
from portal.french import points, short_date
from portal.terms import TermsError
from portal.tickets.contest_actions import answer, contest_of
from portal.tickets.intervention_actions import governing
from portal.tickets.intervention_count_actions import (
    bill_intervention,
    charge_intervention,
    correct_intervention,
    source_of,
)
from portal.tickets.intervention_desk_views import back, intervention_of, show_time, ticket_of, tickets_time_desk
from portal.tickets.intervention_forms import AnswerForm, HoursForm, MinutesForm
from portal.tickets.intervention_models import TimeContest, WorkIntervention
from portal.tickets.intervention_rules import AnsweredAlready, CostsMore, Step, hour_label, service_label
from portal.tickets.intervention_told import tell_corrected, tell_counted
from portal.tickets.intervention_views import CONFLICT, KEY_BYTES, REFUSED, letters
from portal.tickets.models import Ticket
from portal.web import db, now, services, today

# --- Counting ------------------------------------------------------------------------------------


@tickets_time_desk.post("/<reference>/interventions/<int:number>/decompter")
def count(reference: str, number: int) -> Any:
    """End an intervention: its points are charged."""
    ticket = ticket_of(reference)
    intervention = intervention_of(ticket, number)
    try:
        charge_intervention(db.session, intervention, by=me(), library=services().library, at=now())
    except NoContract:
        db.session.rollback()
        return show_time(
            ticket,
            CONFLICT,
            refusal="Ce client n'a pas de contrat en cours\u00a0: comptez cette intervention en heures.",
        )
    except PointsExhausted as error:
        return _exhausted(ticket, number, error)
    tell_counted(db.session, intervention, letters=letters(), at=now())
    made = charged(db.session, ticket.organisation_id or 0, source_of(intervention))
    tell_below(db.session, made, letters=contract_letters(), at=now())
    tell_crossings(db.session, letters=contract_letters(), at=now(), organisation_id=ticket.organisation_id)
    return back(ticket, f"Intervention décomptée\u00a0: {points(intervention.points)}." if intervention.points else "")


def _exhausted(ticket: Ticket, number: int, error: PointsExhausted) -> tuple[str, int]:
    """The rule of the contract says no: nothing is charged, nothing typed is lost, and the log tells of the try."""
    db.session.rollback()
    content = {
        "ticket": ticket.reference, "intervention": number, "asked": str(error.asked), "left": str(error.available),
        "by": me().email,
    }  # fmt: skip
    tell_refused(record, "tickets.charge_refused", content, at=now())
    return show_time(
        ticket, CONFLICT,
        refusal=f"Il faudrait {points(error.asked)} et la règle du contrat n'en permet que {points(error.available)}\u00a0: rien "
        "n'est décompté, tous les temps notés sont gardés. Convenez d'un ajout de points avec le client, ou d'une autre "
        "règle sur son contrat, puis décomptez.",
    )  # fmt: skip


@tickets_time_desk.post("/<reference>/interventions/<int:number>/heures")
def bill(reference: str, number: int) -> Any:
    """End an intervention without a contract: its hours are to be invoiced (7.1.1)."""
    ticket = ticket_of(reference)
    intervention = intervention_of(ticket, number)
    form = HoursForm(version=governing(db.session, ticket, services().library, intervention.day))
    if not form.validate():
        return show_time(ticket, REFUSED, hours=form)
    bill_intervention(
        db.session, intervention, hour=form.hour.data, km=form.km.km, by=me(), library=services().library, at=now()
    )
    tell_counted(db.session, intervention, letters=letters(), at=now())
    return back(ticket, "Intervention comptée en heures\u00a0: elle est prête à facturer.")


def _corrected(intervention: WorkIntervention) -> dict[int, int] | None:
    """What the page gave for each entry; None when a number is none."""
    found = {}
    for entry in intervention.entries:
        typed = request.form.get(f"minutes-{entry.id}", str(entry.counts)).strip()
        if not typed.isdigit() or len(typed) > 5:  # noqa: PLR2004 - no week has that many minutes
            return None
        found[entry.id] = int(typed)
    return found


@tickets_time_desk.route("/<reference>/interventions/<int:number>/corriger", methods=["GET", "POST"])
def correct(reference: str, number: int) -> Any:
    """Count an intervention anew, with a reason: the difference is given back."""
    ticket = ticket_of(reference)
    intervention, form = intervention_of(ticket, number), MinutesForm()
    if intervention.step is Step.OPEN:
        abort(404)
    if request.method != "POST":
        return _correction(ticket, intervention, form, 200)
    given = _corrected(intervention)
    if not form.validate() or given is None:
        if given is None:
            form.form_errors.append("Écrivez des minutes entières.")
        return _correction(ticket, intervention, form, REFUSED)
    try:
        made = correct_intervention(
            db.session, intervention, given, reason=form.reason.data, by=me(), library=services().library, at=now(),
            form_key=form.key.data or secrets.token_urlsafe(KEY_BYTES),
        )  # fmt: skip
    except (CostsMore, TermsError):
        return _costs_more(ticket, intervention, form)
    tell_corrected(db.session, intervention, made, letters=letters(), at=now())
    return back(ticket, "Corrigé\u00a0: la différence est rendue au client.")


def _costs_more(ticket: Ticket, intervention: WorkIntervention, form: MinutesForm, **more: Any) -> tuple[str, int]:
    db.session.rollback()
    form.form_errors.append(
        "Une correction rend du temps\u00a0: au moins une durée diminue, aucune n'augmente. Un travail de plus est une autre "
        "intervention. Rien n'a été changé, ce que vous avez écrit est gardé."
    )
    return _correction(ticket, intervention, form, CONFLICT, **more)


def _correction(
    ticket: Ticket, intervention: WorkIntervention, form: MinutesForm, status: int, contest: TimeContest | None = None
) -> tuple[str, int]:
    form.key.data = form.key.data or secrets.token_urlsafe(KEY_BYTES)
    return (
        render_template(
            "tickets/time_correct.html", ticket=ticket, it=intervention, form=form, contest=contest,
            typed={entry.id: request.form.get(f"minutes-{entry.id}", entry.counts) for entry in intervention.entries},
        ),
        status,
    )  # fmt: skip


@tickets_time_desk.route("/<reference>/contestations/<int:number>", methods=["GET", "POST"])
def reply(reference: str, number: int) -> Any:
    """Answer a contestation: correct, or maintain."""
    ticket, contest = ticket_of(reference), contest_of(db.session, number)
    if contest is None or contest.entry.intervention.ticket_id != ticket.id:
        abort(404)
    intervention, form = contest.entry.intervention, AnswerForm()
    if request.method != "POST":
        return _correction(ticket, intervention, form, 200, contest)
    given = _corrected(intervention)
    if not form.validate() or given is None:
        if given is None:
            form.form_errors.append("Écrivez des minutes entières.")
        return _correction(ticket, intervention, form, REFUSED, contest)
    try:
        answer(
            db.session, contest, words=form.reason.data, minutes=given if form.outcome.data == "corrected" else None,
            by=me(), letters=letters(), library=services().library, at=now(),
        )  # fmt: skip
    except AnsweredAlready:
        db.session.rollback()
        form.form_errors.append("Un collègue a répondu entre-temps. Ce que vous avez écrit est gardé.")
        return _correction(ticket, intervention, form, CONFLICT, contest)
    except (CostsMore, TermsError):
        return _costs_more(ticket, intervention, form, contest=contest)
    if form.outcome.data == "corrected":
        # Who contested reads it in the answer.
        last = intervention.corrections[-1]
        tell_corrected(db.session, intervention, last, letters=letters(), at=now(), but=contest.by_mail)
    return back(ticket, f"La réponse est envoyée à {contest.by}.")


# --- Hours to invoice ----------------------------------------------------------------------------

COLUMNS = (
    "Client", "Ticket", "Objet", "Jour", "Heure", "Minutes", "Prix horaire HT", "Kilomètres", "Prix du kilomètre HT",
    "Montant HT", "Article", "Version des CGV", "Travail",
)  # fmt: skip


@tickets_time_desk.get("/heures-a-facturer.<kind>")
def hours(kind: str) -> Any:
    """The interventions without a contract, as a draft for the invoicing software: CSV or JSON."""
    if kind not in {"csv", "json"}:
        abort(404)
    query = select(WorkIntervention).where(WorkIntervention.step == Step.BILLED).order_by(WorkIntervention.counted_at)
    rows = [_hours_row(each) for each in db.session.scalars(query)]
    if kind == "json":
        response = jsonify(interventions=[dict(zip(COLUMNS, row, strict=True)) for row in rows])
    else:
        stream = StringIO()
        writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
        writer.writerows([COLUMNS, *rows])
        response = Response(stream.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="heures-a-facturer-{today():%Y-%m-%d}.{kind}"'
    return response


def _hours_row(it: WorkIntervention) -> list[str]:
    tariff = services().library.version(it.terms_slug or it.ticket.terms_slug).tariff
    rate = tariff.hour_rate(it.hour or "")
    minutes = sum(minutes for _, minutes in it.worked)
    client = it.ticket.organisation.legal_name if it.ticket.organisation else it.ticket.creator_name
    work = ", ".join(f"{service_label(entry.service)}\u00a0: {entry.words}" for entry in it.entries)
    return [
        safe(client), it.ticket.reference, safe(it.ticket.subject), short_date(it.day), hour_label(it.hour or ""), str(minutes),
        plain_number(rate.rate), plain_number(it.km or NOTHING),
        plain_number(tariff.kilometre.rate), plain_number(it.net or NOTHING), rate.article,
        it.terms_slug or "", safe(work),
    ]  # fmt: skip
