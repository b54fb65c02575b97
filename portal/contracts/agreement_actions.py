"""The verbs of the contract itself: open it, change its rule for when the points are used up, end it."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.clock import PARIS
from portal.contracts.actions import balance, check_open, hold, write
from portal.contracts.models import Contract, LedgerEntry
from portal.contracts.rules import (
    Kind,
    Movement,
    Overdraft,
    SpecialConditions,
    check_points,
    check_reason,
)
from portal.evidence.actions import record, take_turn
from portal.numbers.actions import next_reference

SERIES = "CTR"


def open_contract(
    session: Session, *, organisation: Organisation, kind: Kind, points: Decimal, terms_slug: str, terms_sha256: str,
    special_conditions: SpecialConditions, overdraft: Overdraft, by: Person, at: datetime,
    order: str | None = None, reason: str = "", signed_on: date | None = None, form_key: str | None = None,
) -> Contract:  # fmt: skip
    """Open a contract with its first points: from an order, or by hand with a reason (one signed before the portal).

    The same ``form_key`` again is the same contract.

    Raises:
        InvalidPoints: they are none.
        ReasonMissing: neither an order nor a reason.
    """
    check_points(points)
    given = None if order else check_reason(reason)
    take_turn(session)
    key = f"opening:{form_key}" if form_key else "opening"
    if form_key and (held := session.scalars(select(LedgerEntry).where(LedgerEntry.key == key)).first()):
        return held.contract
    contract = Contract(
        reference=next_reference(session, SERIES, at=at),
        organisation_id=organisation.id,
        kind=kind,
        signed_on=signed_on or at.astimezone(PARIS).date(),
        opened_at=at,
        opened_by_id=by.id,
        opened_by=by.name,
        opening_reason=given,
        order_reference=order,
        terms_slug=terms_slug,
        terms_sha256=terms_sha256,
        conditions=special_conditions.stored(),
        policy=overdraft.policy,
        limit_below=overdraft.limit,
    )
    session.add(contract)
    session.flush()
    content = {
        "reference": contract.reference,
        "organisation": organisation.id,
        "kind": kind.value,
        "signed_on": contract.signed_on.isoformat(),
        "order": order,
        "reason": given,
        "terms": [terms_slug, terms_sha256],
        "conditions": special_conditions.stored(),
        "overdraft": [overdraft.policy.value, str(overdraft.limit)],
        "by": by.email,
    }
    record(session, "contracts.opened", content, at=at)
    words = f"Contrat {kind.label}" + (f", commande {order}" if order else "")
    write(session, contract, Movement.OPENING, points, key=key, words=words, reason=given, by=by, at=at)
    return contract


def set_overdraft(
    session: Session, contract: Contract, *, overdraft: Overdraft, reason: str, by: Person, at: datetime
) -> None:
    """Change what a contract does when its points do not suffice.

    Raises:
        ReasonMissing: there is none.
        ContractEnded: it matters no more.
    """
    given = check_reason(reason)
    hold(session, [contract.id])
    check_open(contract)
    before = contract.overdraft
    contract.policy, contract.limit_below = overdraft.policy, overdraft.limit
    content = {
        "reference": contract.reference,
        "before": [before.policy.value, str(before.limit)],
        "after": [overdraft.policy.value, str(overdraft.limit)],
        "reason": given,
        "by": by.email,
    }
    record(session, "contracts.overdraft_set", content, at=at)


def end_contract(session: Session, contract: Contract, *, reason: str, by: Person, at: datetime) -> None:
    """End a contract: its ledger stays, nothing is charged to it any more. What is left of it is for people to settle.

    Raises:
        ReasonMissing: there is none.
        ContractEnded: it has.
    """
    given = check_reason(reason)
    hold(session, [contract.id])
    check_open(contract)
    contract.ended_at, contract.ended_by, contract.end_reason = at, by.name, given
    content = {
        "reference": contract.reference,
        "left": str(balance(session, contract)),
        "reason": given,
        "by": by.email,
    }
    record(session, "contracts.ended", content, at=at)
