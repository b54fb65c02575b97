"""Objection (GDPR article 21; CGV article 13): a use of a person's data stops, and may begin again when they say so."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.evidence.actions import record
from portal.mail.stops import resume, stop
from portal.privacy import references
from portal.privacy.actions import tell
from portal.privacy.models import PrivacyObjection, PrivacyRequest
from portal.privacy.rules import may_speak_for
from portal.terms import Library
from portal.terms.company import Use

ORGANISATION = "organisation"
REFERENCES = "references"


def uses_for(library: Library, person: Person | None) -> list[Use]:
    """What somebody may stop: what their organisation decides only where they speak for it."""
    speaks = person is not None and not person.staff and may_speak_for(person.role_names)
    return [use for use in library.objections.uses if speaks or use.decided_by != ORGANISATION]


def stopped(session: Session, email: str) -> Sequence[PrivacyObjection]:
    """What the person of an address has stopped."""
    mine = PrivacyObjection.email == email.strip().lower()
    return session.scalars(
        select(PrivacyObjection).where(mine, PrivacyObjection.taken_back_at.is_(None)).order_by(PrivacyObjection.id)
    ).all()


def stop_uses(
    session: Session, request: PrivacyRequest, keys: Collection[str], *, library: Library, by: Person, at: datetime
) -> str:
    """Stop uses for whom a request is about, and give what came of it in words. Twice is once."""
    held = {one.use for one in stopped(session, request.about)}
    lines = []
    for use in library.objections.uses:
        if use.key not in keys:
            continue
        lines.append(f"{use.title}\u00a0: arrêté. {use.effect}")
        if use.key in held:
            continue
        if use.key == REFERENCES:
            if request.organisation is not None:
                references.choose(session, request.organisation, named=False, by=by, at=at)
        else:
            session.add(PrivacyObjection(request_id=request.id, email=request.about, use=use.key, since=at))
            stop(session, request.about, because=use.key, events=use.mails, at=at)
        tell(request, at, f"Usage arrêté\u00a0: {use.title}.")
        session.flush()
        record(
            session, "privacy.use_stopped",
            {"reference": request.reference, "email": request.about, "use": use.key, "by": by.email}, at=at,
        )  # fmt: skip
    return "\n".join(lines)


def take_back(session: Session, person: Person, key: str, *, at: datetime) -> bool:
    """Let a use begin again, as its owner says; False when it was not stopped."""
    found = [one for one in stopped(session, person.email) if one.use == key]
    for one in found:
        one.taken_back_at = at
        resume(session, person.email, because=key)
        session.flush()
        record(session, "privacy.use_allowed", {"email": person.email, "use": key}, at=at)
    return bool(found)


def named(session: Session, organisation: Organisation | None) -> bool | None:
    """Whether an organisation may be named as a reference; None where there is none."""
    return references.may_be_named(session, organisation.id) if organisation else None


def forget(session: Session, email: str) -> None:
    """Who is erased has nothing left to stop."""
    session.execute(delete(PrivacyObjection).where(PrivacyObjection.email == email.strip().lower()))
