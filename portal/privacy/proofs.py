"""Proofs of identity where they lie: what identifies somebody is held no longer than it takes to look at it."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.evidence.actions import record
from portal.files.actions import forget
from portal.privacy.models import PrivacyEvent, PrivacyProof, PrivacyRequest


def held(request: PrivacyRequest) -> list[PrivacyProof]:
    """The proofs of a request that are still there."""
    return [proof for proof in request.proofs if proof.file.erased_at is None]


def destroy(session: Session, request: PrivacyRequest, *, at: datetime) -> int:
    """Destroy the proofs of a request: it is decided; how many there were. Twice is once."""
    proofs = held(request)
    for proof in proofs:
        forget(session, proof.file, at=at)
    if proofs:
        request.events.append(PrivacyEvent(at=at, words="Preuve d'identité détruite."))
        session.flush()
        hashes = [proof.file.sha256 for proof in proofs]
        record(session, "privacy.identity_destroyed", {"reference": request.reference, "files": hashes}, at=at)
    return len(proofs)
