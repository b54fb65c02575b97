"""What tells that a quote was received, its thread, who else is given it. Each is one transaction, committed by the caller.

Received is the earliest of: a delivery notice, an identified person who opens it, a day that staff
record with its proof. That a relay took our mail proves nothing.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.evidence.actions import record
from portal.files.models import StoredFile
from portal.quotes.quote_letters import QuoteLetters
from portal.quotes.quote_models import Quote, QuoteMessage, Reception, Recipient
from portal.quotes.quote_rules import (
    OFFERED,
    UNSEEN,
    How,
    NotAllowed,
    QuoteError,
    ReasonMissing,
    State,
    WrongState,
    may_read,
    may_sign,
)
from portal.quotes.request_rules import Side
from portal.quotes.sending_actions import add_recipient
from portal.quotes.shown import as_sent, day_of
from portal.quotes.writing_actions import check_writer, hold
from portal.terms import Library

#: The only word of a delivery notice (RFC 3464, Action) that says the mail is in its reader's mailbox.
DELIVERED = "delivered"
FAILED = "failed"


class WrongDay(QuoteError):
    """A quote is not received before it was sent, nor on a day to come."""


class NoSignatory(QuoteError):
    """Nobody of that number may sign for this client."""


def read_quote(
    session: Session, quote: Quote, *, by: Person, how: How, library: Library, letters: QuoteLetters, at: datetime
) -> None:  # fmt: skip
    """Somebody of the client opens it: the first time it is received by that. Staff who look receive nothing.

    Raises:
        NotAllowed: it is somebody else's quote.
    """
    if by.organisation_id != quote.organisation_id:
        raise NotAllowed
    hold(session, quote)
    if quote.state in UNSEEN or any(each.who == _who(by) and each.how is how for each in quote.receptions):
        return
    _note(
        session, quote, how=how, day=day_of(at), moment=at, who=_who(by), library=library, letters=letters, at=at,
        by=None,
    )  # fmt: skip


def record_reception(
    session: Session, quote: Quote, *, by: Person, day: date, words: str, proof: StoredFile, library: Library,
    letters: QuoteLetters, at: datetime,
) -> None:  # fmt: skip
    """Staff record the day on which a quote was received, with what proves it.

    Raises:
        NotAllowed: the role does not cover it.
        WrongState: it was never sent.
        WrongDay: before it was sent, or to come.
        ReasonMissing: it does not say what the proof is.
    """
    check_writer(by)
    hold(session, quote)
    if quote.sent_at is None:
        raise WrongState(quote.state)
    if not day_of(quote.sent_at) <= day <= day_of(at):
        raise WrongDay
    if not words.strip():
        raise ReasonMissing
    _note(
        session, quote, how=How.STAFF, day=day, moment=None, who=by.name, words=words.strip(), proof=proof,
        library=library, letters=letters, at=at, by=by,
    )  # fmt: skip


def take_notice(
    session: Session, *, message_id: str, action: str, said_at: datetime | None, words: str, library: Library,
    letters: QuoteLetters, at: datetime,
) -> bool:  # fmt: skip
    """What a server says became of a mail (RFC 3464): whether it was one of ours.

    ``message_id`` is that of the mail we sent, ``action`` the notice's own word. Only "delivered" is
    reception; "failed" is told to staff; "relayed", "expanded" and "delayed" prove nothing.
    """
    recipient = session.scalars(select(Recipient).where(Recipient.message_id == message_id)).first()
    if recipient is None:
        return False
    quote = recipient.quote
    hold(session, quote)
    if action.lower() == FAILED and recipient.bounced_at is None:
        recipient.bounced_at, recipient.bounced_with = at, words[:2_000]
    known = any(each.how is How.DELIVERY_NOTICE and each.who == recipient.mail for each in quote.receptions)
    if action.lower() == DELIVERED and not known and quote.sent_at is not None:
        # A server's clock may be wrong: never before we sent it, never later than now.
        moment = min(max(said_at or at, quote.sent_at), at)
        _note(
            session, quote, how=How.DELIVERY_NOTICE, day=day_of(moment), moment=moment, who=recipient.mail,
            words=words[:2_000], library=library, letters=letters, at=at, by=None,
        )  # fmt: skip
    session.flush()
    return True


def ask(
    session: Session, quote: Quote, *, by: Person, words: str, form_key: str, letters: QuoteLetters, at: datetime
) -> QuoteMessage:
    """Somebody of the client writes to who wrote the quote. The same page again is the same message.

    Raises:
        NotAllowed: it is somebody else's quote.
    """
    if by.organisation_id != quote.organisation_id:
        raise NotAllowed
    message, new = _write(session, quote, Side.REQUESTER, by, words, form_key, at)
    if new:
        letters.asked(session, quote, message, at)
    return message


def answer(
    session: Session, quote: Quote, *, by: Person, words: str, form_key: str, letters: QuoteLetters, at: datetime
) -> QuoteMessage:
    """Staff write: into the thread, and by mail to every recipient. The same page again is the same message.

    Raises:
        NotAllowed: the role does not cover it.
        WrongState: it was never sent.
    """
    if not (by.staff and may_read(by.role_names)):
        raise NotAllowed
    if quote.sent_at is None:
        raise WrongState(quote.state)
    message, new = _write(session, quote, Side.STAFF, by, words, form_key, at)
    if new:
        quote.answered_at = at
        letters.answered(session, quote, message, at)
    return message


def forward_quote(
    session: Session, quote: Quote, person_id: int, *, by: Person, library: Library, letters: QuoteLetters, at: datetime
) -> Recipient:  # fmt: skip
    """Give a colleague who may sign a link of their own. The same colleague again is sent nothing more.

    Raises:
        NotAllowed: it is somebody else's quote.
        WrongState: it is no longer offered.
        NoSignatory: that colleague may not sign either.
    """
    if by.organisation_id != quote.organisation_id:
        raise NotAllowed
    hold(session, quote)
    if quote.state not in OFFERED:
        raise WrongState(quote.state)
    person = next((each for each in signatories(quote) if each.id == person_id), None)
    if person is None:
        raise NoSignatory
    held = {each.person_id for each in quote.recipients}
    recipient = add_recipient(session, quote, person, letters=letters, at=at, forwarded_by=by.name)
    if person.id not in held:
        record(
            session, "quotes.forwarded", {"reference": quote.reference, "by": by.email, "to": person.email}, at=at
        )  # fmt: skip
        letters.sent(session, quote, recipient, as_sent(quote, library), at)
    return recipient


def signatories(quote: Quote) -> list[Person]:
    """Who of the client accepts and refuses quotes."""
    return [each for each in quote.organisation.people if each.active and may_sign(each.role_names)]


def ask_renewal(session: Session, quote: Quote, *, by: Person, letters: QuoteLetters, at: datetime) -> None:
    """Somebody of the client asks for a new quote instead of one that is over; once is enough.

    Raises:
        NotAllowed: it is somebody else's quote.
        WrongState: it is not over.
    """
    if by.organisation_id != quote.organisation_id:
        raise NotAllowed
    hold(session, quote)
    over = quote.state in {State.WITHDRAWN, State.REFUSED, State.NOT_CONFIRMED}
    if not over and not (quote.state in OFFERED and quote.last_day is not None and quote.last_day < day_of(at)):
        raise WrongState(quote.state)
    if quote.renewal_asked_at is None:
        quote.renewal_asked_at = at
        session.flush()
        letters.renewal_asked(session, quote, by.name, at)


def remind(session: Session, *, library: Library, letters: QuoteLetters, at: datetime) -> int:
    """Remind, once, of each quote whose last day comes near (convention ``quote_reminder``); how many."""
    today = day_of(at)
    near = today + timedelta(days=library.conventions["quote_reminder"].days or 0)
    due = select(Quote).where(
        Quote.state.in_(OFFERED), Quote.reminded_at.is_(None), Quote.last_day >= today, Quote.last_day <= near
    )
    count = 0
    for quote in session.scalars(due.order_by(Quote.id).with_for_update()).all():
        if quote.sent_at is None or quote.last_day is None or day_of(quote.sent_at) == today:
            continue
        quote.reminded_at = at
        letters.reminder(session, quote, as_sent(quote, library), (quote.last_day - today).days, at)
        count += 1
    return count


def receive(
    session: Session, quote: Quote, *, how: How, by: Person, library: Library, letters: QuoteLetters, at: datetime,
    day: date | None = None, words: str = "", proof: StoredFile | None = None,
) -> None:  # fmt: skip
    """An act that cannot be without reception tells of it: accepting, a paper that comes back signed."""
    _note(
        session, quote, how=how, day=day or day_of(at), moment=None if day else at,
        who=by.name if how is How.STAFF else _who(by), words=words, proof=proof, library=library, letters=letters,
        at=at, by=by if how is How.STAFF else None,
    )  # fmt: skip


def _note(
    session: Session, quote: Quote, *, how: How, day: date, moment: datetime | None, who: str, library: Library,
    letters: QuoteLetters, at: datetime, by: Person | None, words: str = "", proof: StoredFile | None = None,
) -> None:  # fmt: skip
    session.add(
        Reception(
            quote=quote, how=how, day=day, at=moment, who=who, words=words, proof=proof, recorded_at=at,
            recorded_by_id=by.id if by else None,
        )
    )  # fmt: skip
    entry = record(
        session, "quotes.received",
        {
            "reference": quote.reference, "how": how.value, "day": day.isoformat(), "who": who, "words": words,
            "proof": proof.sha256 if proof else None,
        },
        at=at,
    )  # fmt: skip
    quote.evidence = [*quote.evidence, entry.seq]
    if quote.state in OFFERED and (quote.received_on is None or day < quote.received_on):
        announced = quote.last_day if quote.received_on is not None else None
        quote.received_on = day
        quote.state = State.RECEIVED
        shown = as_sent(quote, library)
        quote.last_day, quote.nominal_day = shown.last.enforced, shown.last.nominal
        if announced is not None and quote.last_day < announced:
            letters.moved(session, quote, shown, at)
    session.flush()


def _write(
    session: Session, quote: Quote, side: Side, by: Person, words: str, form_key: str, at: datetime
) -> tuple[QuoteMessage, bool]:
    hold(session, quote)
    for message in quote.messages:
        if message.form_key == form_key:
            return message, False
    message = QuoteMessage(
        form_key=form_key, side=side, author=by.name, author_id=by.id, written_at=at, text=words.strip()
    )
    quote.messages.append(message)
    session.flush()
    return message, True


def _who(person: Person) -> str:
    return f"{person.name} <{person.email}>"
