"""What the views of this room share: its letters, the files that came with a form, answers that keep what was typed."""

import secrets
from datetime import datetime
from hashlib import sha256
from typing import Any

from flask import current_app, flash, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from portal.accounts.guard import current_person, may
from portal.errors import EXPIRED as PAGE_EXPIRED
from portal.errors import show as refuse
from portal.files.models import StoredFile
from portal.files.rules import FileRefused
from portal.files.views import download, send
from portal.mail.replies import replies_of
from portal.tickets.appointment_models import TicketAppointment
from portal.tickets.attached import FileToAttach
from portal.tickets.letters import Letters
from portal.tickets.links import Links
from portal.tickets.models import Ticket, TicketFile
from portal.web import db, mail_domain, now, services, settings, today

KEY_BYTES = 16
KEY_LETTERS = 32
REFUSED, EXPIRED, CONFLICT = 422, 400, 409
CLOSED_NOW = "Le ticket est clos. Son créateur peut le rouvrir si le problème revient."
CLOSED_BEFORE, OPEN_BEFORE = "Le ticket était déjà clos.", "Le ticket était déjà ouvert."
OPEN_NOW = "Le ticket est rouvert\u00a0: dites-nous ce qui ne va pas."
PAGE_WAS_OLD = (
    "Cette page était ouverte depuis trop longtemps. Ce que vous avez écrit est gardé\u00a0: envoyez-le de nouveau."
)


def links() -> Links:
    """The addresses of this installation."""
    return Links(settings().base_url, settings().secret_key)


def letters() -> Letters:
    """The mails of this installation."""
    replies = replies_of(settings(), services().library, today())
    return Letters(services().library, links(), mail_domain(), replies.address_for, replies.mark_for)


def new_key() -> str:
    """The key of a page: sent twice, it is one act."""
    return secrets.token_urlsafe(KEY_BYTES)


def expired(form: Any) -> bool:
    """Whether a form came with a token that is none of this session's; says so on the form."""
    if form.csrf_token.errors:
        form.form_errors.append(PAGE_WAS_OLD)
        return True
    return False


#: Pages that hold much: what was typed into them is given back whatever became of the session.
HOLDING = frozenset({"tickets.new", "tickets.reply", "tickets_desk.call", "tickets_desk.write"})


def token_refused(error: CSRFError) -> Any:
    """A page whose token is not this session's: shown again with what was typed, or, signed out, with a copy of it."""
    endpoint, arguments = request.endpoint or "", request.view_args or {}
    if endpoint not in HOLDING:
        return refuse(EXPIRED, PAGE_EXPIRED)
    if may(endpoint, current_person()):
        try:
            return current_app.view_functions[endpoint](**arguments)
        except HTTPException as refusal:  # raised in a handler, no other one would see it
            return refuse(refusal.code or EXPIRED)
    texts = [value for name in ("subject", "description", "words") if (value := request.form.get(name, "").strip())]
    page_of = endpoint.replace("reply", "show").replace("write", "show")
    back = url_for("security.us_signin", next=url_for(page_of, **arguments))
    return page("session_over", EXPIRED, texts=texts, back=back, error=error)


def kept_files(form: Any, at: datetime) -> list[FileToAttach] | None:
    """Keep what was attached; None when something is refused: nothing is kept then, and the field says why."""
    try:
        stored = form.files.keep(db.session, services().store, kept_for="tickets", now=at)
    except FileRefused:
        db.session.rollback()
        return None
    return [FileToAttach(file.id, file.name) for file in stored]


def file_part(ticket: Ticket, number: int) -> dict[str, Any]:
    """What the address of an attached file holds: its number, and a key that nobody guesses."""
    file = next(each for each in ticket.files if each.id == number)
    return {"number": number, "key": _file_key(file)}


def _file_key(file: TicketFile) -> str:
    return sha256(f"tickets/{file.id}/{file.stored.key}".encode()).hexdigest()[:KEY_LETTERS]


def send_attached(file: TicketFile | None, key: str) -> Any:
    """A file of a ticket as a download, or 404 when there is none for this reader, or the key is not its own."""
    from flask import abort

    stored = db.session.get(StoredFile, file.file_id) if file is not None else None
    if file is None or stored is None or not secrets.compare_digest(_file_key(file).encode(), key.encode()):
        abort(404)
    return send(stored)


def send_calendar(appointment: TicketAppointment, link: str) -> Any:
    """An appointment as a file that a calendar reads."""
    content, name = letters().calendar(appointment, link).encode(), f"{appointment.ticket.reference}.ics"
    return download(content, name=name, media_type="text/calendar; charset=utf-8", size=len(content))


def next_words(ticket: Ticket) -> str:
    """What happens next, for the first line of a page."""
    from portal.french import fix_spaces
    from portal.tickets.appointments import to_come, when_words
    from portal.tickets.letters import NEXT
    from portal.tickets.rules import State

    if ticket.merged_into is not None:
        return f"La suite se passe dans le ticket {ticket.merged_into.reference}."
    if ticket.state is State.PLANNED and (coming := to_come(db.session, ticket, now())):
        return f"Rendez-vous {when_words(coming[0])}."
    if ticket.state is State.WAITING:
        return "Nous attendons votre réponse pour continuer."
    return fix_spaces(NEXT[ticket.state])


def staff_words(ticket: Ticket) -> str:
    """Where a ticket stands, for the first line of a page of the desk."""
    from portal.tickets.appointments import to_come, when_words
    from portal.tickets.rules import State

    if ticket.state is State.PLANNED and (coming := to_come(db.session, ticket, now())):
        return f"Rendez-vous {when_words(coming[0])}."
    return {
        State.TO_QUALIFY: "À lire, qualifier et confier.",
        State.OPEN: "Le client a eu une réponse\u00a0: la suite est à nous.",
        State.PLANNED: "Le rendez-vous est passé\u00a0: dites où en est le ticket.",
        State.WAITING: "La suite est au client.",
        State.RESOLVED: "Résolu\u00a0: le client confirme, ou un technicien clôt. Rien ne se clôt seul.",
        State.CLOSED: f"Clos par {ticket.closed_by}.",
    }[ticket.state]


def told(words: str) -> None:
    """Say on the next page that it is done."""
    flash(words, "success")


def page(template: str, status: int = 200, **values: Any) -> tuple[str, int]:
    """A page of this room."""
    return render_template(f"tickets/{template}.html", **values), status
