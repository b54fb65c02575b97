"""Where this room holds a person's name and address: what a correction has to reach."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import AccessRequest, Invitation, Person
from portal.registry import Datum, Place


def _of(table: Any) -> Callable[[Session, str], Iterable[Any]]:
    return lambda session, mail: session.scalars(
        select(table).where(table.email == mail.strip().lower()).order_by(table.id)
    )


CORRECTIONS = tuple(
    Place(datum, words, _of(table), column)
    for datum, column in ((Datum.NAME, "name"), (Datum.EMAIL, "email"))
    for table, words in (
        (Person, "votre accès à l'espace client"), (Invitation, "invitations"), (AccessRequest, "demandes d'accès"),
    )
)  # fmt: skip
