"""The verbs of the ledger: credit, charge, give back, correct.

Each is one transaction's worth of change, committed by the caller. Whoever moves points takes
their turn: on both engines the ledger is written by one at a time.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.contracts.models import Contract, LedgerEntry
from portal.contracts.rules import (
    NOTHING,
    Account,
    CannotCorrect,
    ContractEnded,
    Movement,
    NoContract,
    PointsExhausted,
    check_correction,
    check_points,
    check_reason,
    share,
)
from portal.evidence.actions import record, take_turn

WORDS = 300


def find_contract(session: Session, reference: str) -> Contract | None:
    """The contract of a reference."""
    return session.scalars(select(Contract).where(Contract.reference == reference)).first()


def contracts_of(session: Session, organisation_id: int, *, ended: bool = True) -> list[Contract]:
    """The contracts of an organisation, the oldest first; with those that have ended, or without."""
    query = select(Contract).where(Contract.organisation_id == organisation_id)
    if not ended:
        query = query.where(Contract.ended_at.is_(None))
    return list(session.scalars(query.order_by(Contract.signed_on, Contract.id)))


def balance(session: Session, contract: Contract) -> Decimal:
    """The points left: the sum of the ledger."""
    total: Decimal | None = session.scalar(
        select(func.sum(LedgerEntry.points)).where(LedgerEntry.contract_id == contract.id)
    )
    return total or NOTHING


def balances(session: Session, contracts: Sequence[Contract]) -> dict[int, Decimal]:
    """The points left of several contracts, by their id."""
    query = (
        select(LedgerEntry.contract_id, func.sum(LedgerEntry.points).label("left"))
        .where(LedgerEntry.contract_id.in_([contract.id for contract in contracts]))
        .group_by(LedgerEntry.contract_id)
    )
    found = {row.contract_id: row.left for row in session.execute(query)}
    return {contract.id: found.get(contract.id, NOTHING) for contract in contracts}


def charged_first(session: Session, organisation_id: int) -> Contract | None:
    """The contract that the next intervention is charged to, whose version of the CGV gives the rates.

    The oldest that still has points; when none has, the newest: it is the one that goes below zero.
    """
    held = contracts_of(session, organisation_id, ended=False)
    left = balances(session, held)
    return next((contract for contract in held if left[contract.id] > 0), held[-1] if held else None)


def credit(
    session: Session, contract: Contract, *, points: Decimal, key: str, words: str, by: Person, at: datetime,
    reason: str | None = None,
) -> LedgerEntry:  # fmt: skip
    """Add points: an order's, or by hand with a reason. The same key again is the same credit.

    Raises:
        InvalidPoints: they are none.
        ContractEnded: nothing is added any more.
    """
    check_points(points)
    hold(session, [contract.id])
    if held := _held(session, contract, key):
        return held
    check_open(contract)
    return write(session, contract, Movement.CREDIT, points, key=key, words=words, reason=reason, by=by, at=at)


def charge(
    session: Session, organisation: Organisation, *, points: Decimal, source: str, by: Person, at: datetime,
    words: str = "Intervention", working: Mapping[str, Any] | None = None,
) -> list[LedgerEntry]:  # fmt: skip
    """Charge points to the contracts of an organisation, the oldest first. The same source again is the same charge.

    Raises:
        InvalidPoints: they are none.
        NoContract: there is nothing to charge to.
        PointsExhausted: they do not suffice and no contract allows to go on; nothing was charged.
    """
    check_points(points)
    accounts = _accounts(session, organisation.id)
    if held := charged(session, organisation.id, source):
        return held
    contracts = {contract.id: contract for contract, _ in accounts}
    return [
        write(
            session, contracts[number], Movement.CHARGE, -part, key=source, words=words, working=working, by=by, at=at
        )
        for number, part in share(points, [account for _, account in accounts])
    ]


def charged(session: Session, organisation_id: int, source: str) -> list[LedgerEntry]:
    """What was charged for one thing, the oldest contract first."""
    query = (
        select(LedgerEntry)
        .join(Contract)
        .where(
            Contract.organisation_id == organisation_id,
            LedgerEntry.key == source,
            LedgerEntry.movement == Movement.CHARGE,
        )
        .order_by(Contract.signed_on, Contract.id)
    )
    return list(session.scalars(query))


def give_back(
    session: Session, organisation: Organisation, *, source: str, points: Decimal | None, key: str, reason: str,
    by: Person, at: datetime,
) -> list[LedgerEntry]:  # fmt: skip
    """Give back points of one charge, all that is left of it by default; the contract charged last first.

    Raises:
        ReasonMissing: there is none.
        CannotCorrect: more than what is left of the charge.
    """
    given = check_reason(reason)
    entries = list(reversed(charged(session, organisation.id, source)))
    hold(session, [entry.contract_id for entry in entries])
    if held := [found for entry in entries if (found := _held(session, entry.contract, key))]:
        return held
    left = {entry.id: -left_of(session, entry) for entry in entries}
    wanted = sum(left.values(), NOTHING) if points is None else check_points(points)
    if not NOTHING < wanted <= sum(left.values(), NOTHING):
        raise CannotCorrect(sum(left.values(), NOTHING))
    made = []
    for entry in entries:
        part = min(wanted, left[entry.id])
        if part:
            made.append(_counter(session, entry, part, key=key, reason=given, by=by, at=at))
        wanted -= part
    return made


def correct(
    session: Session, entry: LedgerEntry, *, points: Decimal, key: str, reason: str, by: Person, at: datetime
) -> LedgerEntry:
    """A counter-entry: ``points`` is added to the ledger, above or below zero. The same key again is the same correction.

    A correction may itself be taken back: what counts is what is left of the movement that began it.

    Raises:
        InvalidPoints: they are none.
        ReasonMissing: there is none.
        CannotCorrect: it takes back more than is left of the movement, or gives more than there was.
        PointsExhausted: the balance would fall below what the contract allows.
    """
    check_points(abs(points))
    given = check_reason(reason)
    hold(session, [entry.contract_id])
    if held := _held(session, entry.contract, key):
        return held
    root = session.get_one(LedgerEntry, entry.corrects_id) if entry.corrects_id else entry
    check_correction(root.points, left_of(session, root), points)
    if points < 0:
        room = entry.contract.overdraft.room(balance(session, entry.contract))
        if room is not None and -points > room:
            raise PointsExhausted(-points, room)
    return _counter(session, root, points, key=key, reason=given, by=by, at=at)


def left_of(session: Session, entry: LedgerEntry) -> Decimal:
    """What a movement still counts for, once its corrections are added: nothing when it was taken back whole."""
    corrections: Decimal | None = session.scalar(
        select(func.sum(LedgerEntry.points)).where(LedgerEntry.corrects_id == entry.id)
    )
    return entry.points + (corrections or NOTHING)


def _accounts(session: Session, organisation_id: int) -> list[tuple[Contract, Account]]:
    """The contracts at work, held until the transaction ends, with what each has left."""
    held = contracts_of(session, organisation_id, ended=False)
    hold(session, [contract.id for contract in held])
    # One may have been opened or ended by whoever had the turn before.
    held = contracts_of(session, organisation_id, ended=False)
    if not held:
        raise NoContract
    left = balances(session, held)
    return [(contract, Account(contract.id, left[contract.id], contract.overdraft)) for contract in held]


def hold(session: Session, numbers: Sequence[int]) -> None:
    """Take one's turn with these contracts, and see what who came before left."""
    take_turn(session)
    # Read anew: what another transaction left before it let go.
    query = select(Contract).where(Contract.id.in_(numbers)).order_by(Contract.id).with_for_update()
    session.scalars(query.execution_options(populate_existing=True)).all()


def _held(session: Session, contract: Contract, key: str) -> LedgerEntry | None:
    return session.scalars(
        select(LedgerEntry).where(LedgerEntry.contract_id == contract.id, LedgerEntry.key == key)
    ).first()


def check_open(contract: Contract) -> None:
    """Let one pass that has not ended.

    Raises:
        ContractEnded.
    """
    if contract.ended_at is not None:
        raise ContractEnded(contract.reference)


def _counter(
    session: Session, root: LedgerEntry, points: Decimal, *, key: str, reason: str, by: Person, at: datetime
) -> LedgerEntry:
    return write(
        session, root.contract, Movement.CORRECTION, points, key=key, words=root.words,
        reason=reason, corrects=root, by=by, at=at,
    )  # fmt: skip


def write(
    session: Session, contract: Contract, movement: Movement, points: Decimal, *, key: str, words: str, by: Person,
    at: datetime, reason: str | None = None, corrects: LedgerEntry | None = None,
    working: Mapping[str, Any] | None = None,
) -> LedgerEntry:  # fmt: skip
    """Add a movement to the ledger, and tell the log; whoever calls holds the contract."""
    last = session.scalars(
        select(LedgerEntry).where(LedgerEntry.contract_id == contract.id).order_by(LedgerEntry.seq.desc()).limit(1)
    ).first()
    entry = LedgerEntry(
        contract_id=contract.id,
        seq=last.seq + 1 if last else 1,
        movement=movement,
        points=points,
        balance=(last.balance if last else NOTHING) + points,
        key=key,
        at=at,
        words=words[:WORDS],
        working=dict(working) if working is not None else None,
        reason=reason,
        corrects_id=corrects.id if corrects else None,
        by_id=by.id,
        by=by.name,
    )
    session.add(entry)
    session.flush()
    session.expire(contract, ["entries"])
    content = {
        "contract": contract.reference,
        "seq": entry.seq,
        "points": str(points),
        "balance": str(entry.balance),
        "key": key,
        "words": entry.words,
        "working": entry.working,
        "reason": reason,
        "corrects": corrects.seq if corrects else None,
        "by": by.email,
    }
    record(session, f"contracts.{movement.value}", content, at=at)
    return entry
