"""The history of a ticket: what happened in words, each written once. Pure but for the row it adds."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from portal.accounts.models import Person
from portal.tickets.models import Ticket, TicketEvent


class Kind(StrEnum):
    """What can happen to a ticket; its words are in ``WORDS``."""

    OPENED = "opened"
    ATTACHED = "attached"
    QUALIFIED = "qualified"
    PRIORITY = "priority"
    ADVISER = "adviser"
    STATE = "state"
    CLOSED = "closed"
    REOPENED = "reopened"
    CALLED_BACK = "called_back"
    CALL_MISSED = "call_missed"
    TERMS = "terms"
    MERGED = "merged"
    MERGED_FROM = "merged_from"
    SPLIT = "split"
    SPLIT_FROM = "split_from"
    LINKED = "linked"
    UNLINKED = "unlinked"
    APPOINTMENT = "appointment"
    APPOINTMENT_MOVED = "appointment_moved"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    BACKUP = "backup"
    FOLLOWER = "follower"
    EDITED = "edited"


WORDS = {
    Kind.OPENED: "Ticket ouvert ({channel})",
    Kind.ATTACHED: "Rattaché à {organisation}",
    Kind.QUALIFIED: "Qualifié\u00a0: {service}",
    Kind.PRIORITY: "Priorité {priority}",
    Kind.ADVISER: "Conseiller\u00a0: {adviser}",
    Kind.STATE: "État\u00a0: {state}",
    Kind.CLOSED: "Clos",
    Kind.REOPENED: "Rouvert{asked}",
    Kind.CALLED_BACK: "Rappel effectué",
    Kind.CALL_MISSED: "Rappel tenté, sans réponse",
    Kind.TERMS: "CGV du {day} acceptées",
    Kind.MERGED: "Réuni avec {reference}",
    Kind.MERGED_FROM: "{reference} y a été réuni",
    Kind.SPLIT: "Messages séparés vers {reference}",
    Kind.SPLIT_FROM: "Séparé de {reference}",
    Kind.LINKED: "Lié à {reference}",
    Kind.UNLINKED: "N'est plus lié à {reference}",
    Kind.APPOINTMENT: "Rendez-vous {when}",
    Kind.APPOINTMENT_MOVED: "Rendez-vous déplacé\u00a0: {when}",
    Kind.APPOINTMENT_CANCELLED: "Rendez-vous annulé ({when})",
    Kind.BACKUP: "Sauvegarde\u00a0: {answer}",
    Kind.FOLLOWER: "{name} suit le ticket",
    Kind.EDITED: "{what} modifié",
}


def words(event: TicketEvent) -> str:
    """A line of the history, as a reader sees it."""
    return WORDS[Kind(event.kind)].format(**event.detail)


def note(
    ticket: Ticket, kind: Kind, *, by: Person | None, name: str | None = None, at: datetime, internal: bool = False,
    **detail: Any,
) -> TicketEvent:  # fmt: skip
    """Add a line to a ticket's history; ``name`` is that of who has no account."""
    event = TicketEvent(
        at=at, kind=kind.value, internal=internal, by_id=by.id if by else None, by=by.name if by else (name or ""),
        detail=detail,
    )  # fmt: skip
    ticket.events.append(event)
    ticket.changed_at = at
    return event
