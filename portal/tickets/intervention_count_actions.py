"""The verbs of an intervention that is over: count it in points or in hours, correct it.

It is counted once: its charge is named after it, so that two clicks are one charge.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.contracts.actions import charge, give_back
from portal.contracts.rules import NOTHING, CannotCorrect, check_reason
from portal.contracts.working import working_of
from portal.evidence.actions import record, take_turn
from portal.terms import Library, Version
from portal.tickets.intervention_actions import check_allowed, check_open, governing, hold_intervention
from portal.tickets.intervention_models import TimeCorrection, WorkIntervention
from portal.tickets.intervention_rules import (
    CostsMore,
    NotCounted,
    Step,
    count_hours,
    count_points,
)
from portal.tickets.rules import Quarantined


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
    check_allowed(ticket, by)
    take_turn(session)
    hold_intervention(session, intervention)
    if intervention.step is Step.CHARGED:
        return intervention
    check_open(intervention)
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
    check_allowed(intervention.ticket, by)
    take_turn(session)
    hold_intervention(session, intervention)
    if intervention.step is Step.BILLED:
        return intervention
    check_open(intervention)
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
    check_allowed(intervention.ticket, by)
    given = check_reason(reason)
    take_turn(session)
    if held := session.scalars(select(TimeCorrection).where(TimeCorrection.form_key == form_key)).first():
        return held
    hold_intervention(session, intervention)
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
