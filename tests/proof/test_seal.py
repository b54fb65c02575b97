"""Whose seal it is: one's own, made once whoever asks at the same moment, or the one that is configured."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.config import Settings, SettingsError, read_settings
from portal.evidence.models import Entry
from portal.proof.actions import SealUnusable, current_certificate, known_certificates, seal_of
from portal.proof.certificate import make_certificate
from portal.proof.models import SealCertificate
from portal.proof.seal import fingerprint_of
from tests.proof.conftest import NOON

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from portal.terms import Library


@pytest.fixture
def settings() -> Settings:
    return read_settings({"PORTAL_SECRET_KEY": "k" * 32, "PORTAL_BASE_URL": "https://portail.example"})


def pem(folder: Path, holder: str, password: bytes | None = None) -> tuple[Path, Path]:
    """A key and its certificate as files."""
    key, certificate = make_certificate(holder, at=NOON)
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return folder / "certificate.pem", folder / "key.pem"


def test_ones_own_certificate_is_made_once_and_recorded(
    sessions: "sessionmaker[Session]", settings: Settings, library: "Library"
) -> None:
    with sessions.begin() as session:
        assert current_certificate(session) is None
        first = seal_of(session, settings, library.company, at=NOON)
    with sessions.begin() as session:
        assert seal_of(session, settings, library.company, at=NOON).fingerprint == first.fingerprint
        assert known_certificates(session, settings) == {first.fingerprint}
        assert [entry.kind for entry in session.scalars(select(Entry))] == ["proof.certificate_made"]
        row = session.scalars(select(SealCertificate)).one()
        assert b"PRIVATE" not in (row.key or b"")
        with pytest.raises((ValueError, TypeError)):  # not readable without the installation's secret
            serialization.load_der_private_key(row.key or b"", None)
    assert first.site == "https://portail.example"


def test_two_who_ask_at_once_get_the_same_seal(
    sessions: "sessionmaker[Session]", settings: Settings, library: "Library"
) -> None:
    def ask(_: int) -> str:
        with sessions.begin() as session:
            return seal_of(session, settings, library.company, at=NOON).fingerprint

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1


def test_another_secret_makes_another_seal_and_the_old_one_stays_known(
    sessions: "sessionmaker[Session]", settings: Settings, library: "Library"
) -> None:
    with sessions.begin() as session:
        first = seal_of(session, settings, library.company, at=NOON)
    changed = replace(settings, secret_key="z" * 32)
    with sessions.begin() as session:
        second = seal_of(session, changed, library.company, at=NOON)
        assert second.fingerprint != first.fingerprint
        assert known_certificates(session, changed) == {first.fingerprint, second.fingerprint}


def test_a_configured_key_seals_and_stays_known_when_it_is_changed(
    sessions: "sessionmaker[Session]", settings: Settings, library: "Library", tmp_path: Path
) -> None:
    certificate, key = pem(tmp_path, "Menuiserie", b"secret")
    given = replace(settings, seal_certificate=certificate, seal_key=key, seal_password="secret")  # noqa: S106
    with sessions.begin() as session:
        seal = seal_of(session, given, library.company, at=NOON)
        assert "Menuiserie" in seal.certificate.subject.rfc4514_string()
    with sessions.begin() as session:
        assert seal.fingerprint in known_certificates(session, settings)


@pytest.mark.parametrize("wrong", ["password", "pair", "unreadable"])
def test_a_key_that_cannot_seal_is_refused_clearly(
    wrong: str, sessions: "sessionmaker[Session]", settings: Settings, library: "Library", tmp_path: Path
) -> None:
    certificate, key = pem(tmp_path, "Menuiserie", b"secret")
    password = "secret"  # noqa: S105
    if wrong == "password":
        password = "other"  # noqa: S105
    elif wrong == "pair":
        (tmp_path / "other").mkdir()
        certificate, _ = pem(tmp_path / "other", "Autre")
    else:
        key.write_text("no key")
    given = replace(settings, seal_certificate=certificate, seal_key=key, seal_password=password)
    with sessions.begin() as session, pytest.raises(SealUnusable):
        seal_of(session, given, library.company, at=NOON)


def test_the_database_keeps_a_certificate_that_sealed(
    sessions: "sessionmaker[Session]", settings: Settings, library: "Library"
) -> None:
    with sessions.begin() as session:
        seal_of(session, settings, library.company, at=NOON)
    for statement in ("DELETE FROM seal_certificate", "UPDATE seal_certificate SET fingerprint = 'x'"):
        with pytest.raises(DBAPIError, match="is kept"), sessions.begin() as session:
            session.execute(text(statement))


def test_settings_want_both_files_and_a_web_address(tmp_path: Path) -> None:
    certificate, key = pem(tmp_path, "Menuiserie")
    base = {"PORTAL_SECRET_KEY": "k" * 32}
    both = {"PORTAL_SEAL_CERTIFICATE": str(certificate), "PORTAL_SEAL_KEY": str(key)}
    assert read_settings(base | both).seal_key == key
    for given, words in (
        ({"PORTAL_SEAL_KEY": str(key)}, "vont ensemble"),
        (both | {"PORTAL_SEAL_KEY": str(tmp_path / "none")}, "PORTAL_SEAL_KEY ne nomme pas"),
        ({"PORTAL_SEAL_TSA_URL": "tsa.example"}, "PORTAL_SEAL_TSA_URL"),
    ):
        with pytest.raises(SettingsError, match=words):
            read_settings(base | given)


def test_a_certificate_lives_longer_than_its_proofs_are_kept(library: "Library") -> None:
    _, certificate = make_certificate(library.company.legal_name, at=NOON)
    assert certificate.not_valid_before_utc < NOON < NOON + timedelta(days=20 * 366) < certificate.not_valid_after_utc
    assert len(fingerprint_of(certificate)) == 64
