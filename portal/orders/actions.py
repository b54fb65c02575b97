"""Place an order: what both sides have accepted, frozen, with the points it gives."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.contracts.actions import credit, find_contract
from portal.contracts.agreement_actions import open_contract
from portal.contracts.models import Contract
from portal.contracts.rules import Overdraft, SpecialConditions
from portal.evidence.actions import record, take_turn
from portal.numbers.actions import next_reference
from portal.orders.models import Order, PlacedLine
from portal.orders.rules import OrderLine, WrongContract, check_final

SERIES = "CMD"


def place_order(
    session: Session, *, organisation: Organisation, quote_reference: str, lines: Sequence[OrderLine],
    terms_slug: str, terms_sha256: str, special_conditions: SpecialConditions,
    accepted_client_at: datetime, accepted_provider_at: datetime, by: Person, at: datetime,
    supplements: str | None = None, overdraft: Overdraft | None = None,
) -> Order:  # fmt: skip
    """Make a final order of a quote that both sides have accepted (5.2). The same quote again is the same order.

    Each points line opens a contract, under this order's version of the CGV and conditions, or adds
    to the one it names. ``overdraft`` is the rule of the contracts that it opens, by default to refuse.

    Raises:
        NotFinal: an acceptance is missing.
        InvalidLine: nothing is ordered.
        WrongContract: a contract to top up is not this organisation's, or has ended.
    """
    check_final(lines, accepted_client_at, accepted_provider_at, at)
    take_turn(session)
    if held := session.scalars(select(Order).where(Order.quote_reference == quote_reference)).first():
        return held
    topped_up = {line.top_up: _contract(session, organisation, line.top_up) for line in lines if line.top_up}
    order = Order(
        reference=next_reference(session, SERIES, at=at),
        organisation_id=organisation.id,
        quote_reference=quote_reference,
        supplements=supplements,
        terms_slug=terms_slug,
        terms_sha256=terms_sha256,
        conditions=special_conditions.stored(),
        accepted_client_at=accepted_client_at,
        accepted_provider_at=accepted_provider_at,
        placed_at=at,
        placed_by_id=by.id,
        placed_by=by.name,
        lines=[_placed(position, line) for position, line in enumerate(lines, start=1)],
    )
    session.add(order)
    session.flush()
    record(session, "orders.placed", _content(order, by), at=at)
    for position, line in enumerate(lines, start=1):
        if line.points is None:
            continue
        if line.top_up:
            credit(
                session, topped_up[line.top_up], points=line.points, key=f"order:{order.reference}:{position}",
                words=f"Commande {order.reference}\u00a0: {line.label}", by=by, at=at,
            )  # fmt: skip
        elif line.contract_kind:
            open_contract(
                session, organisation=organisation, kind=line.contract_kind, points=line.points,
                terms_slug=terms_slug, terms_sha256=terms_sha256, special_conditions=special_conditions,
                overdraft=overdraft or Overdraft(), order=order.reference, by=by, at=at,
            )  # fmt: skip
    return order


def find_order(session: Session, reference: str) -> Order | None:
    """The order of a reference."""
    return session.scalars(select(Order).where(Order.reference == reference)).first()


def _contract(session: Session, organisation: Organisation, reference: str) -> Contract:
    contract = find_contract(session, reference)
    if contract is None or contract.organisation_id != organisation.id or contract.ended_at is not None:
        raise WrongContract(reference)
    return contract


def _placed(position: int, line: OrderLine) -> PlacedLine:
    return PlacedLine(
        position=position,
        kind=line.kind,
        label=line.label,
        description=line.description,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        vat_rate=line.vat_rate,
        points=line.points,
        contract_kind=line.contract_kind,
        top_up=line.top_up,
    )


def _content(order: Order, by: Person) -> dict[str, object]:
    return {
        "reference": order.reference,
        "organisation": order.organisation_id,
        "quote": order.quote_reference,
        "supplements": order.supplements,
        "terms": [order.terms_slug, order.terms_sha256],
        "conditions": order.conditions,
        "lines": [
            [
                line.kind.value, line.label, line.description, str(line.quantity), line.unit, str(line.unit_price),
                str(line.vat_rate), None if line.points is None else str(line.points), line.contract_kind, line.top_up,
            ]
            for line in order.lines
        ],
        "accepted": [order.accepted_client_at.isoformat(), order.accepted_provider_at.isoformat()],
        "by": by.email,
    }  # fmt: skip
