"""What the pages ask of the ledger: movements a page at a time, the use of points, what runs out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.clock import PARIS
from portal.contracts.actions import balances, contracts_of
from portal.contracts.models import Contract, LedgerEntry
from portal.contracts.rules import NOTHING, Movement
from portal.contracts.use import MONTHS, Forecast, Use, forecast

PAGE = 50
#: A contract is running out when its points last for fewer days than this.
SOON = 30
_LONG = timedelta(days=31 * MONTHS)


@dataclass(frozen=True, slots=True)
class Page:
    """Movements, the latest first; ``before`` begins the next page, None on the last one."""

    entries: Sequence[LedgerEntry]
    before: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """What an organisation has: its contracts, what each has left, and together."""

    contracts: Sequence[Contract]
    left: dict[int, Decimal]
    uses: Sequence[Use]
    forecast: Forecast | None  # None: no contract at work

    @property
    def total(self) -> Decimal:
        """The points left of the contracts at work."""
        return sum((self.left[contract.id] for contract in self.contracts if contract.ended_at is None), NOTHING)


def movements(session: Session, contract: Contract, *, before: int | None = None, size: int = PAGE) -> Page:
    """A page of the ledger, the latest movement first."""
    query = select(LedgerEntry).where(LedgerEntry.contract_id == contract.id)
    if before is not None:
        query = query.where(LedgerEntry.seq < before)
    found = session.scalars(query.order_by(LedgerEntry.seq.desc()).limit(size + 1)).all()
    return Page(found[:size], found[size - 1].seq if len(found) > size else None)


def uses(session: Session, contracts: Iterable[Contract], *, today: date) -> list[Use]:
    """What was charged to contracts, and given back, over the months that pages show."""
    since = datetime.combine(today - _LONG, time(0), PARIS)
    corrected = select(LedgerEntry.id).where(LedgerEntry.movement == Movement.CHARGE)
    query = select(LedgerEntry.at, LedgerEntry.points).where(
        LedgerEntry.contract_id.in_([contract.id for contract in contracts]),
        LedgerEntry.at >= since,
        (LedgerEntry.movement == Movement.CHARGE) | LedgerEntry.corrects_id.in_(corrected),
    )
    return [Use(at.astimezone(PARIS).date(), -points) for at, points in session.execute(query)]


def held_by(session: Session, organisation_id: int, *, today: date) -> Held:
    """The contracts of an organisation, what they have left and how long it lasts, all together."""
    contracts = contracts_of(session, organisation_id)
    return _held(session, contracts, today)


def _held(session: Session, contracts: Sequence[Contract], today: date) -> Held:
    left, used = balances(session, contracts), uses(session, contracts, today=today)
    at_work = [contract for contract in contracts if contract.ended_at is None]
    told = None
    if at_work:
        total = sum((left[contract.id] for contract in at_work), NOTHING)
        # What was used before the portal knew of it is not in the ledger.
        opened = min(contract.opened_at.astimezone(PARIS).date() for contract in contracts)
        told = forecast(used, left=total, opened=opened, today=today)
    return Held(contracts, left, used, told)


@dataclass(frozen=True, slots=True)
class RunningOut:
    """An organisation whose points are over, or soon will be; ``since`` is when its last movement was."""

    contract: Contract  # the one that is charged last
    total: Decimal
    last_day: date | None
    since: datetime


def running_out(session: Session, *, today: date) -> list[RunningOut]:
    """Whose points last for fewer than SOON days, or are over."""
    by_client: dict[int, list[Contract]] = {}
    for contract in session.scalars(select(Contract).order_by(Contract.signed_on, Contract.id)):
        by_client.setdefault(contract.organisation_id, []).append(contract)
    latest = {
        row.contract_id: row.at
        for row in session.execute(
            select(LedgerEntry.contract_id, func.max(LedgerEntry.at).label("at")).group_by(LedgerEntry.contract_id)
        )
    }
    found = []
    for contracts in by_client.values():
        held = _held(session, contracts, today)
        at_work = [contract for contract in contracts if contract.ended_at is None]
        if held.forecast is None or not at_work:
            continue
        last_day = held.forecast.last_day
        if held.total <= 0 or (last_day is not None and last_day <= today + timedelta(days=SOON)):
            since = max(latest[contract.id] for contract in at_work)
            found.append(RunningOut(at_work[-1], held.total, last_day, since))
    return found
