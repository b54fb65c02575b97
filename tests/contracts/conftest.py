"""What the tests of this room stand on: an organisation, somebody of the staff, contracts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from portal.accounts.actions import add_staff, create_organisation
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import Identity, StaffRole
from portal.contracts.agreement_actions import open_contract
from portal.contracts.models import Contract
from portal.contracts.rules import Kind, Overdraft, SpecialConditions

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from portal.terms import Library

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # noon in Paris
Opener = Callable[..., Contract]


@dataclass(frozen=True)
class People:
    """Two clients and a member of the staff."""

    client: Organisation
    other: Organisation
    staff: Person


def make_people(session: "Session") -> People:
    client = create_organisation(
        session, legal_name="Boulangerie Muller", identity=Identity(siren="732829320"), public_body=False, by=None,
        now=NOON,
    )  # fmt: skip
    other = create_organisation(
        session, legal_name="Garage Otto", identity=Identity(siren="356000000"), public_body=False, by=None, now=NOON
    )
    staff = add_staff(
        session, email="anne@ims.example", name="Anne Klein", roles=[StaffRole.ADVISER, StaffRole.SALES], now=NOON
    )
    return People(client, other, staff)


@pytest.fixture
def people(sessions: "sessionmaker[Session]") -> People:
    with sessions.begin() as session:
        return make_people(session)


@pytest.fixture
def opener(people: People, library: "Library") -> Opener:
    """Opens a contract in a session: ``opener(session, "100")``."""

    def open_(
        session: "Session", points: str, overdraft: Overdraft | None = None, *, kind: Kind = Kind.LIBERTY,
        organisation: Organisation | None = None, at: datetime = NOON,
    ) -> Contract:  # fmt: skip
        terms = library.in_force(at.date())
        return open_contract(
            session, organisation=organisation or people.client, kind=kind, points=Decimal(points),
            terms_slug=terms.slug, terms_sha256=terms.sha256, special_conditions=SpecialConditions("Astreinte."),
            overdraft=overdraft or Overdraft(), by=people.staff, at=at, reason="Signé avant le portail.",
        )  # fmt: skip

    return open_
