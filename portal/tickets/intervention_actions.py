"""The verbs of time before it is counted: note it, take it away, see what it would cost."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.contracts.actions import balances, charged_first, contracts_of
from portal.contracts.models import Contract
from portal.contracts.rules import NOTHING, Account, available
from portal.evidence.actions import take_turn
from portal.terms import Library, Version
from portal.terms.points import Intervention, check_minutes
from portal.tickets.intervention_models import TimeEntry, TimeTimer, WorkIntervention
from portal.tickets.intervention_rules import (
    InterventionOver,
    Step,
    count_points,
)
from portal.tickets.models import Ticket
from portal.tickets.rules import NotAllowed, Quarantined, may_handle

WORDS = 500


@dataclass(frozen=True, slots=True)
class Noted:
    """Time as it was typed."""

    service: str
    minutes: int
    words: str
    day: date
    technician: Person


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an intervention would cost now, before anything is charged: under a contract, what would be left."""

    points: Intervention
    version: Version
    contract: Contract | None
    left: Decimal  # of all contracts at work
    enough: bool

    @property
    def after(self) -> Decimal:
        """The balance once it is charged."""
        return self.left - self.points.points


def note_time(
    session: Session, ticket: Ticket, noted: Noted, *, intervention: WorkIntervention | None, by: Person,
    form_key: str, library: Library, at: datetime,
) -> TimeEntry:  # fmt: skip
    """Add an entry to an intervention, or begin one. The same page again is the same entry.

    Raises:
        NotAllowed: the role does not cover it.
        InterventionOver: it was counted meanwhile.
        InvalidMinutes, MixedModes: in French; remote and on site are two interventions.
    """
    check_allowed(ticket, by)
    take_turn(session)
    if held := session.scalars(select(TimeEntry).where(TimeEntry.form_key == form_key)).first():
        return held
    check_minutes(noted.minutes)
    if intervention is None:
        intervention = WorkIntervention(ticket_id=ticket.id, step=Step.OPEN, day=noted.day, began_at=at)
        session.add(intervention)
    else:
        hold_intervention(session, intervention)
        check_open(intervention)
    version = governing(session, ticket, library, noted.day)
    count_points(version, [*intervention.worked, (noted.service, noted.minutes)])
    entry = TimeEntry(
        form_key=form_key, service=noted.service, minutes=noted.minutes, words=noted.words[:WORDS],
        technician_id=noted.technician.id, technician=noted.technician.name, typed_at=at, typed_by=by.name,
    )  # fmt: skip
    intervention.entries.append(entry)
    session.execute(delete(TimeTimer).where(TimeTimer.person_id == by.id, TimeTimer.ticket_id == ticket.id))
    session.flush()
    return entry


def take_away(session: Session, entry: TimeEntry, *, by: Person) -> None:
    """Remove an entry that is not counted yet; an intervention without entries is dropped.

    Raises:
        NotAllowed, InterventionOver.
    """
    intervention = entry.intervention
    check_allowed(intervention.ticket, by)
    take_turn(session)
    hold_intervention(session, intervention)
    check_open(intervention)
    intervention.entries.remove(entry)
    if not intervention.entries:
        intervention.step = Step.DROPPED
    session.flush()


def governing(session: Session, ticket: Ticket, library: Library, day: date) -> Version:
    """The version whose tariff counts: that of the contract charged first, else the one that the ticket is under."""
    contract = charged_first(session, ticket.organisation_id) if ticket.organisation_id else None
    if contract is not None:
        return library.version(contract.terms_slug)
    return library.version(ticket.terms_slug) if ticket.terms_slug else library.in_force(day)


def foresee(session: Session, ticket: Ticket, worked: list[tuple[str, int]], library: Library, day: date) -> Foreseen:
    """What entries would cost, and what would be left; nothing is changed.

    Raises:
        NothingWorked, InvalidMinutes, MixedModes, UnknownService.
    """
    version = governing(session, ticket, library, day)
    points = count_points(version, worked)
    held = contracts_of(session, ticket.organisation_id, ended=False) if ticket.organisation_id else []
    left = balances(session, held)
    room = available([Account(contract.id, left[contract.id], contract.overdraft) for contract in held])
    contract = charged_first(session, ticket.organisation_id) if ticket.organisation_id else None
    enough = bool(held) and (room is None or room >= points.points)
    return Foreseen(points, version, contract, sum(left.values(), NOTHING), enough)


def interventions_of(session: Session, ticket: Ticket) -> list[WorkIntervention]:
    """The interventions of a ticket, the latest first; those without any entry left out."""
    query = select(WorkIntervention).where(
        WorkIntervention.ticket_id == ticket.id, WorkIntervention.step != Step.DROPPED
    )
    return list(session.scalars(query.order_by(WorkIntervention.id.desc())))


def check_allowed(ticket: Ticket, by: Person) -> None:
    """Let somebody of the staff pass who works on tickets.

    Raises:
        NotAllowed, Quarantined.
    """
    if not (by.staff and may_handle(by.role_names)):
        raise NotAllowed
    if ticket.quarantined:
        raise Quarantined


def hold_intervention(session: Session, intervention: WorkIntervention) -> None:
    """Take one's turn with an intervention, and see what who came before left."""
    session.refresh(intervention, with_for_update=True)
    session.expire(intervention, ["entries"])


def check_open(intervention: WorkIntervention) -> None:
    """Let one pass that is not over.

    Raises:
        InterventionOver.
    """
    if intervention.step is not Step.OPEN:
        raise InterventionOver
