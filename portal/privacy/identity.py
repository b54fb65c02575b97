"""A reasonable doubt about who asks: a proof is asked for, sent on the request's page, looked at, destroyed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.files.models import StoredFile
from portal.privacy.actions import day_of, hold, prove, tell
from portal.privacy.letters import Letters
from portal.privacy.models import PrivacyProof, PrivacyRequest
from portal.privacy.proofs import destroy, held
from portal.privacy.rules import Identified, NotWaiting, State, check_open, needed


def ask_identity(
    session: Session, request: PrivacyRequest, *, by: Person, reason: str, letters: Letters, at: datetime
) -> None:
    """Stop the clock until who asks has shown who they are: only with a reasonable doubt, which is said.

    A proof that says nothing is asked for again; the first one goes.

    Raises:
        AlreadyClosed, NotWaiting, WordsMissing.
    """
    why = needed(reason)
    hold(session, request)
    check_open(request.state)
    if request.state is not State.RECEIVED and not looked_at(request):
        raise NotWaiting
    destroy(session, request, at=at)
    request.state, request.waiting_since = State.IDENTITY, day_of(at)
    tell(request, at, f"Preuve d'identité demandée\u00a0: {why}")
    prove(session, request, "identity_asked", at, by=by.email, reason=why)
    letters.identity(session, request, why, at)


def send_proof(session: Session, request: PrivacyRequest, files: Sequence[StoredFile], *, at: datetime) -> None:
    """The proof that was asked for is there: nothing is awaited of who asks any more, and the clock goes on.

    Raises:
        AlreadyClosed, NotWaiting.
    """
    hold(session, request)
    check_open(request.state)
    if request.state is not State.IDENTITY:
        raise NotWaiting
    for count, file in enumerate(files, len(request.proofs) + 1):
        # What the file was called may say more than it has to, and is read by who looks after infected files.
        file.name = f"preuve-{request.reference}-{count}.{file.name.rpartition('.')[2]}"
        request.proofs.append(PrivacyProof(file=file, sent_at=at))
    _go_on(request, at)
    tell(request, at, "Preuve d'identité reçue\u00a0: le délai reprend pendant que nous la regardons.")
    prove(session, request, "identity_sent", at, by=request.email, files=[file.sha256 for file in files])


def open_proof(
    session: Session, request: PrivacyRequest, number: int, *, by: Person, at: datetime
) -> StoredFile | None:
    """One of the proofs, for who decides; that it was opened is written down. None when it is not there any more."""
    found = next((proof.file for proof in held(request) if proof.id == number), None)
    if found is not None:
        prove(session, request, "identity_opened", at, by=by.email, file=found.sha256)
    return found


def identity_shown(session: Session, request: PrivacyRequest, *, by: Person, how: str, at: datetime) -> None:
    """Who asks is who they say: the days that the clock stood still are added, and the proof is destroyed.

    Raises:
        AlreadyClosed, NotWaiting, WordsMissing.
    """
    words = needed(how)
    hold(session, request)
    check_open(request.state)
    if request.state is not State.IDENTITY:
        raise NotWaiting
    _go_on(request, at)
    request.state, request.identified_by = State.RECEIVED, Identified.PROOF
    tell(request, at, f"Identité établie\u00a0: {words}")
    destroy(session, request, at=at)
    prove(session, request, "identity_shown", at, by=by.email, how=words)


def looked_at(request: PrivacyRequest) -> bool:
    """Whether a proof was sent, and nobody has decided on it yet."""
    return request.state is State.IDENTITY and request.waiting_since is None


def _go_on(request: PrivacyRequest, at: datetime) -> None:
    if request.waiting_since is not None:
        request.paused_days += max((day_of(at) - request.waiting_since).days, 0)
        request.waiting_since = None
