"""Appointments as people and calendars read them: which are to come, in words, and as iCalendar (RFC 5545)."""

from datetime import datetime, timedelta

from icalendar import Alarm, Calendar, Event, vCalAddress, vText
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import PARIS
from portal.french import clock_time, weekday_date
from portal.terms.company import Company
from portal.tickets.appointment_models import TicketAppointment
from portal.tickets.models import Ticket
from portal.tickets.rules import Place

#: When a calendar reminds of the backup: a day before.
BACKUP_ALARM = timedelta(days=-1)
PLACES = {Place.REMOTE: "à distance", Place.OWN: "sur site", Place.THIRD: "chez un tiers"}


def to_come(session: Session, ticket: Ticket, at: datetime) -> list[TicketAppointment]:
    """Appointments that were not cancelled and are not over, the next one first."""
    query = (
        select(TicketAppointment)
        .where(
            TicketAppointment.ticket_id == ticket.id,
            TicketAppointment.cancelled_at.is_(None),
            TicketAppointment.ends_at > at,
        )
        .order_by(TicketAppointment.starts_at, TicketAppointment.id)
    )
    return list(session.scalars(query))


def is_planned(session: Session, ticket: Ticket, at: datetime) -> bool:
    """Whether an appointment is to come."""
    return bool(to_come(session, ticket, at))


def when_words(appointment: TicketAppointment) -> str:
    """``jeudi 3 décembre 2026, de 9 h 00 à 10 h 30, à distance``: the hours of Paris."""
    starts, ends = appointment.starts_at.astimezone(PARIS), appointment.ends_at.astimezone(PARIS)
    until = clock_time(ends.time())
    if ends.date() != starts.date():
        until = f"{until} le {weekday_date(ends.date())}"
    return f"{weekday_date(starts.date())}, de {clock_time(starts.time())} à {until}, {PLACES[appointment.place]}"


def calendar_of(
    appointment: TicketAppointment, *, company: Company, reminder: str, link: str, invited: tuple[str, str] | None
) -> str:
    """The entry for a calendar: the same UID for the appointment's whole life (RFC 5546).

    To who is ``invited`` (name, address): REQUEST, or CANCEL once it was called off. A file that somebody takes for
    themselves invites nobody: PUBLISH. It stands in UTC, so that every calendar shows its own hour. ``reminder``: the sentence on backups (6.5).
    """
    cancelled = appointment.cancelled_at is not None
    calendar = Calendar()
    calendar.add("prodid", f"-//{company.name}//Portail//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "REQUEST" if invited else "PUBLISH")
    event = Event()
    event.add("uid", appointment.uid)
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", appointment.changed_at)
    event.add("dtstart", appointment.starts_at)
    event.add("dtend", appointment.ends_at)
    ticket = appointment.ticket
    event.add("summary", f"{company.name}\u00a0: {ticket.subject} ({ticket.reference})")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    where = appointment.place_words or PLACES[appointment.place]
    event.add("location", where)
    adviser = f"Conseiller technique\u00a0: {appointment.adviser.name}.\n" if appointment.adviser else ""
    event.add("description", f"{adviser}{reminder}\n{link}")
    event.add("url", link)
    organiser = vCalAddress(f"mailto:{company.mail}")
    organiser.params["CN"] = vText(company.name)
    event["organizer"] = organiser
    if invited:
        name, address = invited
        guest = vCalAddress(f"mailto:{address}")
        guest.params["CN"], guest.params["RSVP"] = vText(name), vText("FALSE")
        guest.params["PARTSTAT"] = vText("NEEDS-ACTION")
        event.add("attendee", guest, encode=False)
    if not cancelled:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("trigger", BACKUP_ALARM)
        alarm.add("description", reminder)
        event.add_component(alarm)
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written.decode()
