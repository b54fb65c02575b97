"""What an unpaid invoice proposes to staff (7.4, 10): which things it concerns, the words their form begins with.

Nothing is done here: the forms of the rooms below do it, once a person has decided.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import PARIS
from portal.contracts.actions import contracts_of
from portal.contracts.links import DESK as CONTRACTS
from portal.contracts.notice_actions import notices_of
from portal.contracts.notice_rules import Sender
from portal.french import amount, long_date
from portal.invoices.holding import held
from portal.invoices.links import DESK
from portal.invoices.reminder_models import Reminder
from portal.invoices.reminder_rules import Step
from portal.orders.links import DESK as ORDERS
from portal.orders.models import Order
from portal.orders.progress_actions import progress_of
from portal.orders.progress_rules import Ground, Side
from portal.registry import Proposed

#: Orders of one client that a proposal looks at, the latest first.
MOST = 50


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that the proposal concerns: its form, or what was done about it since (``done``)."""

    title: str
    url: str
    is_contract: bool
    done: str = ""


def proposed(session: Session, organisation_id: int, number: int) -> Proposed | None:
    """The proposal of that number, while it waits for a decision; None for another client's."""
    reminder = session.get(Reminder, number)
    if reminder is None or reminder.decided_at is not None or reminder.rung.step is Step.MAIL:
        return None
    invoice = reminder.invoice
    account = held(session, invoice).account(invoice)
    if invoice.organisation_id != organisation_id or not account.claimable:
        return None
    words = (
        f"{invoice.title} du {long_date(invoice.issued_on)}, à payer le {long_date(reminder.due_on)}\u00a0: "
        f"{amount(account.claimable, invoice.currency)} restent dus"
        f"{', la part contestée non comptée' if account.disputed_left else ''}."
    )
    if reminder.rung.step is Step.FORMAL_NOTICE:
        words += " Nous vous mettons en demeure de payer cette somme."
    return Proposed(reminder.rung.step.value, words, f"{DESK}/propositions/{number}")


def targets(session: Session, reminder: Reminder) -> list[Target]:
    """What the proposal concerns: the client's orders under way; for a formal notice its contracts too."""
    since = reminder.made_at.astimezone(PARIS).date()
    if reminder.invoice.organisation_id is None:
        return []
    found = list(_orders(session, reminder, since))
    if reminder.rung.step is Step.FORMAL_NOTICE:
        found += _contracts(session, reminder, since)
    return found


def _orders(session: Session, reminder: Reminder, since: date) -> Iterator[Target]:
    held = select(Order).where(Order.organisation_id == reminder.invoice.organisation_id)
    for order in session.scalars(held.order_by(Order.id.desc()).limit(MOST)):
        now = progress_of(session, order)
        if now.over:
            continue
        url, title = f"{ORDERS}/{order.reference}", f"Commande {order.reference}"
        if reminder.rung.step is Step.SUSPENSION:
            stop = now.suspension
            if stop is None:
                yield Target(title, f"{url}?proposition={reminder.id}", is_contract=False)
            elif stop.ground is Ground.LATE_PAYMENT and stop.day >= since:
                yield Target(title, url, is_contract=False, done=f"suspendue le {long_date(stop.day)}")
            continue
        notice = now.notice_of(Side.PROVIDER)
        if notice is None:
            yield Target(title, f"{url}?proposition={reminder.id}", is_contract=False)
        elif notice.sent_on >= since:
            words = f"mise en demeure envoyée le {long_date(notice.sent_on)}"
            yield Target(title, url, is_contract=False, done=words)


def _contracts(session: Session, reminder: Reminder, since: date) -> Iterator[Target]:
    for contract in contracts_of(session, reminder.invoice.organisation_id or 0, ended=False):
        url, title = f"{CONTRACTS}/{contract.reference}", f"Contrat {contract.reference}"
        sent = [
            each for each in notices_of(session, contract)
            if each.sender is Sender.COMPANY and each.made_good_at is None and each.received_on >= since
        ]  # fmt: skip
        done = f"mise en demeure reçue le {long_date(sent[0].received_on)}" if sent else ""
        yield Target(title, url if sent else f"{url}?proposition={reminder.id}", is_contract=True, done=done)
