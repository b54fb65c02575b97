"""Codes and answers counted in the database: two at the same moment are two, on both engines."""

import threading
import time
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts import membership, sign_in
from portal.accounts.models import MailCode, Person
from portal.accounts.rate_models import RateWindow
from portal.accounts.rules import ATTEMPTS, CODES_AN_HOUR
from tests.accounts.conftest import CLAIRE, NOON, Portal

#: What a browser keeps.
HERE = "one browser"


def at_once(portal: Portal, count: int, act: Callable[[Session], bool]) -> list[bool]:
    """What an act answers when as many as that do it at the same moment."""
    answers: list[bool] = []
    start = threading.Barrier(count)

    def run() -> None:
        with portal.sessions() as session:
            start.wait()
            answers.append(act(session))
            session.commit()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def new_code(portal: Portal) -> str:
    with portal.sessions.begin() as session:
        return sign_in.make_code(session, portal.ids[CLAIRE], HERE, now=NOON)


def test_a_code_used_by_several_at_the_same_moment_lets_one_in(portal: Portal) -> None:
    code = new_code(portal)

    def use(session: Session) -> bool:
        return sign_in.use_code(session, session.get_one(Person, portal.ids[CLAIRE]), code, HERE, now=NOON)

    assert sorted(at_once(portal, 4, use)) == [False, False, False, True]


def test_codes_asked_for_at_the_same_moment_are_no_more_than_five_and_one_is_good(portal: Portal) -> None:
    def ask(session: Session) -> bool:
        person = session.get_one(Person, portal.ids[CLAIRE])
        if sign_in.codes_left(session, person, HERE, now=NOON) == 0:
            return False
        time.sleep(0.05)  # as long as it takes to be overtaken
        sign_in.make_code(session, person.id, HERE, now=NOON)
        return True

    assert sorted(at_once(portal, 8, ask)) == [False] * 3 + [True] * CODES_AN_HOUR
    with portal.sessions() as session:
        codes = session.scalars(select(MailCode)).all()
    assert (len(codes), len([code for code in codes if code.spent_at is None])) == (CODES_AN_HOUR, 1)


def test_a_code_that_is_not_sent_costs_the_same_known_address_or_not(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = portal.visitor()
    for _ in range(CODES_AN_HOUR):
        portal.ask_code(visitor, CLAIRE)
    sent, pretended, pretend = len(portal.mails(CLAIRE)), [], sign_in.pretend_to_send

    def counted(session: Session, *, now: datetime) -> None:
        pretended.append(now)
        pretend(session, now=now)

    monkeypatch.setattr(sign_in, "pretend_to_send", counted)
    for email in (CLAIRE, "claude@client.example"):
        visitor.send("connexion/code", 200, identity=email, chosen_method="email")
    assert len(pretended) == 2
    assert len(portal.mails()) == sent


def test_guesses_at_the_same_moment_are_all_counted(portal: Portal) -> None:
    code = new_code(portal)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"

    def guess(session: Session) -> bool:
        return sign_in.use_code(session, session.get_one(Person, portal.ids[CLAIRE]), wrong, HERE, now=NOON)

    assert at_once(portal, 8, guess) == [False] * 8
    with portal.sessions() as session:
        assert session.scalars(select(MailCode)).one().attempts == ATTEMPTS
        assert not sign_in.use_code(session, session.get_one(Person, portal.ids[CLAIRE]), code, HERE, now=NOON)


def test_passwords_tried_at_the_same_moment_are_all_counted(portal: Portal) -> None:
    def guess(session: Session) -> bool:
        return sign_in.try_password(session, portal.ids[CLAIRE], HERE, "a place", lambda: True, now=NOON)

    def wrong(session: Session) -> bool:
        return sign_in.try_password(session, portal.ids[CLAIRE], HERE, "a place", lambda: False, now=NOON)

    assert at_once(portal, 8, wrong) == [False] * 8
    with portal.sessions() as session:
        assert not guess(session)
        assert sorted(session.scalars(select(RateWindow.hits))) == [9, 9]


def test_the_code_of_an_application_given_by_several_at_the_same_moment_lets_one_in(portal: Portal) -> None:
    def give(session: Session) -> bool:
        person = session.get_one(Person, portal.ids[CLAIRE])

        def unused() -> bool:
            if person.app_counter == 7:
                return False
            time.sleep(0.1)  # as long as it takes to be overtaken
            person.app_counter = 7
            return True

        return sign_in.try_app(session, person, unused, now=NOON)

    assert sorted(at_once(portal, 4, give)) == [False, False, False, True]


def test_an_invitation_accepted_twice_at_the_same_moment_makes_one_person(portal: Portal) -> None:
    from portal.accounts.models import Organisation
    from portal.accounts.rules import ClientRole

    with portal.sessions.begin() as session:
        membership.invite(
            session, organisation=session.get_one(Organisation, portal.ids["client"]), email="jean@client.example",
            name="Jean", roles=[ClientRole.BILLING], by=None, base_url="http://localhost", domain="localhost", now=NOON,
        )  # fmt: skip
    token = portal.link("jean@client.example").rpartition("/")[2]

    def accept(session: Session) -> bool:
        try:
            membership.accept_invitation(session, token=token, now=NOON)
        except membership.InvitationOver:
            session.rollback()
            return False
        return True

    assert sorted(at_once(portal, 3, accept)) == [False, False, True]


def test_a_client_written_down_twice_at_the_same_moment_is_one(portal: Portal) -> None:
    from portal.accounts import actions
    from portal.accounts.rules import Identity

    def create(session: Session) -> bool:
        identity = Identity(siren="216800664", siret="21680066400015")
        time.sleep(0.05)
        try:
            actions.create_organisation(
                session, legal_name="Mairie", identity=identity, public_body=True, by=None, now=NOON
            )  # fmt: skip
        except actions.IdentityTaken as taken:
            session.rollback()
            return taken.organisation.legal_name != "Mairie"
        return True

    assert sorted(at_once(portal, 3, create)) == [False, False, True]


def test_a_link_confirmed_by_several_at_the_same_moment_lets_one_in(portal: Portal) -> None:
    code = new_code(portal)

    def use(session: Session) -> bool:
        return sign_in.use_link(session, session.get_one(Person, portal.ids[CLAIRE]), code, now=NOON)

    assert sorted(at_once(portal, 4, use)) == [False, False, False, True]


def test_strangers_who_ask_at_the_same_moment_are_counted_together(portal: Portal) -> None:
    from portal.accounts.rules import CODES_OF_STRANGERS

    browsers = iter(range(100))

    def ask(session: Session) -> bool:
        browser, person = f"browser {next(browsers)}", session.get_one(Person, portal.ids[CLAIRE])
        if sign_in.codes_left(session, person, browser, now=NOON) == 0:
            return False
        time.sleep(0.05)
        sign_in.make_code(session, person.id, browser, now=NOON)
        return True

    assert at_once(portal, 9, ask).count(True) == CODES_OF_STRANGERS


def test_guesses_of_many_browsers_at_the_same_moment_end_at_the_days_limit(portal: Portal) -> None:
    from portal.accounts.rules import TRIES_A_DAY

    with portal.sessions.begin() as session:
        codes = [sign_in.make_code(session, portal.ids[CLAIRE], f"b{number}", now=NOON) for number in range(8)]
    work = iter([(number, f"{(int(code) + 1) % 1_000_000:06d}") for number, code in enumerate(codes) for _ in range(5)])

    def guess(session: Session) -> bool:
        number, wrong = next(work)
        return sign_in.use_code(session, session.get_one(Person, portal.ids[CLAIRE]), wrong, f"b{number}", now=NOON)

    for _ in range(5):
        assert not any(at_once(portal, 8, guess))
    with portal.sessions() as session:
        assert sum(session.scalars(select(MailCode.attempts))) == TRIES_A_DAY
