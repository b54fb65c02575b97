"""Which terms govern a ticket, and whether a contract stands behind it (article 9)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from portal.terms import Library, Version


@dataclass(frozen=True, slots=True)
class Cover:
    """The version that governs what is asked for now; under a contract it was accepted with it."""

    terms: Version
    under_contract: bool


def cover_of(session: Session, library: Library, organisation_id: int | None, today: date) -> Cover:  # noqa: ARG001
    """What covers a request of an organisation on a day.

    Without a contract it is the version in force, which is shown and accepted (article 9).
    """
    return Cover(library.in_force(today), under_contract=False)
