"""The PRESTATAIRE accepts what the client has accepted, or declines (5.2). Each is one transaction, committed by the caller.

It answers in its own time: being in time was judged at the client's act.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.contracts.rules import Derogation as AgreedDerogation
from portal.contracts.rules import KeptFile, SpecialConditions
from portal.evidence.models import Entry, Payload
from portal.files.models import StoredFile
from portal.jobs.actions import enqueue
from portal.orders.actions import place_order
from portal.orders.rules import LineKind, OrderLine
from portal.quotes.acceptance_actions import held_act
from portal.quotes.contract_words import contract_kind
from portal.quotes.offer import Kind, Line, Offer
from portal.quotes.quote_letters import QuoteLetters
from portal.quotes.quote_models import Quote, QuoteAct
from portal.quotes.quote_rules import Act, Parent, State, check_reason, check_state
from portal.quotes.sending_actions import Author, note_act
from portal.quotes.writing_actions import check_writer, hold

#: The job that makes the file of proof: an acceptance never waits for it.
PROOF = "quotes.proof"
LONGEST_LABEL = 200


def confirm_quote(
    session: Session, quote: Quote, *, by: Person, form_key: str, author: Author, identified_by: str, letters: QuoteLetters,
    at: datetime,
) -> QuoteAct:  # fmt: skip
    """The PRESTATAIRE accepts what the client has accepted: only that makes the order final (5.2).

    The order is placed, both sides get the acknowledgement, and the file of proof is made behind it.
    ``identified_by`` says how they were known when they signed in.

    Raises:
        NotAllowed: the role does not cover it.
        WrongState: the client has not accepted, or took it back.
    """
    check_writer(by)
    hold(session, quote)
    if held := held_act(quote, form_key, Act.CONFIRMED):
        return held
    check_state(quote.state, State.ACCEPTED)
    acceptance = quote.acceptance
    if acceptance is None or quote.terms_slug is None or quote.terms_sha256 is None:
        raise ValueError(f"{quote.reference} is accepted by nobody")
    act = note_act(
        session, quote, Act.CONFIRMED, by=by, form_key=form_key, author=author, at=at, capacity="pour IMS Partners",
        identified_by=identified_by,
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
    enqueue(session, PROOF, {"quote": quote.id}, key=proof_key(quote.reference), now=at)
    letters.final(session, quote, acceptance, act, at)
    return act


def proof_key(reference: str) -> str:
    """The key of the job that makes the file of proof of a quote."""
    return f"{PROOF}:{reference}"


def decline_quote(
    session: Session, quote: Quote, *, by: Person, words: str, form_key: str, author: Author, identified_by: str,
    letters: QuoteLetters, at: datetime,
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
    if held := held_act(quote, form_key, Act.NOT_CONFIRMED):
        return held
    check_state(quote.state, State.ACCEPTED)
    act = note_act(
        session, quote, Act.NOT_CONFIRMED, by=by, form_key=form_key, author=author, at=at, words=reason,
        capacity="pour IMS Partners", identified_by=identified_by,
    )  # fmt: skip
    quote.state, quote.closed_at = State.NOT_CONFIRMED, at
    session.flush()
    letters.not_confirmed(session, quote, act, at)
    return act


def order_line(line: Line) -> OrderLine:
    """A line as an order has it: its first line of words is the label; no word of it is lost."""
    label, _, rest = line.description.partition("\n")
    if len(label) > LONGEST_LABEL:
        label, rest = label[:LONGEST_LABEL], line.description
    points = line.kind is Kind.POINTS
    opens = contract_kind(line.contract) if points else None
    return OrderLine(
        kind=next(kind for kind in LineKind if kind.value == line.kind.value), label=label, description=rest.strip(),
        quantity=line.quantity, unit=line.unit, unit_price=line.unit_price, vat_rate=line.vat_rate,
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
