"""The page of one ticket on the desk, which every refused act comes back to with what was wanted."""

from typing import Any

from flask import request, url_for

from portal.accounts.guard import me
from portal.accounts.models import Person
from portal.tickets.appointment_models import TicketAppointment
from portal.tickets.appointments import to_come, when_words
from portal.tickets.canned_views import canned_answers
from portal.tickets.forms import (
    UNKNOWN,
    AppointmentForm,
    AttachForm,
    QualifyForm,
    ReasonForm,
    ReferenceForm,
    SplitForm,
    StaffMessageForm,
)
from portal.tickets.merge_actions import linked
from portal.tickets.message_actions import AnsweredMeanwhile
from portal.tickets.models import Ticket
from portal.tickets.people import advisers, organisations
from portal.tickets.rules import Priority, State, is_technician, may_handle
from portal.tickets.serving import CONFLICT, file_part, new_key, page, staff_words
from portal.tickets.state_actions import Qualified, service_label
from portal.tickets.thread import lines, steps
from portal.web import db, now, services


def show_ticket(
    ticket: Ticket, status: int = 200, *, form: StaffMessageForm | None = None, decide: QualifyForm | None = None,
    appointment: AppointmentForm | None = None, cancel: ReasonForm | None = None, attach: AttachForm | None = None,
    merge: ReferenceForm | None = None, split: SplitForm | None = None, refusal: str = "", kept: str = "",
    answered: AnsweredMeanwhile | None = None, mine: Qualified | None = None,
) -> Any:  # fmt: skip
    """Everything of one ticket. ``mine``: what this reader had decided when a colleague was faster."""
    thread = lines(ticket, staff=True)
    canned = canned_answers()
    if form is None:
        form = StaffMessageForm(formdata=None)
        # Put into the field by an address: read and changed before it is sent, and it works without JavaScript.
        form.words.data = next((each.text for each in canned if str(each.id) == request.args.get("reponse")), None)
    form.key.data = form.key.data or new_key()
    form.seen.data = str(ticket.messages[-1].id if ticket.messages else 0)
    staff = advisers(db.session)
    version = services().library.version(ticket.terms_slug)
    roles = me().role_names
    return page(
        "desk_ticket", status, ticket=ticket, thread=thread, history=steps(ticket, staff=True), next=staff_words(ticket),
        form=form, decide=_decided(ticket, decide, staff), appointment=appointment_form(ticket, appointment, staff),
        appointments=[(each, when_words(each)) for each in to_come(db.session, ticket, now())], cancel=cancel or ReasonForm(formdata=None),
        merge=merge or ReferenceForm(formdata=None), split=_split(ticket, split), attach=_attach(ticket, attach),
        organisations=organisations(db.session) if ticket.organisation_id is None else [],
        linked=linked(db.session, ticket), refusal=refusal, kept=kept, answered=answered, closed=ticket.state is State.CLOSED,
        mine=mine, mine_service=service_label(mine.service) if mine else "", handles=may_handle(roles),
        technician=is_technician(roles), service=service_label(ticket.service), priority=Priority(ticket.priority), terms=version,
        typed_by=db.session.get(Person, ticket.typed_by_id) if ticket.typed_by_id else None, me=me(),
        suspect=_suspect(ticket), canned=canned,
        file_url=lambda number: url_for("tickets_desk.file", reference=ticket.reference, **file_part(ticket, number)),
        formatted_url=lambda number: url_for("tickets_desk.formatted", reference=ticket.reference, number=number),
    )  # fmt: skip


def answered_meanwhile(ticket: Ticket, form: StaffMessageForm, answered: AnsweredMeanwhile) -> Any:
    """A colleague wrote first: both texts, and the reader's own ready to be sent all the same."""
    form.key.data = None
    return show_ticket(ticket, CONFLICT, form=form, answered=answered)


def _decided(ticket: Ticket, given: QualifyForm | None, staff: list[Person]) -> QualifyForm:
    form = given or QualifyForm(formdata=None)
    form.offer(
        services().library.version(ticket.terms_slug).tariff, [(each.id, each.name) for each in staff], ticket.state
    )
    if given is None:
        form.subject.data, form.service.data = ticket.subject, ticket.service or UNKNOWN
        form.priority.data, form.adviser.data = ticket.priority, str(ticket.adviser_id or "")
        form.state.data = (State.OPEN if ticket.state is State.TO_QUALIFY else ticket.state).value
    form.seen.data = str(ticket.version)
    return form


def appointment_form(
    ticket: Ticket, given: AppointmentForm | None, staff: list[Person], held: TicketAppointment | None = None
) -> AppointmentForm:
    """The form of an appointment: empty, as it was sent, or as the appointment stands."""
    from portal.clock import PARIS

    form = given or AppointmentForm(formdata=None)
    form.adviser.choices = [("", "À préciser"), *((str(each.id), each.name) for each in staff)]
    form.key.data = form.key.data or new_key()
    if given is None and held is not None:
        starts, ends = held.starts_at.astimezone(PARIS), held.ends_at.astimezone(PARIS)
        form.day.data, form.starts.data, form.ends.data = starts.date(), starts.time(), ends.time()
        form.place.data, form.place_words.data = held.place.value, held.place_words
        form.adviser.data = str(held.adviser_id or "")
    elif given is None:
        form.place.data, form.place_words.data = ticket.place.value, ticket.place_words
        form.adviser.data = str(ticket.adviser_id or me().id)
    form.seen.data = str(held.sequence if held is not None else 0)
    return form


def _split(ticket: Ticket, given: SplitForm | None) -> SplitForm:
    form = given or SplitForm(formdata=None)
    form.key.data = form.key.data or new_key()
    if given is None:
        form.subject.data = ticket.subject
    return form


def _attach(ticket: Ticket, given: AttachForm | None) -> AttachForm:
    form = given or AttachForm(formdata=None)
    form.creator.choices = [("", "Telle qu'elle s'est présentée")]
    suspect = _suspect(ticket)
    if given is None and suspect is not None and suspect.organisation is not None:
        form.organisation.data = suspect.organisation.legal_name
    if suspect is not None:
        form.creator.choices.append((str(suspect.id), f"{suspect.name}, {suspect.email}"))
    return form


def _suspect(ticket: Ticket) -> Person | None:
    """The contact whose address a quarantined ticket claims: for a person to look at, never believed by itself."""
    from portal.accounts.actions import find_person
    from portal.mail.message import BadAddress

    if ticket.organisation_id is not None or not ticket.creator_mail:
        return None
    try:
        found = find_person(db.session, ticket.creator_mail)
    except BadAddress:
        return None
    return found if found is not None and found.active and not found.staff else None
