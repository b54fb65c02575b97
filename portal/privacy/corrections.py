"""Where this room holds a person's name and address: in the requests that came from them, or are about them."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.privacy.models import PrivacyRequest
from portal.registry import Datum, Place


def _asked(session: Session, mail: str) -> Iterable[PrivacyRequest]:
    mine = select(PrivacyRequest).where(PrivacyRequest.email == mail.strip().lower())
    return session.scalars(mine.order_by(PrivacyRequest.id))


def _mandated(session: Session, mail: str) -> Iterable[PrivacyRequest]:
    about = select(PrivacyRequest).where(PrivacyRequest.subject_email == mail.strip().lower())
    return session.scalars(about.order_by(PrivacyRequest.id))


CORRECTIONS = (
    Place(Datum.NAME, "demandes sur vos données", _asked, "name"),
    Place(Datum.EMAIL, "demandes sur vos données", _asked, "email"),
    # What somebody else asked for them with a mandate: it is about whoever they are today.
    Place(Datum.NAME, "demandes faites pour vous", _mandated, "subject_name"),
    Place(Datum.EMAIL, "demandes faites pour vous", _mandated, "subject_email"),
)
