"""Send a quote, take it back, replace it. Each is one transaction, committed by the caller."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.evidence.actions import record
from portal.mail.stops import frozen
from portal.quotes.offer import Offer
from portal.quotes.quote_letters import QuoteLetters
from portal.quotes.quote_models import Quote, QuoteAct, QuoteLine, Recipient
from portal.quotes.quote_rules import (
    OFFERED,
    Act,
    Ground,
    NotSendable,
    Parent,
    State,
    check_state,
    check_withdrawal,
)
from portal.quotes.shown import Shown, before_sending, day_of
from portal.quotes.writing_actions import check_writer, hold, reading_of
from portal.terms import Library

LINK_BYTES = 24


@dataclass(frozen=True, slots=True)
class Author:
    """Who acts, as an act keeps it: where from, and with what program."""

    ip: str = ""
    user_agent: str = ""


def prepare(session: Session, quote: Quote, *, library: Library, at: datetime) -> tuple[Shown, list[Person]]:
    """What sending a draft now would send, and to whom.

    Raises:
        NotSendable: it makes no offer yet, or nobody would receive it; the words say what is missing.
        NoValidity: no validity would be printed on it (5.2).
    """
    reading = reading_of(session, quote, day_of(at))
    people = recipients_of(session, quote)
    words = [problem.words for problem in reading.problems]
    if not people:
        words.append("Choisissez au moins un destinataire.")
    # GDPR article 18: their data are kept, and not used.
    still = frozen(session, [person.email for person in people])
    words += [f"{person.name} a fait geler l'usage de ses données." for person in people if person.email in still]
    if words:
        raise NotSendable(*words)
    return before_sending(quote, reading.offer, library, day_of(at)), people


def recipients_of(session: Session, quote: Quote) -> list[Person]:
    """People of the client whom a draft is addressed to, as long as they have their access."""
    chosen = select(Person).where(
        Person.id.in_(quote.draft_recipients), Person.organisation_id == quote.organisation_id, Person.active
    )
    return list(session.scalars(chosen.order_by(Person.name)))


def send_quote(
    session: Session, quote: Quote, *, by: Person, library: Library, letters: QuoteLetters, at: datetime
) -> None:  # fmt: skip
    """Send a draft: its offer is frozen, under the version in force today, and a mail leaves to each recipient.

    The quote that it corrects is replaced in the same act.

    Raises:
        NotAllowed: the role does not cover it.
        WrongState: it was sent or given up, or what it corrects is no longer offered.
        NotSendable, NoValidity: as ``prepare``.
        GroundMissing: what it corrects was received meanwhile, and neither agreement nor reason is told.
    """
    check_writer(by)
    hold(session, quote)
    check_state(quote.state, State.DRAFT)
    shown, people = prepare(session, quote, library=library, at=at)
    if quote.parent is not None and quote.parent_kind is Parent.CORRECTION:
        hold(session, quote.parent)
        check_withdrawal(quote.parent.state, quote.ground, quote.ground_words)
        _close(session, quote.parent, State.REPLACED, at=at)
    _freeze(session, quote, shown, at)
    quote.writer_id = by.id
    for person in people:
        add_recipient(session, quote, person, letters=letters, at=at)
    entry = record(session, "quotes.sent", _sent(quote, shown, by), at=at)
    quote.evidence = [*quote.evidence, entry.seq]
    session.flush()
    for recipient in quote.recipients:
        letters.sent(session, quote, recipient, shown, at)


def add_recipient(
    session: Session, quote: Quote, person: Person, *, letters: QuoteLetters, at: datetime, forwarded_by: str | None = None
) -> Recipient:  # fmt: skip
    """Give somebody of the client a link of their own; once more is the one there is."""
    for held in quote.recipients:
        if held.person_id == person.id:
            return held
    recipient = Recipient(
        person_id=person.id, name=person.name, mail=person.email, link_key=secrets.token_urlsafe(LINK_BYTES),
        message_id=letters.message_id(quote, f"sent-{person.id}"), sent_at=at, forwarded_by=forwarded_by,
    )  # fmt: skip
    quote.recipients.append(recipient)
    session.flush()
    return recipient


def withdraw_quote(
    session: Session, quote: Quote, *, by: Person, ground: Ground | None, words: str, form_key: str, author: Author,
    letters: QuoteLetters, at: datetime,
) -> None:  # fmt: skip
    """Take an offer back: freely before it is received, afterwards by agreement or with a reason (Code civil 1115, 1116).

    Raises:
        NotAllowed: the role does not cover it.
        WrongState: it is not offered (any more).
        GroundMissing: it was received, and neither agreement nor reason is told.
    """
    check_writer(by)
    hold(session, quote)
    check_withdrawal(quote.state, ground, words)
    received = quote.state is State.RECEIVED
    note_act(
        session, quote, Act.WITHDRAWN, by=by, form_key=form_key, author=author, at=at, words=words.strip(),
        ground=ground if received else None, capacity="IMS Partners",
    )  # fmt: skip
    _close(session, quote, State.WITHDRAWN, at=at)
    letters.withdrawn(session, quote, words.strip(), at)


def note_act(
    session: Session, quote: Quote, act: Act, *, by: Person, form_key: str, author: Author, at: datetime, **details: Any
) -> QuoteAct:  # fmt: skip
    """Write down what somebody did, and commit to it in the log."""
    details = {"name": by.name, "mail": by.email, "on": day_of(at)} | details
    content = {
        "reference": quote.reference, "act": act.value, "person": by.id, "ip": author.ip, "agent": author.user_agent,
        "terms": [quote.terms_slug, quote.terms_sha256],
    } | {
        name: str(value) if name in {"on", "ground"} and value else value
        for name, value in details.items()
    }  # fmt: skip
    entry = record(session, f"quotes.{act.value}", content, at=at)
    made = QuoteAct(
        act=act, form_key=form_key, at=at, person_id=by.id, ip=author.ip, user_agent=author.user_agent, entry=entry.seq,
        **details,
    )  # fmt: skip
    quote.acts.append(made)
    quote.evidence = [*quote.evidence, entry.seq]
    session.flush()
    return made


def _close(session: Session, quote: Quote, state: State, *, at: datetime) -> None:
    check_state(quote.state, *OFFERED)
    quote.state, quote.closed_at = state, at
    session.flush()


def _freeze(session: Session, quote: Quote, shown: Shown, at: datetime) -> None:
    offer = shown.offer
    for position, line in enumerate(offer.lines, start=1):
        session.add(
            QuoteLine(
                quote_id=quote.id, position=position, kind=line.kind, description=line.description,
                quantity=line.quantity, unit=line.unit, unit_price=line.unit_price, vat_rate=line.vat_rate,
                contract=line.contract,
            )
        )  # fmt: skip
    session.flush()
    _say(quote, offer)
    quote.client, quote.latest_day, quote.line_count = list(shown.client), shown.validity.latest, len(offer.lines)
    quote.terms_slug, quote.terms_sha256 = shown.version.slug, shown.version.sha256
    quote.last_day, quote.nominal_day = shown.last.enforced, shown.last.nominal
    quote.state, quote.sent_at = State.SENT, at
    session.flush()
    session.refresh(quote, ["lines"])


def _say(quote: Quote, offer: Offer) -> None:
    quote.subject, quote.conditions, quote.delivery = offer.subject, offer.conditions, offer.delivery
    quote.derogations = [
        {"article": each.article, "words": each.words, "day": each.day.isoformat()} for each in offer.derogations
    ]
    if offer.deposit is not None:
        quote.deposit_percent, quote.deposit_amount = offer.deposit.percent, offer.deposit.amount
    quote.own_last_day = offer.own_last_day
    quote.total_net, quote.total_gross = offer.totals.net, offer.totals.gross


def offer_content(offer: Offer) -> dict[str, object]:
    """An offer as the log commits to it: numbers as text."""
    return {
        "subject": offer.subject,
        "lines": [
            [
                line.kind.value, line.description, str(line.quantity), line.unit, str(line.unit_price),
                str(line.vat_rate), line.contract,
            ]
            for line in offer.lines
        ],
        "conditions": offer.conditions,
        "derogations": [[each.article, each.words, each.day.isoformat()] for each in offer.derogations],
        "delivery": offer.delivery,
        "deposit": None if offer.deposit is None else str(offer.deposit.of(offer.totals.gross)),
        "net": str(offer.totals.net),
        "gross": str(offer.totals.gross),
    }  # fmt: skip


def _sent(quote: Quote, shown: Shown, by: Person) -> dict[str, object]:
    return {
        "reference": quote.reference,
        "organisation": quote.organisation_id,
        "to": [recipient.mail for recipient in quote.recipients],
        "offer": offer_content(shown.offer),
        "files": [[each["name"], each["sha256"]] for each in quote.attached],
        "terms": [quote.terms_slug, quote.terms_sha256],
        "validity": shown.validity_words,
        "replaces": quote.parent.reference if quote.parent and quote.parent_kind is Parent.CORRECTION else None,
        "ground": [quote.ground.value, quote.ground_words] if quote.ground else None,
        "by": by.email,
    }
