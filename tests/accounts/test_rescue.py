"""A lost authenticator: forgotten from the command line, with the sessions it protected."""

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from portal.accounts.actions import add_staff
from portal.accounts.models import Person
from portal.accounts.personal_data import PERSONAL_DATA
from portal.accounts.rules import StaffRole
from portal.cli import main
from portal.evidence.models import Entry
from portal.terms import Library

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def environ(migrated: Engine, database_url: str) -> dict[str, str]:
    with Session(migrated) as session:
        person = add_staff(session, email="lea@ims.example", name="Léa", roles=[StaffRole.ADVISER], now=NOON)
        person.tf_primary_method, person.tf_totp_secret = "authenticator", "secret"
        session.commit()
    return {"PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": database_url}


def test_a_lost_authenticator_is_forgotten_and_the_log_says_so(engine: Engine, environ: dict[str, str]) -> None:
    result = CliRunner().invoke(main, ["staff", "reset-second-factor", "lea@ims.example"], env=environ)
    assert result.exit_code == 0, result.output
    with Session(engine) as session:
        person = session.scalars(select(Person).where(Person.email == "lea@ims.example")).one()
        assert (person.tf_primary_method, person.tf_totp_secret) == (None, None)
        assert "accounts.second_factor_reset" in session.scalars(select(Entry.kind)).all()


def test_an_unknown_address_is_refused_and_nothing_changes(engine: Engine, environ: dict[str, str]) -> None:
    result = CliRunner().invoke(main, ["staff", "reset-second-factor", "nobody@ims.example"], env=environ)
    assert result.exit_code == 1
    with Session(engine) as session:
        assert session.scalars(select(Person.tf_totp_secret)).all() == ["secret"]


def test_what_accounts_hold_is_named_in_the_privacy_notice(library: Library) -> None:
    assert PERSONAL_DATA.purpose in {processing.key for processing in library.processing}
