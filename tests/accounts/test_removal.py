"""Somebody who is removed, of a client or of the staff, comes back as if for the first time."""

from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts import actions, membership
from portal.accounts.models import MailCode, Organisation, Passkey, Person
from portal.accounts.rules import ClientRole, NotAllowed, StaffRole
from portal.cli import main
from portal.evidence.models import Entry
from tests.accounts.conftest import CLAIRE, MARC, NOON, STAFF, Portal
from tests.test_routes import staff_visitor


def furnish(session: Session, number: int) -> Person:
    """Give somebody every means of signing in."""
    person = session.get_one(Person, number)
    person.password, person.tf_primary_method, person.tf_totp_secret = "hash", "authenticator", "secret"
    person.app_counter, person.fs_webauthn_user_handle = 7, f"handle-{number}"
    person.webauthn.append(
        Passkey(
            credential_id=b"c%d" % number, public_key=b"k", transports=[], device_type="single_device",
            lastuse_datetime=NOON, name="clé", usage="first",
        )
    )  # fmt: skip
    session.flush()
    return person


def means(session: Session, person: Person) -> tuple[Any, ...]:
    keys = session.scalar(select(func.count()).select_from(Passkey).where(Passkey.user_id == person.id))
    codes = session.scalar(select(func.count()).select_from(MailCode).where(MailCode.person_id == person.id))
    return (
        person.password, person.tf_primary_method, person.tf_totp_secret, person.app_counter,
        person.fs_webauthn_user_handle, keys, codes,
    )  # fmt: skip


NOTHING = (None, None, None, None, None, 0, 0)


def test_a_colleague_removed_and_invited_again_starts_anew(portal: Portal) -> None:
    portal.ask_code(portal.visitor(), MARC)
    with portal.sessions.begin() as session:
        marc = furnish(session, portal.ids[MARC])
        before = marc.fs_uniquifier
        membership.remove_person(session, marc, by=session.get_one(Person, portal.ids[CLAIRE]), now=NOON)
    with portal.sessions.begin() as session:
        back = actions.add_person(
            session, organisation=session.get_one(Organisation, portal.ids["other"]), email=MARC, name="Marc",
            roles=[ClientRole.TECHNICAL], by=None, now=NOON,
        )  # fmt: skip
        assert back.id == portal.ids[MARC]
        assert back.role_names == {"technical"}
        assert back.fs_uniquifier != before
        assert means(session, back) == NOTHING


def test_a_member_of_the_staff_leaves_at_once_and_starts_anew_when_they_come_back(portal: Portal) -> None:
    nadia = staff_visitor(portal)
    with portal.sessions.begin() as session:
        actions.remove_staff(session, furnish(session, portal.ids[STAFF]), by=None, now=NOON)
    assert not nadia.is_signed_in()
    portal.visitor().send("connexion/code", 200, identity=STAFF, chosen_method="email")
    assert portal.mails(STAFF) == []
    with portal.sessions.begin() as session:
        gone = session.get_one(Person, portal.ids[STAFF])
        assert (gone.active, gone.role_names, gone.removed_at) == (False, frozenset(), NOON)
        assert session.scalars(select(Entry.kind).order_by(Entry.seq.desc())).first() == "accounts.staff_removed"
        back = actions.add_staff(session, email=STAFF, name="Nadia", roles=[StaffRole.SALES], now=NOON)
        assert means(session, back) == NOTHING
        assert back.active


def test_a_client_is_not_removed_as_staff(portal: Portal) -> None:
    with portal.sessions() as session, pytest.raises(NotAllowed):
        actions.remove_staff(session, session.get_one(Person, portal.ids[MARC]), by=None, now=NOON)


def test_the_command_removes_somebody_of_the_staff_and_nobody_else(portal: Portal, database_url: str) -> None:
    environ = {"PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": database_url}

    def run(email: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["staff", "remove", email], env=environ)
        return done.exit_code, done.output

    for email, words in (
        (MARC, "personne dans l'équipe"),
        ("nobody@ims.example", "personne"),
        ("x", "pas une adresse"),
    ):
        code, told = run(email)
        assert code == 1
        assert words in told
    assert portal.person(MARC).active
    code, told = run(STAFF)
    assert code == 0, told
    assert "n'a plus d'accès" in told
    assert not portal.person(STAFF).active
    assert run(STAFF)[0] == 1
