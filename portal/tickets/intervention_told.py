"""Who is told what an intervention cost: those who follow its ticket, one mail each, unless they stopped them.

A cost is between the two companies: only people of the client's own organisation read it (article 12).
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.contracts.mail_choices import administrators, points_left, who_wants
from portal.contracts.rules import NOTHING
from portal.tickets.intervention_letters import Balance, TimeLetters
from portal.tickets.intervention_models import TimeCorrection, WorkIntervention
from portal.tickets.intervention_rules import Step
from portal.tickets.models import Ticket


def followers(session: Session, ticket: Ticket) -> list[Person]:
    """People of the client who follow a ticket; its administrators where nobody of them does."""
    if ticket.organisation_id is None:
        return []
    numbers = [each.person_id for each in ticket.participants if each.person_id is not None]
    query = select(Person).where(
        Person.id.in_(numbers), Person.organisation_id == ticket.organisation_id, Person.active
    )
    return list(session.scalars(query.order_by(Person.id))) or administrators(session, ticket.organisation_id)


def tell_counted(session: Session, intervention: WorkIntervention, *, letters: TimeLetters, at: datetime) -> int:
    """An intervention is over: what it cost and why, what is left, how to contest it. Twice is once; how many mails."""
    people = who_wants(session, followers(session, intervention.ticket))
    balance = _balance(session, intervention)
    for person in people:
        letters.counted(session, intervention, person, balance, at)
    return len(people)


def tell_corrected(
    session: Session, intervention: WorkIntervention, correction: TimeCorrection, *, letters: TimeLetters, at: datetime,
    but: str = "",
) -> int:  # fmt: skip
    """An intervention was counted anew: what it costs now, and what is left. ``but``: who hears of it by another mail."""
    people = [each for each in who_wants(session, followers(session, intervention.ticket)) if each.email != but]
    for person in people:
        letters.corrected(session, intervention, correction, person, _balance(session, intervention), at)
    return len(people)


def _balance(session: Session, intervention: WorkIntervention) -> Balance | None:
    organisation = intervention.ticket.organisation_id
    if intervention.step is not Step.CHARGED or organisation is None:
        return None
    left = points_left(session, organisation)
    moved = intervention.points or NOTHING
    if intervention.corrections:
        last = intervention.corrections[-1]
        moved = (last.points or NOTHING) - (last.points_before or NOTHING)
    return Balance(left + moved, left)
