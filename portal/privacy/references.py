"""Who is named as a reference: from a first invoice on, until the organisation says no (CGV articles 12 and 13)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.evidence.actions import record
from portal.privacy.models import ReferenceChoice


@dataclass(frozen=True, slots=True)
class Reference:
    """An organisation that may be named, since its first invoice."""

    name: str
    since: date


def may_be_named(session: Session, organisation_id: int) -> bool:
    """Whether an organisation has not said no; the latest word counts."""
    latest = session.scalars(
        select(ReferenceChoice)
        .where(ReferenceChoice.organisation_id == organisation_id)
        .order_by(ReferenceChoice.id.desc())
        .limit(1)
    ).first()
    return latest is None or latest.named


def choose(session: Session, organisation: Organisation, *, named: bool, by: Person, at: datetime) -> bool:
    """Write a choice down; False when it is the one there is already."""
    session.refresh(organisation, with_for_update=True)
    if may_be_named(session, organisation.id) == named:
        return False
    session.add(ReferenceChoice(organisation_id=organisation.id, named=named, at=at, by=by.name))
    session.flush()
    record(
        session, "privacy.reference_choice", {"organisation": organisation.id, "named": named, "by": by.email}, at=at
    )
    return True


def references(session: Session, first_invoices: Mapping[int, date]) -> Iterator[Reference]:
    """Yield who may be named, by name. ``first_invoices`` is the day of the first invoice of each organisation."""
    latest = select(func.max(ReferenceChoice.id)).group_by(ReferenceChoice.organisation_id)
    refused = set(
        session.scalars(
            select(ReferenceChoice.organisation_id).where(
                ReferenceChoice.id.in_(latest), ReferenceChoice.named.is_(False)
            )
        )
    )
    for organisation in session.scalars(select(Organisation).order_by(Organisation.legal_name, Organisation.id)):
        if organisation.id in first_invoices and organisation.id not in refused:
            yield Reference(organisation.legal_name, first_invoices[organisation.id])
