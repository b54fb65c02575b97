"""Thresholds: set one, take it away, and tell whoever chose it when the points fall there."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.contracts.actions import balance, balances
from portal.contracts.alert_models import ContractAlert
from portal.contracts.letters import Letters
from portal.contracts.models import Contract
from portal.contracts.rules import ContractError, check_points

MOST = 5


class TooManyAlerts(ContractError):
    """Somebody has MOST thresholds on one contract already."""


def set_alert(
    session: Session, contract: Contract, *, person: Person, threshold: Decimal, at: datetime
) -> ContractAlert:
    """Choose a threshold; the same one again is the one there is. Reached already: nothing is sent, the page shows it.

    Raises:
        InvalidPoints: it is no number of points.
        TooManyAlerts: there are MOST.
    """
    check_points(threshold)
    held = alerts_of(session, contract, person)
    for alert in held:
        if alert.threshold == threshold:
            return alert
    if len(held) >= MOST:
        raise TooManyAlerts
    reached = balance(session, contract) <= threshold
    alert = ContractAlert(
        contract_id=contract.id, person_id=person.id, threshold=threshold, reached=reached,
        reached_at=at if reached else None, created_at=at,
    )  # fmt: skip
    session.add(alert)
    session.flush()
    return alert


def drop_alert(session: Session, contract: Contract, number: int, *, person: Person) -> None:
    """Take one's own threshold away; twice is once."""
    alert = session.get(ContractAlert, number)
    if alert is not None and alert.contract_id == contract.id and alert.person_id == person.id:
        session.delete(alert)
        session.flush()


def alerts_of(session: Session, contract: Contract, person: Person) -> list[ContractAlert]:
    """The thresholds of somebody on a contract, the highest first."""
    query = select(ContractAlert).where(ContractAlert.contract_id == contract.id, ContractAlert.person_id == person.id)
    return list(session.scalars(query.order_by(ContractAlert.threshold.desc())))


def tell_crossings(session: Session, *, letters: Letters, at: datetime, organisation_id: int | None = None) -> int:
    """Mail whoever chose a threshold that was reached since it was last looked at; how many mails.

    One mail a crossing: points that come back above arm it again.
    """
    query = (
        select(ContractAlert)
        .join(ContractAlert.contract)
        .join(ContractAlert.person)  # not of who opened the contract
        .where(
            Contract.ended_at.is_(None),
            Person.active,
            # Who went over to another client hears nothing of this one any more (article 12).
            Person.organisation_id == Contract.organisation_id,
        )
        .order_by(ContractAlert.id)
        .with_for_update(of=ContractAlert)
    )
    if organisation_id is not None:
        query = query.where(Contract.organisation_id == organisation_id)
    alerts = session.scalars(query).all()
    left = balances(session, list({alert.contract.id: alert.contract for alert in alerts}.values()))
    told = 0
    for alert in alerts:
        reached = left[alert.contract_id] <= alert.threshold
        if reached and not alert.reached:
            alert.reached_at = at
            letters.threshold(session, alert, left[alert.contract_id], at)
            told += 1
        alert.reached = reached
    session.flush()
    return told
