"""The client accepts, refuses, takes its acceptance back; then the PRESTATAIRE accepts or declines (5.2).

Each is one transaction, committed by the caller: of two at the same moment one wins, the other sees
what it left. Being in time is judged at the client's act; the PRESTATAIRE answers in its own time.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts import sign_in
from portal.accounts.models import Person
from portal.contracts.rules import Derogation as AgreedDerogation
from portal.contracts.rules import KeptFile, SpecialConditions
from portal.evidence.actions import record
from portal.evidence.models import Entry, Payload
from portal.files.models import StoredFile
from portal.french import long_date
from portal.jobs.actions import enqueue
from portal.orders.actions import place_order
from portal.orders.rules import LineKind, OrderLine
from portal.quotes.contract_words import contract_kind
from portal.quotes.offer import Kind, Line, Offer
from portal.quotes.quote_letters import QuoteLetters
from portal.quotes.quote_models import Quote, QuoteAct, Recipient
from portal.quotes.quote_rules import (
    OFFERED,
    Act,
    How,
    NotAllowed,
    Parent,
    QuoteError,
    State,
    check_acceptable,
    check_reason,
    check_state,
    may_sign,
)
from portal.quotes.reading_actions import WrongDay, receive
from portal.quotes.sending_actions import Author, note_act
from portal.quotes.shown import Shown, day_of
from portal.quotes.writing_actions import check_writer, hold
from portal.terms import Library

#: The job that makes the file of proof: an acceptance never waits for it.
PROOF = "quotes.proof"


class WrongCode(QuoteError):
    """The code is not the one that was sent, or no longer."""


class TooManyCodes(QuoteError):
    """No more codes are sent to this address for now."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who accepts: the name and capacity they typed, what they consented to in its words, how they were known."""

    name: str
    capacity: str
    consents: tuple[str, ...]
    identified_by: str
    form_key: str
    author: Author


def consents(shown: Shown) -> tuple[str, ...]:
    """The words beside each box: what accepting this quote consents to."""
    words = [f"J'ai lu les CGV du {long_date(shown.version.in_force_from)} et je les accepte."]
    if shown.offer.conditions or shown.files:
        words.append("J'ai lu les conditions particulières de ce devis et je les accepte.")
    if shown.offer.derogations:
        words.append("J'ai lu les dérogations aux CGV convenues dans ce devis et je les accepte.")
    return tuple(words)


# --- The client ----------------------------------------------------------------------------------


def send_code(
    session: Session, quote: Quote, recipient: Recipient, *, by: Person, browser: str, letters: QuoteLetters,
    at: datetime,
) -> None:  # fmt: skip
    """Send the signatory a code that accepts this quote and nothing else, typed in the browser that asked for it.

    Raises:
        NotAllowed: this person may not sign.
        TooManyCodes: enough were sent for this hour.
    """
    if by.organisation_id != quote.organisation_id or not may_sign(by.role_names):
        raise NotAllowed
    if sign_in.codes_left(session, by, browser, now=at) <= 0:
        raise TooManyCodes
    code = sign_in.make_code(session, by.id, browser, now=at, purpose=_purpose(quote))
    letters.code(session, quote, recipient, code, secrets.token_hex(8), at)


def check_code(
    session: Session, quote: Quote, code: str, *, by: Person, browser: str, at: datetime
) -> Callable[[], bool]:
    """What ``accept_quote`` asks once it is its turn: whether this is the code that was sent for this quote."""
    return lambda: sign_in.use_code(session, by, code, browser, now=at, purpose=_purpose(quote), keep=False)


def accept_quote(
    session: Session, quote: Quote, *, by: Person, signature: Signature, library: Library, letters: QuoteLetters,
    at: datetime, check: Callable[[], bool] | None = None,
) -> QuoteAct:  # fmt: skip
    """The client accepts. The same page again is the same acceptance.

    Raises:
        NotAllowed: this person may not sign for the client.
        WrongState: it is not offered (any more), somebody else was faster.
        QuoteExpired: its last day is over.
        WrongCode: ``check`` said no; the try is counted already.
    """
    hold(session, quote)
    if held := _held(quote, signature.form_key, Act.ACCEPTED):
        return held
    check_client(quote, by)
    check_acceptable(quote.state, quote.last_day or date.min, day_of(at))
    if check is not None and not check():
        raise WrongCode
    if quote.received_on is None:
        receive(session, quote, how=How.READ_BY_LINK, by=by, library=library, letters=letters, at=at)
    act = note_act(
        session, quote, Act.ACCEPTED, by=by, form_key=signature.form_key, author=signature.author, at=at,
        name=signature.name, capacity=signature.capacity, consents=list(signature.consents),
        identified_by=signature.identified_by,
    )  # fmt: skip
    quote.state = State.ACCEPTED
    session.flush()
    letters.accepted(session, quote, act, at)
    return act


def record_paper(
    session: Session, quote: Quote, *, by: Person, name: str, capacity: str, day: date, scan: StoredFile, form_key: str,
    author: Author, library: Library, letters: QuoteLetters, at: datetime,
) -> QuoteAct:  # fmt: skip
    """Staff record a quote that the client signed on paper: its scan, and the day of the signature, which counts.

    Raises:
        NotAllowed: the role does not cover it.
        WrongState: it is not offered.
        WrongDay: signed before it was sent, or on a day to come.
        QuoteExpired: signed after its last day.
    """
    check_writer(by)
    hold(session, quote)
    if held := _held(quote, form_key, Act.ACCEPTED):
        return held
    check_state(quote.state, *OFFERED)
    if quote.sent_at is None or not day_of(quote.sent_at) <= day <= day_of(at):
        raise WrongDay
    if quote.received_on is None:
        receive(
            session, quote, how=How.STAFF, by=by, day=day, words="Devis rendu signé sur papier.", proof=scan,
            library=library, letters=letters, at=at,
        )  # fmt: skip
    check_acceptable(quote.state, quote.last_day or date.min, day)
    act = note_act(
        session, quote, Act.ACCEPTED, by=by, form_key=form_key, author=author, at=at, name=name, capacity=capacity,
        mail="", on=day, scan_id=scan.id,
        identified_by=f"devis signé sur papier, dont la copie (SHA-256 {scan.sha256}) est enregistrée par {by.name}",
    )  # fmt: skip
    quote.state = State.ACCEPTED
    session.flush()
    letters.accepted(session, quote, act, at)
    return act


def refuse_quote(
    session: Session, quote: Quote, *, by: Person, words: str, form_key: str, author: Author, identified_by: str,
    letters: QuoteLetters, at: datetime,
) -> QuoteAct:  # fmt: skip
    """The client refuses, with a reason. The same page again is the same refusal.

    Raises:
        NotAllowed: this person may not sign for the client.
        ReasonMissing: there is none.
        WrongState: it is not offered (any more).
    """
    reason = check_reason(words)
    hold(session, quote)
    if held := _held(quote, form_key, Act.REFUSED):
        return held
    check_client(quote, by)
    check_state(quote.state, *OFFERED)
    act = note_act(
        session, quote, Act.REFUSED, by=by, form_key=form_key, author=author, at=at, words=reason,
        identified_by=identified_by,
    )  # fmt: skip
    quote.state, quote.closed_at = State.REFUSED, at
    session.flush()
    letters.refused(session, quote, act, at)
    return act


def take_back(
    session: Session, quote: Quote, *, by: Person, words: str, form_key: str, author: Author, identified_by: str,
    letters: QuoteLetters, at: datetime,
) -> QuoteAct:  # fmt: skip
    """Until the PRESTATAIRE accepts, the client may take its acceptance back (5.2); what was done remains shown.

    Raises:
        NotAllowed: this person may not sign for the client.
        WrongState: there is no acceptance to take back, or the order is final.
    """
    hold(session, quote)
    if held := _held(quote, form_key, Act.TAKEN_BACK):
        return held
    check_client(quote, by)
    check_state(quote.state, State.ACCEPTED)
    act = note_act(
        session, quote, Act.TAKEN_BACK, by=by, form_key=form_key, author=author, at=at, words=words.strip(),
        identified_by=identified_by,
    )  # fmt: skip
    quote.state = State.RECEIVED
    session.flush()
    letters.taken_back(session, quote, act, at)
    return act


def check_client(quote: Quote, by: Person) -> None:
    """Let pass who may sign for the client of this quote.

    Raises:
        NotAllowed: everybody else.
    """
    if by.staff or not by.active or by.organisation_id != quote.organisation_id or not may_sign(by.role_names):
        raise NotAllowed


def record_try(
    session: Session, quote: Quote, what: str, refused: Exception, *, by: Person | None, author: Author, at: datetime
) -> None:
    """Keep in the log that somebody tried to bind themselves, or us, and was refused."""
    record(
        session, f"quotes.{what}_denied",
        {
            "reference": quote.reference, "why": type(refused).__name__, "state": quote.state.value,
            "last_day": quote.last_day.isoformat() if quote.last_day else None, "by": by.email if by else None,
            "ip": author.ip, "agent": author.user_agent,
        },
        at=at,
    )  # fmt: skip


# --- The PRESTATAIRE -----------------------------------------------------------------------------


def confirm_quote(
    session: Session, quote: Quote, *, by: Person, form_key: str, author: Author, letters: QuoteLetters, at: datetime
) -> QuoteAct:  # fmt: skip
    """The PRESTATAIRE accepts what the client has accepted: only that makes the order final (5.2).

    The order is placed, both sides get the acknowledgement, and the file of proof is made behind it.

    Raises:
        NotAllowed: the role does not cover it.
        WrongState: the client has not accepted, or took it back.
    """
    check_writer(by)
    hold(session, quote)
    if held := _held(quote, form_key, Act.CONFIRMED):
        return held
    check_state(quote.state, State.ACCEPTED)
    acceptance = quote.acceptance
    if acceptance is None or quote.terms_slug is None or quote.terms_sha256 is None:
        raise ValueError(f"{quote.reference} is accepted by nobody")
    act = note_act(
        session, quote, Act.CONFIRMED, by=by, form_key=form_key, author=author, at=at, capacity="pour IMS Partners",
        identified_by="connexion à l'espace de l'équipe, avec second facteur",
    )  # fmt: skip
    first = quote.parent if quote.parent_kind is Parent.SUPPLEMENT else None
    order = place_order(
        session, organisation=quote.organisation, quote_reference=quote.reference,
        lines=[order_line(line) for line in quote.offer.lines], terms_slug=quote.terms_slug,
        terms_sha256=quote.terms_sha256, special_conditions=special_conditions(session, quote),
        accepted_client_at=acceptance.at, accepted_provider_at=at, by=by, at=at,
        supplements=first.order_reference if first else None,
    )  # fmt: skip
    quote.state, quote.closed_at, quote.order_reference = State.FINAL, at, order.reference
    quote.evidence = [*quote.evidence, *_placed(session, order.reference)]
    session.flush()
    enqueue(session, PROOF, {"quote": quote.id}, key=f"{PROOF}:{quote.reference}", now=at)
    letters.final(session, quote, acceptance, act, at)
    return act


def decline_quote(
    session: Session, quote: Quote, *, by: Person, words: str, form_key: str, author: Author, letters: QuoteLetters,
    at: datetime,
) -> QuoteAct:  # fmt: skip
    """The PRESTATAIRE does not accept: there is no order. The client is told why.

    Raises:
        NotAllowed: the role does not cover it.
        ReasonMissing: there is none.
        WrongState: the client has not accepted, or took it back.
    """
    check_writer(by)
    reason = check_reason(words)
    hold(session, quote)
    if held := _held(quote, form_key, Act.NOT_CONFIRMED):
        return held
    check_state(quote.state, State.ACCEPTED)
    act = note_act(
        session, quote, Act.NOT_CONFIRMED, by=by, form_key=form_key, author=author, at=at, words=reason,
        capacity="pour IMS Partners", identified_by="connexion à l'espace de l'équipe, avec second facteur",
    )  # fmt: skip
    quote.state, quote.closed_at = State.NOT_CONFIRMED, at
    session.flush()
    letters.not_confirmed(session, quote, act, at)
    return act


def order_line(line: Line) -> OrderLine:
    """A line as an order has it: its first line of words is the label."""
    label, _, rest = line.description.partition("\n")
    points = line.kind is Kind.POINTS
    opens = contract_kind(line.contract) if points else None
    return OrderLine(
        kind=next(kind for kind in LineKind if kind.value == line.kind.value), label=label[:200], description=rest.strip(), quantity=line.quantity,
        unit=line.unit, unit_price=line.unit_price, vat_rate=line.vat_rate,
        points=line.quantity if points else None,
        contract_kind=opens,
        top_up=line.contract if points and opens is None else None,
    )  # fmt: skip


def special_conditions(session: Session, quote: Quote) -> SpecialConditions:
    """The special conditions of a quote, as its order and contracts keep them."""
    offer: Offer = quote.offer
    files = [session.get_one(StoredFile, each["id"]) for each in quote.attached]
    return SpecialConditions(
        text=offer.conditions,
        files=tuple(KeptFile(file.key, each["name"], each["sha256"]) for file, each in zip(files, quote.attached, strict=True)),
        derogations=tuple(
            AgreedDerogation(each.day, f"Article {each.article}\u00a0: {each.words}" if each.article else each.words)
            for each in offer.derogations
        ),
    )  # fmt: skip


def _placed(session: Session, order: str) -> list[int]:
    """The entries of the log that tell of an order: they belong to the proof of its quote."""
    named = Payload.content.contains(f'"reference":"{order}"', autoescape=True)
    placed = select(Entry.seq).join(Payload).where(Entry.kind == "orders.placed", named)
    return list(session.scalars(placed.order_by(Entry.seq)))


def _held(quote: Quote, form_key: str, kind: Act) -> QuoteAct | None:
    """The same act of the same page: another act with the key of a page that was used is no repetition."""
    return next((act for act in quote.acts if act.form_key == form_key and act.act is kind), None)


def _purpose(quote: Quote) -> str:
    return f"quote:{quote.reference}:"
