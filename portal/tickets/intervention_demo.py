"""Invented time on the demo's tickets: one intervention charged and contested, one to end."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.clock import PARIS
from portal.terms import Library
from portal.tickets.contest_actions import contest
from portal.tickets.intervention_actions import Noted, note_time
from portal.tickets.intervention_count_actions import charge_intervention
from portal.tickets.intervention_letters import TimeLetters
from portal.tickets.models import Ticket


def load(session: Session, *, library: Library, letters: TimeLetters, by: Person, now: datetime) -> None:
    """Put the invented time into the base, in the caller's transaction; without tickets there is none."""
    asked = session.scalars(
        select(Ticket).where(Ticket.organisation_id.is_not(None)).order_by(Ticket.organisation_id, Ticket.id).limit(2)
    ).all()
    for number, ticket in enumerate(asked):
        at = now - timedelta(hours=3 - number)

        def noted(service: str, minutes: int, words: str, at: datetime = at) -> Noted:
            return Noted(service, minutes, words, at.astimezone(PARIS).date(), by)

        entry = note_time(
            session, ticket, noted("remote-desktop", 25, "Pilote réinstallé, essai d'impression"), intervention=None,
            by=by, form_key=f"demo-time-{number}", library=library, at=at,
        )  # fmt: skip
        if number:
            continue
        note_time(
            session, ticket, noted("remote-server", 5, "File d'attente vidée sur le serveur"),
            intervention=entry.intervention, by=by, form_key="demo-time-more", library=library, at=at,
        )  # fmt: skip
        charge_intervention(session, entry.intervention, by=by, library=library, at=at)
        person = session.scalars(select(Person).where(Person.organisation_id == ticket.organisation_id)).first()
        if person is not None:
            contest(
                session, entry, reason="L'essai d'impression a duré dix minutes, pas vingt-cinq.", by=person,
                form_key="demo-contest", letters=letters, at=at + timedelta(hours=1),
            )  # fmt: skip
