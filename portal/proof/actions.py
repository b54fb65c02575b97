"""Get the seal of this installation: the configured one, or its own, made once; and which certificates were ours."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.evidence.actions import record
from portal.proof.certificate import make_certificate
from portal.proof.models import SealCertificate
from portal.proof.seal import Seal, SealKey, fingerprint_of
from portal.terms.company import Company

_DER = serialization.Encoding.DER


class SealUnusable(RuntimeError):
    """The configured key and certificate cannot seal; the words are French, for whoever runs the installation."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key, its certificate, and those that vouch for it."""

    key: SealKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()


def seal_of(session: Session, settings: Settings, company: Company, *, at: datetime) -> Seal:
    """The seal that proofs are made with, in the caller's transaction: its own certificate is made the first time.

    Raises:
        SealUnusable: a key is configured and cannot be used.
    """
    pair = configured(settings)
    if pair is not None:
        _keep(session, pair.certificate, at)
    else:
        pair = _own(session, settings.secret_key, company.legal_name, at)
    return Seal(company, pair.key, pair.certificate, pair.chain, tsa_url=settings.seal_tsa_url, site=settings.base_url)


def known_certificates(session: Session, settings: Settings) -> frozenset[str]:
    """Fingerprints of every certificate that this installation sealed with, or would now."""
    known = set(session.scalars(select(SealCertificate.fingerprint)))
    try:
        pair = configured(settings)
    except SealUnusable:
        pair = None
    return frozenset(known | {fingerprint_of(pair.certificate)} if pair else known)


def current_certificate(session: Session) -> x509.Certificate | None:
    """The installation's own certificate, once there is one."""
    row = session.scalars(select(SealCertificate).where(SealCertificate.current.is_(True))).first()
    return x509.load_der_x509_certificate(row.certificate) if row else None


def configured(settings: Settings) -> KeyPair | None:
    """Key and certificate of the settings; None when the installation makes its own.

    Raises:
        SealUnusable: they cannot be read, or do not go together.
    """
    if settings.seal_key is None or settings.seal_certificate is None:
        return None
    password = settings.seal_password.encode() or None
    try:
        key = serialization.load_pem_private_key(settings.seal_key.read_bytes(), password)
        first, *chain = x509.load_pem_x509_certificates(settings.seal_certificate.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise SealUnusable(f"la clé ou le certificat du cachet est illisible ({type(error).__name__})") from error
    if not isinstance(key, SealKey) or _public(key.public_key()) != _public(first.public_key()):
        raise SealUnusable("la clé du cachet n'est pas celle du certificat")
    return KeyPair(key, first, tuple(chain))


def _public(key: object) -> bytes:
    return bytes(key.public_bytes(_DER, serialization.PublicFormat.SubjectPublicKeyInfo))  # type: ignore[attr-defined]


def _own(session: Session, secret: str, holder: str, at: datetime) -> KeyPair:
    lock = _password(secret)
    row = session.scalars(select(SealCertificate).where(SealCertificate.current.is_(True))).first()
    if row is not None and (pair := _opened(row, lock)) is not None:
        return pair
    if row is not None:
        row.current = None  # the secret was changed: what it sealed stays verifiable, and a new one seals
        session.flush()
    key, certificate = make_certificate(holder, at=at)
    locked = key.private_bytes(_DER, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(lock))
    made = SealCertificate(
        fingerprint=fingerprint_of(certificate), certificate=certificate.public_bytes(_DER), key=locked,
        current=True, made_at=at,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        # Somebody else made one at the same moment: theirs is it.
        row = session.scalars(select(SealCertificate).where(SealCertificate.current.is_(True))).one()
        pair = _opened(row, lock)
        if pair is None:
            raise
        return pair
    record(session, "proof.certificate_made", {"fingerprint": made.fingerprint}, at=at)
    return KeyPair(key, certificate)


def _opened(row: SealCertificate, lock: bytes) -> KeyPair | None:
    try:
        key = serialization.load_der_private_key(row.key or b"", lock)
    except ValueError:
        return None
    if not isinstance(key, SealKey):
        return None
    return KeyPair(key, x509.load_der_x509_certificate(row.certificate))


def _keep(session: Session, certificate: x509.Certificate, at: datetime) -> None:
    """Remember a configured certificate: what it sealed stays ours when the settings change."""
    fingerprint = fingerprint_of(certificate)
    if session.get(SealCertificate, fingerprint) is None:
        try:
            with session.begin_nested():
                session.add(
                    SealCertificate(fingerprint=fingerprint, certificate=certificate.public_bytes(_DER), made_at=at)
                )
        except IntegrityError:
            return
        record(session, "proof.certificate_configured", {"fingerprint": fingerprint}, at=at)


def _password(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"seal", sha256).hex().encode()
