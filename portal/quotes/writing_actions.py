"""The verbs of a quote being written: begin, save, attach, give up; templates. Each is one transaction, committed by the caller."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.contracts.models import Contract
from portal.contracts.rules import Kind as ContractKind
from portal.files.models import StoredFile
from portal.numbers.actions import next_reference
from portal.quotes.draft import Reading, cleaned, read_draft, typed_of
from portal.quotes.quote_models import Quote, QuoteTemplate
from portal.quotes.quote_rules import (
    OFFERED,
    Ground,
    GroundMissing,
    NotAllowed,
    Parent,
    QuoteError,
    State,
    WrongState,
    check_state,
    may_write,
)
from portal.quotes.request_models import QuoteRequest

SERIES = "DEV"
MOST_FILES = 20


class NoSuchQuote(QuoteError):
    """No quote has this reference, or it is not this reader's to see."""


class Overtaken(QuoteError):
    """A colleague saved the draft in between; nothing was written over."""


def check_writer(by: Person) -> None:
    """Let pass staff who write quotes.

    Raises:
        NotAllowed: the role does not cover it.
    """
    if not (by.staff and by.active and may_write(by.role_names)):
        raise NotAllowed


def find_quote(session: Session, reference: str) -> Quote:
    """The quote of a reference.

    Raises:
        NoSuchQuote: there is none.
    """
    found = session.scalars(select(Quote).where(Quote.reference == reference)).first()
    if found is None:
        raise NoSuchQuote(reference)
    return found


def hold(session: Session, quote: Quote) -> None:
    """Whoever acts on a quote takes their turn, and sees what the one before left."""
    session.refresh(quote, with_for_update=True)


def start_quote(
    session: Session, *, organisation: Organisation, by: Person, typed: Mapping[str, Any], form_key: str, at: datetime,
    request: QuoteRequest | None = None, recipients: Iterable[int] = (),
) -> Quote:  # fmt: skip
    """A new draft, with its number. The same page again gives back the draft there is.

    Raises:
        NotAllowed: the role does not cover it.
    """
    check_writer(by)
    return _begin(
        session, form_key, at, organisation_id=organisation.id, draft=cleaned(typed), writer_id=by.id,
        draft_recipients=sorted(set(recipients)), request_id=request.id if request else None,
    )  # fmt: skip


def follow_up(
    session: Session, parent: Quote, kind: Parent, *, by: Person, form_key: str, at: datetime,
    ground: Ground | None = None, words: str = "",
) -> Quote:  # fmt: skip
    """A draft that follows a quote: a supplement to an order (7.3), a renewal, a correction that will replace it.

    A renewal and a correction begin with the same texts, a supplement with its conditions alone.

    Raises:
        NotAllowed: the role does not cover it.
        WrongState: a supplement follows a final order, a correction what is still offered, a renewal what is over or may end.
        GroundMissing: a received quote is replaced by agreement or with a reason.
    """
    check_writer(by)
    hold(session, parent)
    if kind is Parent.SUPPLEMENT:
        check_state(parent.state, State.FINAL)
    elif kind is Parent.CORRECTION:
        check_state(parent.state, *OFFERED)
        if parent.state is State.RECEIVED and (ground is None or not words.strip()):
            raise GroundMissing
    elif parent.state in {State.DRAFT, State.DISCARDED, State.ACCEPTED}:
        raise WrongState(parent.state)
    typed = typed_of(parent.offer) | {"own_last_day": ""}
    if kind is Parent.SUPPLEMENT:
        typed |= {
            "subject": f"Complément à {parent.subject}",
            "lines": typed["lines"][:0],
            "deposit": "",
            "delivery": "",
        }
    return _begin(
        session, form_key, at, organisation_id=parent.organisation_id, draft=cleaned(typed), writer_id=by.id,
        draft_recipients=sorted({each.person_id for each in parent.recipients if not each.forwarded_by}),
        parent_id=parent.id, parent_kind=kind, ground=ground, ground_words=words.strip(),
        attached=[] if kind is Parent.SUPPLEMENT else list(parent.attached),
    )  # fmt: skip


def save_draft(
    session: Session, quote: Quote, *, by: Person, typed: Mapping[str, Any], recipients: Iterable[int], revision: int,
    at: datetime,
) -> int:  # fmt: skip
    """Keep what was typed, right or wrong; the new revision.

    Raises:
        NotAllowed: the role does not cover it.
        WrongState: it was sent or given up.
        Overtaken: a colleague saved it after this page was opened.
    """
    _open_draft(session, quote, by)
    if revision != quote.revision:
        raise Overtaken
    quote.draft, quote.draft_recipients = cleaned(typed), sorted(set(recipients))
    quote.revision, quote.saved_at, quote.writer_id = quote.revision + 1, at, by.id
    session.flush()
    return quote.revision


def attach(session: Session, quote: Quote, file: StoredFile, *, by: Person, at: datetime) -> None:
    """Add a file to the special conditions of a draft.

    Raises:
        NotAllowed, WrongState: as for saving it.
    """
    _open_draft(session, quote, by)
    held = {"id": file.id, "name": file.name, "sha256": file.sha256, "size": file.size}
    quote.attached, quote.saved_at = [*quote.attached, held], at
    session.flush()


def detach(session: Session, quote: Quote, number: int, *, by: Person, at: datetime) -> None:
    """Take a file off a draft; once more is no mistake. The file itself goes when no quote has it.

    Raises:
        NotAllowed, WrongState: as for saving it.
    """
    _open_draft(session, quote, by)
    quote.attached, quote.saved_at = [each for each in quote.attached if each["id"] != number], at
    session.flush()


def discard_draft(session: Session, quote: Quote, *, by: Person, at: datetime) -> None:
    """Give a draft up; its number is not used again.

    Raises:
        NotAllowed, WrongState: as for saving it.
    """
    _open_draft(session, quote, by)
    quote.state, quote.closed_at = State.DISCARDED, at
    session.flush()


def resume_draft(session: Session, quote: Quote, *, by: Person, at: datetime) -> None:
    """Take up a draft that was given up.

    Raises:
        NotAllowed: the role does not cover it.
        WrongState: it was not given up.
    """
    check_writer(by)
    hold(session, quote)
    check_state(quote.state, State.DISCARDED)
    quote.state, quote.closed_at, quote.saved_at = State.DRAFT, None, at
    session.flush()


def reading_of(session: Session, quote: Quote, today: date) -> Reading:
    """The offer that a draft's texts make, as far as it goes."""
    return read_draft(quote.draft, today=today, contracts=[key for key, _ in contracts_of(session, quote)])


def contracts_of(session: Session, quote: Quote) -> list[tuple[str, str]]:
    """Where a points line may lead: a new contract of each kind, or one that the client has (value, words)."""
    held = session.scalars(
        select(Contract)
        .where(Contract.organisation_id == quote.organisation_id, Contract.ended_at.is_(None))
        .order_by(Contract.id)
    )
    return [(kind.value, f"Nouveau contrat {kind.label}") for kind in ContractKind] + [
        (contract.reference, f"{contract.kind.label}, {contract.reference}") for contract in held
    ]


# --- Templates -----------------------------------------------------------------------------------


def save_template(session: Session, name: str, typed: Mapping[str, Any], *, by: Person, at: datetime) -> QuoteTemplate:
    """Keep texts under a name, for the next quote; the same name again takes their place.

    Raises:
        NotAllowed: the role does not cover it.
    """
    check_writer(by)
    draft = cleaned(typed) | {"own_last_day": "", "derogations": []}  # those are of one quote, never of the next
    found = session.scalars(select(QuoteTemplate).where(QuoteTemplate.name == name)).first()
    if found is None:
        found = QuoteTemplate(name=name)
        session.add(found)
    found.draft, found.saved_at, found.saved_by_id = draft, at, by.id
    session.flush()
    return found


def templates(session: Session) -> list[QuoteTemplate]:
    """Every template, by name."""
    return list(session.scalars(select(QuoteTemplate).order_by(QuoteTemplate.name)))


def delete_template(session: Session, template: QuoteTemplate, *, by: Person) -> None:
    """Forget a template; quotes that began with it keep their texts.

    Raises:
        NotAllowed: the role does not cover it.
    """
    check_writer(by)
    session.delete(template)
    session.flush()


def _begin(session: Session, form_key: str, at: datetime, **values: Any) -> Quote:
    with session.begin_nested() as numbering:
        reference = next_reference(session, SERIES, at=at)
        # Looked for once the series' row is held: two sendings of one page take their turn.
        held = session.scalars(select(Quote).where(Quote.form_key == form_key)).first()
        if held is not None:
            numbering.rollback()  # the number was not needed
            return held
    quote = Quote(
        reference=reference, form_key=form_key, state=State.DRAFT, created_at=at, saved_at=at, evidence=[], **values
    )
    session.add(quote)
    session.flush()
    return quote


def _open_draft(session: Session, quote: Quote, by: Person) -> None:
    check_writer(by)
    hold(session, quote)
    check_state(quote.state, State.DRAFT)
