"""The demo has something to show of each state that asks for somebody."""

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.models import Person
from portal.quotes import demo
from portal.quotes.request_letters import Letters
from portal.quotes.request_models import QuoteRequest
from portal.quotes.request_rules import State, identity_number
from tests.quotes.conftest import NOON


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
