"""Where this room holds a person's name and address: in the requests that came from them."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.privacy.models import PrivacyRequest
from portal.registry import Datum, Place


def _asked(session: Session, mail: str) -> Iterable[PrivacyRequest]:
    mine = select(PrivacyRequest).where(PrivacyRequest.email == mail.strip().lower())
    return session.scalars(mine.order_by(PrivacyRequest.id))


CORRECTIONS = (
    Place(Datum.NAME, "demandes sur vos données", _asked, "name"),
    Place(Datum.EMAIL, "demandes sur vos données", _asked, "email"),
)
