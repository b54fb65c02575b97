"""Where this room holds a person's name and address: what a correction has to reach."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import AccessRequest, Invitation, Organisation, Person
from portal.registry import Datum, Place


def _of(table: Any) -> Callable[[Session, str], Iterable[Any]]:
    return lambda session, mail: session.scalars(
        select(table).where(table.email == mail.strip().lower()).order_by(table.id)
    )


def _organisation(session: Session, mail: str) -> Iterable[Organisation]:
    mine = select(Organisation).join(Person).where(Person.email == mail.strip().lower())
    return session.scalars(mine.order_by(Organisation.id))


CORRECTIONS = tuple(
    Place(datum, words, _of(table), column)
    for datum, column in ((Datum.NAME, "name"), (Datum.EMAIL, "email"))
    for table, words in (
        (Person, "votre accès à l'espace client"), (Invitation, "invitations"), (AccessRequest, "demandes d'accès"),
    )
) + tuple(
    # A person has no postal address here: it is their organisation's.
    Place(datum, "fiche de votre organisation", _organisation, datum.value)
    for datum in (Datum.STREET, Datum.POSTAL_CODE, Datum.CITY)
)  # fmt: skip
