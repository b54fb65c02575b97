"""Which terms govern a ticket, and whether a contract of points stands behind it (article 9)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from portal.contracts.actions import balances, charged_first, contracts_of
from portal.terms import Library, Version


@dataclass(frozen=True, slots=True)
class Cover:
    """The version that governs what is asked for now; under a contract it was accepted with it. ``left``: its points."""

    terms: Version
    under_contract: bool
    left: Decimal | None = None


def cover_of(session: Session, library: Library, organisation_id: int | None, today: date) -> Cover:
    """What covers a request of an organisation on a day.

    With a contract of points it is the version accepted with the one that is charged next; without one the
    version in force, which is shown and accepted (article 9).
    """
    contract = charged_first(session, organisation_id) if organisation_id is not None else None
    if contract is None or organisation_id is None:
        return Cover(library.in_force(today), under_contract=False)
    held = contracts_of(session, organisation_id, ended=False)
    left = sum(balances(session, held).values(), Decimal(0))
    return Cover(library.version(contract.terms_slug), under_contract=True, left=left)
