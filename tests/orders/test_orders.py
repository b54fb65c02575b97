"""An order: final when both have accepted, frozen from then on, and the points it gives."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from portal.contracts.actions import balance, contracts_of
from portal.contracts.agreement_actions import end_contract
from portal.contracts.models import Contract
from portal.contracts.rules import Derogation, Kind, SpecialConditions
from portal.evidence.actions import verify_log
from portal.orders.actions import find_order, place_order
from portal.orders.models import Order
from portal.orders.rules import InvalidLine, LineKind, NotFinal, OrderLine, WrongContract
from tests.contracts.conftest import NOON, Opener, People, opener, people

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

__all__ = ["opener", "people"]

WORK = OrderLine(
    LineKind.SERVICE, "Remplacement du serveur", Decimal("1.5"), "jour", Decimal("640.55"), Decimal(20)
)  # fmt: skip
GOODS = OrderLine(LineKind.GOODS, "Serveur", Decimal(1), "unité", Decimal("2190.00"), Decimal(20), "8 cœurs, 64 Go")
BOOK = OrderLine(
    LineKind.POINTS, "500 points", Decimal(1), "carnet", Decimal("480.00"), Decimal(20), points=Decimal(500),
    contract_kind=Kind.LIBERTY,
)  # fmt: skip


def place(session: "Session", people: People, *lines: OrderLine, **given: Any) -> Order:
    values: dict[str, Any] = {
        "organisation": people.client, "quote_reference": "DEV-2026-0001", "lines": lines,
        "terms_slug": "2018-10-01", "terms_sha256": "a" * 64,
        "special_conditions": SpecialConditions("Le samedi.", derogations=(Derogation(NOON.date(), "Au lieu de 5.1 …"),)),
        "accepted_client_at": NOON - timedelta(days=1), "accepted_provider_at": NOON, "by": people.staff, "at": NOON,
    }  # fmt: skip
    return place_order(session, **values | given)


def test_an_order_holds_what_was_accepted(sessions: "sessionmaker[Session]", people: People) -> None:
    with sessions.begin() as session:
        place(session, people, WORK, GOODS, supplements="CMD-2025-0001")
    with sessions() as session:
        order = find_order(session, "CMD-2026-0001")
        assert order is not None
        assert [line.value for line in order.lines] == [WORK, GOODS]
        assert order.special_conditions.text == "Le samedi."
        assert (order.totals.net, order.totals.gross) == (Decimal("3150.83"), Decimal("3781.00"))
        assert order.supplements == "CMD-2025-0001"
        assert list(verify_log(session)) == []


def test_a_points_line_opens_a_contract_under_the_orders_terms(
    sessions: "sessionmaker[Session]", people: People
) -> None:
    with sessions.begin() as session:
        order = place(session, people, WORK, BOOK)
        (contract,) = contracts_of(session, people.client.id)
        assert (contract.order_reference, contract.kind) == (order.reference, Kind.LIBERTY)
        assert (contract.terms_slug, contract.terms_sha256) == (order.terms_slug, order.terms_sha256)
        assert contract.special_conditions == order.special_conditions
        assert balance(session, contract) == 500


def test_a_points_line_may_top_up_a_contract_instead(
    sessions: "sessionmaker[Session]", people: People, opener: Opener
) -> None:
    with sessions.begin() as session:
        held = opener(session, "20")
        more = OrderLine(
            LineKind.POINTS, "100 points", Decimal(1), "carnet", Decimal(99), Decimal(20), points=Decimal(100),
            top_up=held.reference,
        )  # fmt: skip
        place(session, people, more, more)
        assert balance(session, held) == 220
        assert len(contracts_of(session, people.client.id)) == 1


@pytest.mark.parametrize("case", ["another's", "ended", "none"])
def test_only_its_own_contract_at_work_is_topped_up(
    sessions: "sessionmaker[Session]", people: People, opener: Opener, case: str
) -> None:
    with sessions() as session:
        held = opener(session, "20", organisation=people.other if case == "another's" else people.client)
        if case == "ended":
            end_contract(session, held, reason="Fin", by=people.staff, at=NOON)
        reference = "CTR-2020-0001" if case == "none" else held.reference
        more = OrderLine(
            LineKind.POINTS, "100", Decimal(1), "", Decimal(99), Decimal(20), points=Decimal(100), top_up=reference
        )
        with pytest.raises(WrongContract):
            place(session, people, more)
        assert session.scalar(select(func.count()).select_from(Order)) == 0


def test_the_same_quote_makes_one_order(sessions: "sessionmaker[Session]", people: People) -> None:
    with sessions.begin() as session:
        assert place(session, people, BOOK).id == place(session, people, BOOK).id
        assert session.scalar(select(func.count()).select_from(Contract)) == 1


@pytest.mark.parametrize(
    ("client", "provider"), [(NOON + timedelta(seconds=1), NOON), (NOON, NOON + timedelta(seconds=1))]
)
def test_without_both_acceptances_it_is_not_final(
    sessions: "sessionmaker[Session]", people: People, client: Any, provider: Any
) -> None:
    with sessions() as session, pytest.raises(NotFinal):
        place(session, people, WORK, accepted_client_at=client, accepted_provider_at=provider)


def test_nothing_is_no_order(sessions: "sessionmaker[Session]", people: People) -> None:
    with sessions() as session, pytest.raises(InvalidLine):
        place(session, people)


@pytest.mark.parametrize(
    "given",
    [
        {"kind": LineKind.POINTS},
        {"points": Decimal(1)},
        {"kind": LineKind.POINTS, "points": Decimal(1)},
        {"kind": LineKind.POINTS, "points": Decimal(1), "contract_kind": Kind.LIBERTY, "top_up": "CTR-2026-0001"},
        {"top_up": "CTR-2026-0001"},
        {"quantity": Decimal(0)},
        {"label": " "},
    ],
)
def test_a_points_line_says_where_its_points_go_and_no_other_does(given: dict[str, Any]) -> None:
    from dataclasses import replace

    with pytest.raises(InvalidLine):
        replace(WORK, **given)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE client_order_line SET unit_price = 60000",
        "UPDATE client_order SET terms_slug = 'x'",
        "DELETE FROM client_order_line",
        "DELETE FROM client_order",
    ],
)
def test_the_database_itself_keeps_a_final_order_as_it_is(
    sessions: "sessionmaker[Session]", people: People, statement: str
) -> None:
    with sessions.begin() as session:
        place(session, people, WORK)
    with pytest.raises(DBAPIError, match="frozen"), sessions.begin() as session:
        session.execute(text(statement))
