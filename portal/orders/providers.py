"""What an order's page shows of the rooms above: handed in by ``app.py``, for this room does not know them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from portal.files.models import StoredFile
from portal.orders.models import Order
from portal.registry import Offer, Proposals, nothing_proposed


@dataclass(frozen=True, slots=True)
class Payment:
    """One invoice of an order: its title, its page, its sum, what is left to pay."""

    title: str
    url: str
    amount: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class Proof:
    """The file of proof of an order; without one, whether it is being made."""

    file: StoredFile | None = None
    coming: bool = False


def _no_payments(_: Session, __: Order, ___: bool) -> Sequence[Payment]:
    return ()


def _no_proof(_: Session, __: Order) -> Proof:
    return Proof()


def _no_supplement(_: Session, __: Order, ___: bool) -> Offer | None:
    return None


@dataclass(frozen=True, slots=True)
class Providers:
    """``payments(session, order, staff)`` gives the invoices of an order, ``proof(session, order)`` its file of proof.

    ``proposed`` is what the room of invoices proposes to do about what is unpaid, ``supplement(session, order, staff)``
    where a supplementary quote begins.
    """

    payments: Callable[[Session, Order, bool], Sequence[Payment]] = _no_payments
    proof: Callable[[Session, Order], Proof] = _no_proof
    proposed: Proposals = nothing_proposed
    supplement: Callable[[Session, Order, bool], Offer | None] = _no_supplement


def is_paid(payments: Sequence[Payment]) -> bool:
    """Whether an order is invoiced and nothing of it is left to pay: its goods are the client's then (7.6)."""
    return bool(payments) and all(payment.left <= 0 for payment in payments)
