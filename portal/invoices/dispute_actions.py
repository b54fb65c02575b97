"""The verbs of a disagreement: save a draft, file, record what came by mail or letter, answer. One transaction each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.accounts.rules import ClientRole, StaffRole
from portal.clock import PARIS
from portal.evidence.actions import record
from portal.files.models import StoredFile
from portal.invoices.dispute_letters import DisputeLetters
from portal.invoices.dispute_models import Dispute, DisputeDraft, DisputeFile, DisputeLine, DisputeMessage
from portal.invoices.dispute_rules import (
    Act,
    AlreadyDisputed,
    AmountTooHigh,
    BadDay,
    Channel,
    DisputeError,
    DisputeState,
    NotNow,
    NotYours,
    Party,
    Reason,
    check_amount,
    overlaps,
)
from portal.invoices.governing import dispute_clock, version_of
from portal.invoices.holding import restand
from portal.invoices.models import Invoice, InvoiceLine
from portal.jobs.actions import enqueue
from portal.numbers.actions import next_reference
from portal.terms import Library
from portal.terms.money import round_cents

SERIES = "CON"
#: The job that makes the file of proof, once the dispute is there.
PROOF = "invoices.dispute_proof"
#: Staff who answer.
ANSWERS = frozenset({StaffRole.BILLING, StaffRole.ADMINISTRATOR})


class NoSuchDispute(DisputeError):
    """No dispute has this reference."""


@dataclass(frozen=True, slots=True)
class Point:
    """What is disputed of one line, VAT included."""

    line_id: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Grievance:
    """A disagreement as it was written: on some lines, or on the whole."""

    amount: Decimal
    reason: Reason
    text: str
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """How an act came over the network, for its proof."""

    ip: str = ""
    user_agent: str = ""
    means: str = ""  # how the session was opened: code, passkey


def most_of_line(line: InvoiceLine, invoice: Invoice) -> Decimal:
    """The most that can be disputed of a line: its amount with VAT, to the cent; the whole where it gives none."""
    if line.net is None:
        return most_of(invoice)
    return round_cents(abs(Fraction(line.net) * (100 + Fraction(line.vat_rate or 0)) / 100))


def most_of(invoice: Invoice) -> Decimal:
    """The most that can be disputed of an invoice."""
    return max(abs(invoice.gross), abs(invoice.payable))


def find_dispute(session: Session, reference: str) -> Dispute:
    """The dispute of a reference.

    Raises:
        NoSuchDispute: there is none.
    """
    found = session.scalars(select(Dispute).where(Dispute.reference == reference)).first()
    if found is None:
        raise NoSuchDispute(reference)
    return found


def may_dispute(person: Person, invoice: Invoice) -> bool:
    """Whether somebody may dispute an invoice: the billing role of its client."""
    return (
        not person.staff
        and person.organisation_id is not None
        and person.organisation_id == invoice.organisation_id
        and ClientRole.BILLING in person.role_names
    )


def file_dispute(
    session: Session, invoice: Invoice, grievance: Grievance, *, by: Person, form_key: str, trace: Trace,
    library: Library, letters: DisputeLetters, draft: DisputeDraft | None = None, consent: str = "", at: datetime,
) -> Dispute:  # fmt: skip
    """Notify a disagreement: filed to the second on the server, and sent by the e-mail that 7.4 asks for.

    After the extended last day it is a late claim, whatever the page said when it was opened.
    The same page again is the same dispute.

    Raises:
        NotYours: the role does not cover it.
        AlreadyDisputed: the point is disputed already, even a moment ago by a colleague.
        AmountMissing, AmountTooHigh: the amount cannot be.
    """
    if not may_dispute(by, invoice):
        raise NotYours
    session.refresh(invoice, with_for_update=True)
    same = session.scalars(select(Dispute).where(Dispute.form_key == form_key)).first()
    if same is not None:
        return same
    dispute = _new(session, invoice, grievance, form_key=form_key, sent_on=_day(at), library=library, at=at)
    dispute.channel, dispute.author, dispute.author_id, dispute.mail = Channel.PORTAL, by.name, by.id, by.email
    session.add(dispute)
    session.flush()
    if draft is not None:
        for each in list(draft.files):
            each.draft_id, each.draft, each.dispute_id = None, None, dispute.id
        session.flush()
        session.expire(draft, ["files"])
        session.delete(draft)
        session.flush()
        session.expire(dispute, ["files"])
    dispute.messages.append(message_of(Act.FILE, Party.CLIENT, by, grievance.text, f"{form_key}-file"[:64], at))
    session.flush()
    log(session, dispute, "dispute_filed", by, at, consent=consent, ip=trace.ip, user_agent=trace.user_agent,
         means=trace.means, **filed(dispute))  # fmt: skip
    letters.filed(session, dispute, at)
    _have_proved(session, dispute, at)
    return dispute


def record_dispute(
    session: Session, invoice: Invoice, grievance: Grievance, *, channel: Channel, sent_on: date, author: str,
    mail: str, ticket: str | None, files: Sequence[StoredFile], by: Person, form_key: str, library: Library,
    letters: DisputeLetters, at: datetime,
) -> Dispute:  # fmt: skip
    """Staff record what came by e-mail, by registered letter or as a ticket; its sending day is the one that counts.

    Raises:
        NotYours: the role does not cover it.
        BadDay: it cannot have been sent that day.
        AlreadyDisputed, AmountMissing, AmountTooHigh: as for filing.
    """
    check_staff(by)
    if invoice.organisation_id is None:
        raise NotNow("Cette facture n'est encore rattachée à aucun client.")
    session.refresh(invoice, with_for_update=True)
    same = session.scalars(select(Dispute).where(Dispute.form_key == form_key)).first()
    if same is not None:
        return same
    if not invoice.issued_on <= sent_on <= _day(at):
        raise BadDay("Le jour d'envoi est entre l'émission de la facture et aujourd'hui.")
    dispute = _new(session, invoice, grievance, form_key=form_key, sent_on=sent_on, library=library, at=at)
    dispute.channel, dispute.author, dispute.mail, dispute.ticket = channel, author, mail, ticket
    dispute.recorded_by, dispute.recorded_by_id = by.name, by.id
    session.add(dispute)
    session.flush()
    for file in files:
        session.add(DisputeFile(file_id=file.id, dispute_id=dispute.id))
    message = message_of(Act.FILE, Party.CLIENT, None, grievance.text, f"{form_key}-file"[:64], at)
    message.author = author
    dispute.messages.append(message)
    session.flush()
    session.expire(dispute, ["files"])
    log(session, dispute, "dispute_recorded", by, at, channel=channel.value, ticket=ticket, **filed(dispute))
    letters.recorded(session, dispute, at)
    _have_proved(session, dispute, at)
    return dispute


def _new(
    session: Session, invoice: Invoice, grievance: Grievance, *, form_key: str, sent_on: date, library: Library,
    at: datetime,
) -> Dispute:  # fmt: skip
    check_amount(grievance.amount, most_of(invoice))
    lines = {line.id: line for line in invoice.lines}
    for point in grievance.points:
        if point.line_id not in lines:
            raise NotNow("Cette ligne n'est pas de cette facture.")
        check_amount(point.amount, most_of_line(lines[point.line_id], invoice))
    if grievance.points and sum(point.amount for point in grievance.points) != grievance.amount:
        raise NotNow("Le montant contesté n'est pas la somme de ses lignes.")
    mine = [point.line_id for point in grievance.points]
    standing = session.scalars(select(Dispute).where(Dispute.invoice_id == invoice.id)).all()
    for other in standing:
        if not other.over and overlaps(mine, [line.line_id for line in other.lines]):
            raise AlreadyDisputed(other.reference)
    held_back = sum((other.amount for other in standing if not other.over), Decimal(0))
    if held_back + grievance.amount > most_of(invoice):
        raise AmountTooHigh(most_of(invoice) - held_back)
    clock = dispute_clock(version_of(library, invoice.terms_slug), invoice.issued_on)
    return Dispute(
        reference=next_reference(session, SERIES, at=at), form_key=form_key, invoice=invoice, invoice_id=invoice.id,
        organisation_id=invoice.organisation_id, state=DisputeState.FILED, amount=grievance.amount,
        reason=grievance.reason, text=grievance.text.strip(), filed_at=at, sent_on=sent_on,
        last_day=clock.last_day if clock else None, late=clock is not None and not clock.in_time(sent_on),
        terms_slug=invoice.terms_slug, terms_sha256=invoice.terms_sha256, waiting_since=at, evidence=[],
        lines=[DisputeLine(line_id=point.line_id, amount=point.amount) for point in grievance.points],
    )  # fmt: skip


def filed(dispute: Dispute) -> dict[str, object]:
    """What a dispute says, for the log and for its proof."""
    invoice = dispute.invoice
    return {
        "reference": dispute.reference,
        "invoice": {
            "number": invoice.number,
            "issued_on": invoice.issued_on.isoformat(),
            "sha256": invoice.file_sha256,
        },
        "organisation": dispute.organisation_id,
        "author": dispute.author,
        "mail": dispute.mail,
        "amount": f"{dispute.amount:f}",
        "currency": invoice.currency,
        "lines": [[line.line_id, f"{line.amount:f}"] for line in dispute.lines],
        "reason": dispute.reason.value,
        "text": dispute.text,
        "files": [[each.file.name, each.file.sha256] for each in dispute.files],
        "sent_on": dispute.sent_on.isoformat(),
        "last_day": dispute.last_day.isoformat() if dispute.last_day else None,
        "late": dispute.late,
        "terms": [dispute.terms_slug, dispute.terms_sha256],
    }


def _have_proved(session: Session, dispute: Dispute, at: datetime) -> None:
    enqueue(session, PROOF, {"dispute": dispute.id}, key=f"{PROOF}:{dispute.id}", now=at)


def message_of(act: Act, side: Party, by: Person | None, text: str, form_key: str, at: datetime) -> DisputeMessage:
    """One step of the thread, not yet in it; ``by`` is None for what staff record of somebody else's words."""
    return DisputeMessage(
        act=act, side=side, author=by.name if by else "", author_id=by.id if by else None, text=text.strip(),
        form_key=form_key, written_at=at,
    )  # fmt: skip


def check_staff(by: Person) -> None:
    """Let pass who of the staff answers.

    Raises:
        NotYours: the role does not cover it.
    """
    if not by.staff or ANSWERS.isdisjoint(by.role_names):
        raise NotYours


def _day(at: datetime) -> date:
    return at.astimezone(PARIS).date()


def log(session: Session, dispute: Dispute, kind: str, by: Person, at: datetime, **content: object) -> None:
    """Record an act of a dispute in the log, its number with the dispute, what it leaves to pay with the invoice."""
    restand(session, dispute.invoice)
    entry = record(session, f"invoices.{kind}", {"dispute": dispute.id, "by": by.email, **content}, at=at)
    dispute.evidence = [*dispute.evidence, entry.seq]
    session.flush()
