"""What this room asks: of staff, contracts that run out; of a client, a threshold that was reached."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.contracts.actions import balances
from portal.contracts.alert_models import ContractAlert
from portal.contracts.links import CLIENT, DESK
from portal.contracts.models import Contract
from portal.contracts.notice_models import ContractNotice
from portal.contracts.notice_rules import Sender, last_day, nominal_day
from portal.contracts.permissions import may_read
from portal.contracts.reading import running_out
from portal.french import long_date, points
from portal.registry import Priority, Queue, QueueItem, Viewer
from portal.web import services, today

KIND = "contrats"


def _staff(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if viewer.organisation_id is not None or not may_read(viewer.roles):
        return
    yield from _notices(session)
    for short in running_out(session, today=today()):
        over = short.total <= 0
        detail = f"{short.contract.kind.label}\u00a0: " + (
            f"points épuisés ({points(short.total)})" if over or short.last_day is None
            else f"il reste {points(short.total)}, jusqu'au {long_date(short.last_day)} à ce rythme"
        )  # fmt: skip
        # The CGV give a contract of points no last day: a forecast is none.
        yield QueueItem(
            kind=KIND, title=short.contract.organisation.legal_name, detail=detail,
            url=f"{DESK}/{short.contract.reference}", since=short.since,
            priority=Priority.HIGH if over else Priority.NORMAL,
        )  # fmt: skip


def _notices(session: Session) -> Iterator[QueueItem]:
    """Formal notices that stand: the company's own to answer by the nominal day, the clients' to follow."""
    standing = select(ContractNotice).join(Contract).where(
        ContractNotice.made_good_at.is_(None), Contract.ended_at.is_(None)
    ).order_by(ContractNotice.id)  # fmt: skip
    for notice in session.scalars(standing):
        version = services().library.version(notice.contract.terms_slug)
        ours = notice.sender is Sender.CLIENT
        yield QueueItem(
            kind=KIND, title=notice.contract.organisation.legal_name,
            detail=f"{notice.contract.reference}\u00a0: {'mise en demeure reçue, à régler' if ours else 'mise en demeure du client'}",
            url=f"{DESK}/{notice.contract.reference}", since=notice.recorded_at,
            last_day=(nominal_day if ours else last_day)(version, notice.received_on), priority=Priority.HIGH,
        )  # fmt: skip


def _client(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    owed = select(ContractNotice).join(Contract).where(
        ContractNotice.made_good_at.is_(None), ContractNotice.sender == Sender.COMPANY, Contract.ended_at.is_(None),
        Contract.organisation_id == viewer.organisation_id,
    )  # fmt: skip
    for notice in session.scalars(owed.order_by(ContractNotice.id)):
        version = services().library.version(notice.contract.terms_slug)
        yield QueueItem(
            kind=KIND, title=f"Mise en demeure, contrat {notice.contract.reference}", detail="à régler avant la fin du délai",
            url=f"{CLIENT}/{notice.contract.reference}", since=notice.recorded_at,
            last_day=last_day(version, notice.received_on), priority=Priority.HIGH,
        )  # fmt: skip
    reached = select(ContractAlert).join(Contract).where(
        ContractAlert.person_id == viewer.person_id, ContractAlert.reached, Contract.ended_at.is_(None),
        Contract.organisation_id == viewer.organisation_id,
    ).order_by(ContractAlert.threshold)  # fmt: skip
    lowest: dict[int, ContractAlert] = {}
    for alert in session.scalars(reached):
        lowest.setdefault(alert.contract_id, alert)
    left = balances(session, [alert.contract for alert in lowest.values()])
    for alert in lowest.values():
        yield QueueItem(
            kind=KIND, title=f"Contrat {alert.contract.kind.label} {alert.contract.reference}",
            detail=f"il reste {points(left[alert.contract_id])}, sous votre seuil de {points(alert.threshold)}",
            url=f"{CLIENT}/{alert.contract.reference}", since=alert.reached_at or alert.created_at,
        )  # fmt: skip


QUEUE = Queue(KIND, "Contrats", _staff)
CLIENT_QUEUE = Queue(KIND, "Contrats", _client)
