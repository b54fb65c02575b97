"""The verbs of time: note it, take it away, run a timer, count an intervention, correct it.

An intervention is counted once: its charge is named after it, so that two clicks are one charge.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.contracts.actions import balances, charge, charged_first, contracts_of, give_back
from portal.contracts.models import Contract
from portal.contracts.rules import NOTHING, Account, CannotCorrect, available, check_reason
from portal.contracts.working import working_of
from portal.evidence.actions import record, take_turn
from portal.terms import Library, Version
from portal.terms.points import Intervention, check_minutes
from portal.tickets.intervention_models import TimeCorrection, TimeEntry, TimeTimer, WorkIntervention
from portal.tickets.intervention_rules import (
    CostsMore,
    InterventionOver,
    NotCounted,
    Step,
    count_hours,
    count_points,
    elapsed,
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
    _allowed(ticket, by)
    take_turn(session)
    if held := session.scalars(select(TimeEntry).where(TimeEntry.form_key == form_key)).first():
        return held
    check_minutes(noted.minutes)
    if intervention is None:
        intervention = WorkIntervention(ticket_id=ticket.id, step=Step.OPEN, day=noted.day, began_at=at)
        session.add(intervention)
    else:
        _hold(session, intervention)
        _check_open(intervention)
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
    _allowed(intervention.ticket, by)
    take_turn(session)
    _hold(session, intervention)
    _check_open(intervention)
    intervention.entries.remove(entry)
    if not intervention.entries:
        intervention.step = Step.DROPPED
    session.flush()


def start_timer(session: Session, ticket: Ticket, *, by: Person, at: datetime) -> TimeTimer:
    """Start one's timer on a ticket; one that runs here goes on, one that runs elsewhere is given up."""
    _allowed(ticket, by)
    held = session.get(TimeTimer, by.id)
    if held is not None and held.ticket_id == ticket.id:
        return held
    if held is not None:
        session.delete(held)
        session.flush()
    timer = TimeTimer(person_id=by.id, ticket_id=ticket.id, started_at=at)
    session.add(timer)
    session.flush()
    return timer


def drop_timer(session: Session, *, by: Person) -> None:
    """Give one's timer up."""
    session.execute(delete(TimeTimer).where(TimeTimer.person_id == by.id))


def timer_minutes(session: Session, ticket: Ticket, person: Person, now: datetime) -> int | None:
    """What one's timer on a ticket shows; None: it does not run."""
    held = session.get(TimeTimer, person.id)
    return elapsed(held.started_at, now) if held is not None and held.ticket_id == ticket.id else None


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


def charge_intervention(
    session: Session, intervention: WorkIntervention, *, by: Person, library: Library, at: datetime
) -> WorkIntervention:
    """End an intervention under a contract: its points are charged, the oldest contract first. Twice is once.

    Raises:
        NotAllowed, NothingWorked, InterventionOver.
        NoContract: there is none; it is counted in hours instead.
        PointsExhausted: the points do not suffice; nothing is charged, every entry stays.
    """
    ticket = intervention.ticket
    _allowed(ticket, by)
    take_turn(session)
    _hold(session, intervention)
    if intervention.step is Step.CHARGED:
        return intervention
    _check_open(intervention)
    if ticket.organisation is None:
        raise Quarantined
    version = governing(session, ticket, library, intervention.day)
    counted = count_points(version, intervention.worked)
    technicians = ", ".join(dict.fromkeys(entry.technician for entry in intervention.entries))
    working = working_of(
        counted, version, day=intervention.day, ticket=ticket.reference, subject=ticket.subject, technician=technicians
    )
    charge(
        session, ticket.organisation, points=counted.points, source=source_of(intervention), by=by, at=at,
        words=f"{ticket.reference}, {ticket.subject}", working=working,
    )  # fmt: skip
    intervention.step, intervention.points, intervention.working = Step.CHARGED, counted.points, working
    _count(session, intervention, version, by, at)
    record(session, "tickets.intervention_charged", _content(intervention, by), at=at)
    return intervention


def bill_intervention(
    session: Session, intervention: WorkIntervention, *, hour: str, km: Decimal, by: Person, library: Library,
    at: datetime,
) -> WorkIntervention:  # fmt: skip
    """End an intervention without a contract: its hours are ready to be invoiced (7.1.1). Twice is once.

    Raises:
        NotAllowed, NothingWorked, InterventionOver.
        UnknownHour, InvalidAmount: in French.
    """
    _allowed(intervention.ticket, by)
    take_turn(session)
    _hold(session, intervention)
    if intervention.step is Step.BILLED:
        return intervention
    _check_open(intervention)
    version = governing(session, intervention.ticket, library, intervention.day)
    price = count_hours(version, intervention.worked, hour, km)
    intervention.step, intervention.hour, intervention.km, intervention.net = Step.BILLED, hour, km, price.net
    _count(session, intervention, version, by, at)
    record(session, "tickets.intervention_billed", _content(intervention, by), at=at)
    return intervention


def correct_intervention(
    session: Session, intervention: WorkIntervention, minutes: Mapping[int, int], *, reason: str, by: Person,
    form_key: str, library: Library, at: datetime,
) -> TimeCorrection:  # fmt: skip
    """Count an intervention anew with fewer minutes: the difference is given back by a counter-entry.

    ``minutes``: what each entry counts for from now on; 0 takes it out. The same page again is the same correction.

    Raises:
        NotAllowed, ReasonMissing.
        NotCounted: it can still be changed.
        CostsMore: it would cost more than before, or nothing would change.
    """
    _allowed(intervention.ticket, by)
    given = check_reason(reason)
    take_turn(session)
    if held := session.scalars(select(TimeCorrection).where(TimeCorrection.form_key == form_key)).first():
        return held
    _hold(session, intervention)
    if intervention.step not in {Step.CHARGED, Step.BILLED}:
        raise NotCounted
    before = {entry.id: entry.counts for entry in intervention.entries}
    after = {number: minutes.get(number, held) for number, held in before.items()}
    if before == after or any(after[number] > before[number] or after[number] < 0 for number in before):
        raise CostsMore
    version = library.version(intervention.terms_slug or intervention.ticket.terms_slug)
    worked = [(entry.service, after[entry.id]) for entry in intervention.entries if after[entry.id]]
    correction = TimeCorrection(
        intervention_id=intervention.id, form_key=form_key, reason=given, by=by.name, at=at,
        minutes={str(number): [before[number], after[number]] for number in before},
    )  # fmt: skip
    if intervention.step is Step.CHARGED:
        correction.points_before = intervention.points_now or NOTHING
        correction.points = count_points(version, worked).points if worked else NOTHING
        if correction.points > correction.points_before:
            raise CostsMore
        _give_back(session, intervention, correction.points_before - correction.points, given, by, form_key, at)
    else:
        correction.net_before = intervention.net
        correction.net = (
            count_hours(version, worked, intervention.hour or "", intervention.km or NOTHING).net if worked else NOTHING
        )
        intervention.net = correction.net
    for entry in intervention.entries:
        entry.corrected = after[entry.id] if after[entry.id] != entry.minutes else None
    session.add(correction)
    session.flush()
    session.expire(intervention, ["corrections"])
    content = {"minutes": correction.minutes, "reason": given, **_content(intervention, by)}
    record(session, "tickets.intervention_corrected", content, at=at)
    return correction


def source_of(intervention: WorkIntervention) -> str:
    """The name of its charge in the ledger."""
    return f"intervention:{intervention.id}"


def interventions_of(session: Session, ticket: Ticket) -> list[WorkIntervention]:
    """The interventions of a ticket, the latest first; those without any entry left out."""
    query = select(WorkIntervention).where(
        WorkIntervention.ticket_id == ticket.id, WorkIntervention.step != Step.DROPPED
    )
    return list(session.scalars(query.order_by(WorkIntervention.id.desc())))


def _give_back(
    session: Session, intervention: WorkIntervention, points: Decimal, reason: str, by: Person, form_key: str,
    at: datetime,
) -> None:  # fmt: skip
    organisation = intervention.ticket.organisation
    if not points or organisation is None:
        return
    try:
        give_back(
            session, organisation, source=source_of(intervention), points=points, key=f"correction:{form_key}",
            reason=reason, by=by, at=at,
        )  # fmt: skip
    except CannotCorrect as error:
        # Some of it was given back on the contract's own page before.
        raise CostsMore from error


def _allowed(ticket: Ticket, by: Person) -> None:
    if not (by.staff and may_handle(by.role_names)):
        raise NotAllowed
    if ticket.quarantined:
        raise Quarantined


def _hold(session: Session, intervention: WorkIntervention) -> None:
    session.refresh(intervention, with_for_update=True)
    session.expire(intervention, ["entries"])


def _check_open(intervention: WorkIntervention) -> None:
    if intervention.step is not Step.OPEN:
        raise InterventionOver


def _count(session: Session, intervention: WorkIntervention, version: Version, by: Person, at: datetime) -> None:
    intervention.counted_at, intervention.counted_by = at, by.name
    intervention.organisation_id = intervention.ticket.organisation_id
    intervention.terms_slug, intervention.terms_sha256 = version.slug, version.sha256
    session.flush()


def _content(intervention: WorkIntervention, by: Person) -> dict[str, object]:
    return {
        "intervention": intervention.id,
        "ticket": intervention.ticket.reference,
        "organisation": intervention.organisation_id,
        "terms": [intervention.terms_slug, intervention.terms_sha256],
        "entries": [[entry.service, entry.minutes, entry.counts, entry.words] for entry in intervention.entries],
        "points": None if intervention.points is None else str(intervention.points_now),
        "hours": [intervention.hour, str(intervention.km), str(intervention.net)] if intervention.hour else None,
        "by": by.email,
    }
