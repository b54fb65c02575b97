"""Where disputes of invoices hold a person's name and address: what a correction has to reach."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.invoices.dispute_models import Dispute, DisputeMessage
from portal.registry import Datum, Place


def _filed(session: Session, mail: str) -> Iterable[Dispute]:
    mine = func.lower(Dispute.mail) == mail.strip().lower()
    return session.scalars(select(Dispute).where(mine).order_by(Dispute.id))


def _written(session: Session, mail: str) -> Iterable[DisputeMessage]:
    person = select(Person.id).where(Person.email == mail.strip().lower()).scalar_subquery()
    return session.scalars(select(DisputeMessage).where(DisputeMessage.author_id == person).order_by(DisputeMessage.id))


CORRECTIONS = (
    Place(Datum.NAME, "contestations de factures", _filed, "author"),
    Place(Datum.NAME, "messages de contestations", _written, "author"),
    Place(Datum.EMAIL, "contestations de factures", _filed, "mail"),
)
