"""What this room holds on a person: the requests, and the register that proves what was answered."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.clock import PARIS
from portal.french import long_date
from portal.privacy.models import PrivacyRequest
from portal.privacy.rules import CLOSED
from portal.registry import Fate, PersonalData, PersonalField, PersonalRecord

_KEPT = "conservé le temps pendant lequel la réponse peut être contestée"
FIELDS = (
    PersonalField("Demande", _KEPT),
    PersonalField("Nom et adresse", _KEPT),
    PersonalField("Ce que vous avez écrit", "effacé"),
    PersonalField("Étapes et réponse", _KEPT),
)
ERASED = "(effacé)"


def find(session: Session, mail: str) -> Iterator[PersonalRecord]:
    """Every request of an address."""
    address = mail.strip().lower()
    theirs = or_(PrivacyRequest.email == address, PrivacyRequest.subject_email == address)
    mine = select(PrivacyRequest).where(theirs).order_by(PrivacyRequest.id)
    for one in session.scalars(mine):
        steps = [f"{long_date(step.at.astimezone(PARIS).date())}\u00a0: {step.words}" for step in one.events]
        who = f"{one.name}, {one.email}"
        if one.subject_email:
            who += f", pour {one.subject_name}, {one.subject_email}"
        values = (one.right.label, who, one.details, "\n".join(steps))
        yield PersonalRecord(
            one.reference,
            tuple((field.label, value) for field, value in zip(FIELDS, values, strict=True)),
            one.received_at,
            fate=Fate.KEPT,
            because="le registre des demandes prouve ce qui a été répondu (RGPD, articles 5 et 17, paragraphe 3)",
        )


def erase(session: Session, mail: str, at: datetime) -> list[str]:  # noqa: ARG001 - the room's common signature
    """Forget what was written in closed requests; the register's line stays."""
    mine = select(PrivacyRequest).where(
        PrivacyRequest.email == mail.strip().lower(), PrivacyRequest.state.in_(CLOSED), PrivacyRequest.details != ERASED
    )
    emptied = []
    for one in session.scalars(mine).all():
        one.details = one.mandate = ERASED
        one.changes = None
        emptied.append(one.reference)
    session.flush()
    return emptied


def addresses(session: Session) -> Iterator[str]:
    """Every address of the register."""
    yield from session.scalars(select(PrivacyRequest.email).distinct())


PERSONAL_DATA = PersonalData("rights", FIELDS, find, erase, addresses=addresses)
