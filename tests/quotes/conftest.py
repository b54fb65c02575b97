"""What the tests of this room stand on: its letters, a request, staff."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING

import pytest

from portal.accounts.actions import add_staff
from portal.accounts.models import Person
from portal.accounts.rules import StaffRole
from portal.accounts.sign_in import begin_session
from portal.quotes.estimate import Estimate, read_estimate
from portal.quotes.links import Links
from portal.quotes.request_actions import Asked
from portal.quotes.request_letters import Letters
from tests.accounts.conftest import Portal, Visitor, portal

__all__ = ["Portal", "Visitor", "portal"]

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from portal.terms import Library
    from tests.quotes.quoting import Room

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # noon in Paris
ASKED = Asked(
    organisation="Boulangerie Muller",
    identity="732829320",
    contact_name="Claire Muller",
    mail="claire@muller.example",
    phone="03 89 00 00 00",
    wish="Bonjour,\nnotre serveur est lent.\n\nhttps://ailleurs.example",
)
QUERY = "version=2018-10-01&ligne=remote-server:20,x3&tva=1"


@pytest.fixture
def letters(library: "Library") -> Letters:
    """The mails of an installation."""
    return Letters(library, Links("https://portail.example", "k" * 32), "portail.example")


@pytest.fixture
def estimate(library: "Library") -> Estimate:
    """Three times twenty minutes on a server."""
    found = read_estimate(QUERY, library, NOON.date()).estimate
    assert found is not None
    return found


@pytest.fixture
def seller(sessions: "sessionmaker[Session]") -> Person:
    """Somebody of the staff who may decide."""
    with sessions.begin() as session:
        return add_staff(
            session, email="paul@ims.example", name="Paul Weber", roles=[StaffRole.SALES], now=NOON
        )  # fmt: skip


@pytest.fixture
def adviser(sessions: "sessionmaker[Session]") -> Person:
    """Somebody of the staff who may answer and not decide."""
    with sessions.begin() as session:
        return add_staff(
            session, email="anne@ims.example", name="Anne Klein", roles=[StaffRole.ADVISER], now=NOON
        )  # fmt: skip


def signed_in(portal: Portal, email: str) -> Visitor:
    """Somebody with an open session; how one gets there is the accounts' own tests' matter."""
    visitor, person = portal.visitor(), portal.person(email)
    with portal.sessions.begin() as session:
        token = begin_session(
            session, session.merge(person), device="d", device_name="Test", means=("test",),
            domain="localhost", base_url="http://localhost", now=portal.clock(),
        )  # fmt: skip
    with visitor.client.session_transaction() as cookie:
        cookie.update(_user_id=person.fs_uniquifier, _fresh=True, token=token)
    return visitor


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page, by name."""
    found = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        assert name
        found[name.group(1)] = unescape(value.group(1)) if value else ""
    return found


@pytest.fixture
def room(portal: Portal, library: "Library") -> "Room":
    """A sales person's room."""
    from tests.quotes.quoting import Room

    return Room(portal, library)
