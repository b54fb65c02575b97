"""Setting up an authenticator at a sign-in: once, soon, and never in the place of another."""

import threading

import pytest

from portal.accounts.models import Person
from portal.web import AREA
from tests.accounts.conftest import STAFF, Portal, Visitor
from tests.accounts.test_second_factors import add_passkey, app_code, first_staff_sign_in, set_up_app

SET_UP, SECOND = f"{AREA}/connexion/application", "connexion/second-facteur"


def half_way(portal: Portal) -> tuple[Visitor, str, str]:
    """A sign-in left where the authenticator's first code is asked: the browser, its form's token, the secret."""
    visitor = portal.visitor()
    visitor.send("connexion", 302, identity=STAFF, passcode=portal.ask_code(visitor, STAFF))
    secret = set_up_app(visitor, SET_UP)
    return visitor, visitor.token(SECOND), secret


@pytest.mark.parametrize("means", ["authenticator", "passkey"])
def test_a_set_up_left_half_way_cannot_be_finished_once_its_person_has_a_second_factor(
    portal: Portal, means: str
) -> None:
    stranger, token, secret = half_way(portal)
    owner, _ = first_staff_sign_in(portal)
    if means == "passkey":
        add_passkey(portal, owner)
    with portal.sessions.begin() as session:
        person = session.get_one(Person, portal.ids[STAFF])
        person.app_counter = None
        if means == "passkey":
            person.tf_primary_method = person.tf_totp_secret = None
    kept = portal.person(STAFF).tf_totp_secret
    stranger.send(SECOND, 303, csrf_token=token, code=app_code(secret))
    assert stranger.location == f"{AREA}/connexion"
    assert not stranger.is_signed_in()
    assert portal.person(STAFF).tf_totp_secret == kept


def test_a_set_up_not_yet_begun_cannot_begin_once_its_person_has_an_authenticator(portal: Portal) -> None:
    stranger = portal.visitor()
    stranger.send("connexion", 302, identity=STAFF, passcode=portal.ask_code(stranger, STAFF))
    token = stranger.token(SET_UP)
    first_staff_sign_in(portal)
    stranger.send(SET_UP, 303, csrf_token=token, setup="authenticator")
    assert stranger.location == f"{AREA}/connexion"


def test_a_set_up_is_finished_within_ten_minutes_or_begun_again(portal: Portal) -> None:
    early, early_token, secret = half_way(portal)
    portal.clock.pass_(minutes=10)
    early.send(SECOND, 303, csrf_token=early_token, code=app_code(secret))
    assert not early.is_signed_in()
    assert portal.person(STAFF).tf_totp_secret is None
    late, late_token, secret = half_way(portal)
    portal.clock.pass_(minutes=9, seconds=59)
    late.send(SECOND, 302, csrf_token=late_token, code=app_code(secret))
    assert late.is_signed_in()


def test_the_second_factor_follows_the_first_within_ten_minutes(portal: Portal) -> None:
    _, secret = first_staff_sign_in(portal)
    with portal.sessions.begin() as session:
        session.get_one(Person, portal.ids[STAFF]).app_counter = None
    visitor = portal.visitor()
    visitor.send("connexion", 302, identity=STAFF, passcode=portal.ask_code(visitor, STAFF))
    token = visitor.token(SECOND)
    portal.clock.pass_(minutes=10)
    visitor.send(SECOND, 303, csrf_token=token, code=app_code(secret))
    assert not visitor.is_signed_in()


def test_of_two_set_ups_finished_at_the_same_moment_one_is_kept(portal: Portal) -> None:
    both = [half_way(portal), half_way(portal)]
    start = threading.Barrier(2)

    def finish(visitor: Visitor, token: str, secret: str) -> None:
        start.wait()
        visitor.client.post(f"{AREA}/{SECOND}", data={"csrf_token": token, "code": app_code(secret)})

    threads = [threading.Thread(target=finish, args=one) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [visitor.is_signed_in() for visitor, _, _ in both].count(True) == 1
