"""Who may be a client, and who may do what: the rules alone."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.accounts.rules import (
    ClientRole,
    Identity,
    InvalidIdentity,
    LastAdministrator,
    NotAllowed,
    StaffRole,
    check_may_administer,
    check_one_left,
    device_name,
    parse_identity,
    session_end,
    vat_of,
)
from portal.routes import EVERY_CLIENT, EVERY_STAFF

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "identity"),
    [
        ("732 829 320", Identity(siren="732829320")),
        ("732829320 00074", Identity(siren="732829320", siret="73282932000074")),
        ("356 000 000 49837", Identity(siren="356000000", siret="35600000049837")),  # La Poste: digits sum to 5 × n
        ("fr44 732829320", Identity(siren="732829320", vat_number="FR44732829320")),
        ("DE136695976", Identity(vat_number="DE136695976")),
        ("CHE-100.155.212 MWST", Identity(swiss_uid="CHE100155212")),
    ],
)
def test_a_professional_is_known_by_a_checked_number(given: str, identity: Identity) -> None:
    assert parse_identity(given) == identity


@pytest.mark.parametrize(
    "given",
    [
        "",
        "732829321",
        "73282932000075",
        "35600000049838",
        "FR45732829320",
        "DE136695977",
        "CHE-100.155.213",
        "Jean",
        "12",
    ],
)
def test_a_wrong_digit_is_refused(given: str) -> None:
    with pytest.raises(InvalidIdentity, match="vérifiez ses chiffres"):
        parse_identity(given)


def test_the_vat_number_follows_from_the_siren() -> None:
    assert vat_of("732829320") == "FR44732829320"
    assert parse_identity(vat_of("356000000")).siren == "356000000"


def test_only_an_administrator_administers_and_one_is_left() -> None:
    check_may_administer([ClientRole.ADMINISTRATOR, ClientRole.BILLING])
    with pytest.raises(NotAllowed):
        check_may_administer([ClientRole.SIGNATORY, ClientRole.BILLING, ClientRole.TECHNICAL])
    check_one_left([1, 2], leaving=1)
    with pytest.raises(LastAdministrator):
        check_one_left([1], leaving=1)


def test_a_session_of_the_staff_ends_the_same_day() -> None:
    assert session_end(staff=True, now=NOON) == NOON + timedelta(hours=12)
    assert session_end(staff=False, now=NOON) == NOON + timedelta(days=30)


def test_a_device_is_named_for_its_owner() -> None:
    assert (
        device_name("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604")
        == "Safari sur iPhone"
    )
    assert device_name("") == "Un navigateur"


def test_the_table_of_routes_knows_every_role_and_no_other() -> None:
    assert {str(role) for role in ClientRole} == EVERY_CLIENT
    assert {str(role) for role in StaffRole} == EVERY_STAFF
