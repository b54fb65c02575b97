"""Where orders hold a person's name and address: in the proof of what was agreed, which no correction changes."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.orders.progress_models import Amendment, Decision
from portal.registry import Datum, Place

_AGREED = "un avenant est gardé tel qu'il a été proposé et accepté\u00a0: c'est une preuve"


def _of(table: Any) -> Callable[[Session, str], Iterable[Any]]:
    return lambda session, mail: session.scalars(
        select(table).where(table.mail == mail.strip().lower()).order_by(table.id)
    )


CORRECTIONS = tuple(
    Place(datum, words, _of(table), column, stays=_AGREED)
    for datum, column in ((Datum.NAME, "by"), (Datum.EMAIL, "mail"))
    for table, words in ((Amendment, "avenants proposés"), (Decision, "avenants décidés"))
)
