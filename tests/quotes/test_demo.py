"""The demo has something to show of each state that asks for somebody."""

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.models import Person
from portal.quotes import demo, quote_demo
from portal.quotes.quote_models import Quote
from portal.quotes.request_letters import Letters
from portal.quotes.request_models import QuoteRequest
from portal.quotes.request_rules import State, identity_number
from portal.quotes.writing_actions import reading_of
from tests.accounts.conftest import CLAIRE, STAFF
from tests.quotes.conftest import NOON
from tests.quotes.quoting import Room


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
        quote_demo.load(
            session, organisation=claire.organisation, signatory=claire, by=room.person(session, STAFF),
            library=room.library, letters=room.letters, now=room.at,
        )  # fmt: skip
    with room.portal.sessions() as session:
        found = session.scalars(select(Quote).order_by(Quote.id)).all()
        assert [quote.state.value for quote in found] == ["final", "accepted", "received", "sent", "draft"]
        assert found[2].last_day is not None
        assert 1 < (found[2].last_day - room.at.date()).days < 12
        assert reading_of(session, found[-1], room.at.date()).problems == ()
