"""The client accepts, refuses, takes its acceptance back (5.2).

Each is one transaction, committed by the caller: of two at the same moment one wins, the other sees
what it left. Being in time is judged at the client's act. By the link of a mail each of them asks for
a code: all three bind or free the client.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.accounts import sign_in
from portal.accounts.models import Person
from portal.evidence.actions import record
from portal.files.models import StoredFile
from portal.french import long_date
from portal.quotes.quote_letters import QuoteLetters
from portal.quotes.quote_models import Quote, QuoteAct, Recipient
from portal.quotes.quote_rules import (
    OFFERED,
    Act,
    How,
    NotAllowed,
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
    at: datetime, act: Act = Act.ACCEPTED,
) -> None:  # fmt: skip
    """Send the signatory a code for one act on this quote and nothing else, typed in the browser that asked for it.

    Raises:
        NotAllowed: this person may not sign.
        TooManyCodes: enough were sent for this hour.
    """
    if by.organisation_id != quote.organisation_id or not may_sign(by.role_names):
        raise NotAllowed
    if sign_in.codes_left(session, by, browser, now=at) <= 0:
        raise TooManyCodes
    code = sign_in.make_code(session, by.id, browser, now=at, purpose=_purpose(quote, act))
    letters.code(session, quote, recipient, code, secrets.token_hex(8), at, act)


def check_code(
    session: Session, quote: Quote, code: str, *, by: Person, browser: str, at: datetime, act: Act = Act.ACCEPTED
) -> Callable[[], bool]:
    """What an act asks once it is its turn: whether this is the code that was sent for it, on this quote."""
    return lambda: sign_in.use_code(session, by, code, browser, now=at, purpose=_purpose(quote, act), keep=False)


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
    if held := held_act(quote, signature.form_key, Act.ACCEPTED):
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
    if held := held_act(quote, form_key, Act.ACCEPTED):
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
    letters: QuoteLetters, at: datetime, check: Callable[[], bool] | None = None,
) -> QuoteAct:  # fmt: skip
    """The client refuses, with a reason. The same page again is the same refusal.

    Raises:
        NotAllowed: this person may not sign for the client.
        ReasonMissing: there is none.
        WrongState: it is not offered (any more).
        WrongCode: ``check`` said no; the try is counted already.
    """
    reason = check_reason(words)
    hold(session, quote)
    if held := held_act(quote, form_key, Act.REFUSED):
        return held
    check_client(quote, by)
    check_state(quote.state, *OFFERED)
    if check is not None and not check():
        raise WrongCode
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
    letters: QuoteLetters, at: datetime, check: Callable[[], bool] | None = None,
) -> QuoteAct:  # fmt: skip
    """Until the PRESTATAIRE accepts, the client may take its acceptance back (5.2); what was done remains shown.

    Raises:
        NotAllowed: this person may not sign for the client.
        WrongState: there is no acceptance to take back, or the order is final.
        WrongCode: ``check`` said no; the try is counted already.
    """
    hold(session, quote)
    if held := held_act(quote, form_key, Act.TAKEN_BACK):
        return held
    check_client(quote, by)
    check_state(quote.state, State.ACCEPTED)
    if check is not None and not check():
        raise WrongCode
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


def held_act(quote: Quote, form_key: str, kind: Act) -> QuoteAct | None:
    """The same act of the same page: another act with the key of a page that was used is no repetition."""
    return next((act for act in quote.acts if act.form_key == form_key and act.act is kind), None)


def _purpose(quote: Quote, act: Act) -> str:
    return f"quote:{quote.reference}:{act.value}:"
