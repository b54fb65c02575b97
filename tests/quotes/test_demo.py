"""The demo has something to show of each state that asks for somebody."""

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.models import Person
from portal.quotes import demo, quote_demo
from portal.quotes.for_orders import proof_of_order, supplement_of
from portal.quotes.links import FORM
from portal.quotes.quote_models import Quote
from portal.quotes.request_letters import Letters
from portal.quotes.request_models import QuoteRequest
from portal.quotes.request_rules import State, identity_number
from portal.quotes.writing_actions import reading_of
from tests.accounts.conftest import CLAIRE, STAFF
from tests.quotes.conftest import NOON
from tests.quotes.quoting import DESK, Room


def test_the_demo_has_a_request_to_answer_one_talked_over_and_one_answered(
    sessions: sessionmaker[Session], seller: Person, letters: Letters
) -> None:
    with sessions.begin() as session:
        demo.load(session, letters=letters, by=session.merge(seller), now=NOON)
    with sessions() as session:
        found = session.scalars(select(QuoteRequest).order_by(QuoteRequest.id)).all()
    assert [request.state for request in found] == [State.RECEIVED, State.DISCUSSED, State.ANSWERED]
    assert [request.estimate_query is None for request in found] == [False, True, False]
    assert all(identity_number(request.identity) == request.identity for request in found)


def test_the_demo_has_a_quote_of_each_state_that_asks_for_somebody(room: Room) -> None:
    with room.portal.sessions.begin() as session:
        claire = room.person(session, CLAIRE)
        assert claire.organisation is not None
        stage = quote_demo.Stage(
            session, claire.organisation, claire, room.person(session, STAFF), room.library, room.letters
        )
        orders = quote_demo.load(stage, now=room.at)
        # The first two run; each has a quote that both accepted, and so a file of proof to come.
        assert [order.reference for order in orders.values()] == [f"CMD-2026-000{number}" for number in (1, 2, 3)]
        assert all(proof_of_order(session, order).coming for order in orders.values())
        with room.portal.app.test_request_context():
            offers = [supplement_of(session, orders["contract"], staff) for staff in (True, False)]
        assert [each.url for each in offers if each] == [f"{DESK}/{orders['contract'].quote_reference}", FORM]
    with room.portal.sessions() as session:
        found = session.scalars(select(Quote).order_by(Quote.id)).all()
        assert [quote.state.value for quote in found] == [*["final"] * 3, "accepted", "received", "sent", "draft"]
        assert found[4].last_day is not None
        assert 1 < (found[4].last_day - room.at.date()).days < 12
        assert reading_of(session, found[-1], room.at.date()).problems == ()
