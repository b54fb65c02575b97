"""The mails of this room: who is told what, in which thread, written into the outbox with the act."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.mail.actions import post
from portal.mail.incoming.folding import MARKER
from portal.mail.letters import Letters as Templates
from portal.mail.letters import quoted
from portal.terms import Library
from portal.tickets.appointment_models import TicketAppointment
from portal.tickets.appointments import calendar_of, when_words
from portal.tickets.links import Links
from portal.tickets.models import Ticket, TicketMessage, TicketParticipant
from portal.tickets.rules import Channel, Side, State

TEMPLATES = Templates(Path(__file__).resolve().parent / "templates" / "tickets" / "mail")
#: How many earlier mails a header names: servers refuse lines that never end.
REFERENCES = 10
#: What happens next, in the words of the first line of a ticket and of its mails.
NEXT: Mapping[State, str] = {
    State.TO_QUALIFY: "Nous lisons votre demande et vous répondons.",
    State.OPEN: "Nous y travaillons et vous tenons au courant.",
    State.PLANNED: "Un rendez-vous est pris.",
    State.WAITING: "Nous attendons votre réponse.",
    State.RESOLVED: "Dites-nous si tout fonctionne : répondre rouvre le ticket, et son créateur peut le clore.",
    State.CLOSED: "Rien n'est plus à faire. Son créateur peut le rouvrir si le problème revient.",
}


def thread_id(ticket: Ticket, domain: str) -> str:
    """The Message-ID that every mail of a ticket refers to, whoever receives it."""
    return f"<ticket.{ticket.reference}@{domain}>"


def reference_of(mail_id: str, domain: str) -> str | None:
    """The reference in a Message-ID of ours, for the threading of answers; anybody may write one: it proves nothing."""
    inside = mail_id.strip().strip("<>")
    name, _, host = inside.rpartition("@")
    parts = name.split(".")
    return parts[1] if host == domain and parts[0] == "ticket" and len(parts) > 1 else None


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes the mails of this room into the outbox. ``reply_to`` signs the address that answers come back by, ``mark``
    the reference in the subject, for who answers to another address."""

    library: Library
    links: Links
    domain: str
    reply_to: Callable[[str], str | None] = lambda _: None
    mark: Callable[[str], str] = lambda _: ""

    def received(self, session: Session, ticket: Ticket, at: datetime) -> None:
        """Acknowledge to who asked; without a contract and an acceptance, with the page that asks for it (article 9)."""
        values = {
            "wish": quoted(ticket.messages[0].text),
            "to_accept": not ticket.under_contract and ticket.terms_accepted_at is None,
            "terms_from": self._terms_from(ticket),
            "terms_link": self.links.terms(ticket.terms_slug),
            "by_phone": ticket.channel in {Channel.PHONE, Channel.VOICEMAIL},
        }
        for participant in ticket.participants:
            if ticket.creator_mail and participant.mail == ticket.creator_mail.strip().lower():
                self._to_client(session, ticket, participant, "received", values, at, key="received")

    def to_handle(self, session: Session, ticket: Ticket, at: datetime) -> None:
        """Tell the company of a new ticket."""
        values = {"wish": quoted(ticket.messages[0].text), "organisation": _organisation(ticket)}
        self._to_company(session, ticket, "to_handle", values, at, key="to-handle")

    def wrote(self, session: Session, ticket: Ticket, message: TicketMessage, at: datetime) -> None:
        """Tell the others what one wrote; what only staff read never leaves the house, and no mail tells of it to a client."""
        if message.internal:
            return
        values = {"message": message, "written": quoted(message.text), "organisation": _organisation(ticket)}
        key = f"message-{message.id}"
        if message.quarantined:
            self._to_company(session, ticket, "unknown_wrote", values, at, key=key)
            return
        event = "answer" if message.side is Side.STAFF else "colleague_wrote"
        for participant in ticket.participants:
            if participant.mail != (message.author_mail or "").strip().lower():
                self._to_client(session, ticket, participant, event, values, at, key=key)
        if message.side is Side.REQUESTER:
            self._to_company(session, ticket, "client_wrote", values, at, key=key)

    def changed(
        self, session: Session, ticket: Ticket, at: datetime, *, by: Person | None, changes: Sequence[str] = ()
    ) -> None:
        """Tell who follows where the ticket stands now, what changed and what happens next; not who did it."""
        values = {
            "by": by.name if by else ticket.creator_name,
            "adviser": ticket.adviser.name if ticket.adviser else "",
            "changes": [" ".join(each.split()) for each in changes],
        }
        key = f"change-{len(ticket.events)}"
        for participant in ticket.participants:
            if by is None or participant.mail != by.email:
                self._to_client(session, ticket, participant, "changed", values, at, key=key)
        if by is None or not by.staff:
            self._to_company(session, ticket, "client_changed", values, at, key=key)

    def merged(self, session: Session, ticket: Ticket, into: Ticket, at: datetime) -> None:
        """Tell who followed a ticket that it goes on in another one."""
        values = {"into": into.reference, "into_subject": into.subject}
        self._all(session, ticket, "merged", values, at, f"change-{len(ticket.events)}", link=into)

    def split(self, session: Session, new: Ticket, ticket: Ticket, at: datetime) -> None:
        """Tell who follows that part of a ticket goes on in one of its own."""
        self._all(session, new, "split", {"origin": ticket.reference}, at, "split")

    def appointment(
        self, session: Session, ticket: Ticket, appointment: TicketAppointment, what: str, at: datetime
    ) -> None:
        """Send the calendar entry to who follows, and to the adviser: planned, moved or cancelled."""
        values = {
            "what": what,
            "when": when_words(appointment),
            "where": appointment.place_words or "",
            "adviser": appointment.adviser.name if appointment.adviser else "",
            "reason": quoted(appointment.cancelled_because or ""),
            "reminder": self.reminder(ticket),
        }
        key = f"appointment-{appointment.id}-{appointment.sequence}"
        for each in ticket.participants:
            calendar = self.calendar(appointment, self.link_for(ticket, each), invited=(each.name, each.mail))
            self._to_client(session, ticket, each, "appointment", values, at, key=key, calendar=calendar)
        if appointment.adviser is not None:
            desk = {"link": self.links.desk(ticket.reference), "name": appointment.adviser.name}
            self._post(
                session, ticket, "appointment", desk | values, at, f"{key}.staff", appointment.adviser.email,
                self._thread(ticket, staff=True),
                calendar=self.calendar(
                    appointment, desk["link"], invited=(appointment.adviser.name, appointment.adviser.email)
                ),
            )  # fmt: skip

    def reminder(self, ticket: Ticket) -> str:
        """The reminder of the backup, with the article that the governing version gives it."""
        figure = self.library.version(ticket.terms_slug).figures.get("backup")
        said = f" (CGV, article {figure.article})" if figure else ""
        return f"Avant l'intervention, sauvegardez vos données : cela vous appartient{said}."

    def calendar(self, appointment: TicketAppointment, link: str, *, invited: tuple[str, str] | None = None) -> str:
        """The calendar entry of an appointment; ``invited``: (name, address) of who gets it by mail."""
        reminder, company = self.reminder(appointment.ticket), self.library.company
        return calendar_of(appointment, company=company, reminder=reminder, link=link, invited=invited)

    # --- How -------------------------------------------------------------------------------------

    def _terms_from(self, ticket: Ticket) -> date:
        return self.library.version(ticket.terms_slug).in_force_from

    def link_for(self, ticket: Ticket, participant: TicketParticipant) -> str:
        """The page of a ticket for somebody: their organisation's, or the one that needs no account, for its creator."""
        if participant.person_id is None and participant.mail == (ticket.creator_mail or "").strip().lower():
            return self.links.follow(ticket.reference, ticket.link_key)
        return self.links.client(ticket.reference)

    def _all(
        self, session: Session, ticket: Ticket, event: str, values: Mapping[str, Any], at: datetime, key: str,
        *, link: Ticket | None = None,
    ) -> None:  # fmt: skip
        for participant in ticket.participants:
            self._to_client(session, ticket, participant, event, values, at, key=key, link=link)

    def _to_client(
        self, session: Session, ticket: Ticket, participant: TicketParticipant, event: str, values: Mapping[str, Any],
        at: datetime, *, key: str, link: Ticket | None = None, calendar: str | None = None,
    ) -> None:  # fmt: skip
        given = {"link": self.link_for(link or ticket, participant), "name": participant.name}
        self._post(
            session, ticket, event, given | dict(values), at, f"{key}.{participant.id}", participant.mail,
            self._thread(ticket, staff=False), calendar=calendar,
        )  # fmt: skip

    def _to_company(
        self, session: Session, ticket: Ticket, event: str, values: Mapping[str, Any], at: datetime, *, key: str
    ) -> None:
        adviser = ticket.adviser
        recipient = adviser.email if adviser is not None and adviser.active else self.library.company.mail
        link = {"link": self.links.desk(ticket.reference)}
        self._post(
            session, ticket, event, link | dict(values), at, f"{key}.staff", recipient, self._thread(ticket, staff=True)
        )

    def _thread(self, ticket: Ticket, *, staff: bool) -> list[str]:
        """Message-IDs that place a mail: the ticket's own, then the mails that came in which this reader may know of."""
        known = [
            message.mail_id for message in ticket.messages if message.mail_id and (staff or not message.quarantined)
        ]
        return [thread_id(ticket, self.domain), *known[-(REFERENCES - 1) :]]

    def _post(
        self, session: Session, ticket: Ticket, event: str, values: Mapping[str, Any], at: datetime, key: str,
        recipient: str, thread: list[str], *, calendar: str | None = None,
    ) -> None:  # fmt: skip
        address = self.reply_to(ticket.reference)
        letter = TEMPLATES.write(
            event,
            above=f"— {MARKER} —" if address else "",
            ticket=ticket,
            subject=ticket.subject,
            next=NEXT[ticket.state],
            company=self.library.company,
            **values,
        )
        headers = {"In-Reply-To": thread[-1], "References": " ".join(thread)}
        if address is not None:
            headers["Reply-To"] = address
        post(
            session,
            event=f"tickets/{event}",
            recipient=recipient,
            subject=f"{letter.subject} {self.mark(ticket.reference)}".rstrip(),
            text=letter.text,
            html=letter.html,
            domain=self.domain,
            now=at,
            key=f"ticket.{ticket.reference}.{key}",
            headers=headers,
            calendar=calendar,
        )


def _organisation(ticket: Ticket) -> str:
    return ticket.organisation.legal_name if ticket.organisation else "expéditeur inconnu"
