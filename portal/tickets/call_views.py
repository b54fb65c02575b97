"""A call typed in by who picks up the phone (6.2), in seconds: who, what, Enter."""

from typing import Any

from flask import request

from portal.accounts.guard import me
from portal.accounts.models import Organisation, Person
from portal.tickets.actions import Asked, Caller, enter_call
from portal.tickets.cover import cover_of
from portal.tickets.desk_views import done, tickets_desk
from portal.tickets.forms import CallForm
from portal.tickets.people import matching
from portal.tickets.rules import Channel, Urgency
from portal.tickets.serving import EXPIRED, REFUSED, expired, letters, new_key, page
from portal.web import db, now, services, today


@tickets_desk.route("/saisir", methods=["GET", "POST"])
def call() -> Any:
    """Type the ticket of who calls or of who spoke to the answering machine (6.2): two fields and Enter."""
    form = CallForm()
    if request.method != "POST":
        return _call(form, 200)
    if not form.validate():
        return _call(form, EXPIRED if expired(form) else REFUSED)
    caller, organisation, several = _caller(form)
    if several:
        form.chosen.choices = several
        form.chosen.errors = ["Plusieurs personnes correspondent\u00a0: choisissez qui appelle."]
        return _call(form, REFUSED)
    asked = Asked(
        subject=form.subject.data, description=form.description.data or form.subject.data,
        urgency=Urgency(form.urgency.data) if form.urgency.data else None,
    )  # fmt: skip
    library = services().library
    ticket = enter_call(
        db.session, asked, caller=caller, organisation=organisation, channel=Channel(form.channel.data), by=me(),
        call_back=bool(form.call_back.data),
        cover=cover_of(db.session, library, organisation.id if organisation else None, today()),
        form_key=f"call.{form.key.data or new_key()}", letters=letters(), at=now(),
    )  # fmt: skip
    return done(ticket, f"Le ticket {ticket.reference} est ouvert pour {caller.name}.", sent="appel")


def _caller(form: CallForm) -> tuple[Caller, Organisation | None, list[tuple[str, str]]]:
    """Who calls: the one person whom the words fit, the one chosen among several, or a stranger by their name."""
    typed = form.who.data or ""
    if (form.chosen.data or "").isdigit():
        person = db.session.get(Person, int(form.chosen.data))
        if person is not None and not person.staff and person.active:
            return Caller(person.name, person.email, form.phone.data or None, person), person.organisation, []
    found = [] if form.chosen.data == "0" else matching(db.session, typed)
    exact = [match for match in found if match.words == typed]
    if len(exact or found) == 1:
        person = (exact or found)[0].person
        return Caller(person.name, person.email, form.phone.data or None, person), person.organisation, []
    if found:
        several = [(str(match.person.id), match.words) for match in found]
        return Caller(typed), None, [*several, ("0", f"Personne d'entre elles\u00a0: {typed}")]
    return Caller(typed[:200], form.mail.data or None, form.phone.data or None), None, []


def _call(form: CallForm, status: int) -> Any:
    form.key.data = form.key.data or new_key()
    return page("call", status, form=form, people=[match.words for match in matching(db.session, "", most=300)])


@tickets_desk.get("/interlocuteurs")
def people() -> Any:
    """Whom a few letters fit, for the field of the call."""
    return {"people": [match.words for match in matching(db.session, request.args.get("q", "")[:100])]}
