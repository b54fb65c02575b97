"""The certificates that seals were made with: one's own has its key beside it, locked by the installation's secret."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, UtcDateTime
from portal.guards import frozen_columns, guard

DIGEST = 64
REFUSAL = "a certificate that proofs were sealed with is kept"


class SealCertificate(Base):
    """One certificate, in DER. ``current`` is true for the one of our own that seals now, and null for all others."""

    __tablename__ = "seal_certificate"

    fingerprint: Mapped[str] = mapped_column(String(DIGEST), primary_key=True)
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    key: Mapped[bytes | None] = mapped_column(LargeBinary)  # PKCS #8, encrypted; null for a configured one
    current: Mapped[bool | None] = mapped_column(unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


guard(SealCertificate.__table__, frozen_columns("seal_certificate", REFUSAL, "fingerprint", "certificate", "made_at"))
