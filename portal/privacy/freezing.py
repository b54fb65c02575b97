"""Restriction (GDPR article 18): a person's data are kept and not used, until the freeze is lifted, told beforehand."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.clock import PARIS
from portal.evidence.actions import record
from portal.french import long_date
from portal.mail.models import OutgoingMail
from portal.mail.stops import resume, stop
from portal.privacy import recipients
from portal.privacy.actions import tell
from portal.privacy.letters import Letters
from portal.privacy.models import PrivacyFreeze, PrivacyRequest
from portal.privacy.rules import PrivacyError, needed
from portal.terms import Library

BECAUSE = "restriction"


class NotFrozen(PrivacyError):
    """There is no freeze to lift, or the day of its lifting is told already."""


class TooSoon(PrivacyError):
    """A freeze is lifted on a day that comes: its owner is told before (GDPR article 18, paragraph 3)."""


def freeze(session: Session, request: PrivacyRequest, *, library: Library, by: str, at: datetime) -> PrivacyFreeze:
    """Stop the use of the data of whom a request is about. Twice is once."""
    held = freeze_of(session, request.about)
    if held is not None:
        return held
    made = PrivacyFreeze(request_id=request.id, email=request.about, since=at)
    session.add(made)
    stop(session, request.about, because=BECAUSE, events=library.objections.always, all_but=True, at=at)
    tell(request, at, "Données gelées\u00a0: gardées, et plus utilisées.")
    recipients.list_for(session, request, library=library, at=at)
    record(session, "privacy.frozen", {"reference": request.reference, "email": request.about, "by": by}, at=at)
    return made


def freeze_of(session: Session, email: str) -> PrivacyFreeze | None:
    """The freeze that holds for an address."""
    return session.scalars(
        select(PrivacyFreeze).where(PrivacyFreeze.email == email.strip().lower(), PrivacyFreeze.lifted_at.is_(None))
    ).first()


def withheld(session: Session, request: PrivacyRequest) -> Sequence[OutgoingMail]:
    """The mails that the freeze of a request kept back, the latest first. They are never sent later."""
    mine = select(PrivacyFreeze).where(PrivacyFreeze.request_id == request.id)
    held = session.scalars(mine.order_by(PrivacyFreeze.id.desc())).first()
    if held is None:
        return []
    kept = select(OutgoingMail).where(
        func.lower(OutgoingMail.recipient) == held.email, OutgoingMail.withheld_at >= held.since,
        OutgoingMail.sent_at.is_(None),
    )  # fmt: skip
    if held.lifted_at is not None:
        kept = kept.where(OutgoingMail.withheld_at <= held.lifted_at)
    return session.scalars(kept.order_by(OutgoingMail.id.desc())).all()


def freezes(session: Session) -> Sequence[PrivacyFreeze]:
    """Every freeze that holds, the oldest first."""
    return session.scalars(
        select(PrivacyFreeze).where(PrivacyFreeze.lifted_at.is_(None)).order_by(PrivacyFreeze.id)
    ).all()


def announce_lift(
    session: Session, held: PrivacyFreeze, *, on: date, reason: str, by: Person, letters: Letters, at: datetime
) -> None:
    """Tell the person that their data will be used again from a day on, and why.

    Raises:
        NotFrozen: it is lifted, or its day is told.
        TooSoon: the day has come already.
        WordsMissing: no reason is given.
    """
    why = needed(reason)
    session.refresh(held, with_for_update=True)
    if held.lifted_at is not None or held.lift_on is not None or held.request is None:
        raise NotFrozen
    if on <= at.astimezone(PARIS).date():
        raise TooSoon
    held.lift_on, held.lift_reason = on, why
    tell(held.request, at, f"Le gel sera levé le {long_date(on)}\u00a0: {why}")
    session.flush()
    record(
        session, "privacy.lift_announced",
        {"reference": held.request.reference, "email": held.email, "on": on.isoformat(), "reason": why, "by": by.email},
        at=at,
    )  # fmt: skip
    letters.lifting(session, held.request, on, why, at)


def lift(session: Session, held: PrivacyFreeze, *, by: str, letters: Letters, at: datetime) -> None:
    """Use the data again: by who had them frozen, or on the day that was told. Twice is once."""
    session.refresh(held, with_for_update=True)
    if held.lifted_at is not None:
        return
    held.lifted_at = at
    resume(session, held.email, because=BECAUSE)
    reference = held.request.reference if held.request else ""
    if held.request is not None:
        recipients.drop(session, held.request)
        tell(held.request, at, "Gel levé\u00a0: vos données servent de nouveau.")
    session.flush()
    record(session, "privacy.lifted", {"reference": reference, "email": held.email, "by": by}, at=at)
    if held.request is not None and held.lift_on is None:  # its owner has not been written to before
        letters.lifted(session, held.request, at)


def lift_due(session: Session, *, letters: Letters, at: datetime) -> int:
    """Lift what was told for today or before; how many."""
    today = at.astimezone(PARIS).date()
    due = [held for held in freezes(session) if held.lift_on is not None and held.lift_on <= today]
    for held in due:
        lift(session, held, by="espace client", letters=letters, at=at)
    return len(due)


def forget(session: Session, email: str) -> None:
    """Who is erased has nothing left to keep still."""
    session.execute(delete(PrivacyFreeze).where(PrivacyFreeze.email == email.strip().lower()))
    resume(session, email)
