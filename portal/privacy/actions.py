"""The verbs of a request about personal data: each is one transaction, committed by the caller."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.actions import find_person
from portal.accounts.models import Person
from portal.clock import PARIS
from portal.evidence.actions import record
from portal.files.models import StoredFile
from portal.french import long_date
from portal.mail.letters import Letter
from portal.numbers.actions import next_reference
from portal.privacy.letters import Letters
from portal.privacy.models import PrivacyEvent, PrivacyRequest
from portal.privacy.proofs import destroy
from portal.privacy.rules import (
    CLOSED,
    Identified,
    PrivacyError,
    Right,
    Source,
    State,
    check_open,
    needed,
)

SERIES = "DCP"  # données à caractère personnel
LINK_BYTES = 24


class NoSuchRequest(PrivacyError):
    """No request has this reference, or its link was replaced."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form gave. ``subject_*``, ``mandate`` and its file are filled in by who asks for somebody else."""

    right: Right
    name: str
    email: str
    details: str = ""
    subject_name: str = ""
    subject_email: str = ""
    mandate: str = ""
    mandate_file: StoredFile | None = None


def ask(
    session: Session, asked: Asked, *, person: Person | None, source: Source, form_key: str, letters: Letters,
    at: datetime, by: Person | None = None, received_on: date | None = None, acknowledge: bool = True,
) -> PrivacyRequest:  # fmt: skip
    """Take a request in, acknowledge it by mail. A stranger's waits until its address is confirmed.

    ``person`` is who asks, signed in; ``by`` is who of the staff wrote it down, ``received_on`` the day it came.
    The same page again is the same request. ``acknowledge``: not where the answer itself follows at once, to whom a
    session or a link has made known.
    """
    held = session.scalars(select(PrivacyRequest).where(PrivacyRequest.form_key == form_key)).first()
    if held is not None:
        return held
    known = person or (find_person(session, asked.email) if by else None)
    request = PrivacyRequest(
        reference=next_reference(session, SERIES, at=at), form_key=form_key,
        link_key=secrets.token_urlsafe(LINK_BYTES), right=asked.right,
        state=State.RECEIVED if person or by or not acknowledge else State.ADDRESS, source=source,
        identified_by=_identified(asked, person, by),
        person_id=known.id if known and known.active else None,
        organisation_id=known.organisation_id if known else None,
        name=asked.name, email=asked.email.strip().lower(), details=asked.details, mandate=asked.mandate,
        subject_name=asked.subject_name, subject_email=asked.subject_email.strip().lower(),
        mandate_file=asked.mandate_file,
        received_at=at, received_on=min(received_on or day_of(at), day_of(at)),
    )  # fmt: skip
    session.add(request)
    session.flush()
    tell(request, at, f"Demande reçue ({source.label})\u00a0: {asked.right.label}.")
    prove(session, request, "asked", at, by=by.email if by else request.email, details=asked.details)
    if request.state is State.ADDRESS:
        letters.confirm(session, request, at)
    elif acknowledge:
        _acknowledge(session, request, letters, at)
    return request


def _identified(asked: Asked, person: Person | None, by: Person | None) -> Identified:
    if asked.subject_email:
        return Identified.MANDATE
    if person:
        return Identified.SESSION
    return Identified.STAFF if by else Identified.LINK


def confirm_address(session: Session, request: PrivacyRequest, *, letters: Letters, at: datetime) -> None:
    """A stranger follows the link: the address is theirs. The month begins with the request, not here. Twice is once."""
    hold(session, request)
    if request.state is not State.ADDRESS:
        return
    request.state = State.RECEIVED
    tell(request, at, "Adresse confirmée.")
    prove(session, request, "address_confirmed", at, by=request.email)
    _acknowledge(session, request, letters, at)


def extend(
    session: Session, request: PrivacyRequest, *, by: Person, reason: str, letters: Letters, at: datetime
) -> date:
    """Take two more months, told with the reason within the first one; the new last day.

    Raises:
        AlreadyClosed, AlreadyExtended, TooLateToExtend, WordsMissing.
    """
    why = needed(reason)
    hold(session, request)
    check_open(request.state)
    law = letters.library.law
    request.timing.check_extendable(law, day_of(at))
    request.extended_at, request.extension_reason = at, why
    last_day = request.timing.last_day(law, day_of(at))
    tell(request, at, f"Réponse reportée au {long_date(last_day)}\u00a0: {why}")
    prove(session, request, "extended", at, by=by.email, reason=why, last_day=last_day.isoformat())
    letters.extended(session, request, last_day, at)
    return last_day


def refuse(
    session: Session, request: PrivacyRequest, *, by: Person, ground: str, letters: Letters, at: datetime
) -> None:
    """Refuse with the ground; the mail says whom one may turn to.

    Raises:
        AlreadyClosed, WordsMissing.
    """
    hold(session, request)
    _close(session, request, State.REFUSED, by=by.name, words=needed(ground), at=at)
    reply(session, request, letters.refused(session, request, at))


def finish(
    session: Session, request: PrivacyRequest, *, by: str, decision: str, letters: Letters, at: datetime,
    tell: bool = True,
) -> None:  # fmt: skip
    """Close with what was done; ``tell``: by a mail of its own, where no other says it.

    Raises:
        AlreadyClosed, WordsMissing.
    """
    hold(session, request)
    _close(session, request, State.DONE, by=by, words=needed(decision), at=at)
    if tell:
        reply(session, request, letters.done(session, request, at))


def withdraw(
    session: Session, request: PrivacyRequest, *, at: datetime, words: str = "Retirée par son auteur.",
    by: str | None = None,
) -> None:  # fmt: skip
    """Who asked gives it up, or ``by`` what was waited for did not come.

    Raises:
        AlreadyClosed: it is over, or being carried out.
    """
    hold(session, request)
    if request.state is State.EXECUTING:
        check_open(State.DONE)
    _close(session, request, State.WITHDRAWN, by=by or request.name, words=words, at=at)


def find_request(session: Session, reference: str) -> PrivacyRequest:
    """The request of a reference.

    Raises:
        NoSuchRequest: there is none.
    """
    found = session.scalars(select(PrivacyRequest).where(PrivacyRequest.reference == reference)).first()
    if found is None:
        raise NoSuchRequest(reference)
    return found


def requests_of(session: Session, person: Person) -> Sequence[PrivacyRequest]:
    """A person's own requests, the latest first."""
    return session.scalars(
        select(PrivacyRequest).where(PrivacyRequest.person_id == person.id).order_by(PrivacyRequest.id.desc())
    ).all()


def open_requests(session: Session) -> Sequence[PrivacyRequest]:
    """What waits for an answer: in the order of their coming."""
    return session.scalars(
        select(PrivacyRequest)
        .where(PrivacyRequest.state.not_in([*CLOSED, State.ADDRESS]))
        .order_by(PrivacyRequest.received_on, PrivacyRequest.id)
    ).all()


def hold(session: Session, request: PrivacyRequest) -> None:
    """Take one's turn on a request, and see what the one before left."""
    session.refresh(request, with_for_update=True)


def reply(session: Session, request: PrivacyRequest, letter: Letter) -> None:
    """Keep the digest of what was answered: the register proves it without holding it."""
    request.reply_sha256 = sha256(letter.text.encode()).hexdigest()
    session.flush()


def _acknowledge(session: Session, request: PrivacyRequest, letters: Letters, at: datetime) -> None:
    letters.received(session, request, request.timing.last_day(letters.library.law, day_of(at)), at)


def _close(session: Session, request: PrivacyRequest, state: State, *, by: str, words: str, at: datetime) -> None:
    check_open(request.state)
    if request.waiting_since is not None:
        request.paused_days += max((day_of(at) - request.waiting_since).days, 0)
        request.waiting_since = None
    destroy(session, request, at=at)
    request.state, request.closed_at, request.closed_by, request.decision = state, at, by, words
    tell(request, at, f"{state.label}\u00a0: {words}")
    prove(session, request, state.value, at, by=by, words=words)


def tell(request: PrivacyRequest, at: datetime, words: str) -> None:
    """Add a step that who asked may read."""
    request.events.append(PrivacyEvent(at=at, words=words))


def prove(session: Session, request: PrivacyRequest, act: str, at: datetime, **content: object) -> None:
    """Put an act into the log."""
    session.flush()
    record(
        session, f"privacy.{act}",
        {
            "reference": request.reference, "right": request.right.value, "email": request.email,
            **({"about": request.about} if request.subject_email else {}), **content,
        },
        at=at,
    )  # fmt: skip


def day_of(at: datetime) -> date:
    """The civil day in Paris."""
    return at.astimezone(PARIS).date()
