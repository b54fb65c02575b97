"""What quotes hold on a person, and what an erasure leaves of it.

What was accepted moves to the archive with its proof for as long as the contract is kept (``content/law.toml``); the
rest goes, but for the acts of who refused or withdrew, which are archived too.
"""

import secrets
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.evidence.actions import erase_payload
from portal.evidence.models import Entry
from portal.french import long_date
from portal.mail.models import OutgoingMail
from portal.orders.actions import find_order
from portal.orders.personal_data import kept_order
from portal.quotes.quote_models import Quote, QuoteAct, QuoteLine, QuoteMessage, Reception, Recipient
from portal.quotes.quote_rules import OFFERED, State
from portal.quotes.sending_actions import LINK_BYTES
from portal.quotes.shown import day_of
from portal.registry import Keep, PersonalData, PersonalField, PersonalRecord, table

ERASED = "(effacé)"
_GONE = "effacé\u00a0; conservé avec sa preuve si le devis est accepté, ou tant qu'il attend une réponse"
#: From when an offer that was not accepted is kept: until then it binds us.
_VALID = "la fin de la validité du devis"
FIELDS = (
    PersonalField("Destinataire", _GONE),
    PersonalField("Lectures", _GONE),
    PersonalField("Acceptations et refus", "conservé avec la preuve du contrat"),
    PersonalField("Échanges", _GONE),
    PersonalField("Courriels envoyés", _GONE),
)


def _is_kept(quote: Quote, today: date) -> bool:
    """Whether it is an order, or may still become one."""
    waits = quote.state in OFFERED and quote.last_day is not None and quote.last_day >= today
    return waits or quote.state in {State.ACCEPTED, State.FINAL}


def _quotes(session: Session, mail: str) -> list[Quote]:
    address = mail.strip().lower()
    people = select(Person.id).where(Person.email == address)
    mine = (
        select(Quote)
        .where(
            or_(
                Quote.recipients.any(Recipient.mail == address),
                Quote.acts.any(QuoteAct.mail == address),
                Quote.messages.any(QuoteMessage.author_id.in_(people)),
            )
        )
        .order_by(Quote.id)
    )
    return list(session.scalars(mine))


def _mails(session: Session, quote: Quote, address: str) -> list[OutgoingMail]:
    of_quote = OutgoingMail.message_id.startswith(f"<quote.{quote.reference}.", autoescape=True)
    query = select(OutgoingMail).where(of_quote, OutgoingMail.recipient == address).order_by(OutgoingMail.id)
    return list(session.scalars(query))


def _mails_of(session: Session, quote: Quote, messages: list[QuoteMessage]) -> list[OutgoingMail]:
    """The mails that carried what somebody wrote to the other side."""
    if not messages:
        return []
    keys = [f"<quote.{quote.reference}.message-{message.id}{end}" for message in messages for end in "@-"]
    carried = or_(*(OutgoingMail.message_id.startswith(key, autoescape=True) for key in keys))
    return list(session.scalars(select(OutgoingMail).where(carried)))


def find(session: Session, mail: str) -> Iterator[PersonalRecord]:
    """Every quote that names the person of this address."""
    address = mail.strip().lower()
    person = session.scalars(select(Person).where(Person.email == address)).first()
    for quote in _quotes(session, address):
        sent = [f"{each.name}, {each.mail}" for each in quote.recipients if each.mail == address]
        read = [f"{each.how.label}, le {long_date(each.day)}" for each in quote.receptions if address in each.who]
        done = [
            f"{act.act.label}, le {long_date(act.on)}\u00a0: {act.name}, {act.capacity}, {act.identified_by}, {act.ip}"
            for act in quote.acts
            if act.mail == address
        ]
        written = [
            f"{long_date(day_of(each.written_at))}\u00a0: {each.text}"
            for each in quote.messages
            if person is not None and each.author_id == person.id
        ]
        mails = [each.subject for each in _mails(session, quote, address)]
        values = ("\n".join(sent), "\n".join(read), "\n".join(done), "\n".join(written), "\n".join(mails))
        named = tuple((field.label, value) for field, value in zip(FIELDS, values, strict=True))
        made = PersonalRecord(quote.reference, named, quote.sent_at or quote.created_at, files=_files(quote, address))
        offered = quote.state in OFFERED and quote.last_day is not None
        binds = offered or quote.state in {State.ACCEPTED, State.FINAL}
        keep = _kept(session, quote, date.min, frozen=True) if binds or done else None
        if keep is None:
            yield made
            continue
        why = "les actes sur ce devis prouvent ce qui a été répondu, le reste est effacé"
        if offered and not done:
            why = "ce devis attend encore une réponse"
            made = replace(made, erased_after=quote.last_day)
        yield made.kept(keep, "" if binds and not offered else why)


def _files(quote: Quote, address: str) -> tuple[int, ...]:
    """The file of proof of who acted on a quote, their acceptance on paper, the proof that it reached them."""
    own = [act for act in quote.acts if act.mail == address]
    files = [act.scan_id for act in own] + ([quote.proof_id] if own else [])
    files += [each.proof_id for each in quote.receptions if address in each.who]
    return tuple(dict.fromkeys(number for number in files if number is not None))


def erase(session: Session, mail: str, at: datetime) -> list[str]:
    """Forget a person in quotes that came to nothing. The log keeps its chain and loses what it committed to."""
    address, erased = mail.strip().lower(), []
    person = session.scalars(select(Person).where(Person.email == address)).first()
    for quote in _quotes(session, address):
        if _is_kept(quote, day_of(at)):
            # Another of the client's people may still answer; the link in this one's mail opens nothing any more.
            for recipient in quote.recipients:
                if recipient.mail == address:
                    recipient.link_key = secrets.token_urlsafe(LINK_BYTES)
            continue
        own = [each for each in quote.messages if person is not None and each.author_id == person.id]
        for sent in {*_mails(session, quote, address), *_mails_of(session, quote, own)}:
            # What has not left yet never leaves: the worker takes a sent mail for done.
            sent.sent_at, sent.last_error = sent.sent_at or at, None
            sent.recipient, sent.subject, sent.text, sent.html = ERASED, ERASED, ERASED, None
        for recipient in quote.recipients:
            if recipient.mail == address:
                recipient.name = recipient.mail = ERASED
                recipient.link_key = secrets.token_urlsafe(LINK_BYTES)
        for reception in quote.receptions:
            if address in reception.who:
                reception.who = ERASED
        for message in own:
            message.author = message.text = ERASED
        acts = {act.entry for act in quote.acts}
        for entry in session.scalars(select(Entry).where(Entry.seq.in_(set(quote.evidence) - acts))):
            erase_payload(session, entry, at=at)
        erased.append(quote.reference)
    session.flush()
    return erased


def _acted(session: Session, names: Collection[str], since: datetime) -> dict[str, str]:
    """Who answered a quote, by the link of its mail too, or has one to answer, has use for an access."""
    acts = (
        select(QuoteAct.mail, Quote.reference)
        .join(Quote)
        .where(func.lower(QuoteAct.mail).in_(names), QuoteAct.at >= since)
    )
    found = {mail.lower(): f"a répondu au devis {reference}" for mail, reference in session.execute(acts)}
    sent = select(Recipient.mail, Quote.reference).join(Quote).where(
        func.lower(Recipient.mail).in_(names), Quote.state.in_(OFFERED), Quote.sent_at >= since
    )  # fmt: skip
    return found | {mail.lower(): f"devis {reference} à répondre" for mail, reference in session.execute(sent)}


def addresses(session: Session) -> Iterator[str]:
    """Every address that a quote went to."""
    yield from session.scalars(select(Recipient.mail).where(Recipient.mail != ERASED).distinct())


def _kept(session: Session, quote: Quote, today: date, *, frozen: bool) -> Keep | None:
    """An order, or what may become one; of the others, what they said for ever (``frozen``)."""
    if quote.order_reference and (order := find_order(session, quote.order_reference)):
        runs = kept_order(session, order)
        return Keep(quote.reference, "contract", runs.since, begins=runs.begins)
    if quote.state in {State.ACCEPTED, State.FINAL}:
        begins = f"la fin de la commande née du devis {quote.reference}, s'il en naît une, sinon de notre réponse"
        return Keep(quote.reference, "contract", begins=begins)
    if quote.state in OFFERED and (quote.last_day is None or quote.last_day >= today):
        return Keep(quote.reference, "contract", quote.last_day, begins=_VALID)
    if not frozen or quote.sent_at is None:
        return None
    over = day_of(quote.closed_at) if quote.closed_at is not None else quote.last_day or quote.latest_day
    return Keep(quote.reference, "contract", over)


def keep_quote(session: Session, number: int, today: date) -> Keep | None:
    """A quote with what it became."""
    return _kept(session, session.get_one(Quote, number), today, frozen=True)


def _keep_line(session: Session, number: int, today: date) -> Keep | None:
    return _kept(session, session.get_one(QuoteLine, number).quote, today, frozen=True)


def _keep_act(session: Session, number: int, today: date) -> Keep | None:
    return _kept(session, session.get_one(QuoteAct, number).quote, today, frozen=True)


def _keep_recipient(session: Session, number: int, today: date) -> Keep | None:
    return _kept(session, session.get_one(Recipient, number).quote, today, frozen=False)


def _keep_reception(session: Session, number: int, today: date) -> Keep | None:
    return _kept(session, session.get_one(Reception, number).quote, today, frozen=False)


def _keep_message(session: Session, number: int, today: date) -> Keep | None:
    return _kept(session, session.get_one(QuoteMessage, number).quote, today, frozen=False)


TABLES = (
    table(
        "quote", keep=keep_quote, files="proof_id",
        personal="ground_words draft attached subject client conditions derogations delivery",
        impersonal="reference form_key draft_recipients terms_slug terms_sha256 order_reference evidence",
    ),
    table("quote_line", keep=_keep_line, personal="description", impersonal="unit contract"),
    table(
        "quote_act", keep=_keep_act, impersonal="form_key", own="mail person_id", names="name", files="scan_id",
        personal="name capacity mail identified_by consents words ip user_agent",
        whole="capacity identified_by ip user_agent",
    ),
    table(
        "quote_recipient", keep=_keep_recipient, own="mail person_id", names="name",
        personal="name mail forwarded_by bounced_with", impersonal="link_key message_id",
    ),
    table("quote_reception", keep=_keep_reception, personal="who words", files="proof_id"),
    table(
        "quote_message", keep=_keep_message, personal="author text", impersonal="form_key", own="author_id",
        names="author",
    ),
    table("quote_template", personal="name draft"),
)  # fmt: skip
PERSONAL_DATA = PersonalData("contract", FIELDS, find, erase, tables=TABLES, addresses=addresses, acted=_acted)
