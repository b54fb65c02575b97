"""What this room holds on a person, and what an erasure leaves of it."""

import secrets
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.clock import PARIS
from portal.evidence.actions import erase_payload
from portal.evidence.models import Entry
from portal.french import long_date
from portal.mail.models import OutgoingMail
from portal.quotes.quote_models import Quote
from portal.quotes.quote_personal_data import keep_quote
from portal.quotes.request_actions import LINK_BYTES
from portal.quotes.request_models import QuoteRequest, RequestMessage
from portal.quotes.request_rules import CLOSED, Side, State
from portal.registry import Keep, PersonalData, PersonalField, PersonalRecord, Stale, Sweeper, table

ERASED = "(effacé)"
_GONE = "effacé\u00a0; conservé avec le contrat si la demande est devenue cliente"
FIELDS = (
    PersonalField("Nom", _GONE),
    PersonalField("Adresse électronique", _GONE),
    PersonalField("Téléphone", _GONE),
    PersonalField("Organisation", _GONE),
    PersonalField("Votre demande", _GONE),
    PersonalField("Calcul joint", _GONE),
    PersonalField("Échanges", _GONE),
    PersonalField("Courriels envoyés", _GONE),
)


def _of(session: Session, mail: str) -> Iterator[QuoteRequest]:
    mine = func.lower(QuoteRequest.mail) == mail.strip().lower()
    yield from session.scalars(select(QuoteRequest).where(mine).order_by(QuoteRequest.id))


def _mails(session: Session, request: QuoteRequest) -> list[OutgoingMail]:
    of_request = OutgoingMail.message_id.startswith(f"<quote-request.{request.reference}.", autoescape=True)
    return list(session.scalars(select(OutgoingMail).where(of_request).order_by(OutgoingMail.id)))


def _joined(request: QuoteRequest) -> str:
    """The estimate that came with a request, line by line as it was shown."""
    shown = request.estimate_shown or {}
    lines = [", ".join(str(cell) for cell in line if cell) for line in shown.get("lines", ())]
    return "\n".join([*lines, *("\u00a0: ".join(map(str, total)) for total in shown.get("totals", ()))])


def find(session: Session, mail: str) -> Iterator[PersonalRecord]:
    """Everything held on the person of this address."""
    for request in _of(session, mail):
        written = [
            f"{long_date(message.written_at.astimezone(PARIS).date())}, {message.author}\u00a0: {message.text}"
            for message in request.messages
        ]
        sent = [each.subject for each in _mails(session, request) if each.recipient == request.mail]
        values = (
            request.contact_name, request.mail, request.phone or "", f"{request.organisation}, {request.identity}",
            request.wish, _joined(request), "\n".join(written), "\n".join(sent),
        )  # fmt: skip
        named = tuple((field.label, value) for field, value in zip(FIELDS, values, strict=True))
        made = PersonalRecord(request.reference, named, request.submitted_at)
        keep = _kept(session, request, date.min)
        yield made.kept(keep, "elle est devenue celle d'un client et suit ce qui en est né") if keep else made


def erase(session: Session, mail: str, at: datetime) -> list[str]:
    """Forget a person's requests, but those that became a client's: they follow its contract.

    An open request is closed by it: nobody is left to answer to. The log keeps its
    chain and loses what it committed to.
    """
    erased = []
    for request in list(_of(session, mail)):
        if request.state is State.ACCEPTED:
            continue
        _forget(session, request, at)
        erased.append(request.reference)
    session.flush()
    return erased


def _forget(session: Session, request: QuoteRequest, at: datetime) -> None:
    if request.state not in CLOSED:
        request.state, request.closed_at, request.closed_by = State.DECLINED, at, ""
    request.decline_reason = ERASED
    for sent in _mails(session, request):
        # What has not left yet never leaves: the worker takes a sent mail for done.
        sent.sent_at, sent.last_error = sent.sent_at or at, None
        sent.recipient, sent.subject, sent.text, sent.html = ERASED, ERASED, ERASED, None
    for message in request.messages:
        message.text = ERASED
        if message.side is Side.REQUESTER:
            message.author = ERASED
    for entry in session.scalars(select(Entry).where(Entry.seq.in_(request.evidence))):
        erase_payload(session, entry, at=at)
    request.contact_name = request.mail = request.organisation = request.identity = request.wish = ERASED
    request.phone, request.link_key, request.erased_at = None, secrets.token_urlsafe(LINK_BYTES), at


def addresses(session: Session) -> Iterator[str]:
    """Every address that a request came from."""
    yield from session.scalars(select(QuoteRequest.mail).where(QuoteRequest.erased_at.is_(None)).distinct())


def _due(session: Session, before: datetime) -> Iterator[Stale]:
    """Requests without a sequel whose last word was before a moment."""
    over = select(QuoteRequest).where(
        QuoteRequest.state != State.ACCEPTED, QuoteRequest.erased_at.is_(None), QuoteRequest.waiting_since < before,
        or_(QuoteRequest.closed_at.is_(None), QuoteRequest.closed_at < before),
    )  # fmt: skip
    for request in session.scalars(over.order_by(QuoteRequest.id)):
        yield Stale(request.reference, request.id, (request.mail, request.reference))


def _clear(session: Session, keys: Collection[int], at: datetime) -> tuple[int, ...]:
    for request in session.scalars(select(QuoteRequest).where(QuoteRequest.id.in_(keys))).all():
        _forget(session, request, at)
    session.flush()
    return ()


def _keep_request(session: Session, number: int, today: date) -> Keep | None:
    """A request that became a client's is part of what its contract rests on."""
    return _kept(session, session.get_one(QuoteRequest, number), today)


def _kept(session: Session, request: QuoteRequest, today: date) -> Keep | None:
    """As long as the quotes that were made of it, while one of them waits or runs, and from the end of the last."""
    if request.state is not State.ACCEPTED or request.closed_at is None:
        return None
    since = request.closed_at.astimezone(PARIS).date()
    for quote in session.scalars(select(Quote).where(Quote.request_id == request.id).order_by(Quote.id)):
        keep = keep_quote(session, quote.id, today)
        if keep is not None and keep.since is None:
            return replace(keep, reference=request.reference)
        since = max(since, keep.since) if keep is not None and keep.since is not None else since
    return Keep(request.reference, "contract", since)


def _keep_message(session: Session, number: int, today: date) -> Keep | None:
    return _keep_request(session, session.get_one(RequestMessage, number).request_id, today)


TABLES = (
    table(
        "quote_request", keep=_keep_request, own="mail", names="contact_name", phones="phone",
        personal="organisation identity contact_name mail phone wish estimate_query estimate_shown closed_by decline_reason",
        impersonal="reference form_key link_key terms_slug terms_sha256 estimate_slug estimate_sha256 evidence",
    ),
    table("quote_request_message", keep=_keep_message, personal="author text", impersonal="form_key"),
    table("quote_request_counter"),
)  # fmt: skip
PERSONAL_DATA = PersonalData(
    "quote_request", FIELDS, find, erase, tables=TABLES, addresses=addresses,
    sweeps=(Sweeper("prospects", _due, _clear),),
)  # fmt: skip
