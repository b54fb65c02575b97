"""Every route, walked: each is declared, each refuses whom it must, no GET changes anything, no POST goes without a token."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete
from werkzeug.routing import Rule

from portal.accounts.models import Grant, Person
from portal.app import RATES
from portal.routes import EVERY_CLIENT, EVERY_STAFF, ROUTES, Access
from portal.web import SAFE
from tests.accounts.conftest import CLAIRE, MARC, STAFF, Clock, Portal, Visitor, portal
from tests.accounts.test_sign_in import everything

__all__ = ["Clock", "portal"]  # the fixture is used below

#: What stands for an argument: nothing that exists.
NOWHERE: dict[str, object] = {"Number": 999_999}


def rules(portal: Portal) -> Iterator[Rule]:
    return portal.app.url_map.iter_rules()


def address(portal: Portal, rule: Rule) -> str:
    """An address of a rule; its arguments name nothing that exists."""
    values = {name: NOWHERE.get(type(converter).__name__, "x") for name, converter in rule._converters.items()}
    built = portal.app.url_map.bind("localhost").build(rule.endpoint, values, method=min(rule.methods or {"GET"}))
    return str(built)


def method(rule: Rule) -> str:
    return "POST" if "POST" in (rule.methods or set()) else "GET"


def test_every_route_is_declared_and_every_declared_route_is_there(portal: Portal) -> None:
    found = {rule.endpoint for rule in rules(portal)}
    assert found - set(ROUTES) == set(), "not declared in portal/routes.py"
    # Some are only there in the demo, or handed in by the server.
    assert {name for name in set(ROUTES) - found if not name.startswith("mailbox.")} == set()


def test_what_a_stranger_can_send_is_limited(portal: Portal) -> None:
    open_to_all = {
        rule.endpoint for rule in rules(portal) if method(rule) == "POST" and ROUTES[rule.endpoint].anonymous
    }
    # Half-way through a sign-in, whose first factor was counted; and nobody is kept from leaving.
    assert open_to_all - set(RATES) == {"security.two_factor_setup", "security.logout"}


def test_a_route_that_is_not_declared_answers_nobody(portal: Portal) -> None:
    @portal.app.get("/probe")
    def probe() -> str:
        return "open"

    assert portal.app.test_client().get("/probe").status_code == 303
    assert portal.sign_in(CLAIRE).client.get("/probe").status_code == 403


def test_a_visitor_who_is_not_signed_in_is_sent_to_sign_in(portal: Portal) -> None:
    before = everything(portal)
    visitor = portal.visitor()
    token = visitor.token("connexion")
    for rule in rules(portal):
        for verb in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            answer = visitor.client.open(
                address(portal, rule), method=verb, data={"csrf_token": token} if verb == "POST" else None
            )
            sent = answer.status_code == 303 and "/espace-client/connexion" in (answer.location or "")
            assert sent is not ROUTES[rule.endpoint].anonymous, (verb, rule, answer.status_code, answer.location)
            assert answer.status_code < 500 or rule.endpoint == "health.readyz", (verb, rule)
    assert everything(portal) == before


def give(portal: Portal, person: int, role: str) -> None:
    with portal.sessions.begin() as session:
        found = session.get_one(Person, person)
        found.roles[:] = []
        session.flush()
        found.roles.append(Grant(name=role))


def staff_visitor(portal: Portal) -> Visitor:
    """A member of the staff, signed in: the second factor has tests of its own."""
    from portal.accounts import sign_in

    visitor = portal.visitor()
    with portal.sessions.begin() as session:
        person = session.get_one(Person, portal.ids[STAFF])
        token = sign_in.begin_session(
            session, person, device="d", device_name="Firefox", means=["webauthn"], domain="localhost",
            base_url="http://localhost", now=portal.clock(),
        )  # fmt: skip
        unique = person.fs_uniquifier
    import time

    with visitor.client.session_transaction() as held:
        held.update(_user_id=unique, _fresh=True, token=token, fs_paa=time.time(), device="d")
    assert visitor.is_signed_in()
    return visitor


@pytest.mark.parametrize("staff", [False, True], ids=["client", "staff"])
def test_each_role_is_let_in_where_the_table_says_and_nowhere_else(portal: Portal, staff: bool) -> None:
    visitor = staff_visitor(portal) if staff else portal.sign_in(MARC)
    person = portal.ids[STAFF if staff else MARC]
    token = visitor.token("compte/appareils")
    for role in sorted(EVERY_STAFF if staff else EVERY_CLIENT):
        give(portal, person, role)
        for rule in rules(portal):
            access: Access = ROUTES[rule.endpoint]
            if access.anonymous or rule.endpoint == "accounts.end_everywhere":
                continue
            answer = visitor.client.open(
                address(portal, rule),
                method=method(rule),
                data={"csrf_token": token} if method(rule) == "POST" else None,
            )
            refused = answer.status_code == 403
            assert refused is not access.admits(signed_in=True, staff=staff, roles=frozenset({role})), (
                role, rule, answer.status_code,
            )  # fmt: skip
            assert answer.status_code < 500, (role, rule)


def test_nobody_without_any_role_is_let_in_anywhere(portal: Portal) -> None:
    visitor = portal.sign_in(MARC)
    with portal.sessions.begin() as session:
        session.execute(delete(Grant).where(Grant.person_id == portal.ids[MARC]))
    for rule in rules(portal):
        if not ROUTES[rule.endpoint].anonymous and "GET" in (rule.methods or set()):
            assert visitor.client.get(address(portal, rule)).status_code == 403, rule


def test_no_get_or_head_changes_anything(portal: Portal) -> None:
    visitors = [portal.visitor(), portal.sign_in(CLAIRE), staff_visitor(portal)]
    before = everything(portal)
    for visitor in visitors:
        for rule in rules(portal):
            for verb in sorted((rule.methods or set()) & SAFE):
                visitor.client.open(address(portal, rule), method=verb)
    assert everything(portal) == before


def test_every_post_without_a_token_is_refused_for_everybody(portal: Portal) -> None:
    visitors = [portal.visitor(), portal.sign_in(CLAIRE), staff_visitor(portal)]
    before = everything(portal)
    for visitor in visitors:
        for rule in rules(portal):
            for verb in sorted((rule.methods or set()) - SAFE):
                answer = visitor.client.open(address(portal, rule), method=verb)
                # A page that keeps what was typed checks its token by itself, once it knows what it is about.
                refused = {400, 404} if rule._converters else {400}
                assert answer.status_code in refused, (verb, rule, answer.status_code)
    assert everything(portal) == before
