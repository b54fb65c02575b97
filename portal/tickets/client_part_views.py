"""What hangs on a client's ticket: an appointment's backup and calendar entry, files, a mail's own layout."""

from typing import Any

from flask import abort

from portal.accounts.guard import me
from portal.tickets.appointment_actions import answer_backup, find_appointment
from portal.tickets.client_views import done, mine, show_ticket, tickets
from portal.tickets.formatted import formatted as formatted_mail
from portal.tickets.forms import BackupForm
from portal.tickets.rules import Backup
from portal.tickets.serving import REFUSED, letters, send_attached, send_calendar
from portal.tickets.thread import shown_file
from portal.web import db, now


@tickets.post("/<reference>/rendez-vous/<int:number>/sauvegarde")
def backup(reference: str, number: int) -> Any:
    """Answer whether the data are backed up before the visit (6.5)."""
    ticket, form = mine(reference), BackupForm()
    appointment = find_appointment(db.session, ticket, number)
    if appointment is None:
        abort(404)
    if not form.validate():
        return show_ticket(ticket, REFUSED)
    answer_backup(db.session, appointment, answer=Backup(form.backup.data), by=me(), name=me().name, at=now())
    return done(ticket, "Votre réponse est notée.")


@tickets.get("/<reference>/rendez-vous/<int:number>.ics")
def calendar(reference: str, number: int) -> Any:
    """The appointment for a calendar."""
    appointment = find_appointment(db.session, mine(reference), number)
    if appointment is None:
        abort(404)
    return send_calendar(appointment, letters().links.client(reference))


@tickets.get("/<reference>/fichiers/<int:number>-<key>")
def file(reference: str, number: int, key: str) -> Any:
    """An attached file."""
    return send_attached(shown_file(mine(reference), number, staff=False), key)


@tickets.get("/<reference>/messages/<int:number>/mise-en-forme")
def formatted(reference: str, number: int) -> Any:
    """A mail as its sender laid it out."""
    return formatted_mail(mine(reference), number, staff=False)
