"""What this room asks of people: of staff, disputes and what needs a decision; of clients, what to check and to pay."""

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.rules import ClientRole, StaffRole
from portal.french import amount, long_date
from portal.invoices import import_queue
from portal.invoices.dispute_models import Dispute
from portal.invoices.dispute_rules import CLIENT_NEXT, STAFF_NEXT, DisputeState
from portal.invoices.issuer import issuer_of
from portal.invoices.links import CLIENT, DESK, DESK_DISPUTES, DISPUTES
from portal.invoices.models import Invoice
from portal.invoices.payment_rules import Settling
from portal.invoices.reminder_actions import open_proposals
from portal.invoices.reminder_rules import Step
from portal.invoices.searching import Kept, every, of_client, of_nobody
from portal.registry import Priority, Queue, QueueItem, Viewer
from portal.web import services, today

DISPUTED, UNMATCHED, LATE, PROPOSED = "contestations", "factures-a-rattacher", "factures-tardives", "impayes"
TO_CHECK, TO_PAY, TO_ANSWER = "factures-a-verifier", "factures-a-payer", "contestations-a-suivre"
STAFF = frozenset({StaffRole.BILLING, StaffRole.ADMINISTRATOR})
READERS = frozenset({ClientRole.BILLING, ClientRole.ADMINISTRATOR})


def _is_staff(viewer: Viewer) -> bool:
    return viewer.organisation_id is None and not STAFF.isdisjoint(viewer.roles)


def _disputed(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    """Neither the law nor the CGV set a day for an answer: who has waited longest comes first, what is held back before."""
    if not _is_staff(viewer):
        return
    waiting = select(Dispute).where(Dispute.state.in_(STAFF_NEXT)).order_by(Dispute.waiting_since)
    for dispute in session.scalars(waiting):
        words = {
            DisputeState.FILED: f"{dispute.title.lower()} à examiner",
            DisputeState.ACKNOWLEDGED: "réponse à donner",
            DisputeState.ANSWERED: "le client a répondu",
            DisputeState.UPHELD: "le client maintient son désaccord",
        }[dispute.state]
        by_day = f", dernier jour le {long_date(dispute.last_day)}" if dispute.last_day else ""
        yield QueueItem(
            kind=DISPUTED,
            title=f"{dispute.organisation.legal_name}, {amount(dispute.amount, dispute.invoice.currency)}",
            detail=f"{dispute.reference}, {words}, envoyée le {long_date(dispute.sent_on)}{by_day}",
            url=f"{DESK_DISPUTES}/{dispute.reference}",
            since=dispute.waiting_since,
            priority=Priority.HIGH if dispute.holds_back else Priority.NORMAL,
        )


def _unmatched(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if not _is_staff(viewer):
        return
    given = services()
    if issuer_of(given.settings, given.library.company) is None:
        yield from _seller_unknown(session)
        return
    for invoice in session.scalars(select(Invoice).where(*of_nobody()).order_by(Invoice.id)):
        yield QueueItem(
            kind=UNMATCHED, title=f"{invoice.title}\u00a0: à qui est-elle\u202f?",
            detail=f"adressée à {invoice.buyer or 'un client non indiqué'}, le délai de contestation court",
            url=f"{DESK}/{invoice.id}", since=invoice.imported_at, priority=Priority.HIGH,
        )  # fmt: skip


def _seller_unknown(session: Session) -> Iterator[QueueItem]:
    """Where nobody has said who we are no invoice is known to be ours: one thing to do, not one for each of them."""
    waiting = select(func.count(), func.min(Invoice.imported_at)).where(*of_nobody())
    number, since = session.execute(waiting).one()
    if number:
        yield QueueItem(
            kind=UNMATCHED, title="Le SIREN de l'entreprise n'est pas renseigné",
            detail=f"{number} facture{'s attendent' if number > 1 else ' attend'}\u00a0: sans lui, aucune n'est reconnue comme la nôtre",
            url=f"{DESK}/a-rattacher", since=since, priority=Priority.HIGH,
        )  # fmt: skip


def _late(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if not _is_staff(viewer):
        return
    unseen = select(Invoice).where(Invoice.came_late, Invoice.late_seen_at.is_(None))
    for invoice in session.scalars(unseen.order_by(Invoice.id)):
        yield QueueItem(
            kind=LATE, title=f"{invoice.title}, arrivée tard chez le client",
            detail=f"émise le {long_date(invoice.issued_on)}",
            url=f"{DESK}/{invoice.id}", since=invoice.available_at or invoice.imported_at, priority=Priority.LOW,
        )  # fmt: skip


def _proposed(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if not _is_staff(viewer):
        return
    for reminder in open_proposals(session):
        invoice = reminder.invoice
        asked = "suspendre les commandes" if reminder.rung.step is Step.SUSPENSION else "mettre en demeure"
        client = invoice.organisation.legal_name if invoice.organisation else invoice.buyer
        yield QueueItem(
            kind=PROPOSED, title=f"{client}\u00a0: {asked}\u202f?",
            detail=f"{invoice.title}, due le {long_date(reminder.due_on)}",
            url=f"{DESK}/propositions/{reminder.id}", since=reminder.made_at,
        )  # fmt: skip


def _client(session: Session, viewer: Viewer) -> Iterator[QueueItem]:
    if viewer.organisation_id is None or READERS.isdisjoint(viewer.roles):
        return
    library, day, own = services().library, today(), of_client(viewer.organisation_id)
    for row in every(session, library, own, day, kept=Kept.OPEN):
        if row.clock is not None:
            yield QueueItem(
                kind=TO_CHECK, title=f"Vérifier {row.invoice.the}",
                detail=f"{amount(row.invoice.payable, row.invoice.currency)}, contestable si quelque chose n'est pas juste",
                url=f"{CLIENT}/{row.invoice.id}", since=row.invoice.available_at or row.invoice.imported_at,
                last_day=row.clock.last_day, priority=Priority.LOW,
            )  # fmt: skip
    asked = (*own, Invoice.settling == Settling.ASKED, Invoice.due_day.is_not(None))
    for row in every(session, library, asked, day):
        yield QueueItem(
            kind=TO_PAY, title=f"Payer {row.invoice.the}",
            detail=f"{amount(row.account.claimable, row.invoice.currency)} à payer",
            url=f"{CLIENT}/{row.invoice.id}", since=row.invoice.available_at or row.invoice.imported_at,
            last_day=row.account.due_on,
        )  # fmt: skip
    waiting = select(Dispute).where(
        Dispute.organisation_id == viewer.organisation_id, Dispute.state.in_(CLIENT_NEXT)
    )  # fmt: skip
    for dispute in session.scalars(waiting.order_by(Dispute.id)):
        yield QueueItem(
            kind=TO_ANSWER, title=f"{dispute.title} {dispute.reference}\u00a0: à vous de répondre",
            detail=dispute.state.label.lower(), url=f"{DISPUTES}/{dispute.reference}",
            since=dispute.waiting_since, priority=Priority.HIGH,
        )  # fmt: skip


QUEUES = (
    Queue(DISPUTED, "Contestations", _disputed),
    Queue(UNMATCHED, "Factures à rattacher", _unmatched),
    import_queue.QUEUE,
    Queue(LATE, "Factures arrivées tard", _late),
    Queue(PROPOSED, "Impayés", _proposed),
)
CLIENT_QUEUE = Queue(TO_CHECK, "Factures", _client)
