"""The verbs of a quote request: submit, reply, accept, decline. Each is one transaction, committed by the caller."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.accounts.actions import add_person, create_organisation, find_organisation
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import ClientRole, parse_identity
from portal.clock import PARIS
from portal.evidence.actions import record
from portal.quotes.estimate import Estimate
from portal.quotes.request_letters import Letters
from portal.quotes.request_models import QuoteRequest, RequestMessage
from portal.quotes.request_rules import (
    ACKNOWLEDGED_A_DAY,
    NotAllowed,
    RequestError,
    Side,
    State,
    after_message,
    check_open,
    check_reason,
    may_answer,
    may_decide,
)
from portal.terms import Version

LINK_BYTES = 24
#: One statement on both engines: the row of the year is held until the transaction ends, so numbers rise in its order.
_NEXT = text(
    "INSERT INTO quote_request_counter (year, last) VALUES (:year, 1) "
    "ON CONFLICT (year) DO UPDATE SET last = quote_request_counter.last + 1 RETURNING last"
)


class NoSuchRequest(RequestError):
    """No request has this reference, or its link was replaced."""


class ClientKnown(RequestError):
    """The organisation is a client already; its own administrator lets people in, or staff invite them."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        super().__init__(organisation.id)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form gave; ``identity`` is a checked number without spaces."""

    organisation: str
    identity: str
    contact_name: str
    mail: str
    phone: str | None
    wish: str


def submit_request(
    session: Session, asked: Asked, *, terms: Version, estimate: Estimate | None, form_key: str, letters: Letters,
    at: datetime,
) -> QuoteRequest:  # fmt: skip
    """Take a request in: the row, its proof, an acknowledgement and a word to the company, together or not at all.

    The same page of the form again gives back the request there is.
    """
    year = at.astimezone(PARIS).year
    with session.begin_nested() as numbering:
        number = _next_number(session, year)
        # Looked for once the counter's row is held: two sendings of one page take their turn.
        held = session.scalars(select(QuoteRequest).where(QuoteRequest.form_key == form_key)).first()
        if held is not None:
            numbering.rollback()  # the number was not needed
            return held
    request = QuoteRequest(
        reference=f"DEM-{year}-{number:04}",
        form_key=form_key,
        link_key=secrets.token_urlsafe(LINK_BYTES),
        state=State.RECEIVED,
        submitted_at=at,
        waiting_since=at,
        organisation=asked.organisation,
        identity=asked.identity,
        contact_name=asked.contact_name,
        mail=asked.mail,
        phone=asked.phone,
        wish=asked.wish,
        terms_slug=terms.slug,
        terms_sha256=terms.sha256,
    )
    if estimate is not None:
        request.estimate_query, request.estimate_shown = estimate.query, estimate.stored()
        request.estimate_slug, request.estimate_sha256 = estimate.version, estimate.sha256
    session.add(request)
    session.flush()
    entry = record(session, "quotes.request_submitted", _submitted(request), at=at)
    request.evidence = [entry.seq]
    letters.received(session, request, at, acknowledge=_may_acknowledge(session, request, at))
    return request


def _may_acknowledge(session: Session, request: QuoteRequest, at: datetime) -> bool:
    """Whether its address may be sent one more acknowledgement: nobody has shown yet that it is theirs."""
    asked = select(func.count()).select_from(QuoteRequest).where(
        func.lower(QuoteRequest.mail) == request.mail.lower(), QuoteRequest.submitted_at > at - timedelta(days=1)
    )  # fmt: skip
    return (session.scalar(asked) or 0) <= ACKNOWLEDGED_A_DAY


def find_request(session: Session, reference: str) -> QuoteRequest:
    """The request of a reference.

    Raises:
        NoSuchRequest: there is none.
    """
    found = session.scalars(select(QuoteRequest).where(QuoteRequest.reference == reference)).first()
    if found is None:
        raise NoSuchRequest(reference)
    return found


def find_followed(session: Session, reference: str, link_key: str) -> QuoteRequest:
    """The request that a follow-up link opens.

    Raises:
        NoSuchRequest: there is none, or the link was replaced.
    """
    request = find_request(session, reference)
    if not secrets.compare_digest(request.link_key, link_key):
        raise NoSuchRequest(reference)
    return request


def reply_to_request(
    session: Session, request: QuoteRequest, *, by: Person, words: str, form_key: str, letters: Letters, at: datetime
) -> RequestMessage:
    """Staff answer: into the thread, and by mail. The same page again is the same answer.

    Raises:
        NotAllowed: the role does not cover it.
        AlreadyClosed: a colleague closed the request before.
    """
    if not (by.staff and may_answer(by.role_names)):
        raise NotAllowed
    return _write(
        session, request, Side.STAFF, by.name, by.id, words=words, form_key=form_key, letters=letters, at=at
    )  # fmt: skip


def reply_as_requester(
    session: Session, request: QuoteRequest, *, words: str, form_key: str, letters: Letters, at: datetime
) -> RequestMessage:
    """Who asked writes again, through the follow-up link.

    Raises:
        AlreadyClosed: the request is over.
    """
    return _write(
        session, request, Side.REQUESTER, request.contact_name, None,
        words=words, form_key=form_key, letters=letters, at=at,
    )  # fmt: skip


def accept_request(
    session: Session, request: QuoteRequest, *, by: Person, letters: Letters, at: datetime
) -> Organisation:
    """Make a client of the requester: the organisation and its first person, who administers it and may sign.

    Raises:
        NotAllowed: the role does not cover it.
        AlreadyClosed: a colleague was faster.
        ClientKnown: the organisation is a client already: whoever types its number does not get in by that.
        AddressTaken: the address signs in elsewhere.
    """
    if not (by.staff and may_decide(by.role_names)):
        raise NotAllowed
    _hold(session, request)
    check_open(request.state)
    identity = parse_identity(request.identity)
    if known := find_organisation(session, identity):
        raise ClientKnown(known)
    organisation = create_organisation(
        session, legal_name=request.organisation, identity=identity, public_body=False, by=by, now=at
    )
    add_person(
        session, organisation=organisation, email=request.mail, name=request.contact_name,
        roles=(ClientRole.ADMINISTRATOR, ClientRole.SIGNATORY), by=by, now=at,
    )  # fmt: skip
    request.organisation_id = organisation.id
    _close(session, request, State.ACCEPTED, by=by, at=at)
    letters.accepted(session, request, at)
    return organisation


def decline_request(
    session: Session, request: QuoteRequest, *, by: Person, reason: str, letters: Letters, at: datetime
) -> None:
    """Decline, with the reason that the requester is told.

    Raises:
        NotAllowed: the role does not cover it.
        ReasonMissing: there is none.
        AlreadyClosed: a colleague was faster.
    """
    if not (by.staff and may_decide(by.role_names)):
        raise NotAllowed
    given = check_reason(reason)
    _hold(session, request)
    check_open(request.state)
    request.decline_reason = given
    _close(session, request, State.DECLINED, by=by, at=at)
    letters.declined(session, request, at)


def _write(
    session: Session, request: QuoteRequest, side: Side, author: str, author_id: int | None, *,
    words: str, form_key: str, letters: Letters, at: datetime,
) -> RequestMessage:  # fmt: skip
    _hold(session, request)
    for message in request.messages:
        if message.form_key == form_key and message.side is side:
            return message
    before = request.state
    request.state = after_message(before, side)
    message = RequestMessage(
        form_key=form_key, side=side, author=author, author_id=author_id, written_at=at, text=words.strip()
    )
    request.messages.append(message)
    if side is Side.STAFF or before is State.ANSWERED:
        request.waiting_since = at
    session.flush()
    letters.wrote(session, request, message, at)
    return message


def _close(session: Session, request: QuoteRequest, state: State, *, by: Person, at: datetime) -> None:
    request.state, request.closed_at, request.closed_by, request.closed_by_id = state, at, by.name, by.id
    session.flush()
    content = {
        "reference": request.reference,
        "by": by.email,
        "organisation": request.organisation_id,
        "reason": request.decline_reason,
    }
    entry = record(session, f"quotes.request_{state.value}", content, at=at)
    request.evidence = [*request.evidence, entry.seq]


def _hold(session: Session, request: QuoteRequest) -> None:
    # Whoever acts on a request takes their turn, and sees what the one before left.
    session.refresh(request, with_for_update=True)


def _next_number(session: Session, year: int) -> int:
    return int(session.execute(_NEXT, {"year": year}).scalar_one())


def _submitted(request: QuoteRequest) -> dict[str, object]:
    return {
        "reference": request.reference,
        "organisation": request.organisation,
        "identity": request.identity,
        "contact": request.contact_name,
        "mail": request.mail,
        "phone": request.phone,
        "wish": request.wish,
        "terms": [request.terms_slug, request.terms_sha256],
        "estimate": [request.estimate_query, request.estimate_slug, request.estimate_sha256],
        "shown": request.estimate_shown,
    }
