"""The demo shows every state and every way in, and a stranger to attach."""

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.actions import add_person, add_staff, create_organisation
from portal.accounts.rules import ClientRole, StaffRole, parse_identity
from portal.tickets import demo
from portal.tickets.letters import Letters
from portal.tickets.models import Ticket
from portal.tickets.rules import Channel, State
from tests.tickets.conftest import NOON


def test_the_demo_has_a_ticket_of_each_state_and_channel(sessions: sessionmaker[Session], letters: Letters) -> None:
    with sessions.begin() as session:
        organisation = create_organisation(
            session, legal_name="X", identity=parse_identity("000000000"), public_body=False, by=None, now=NOON
        )
        for email in (demo.CLAIRE, demo.PAUL, demo.MAIRIE):
            add_person(
                session, organisation=organisation, email=email, name=email, roles=[ClientRole.TECHNICAL], by=None,
                now=NOON,
            )  # fmt: skip
        adviser = add_staff(session, email="a@ims.example", name="A", roles=[StaffRole.ADVISER], now=NOON)
        demo.load(session, letters=letters, adviser=adviser, now=NOON)
        tickets = list(session.scalars(select(Ticket)))
        assert {ticket.state for ticket in tickets} == set(State)
        assert {ticket.channel for ticket in tickets} == set(Channel)
        assert [ticket.quarantined for ticket in tickets].count(True) == 1
        assert len(tickets) == len(demo.STORIES) == 12
