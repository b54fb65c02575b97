"""The verbs of the work behind an invoice: found by its own words, put behind it by staff, taken back."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, selectinload

from portal.accounts.models import Person
from portal.evidence.actions import record
from portal.invoices.document import CREDIT_NOTES
from portal.invoices.models import Invoice, InvoiceLine
from portal.invoices.references import of_line, references
from portal.invoices.work_models import InvoiceWork
from portal.tickets.intervention_models import WorkIntervention
from portal.tickets.intervention_rules import Step
from portal.tickets.models import Ticket

#: Interventions that cost something: what may be invoiced, and what points have paid already.
COUNTED = (Step.BILLED, Step.CHARGED)
#: How many a page proposes.
MOST = 100


class WorkError(Exception):
    """A refusal of this room; the message is French."""


def links_of(session: Session, invoice: Invoice) -> list[InvoiceWork]:
    """The work behind an invoice, the earliest first."""
    held = (
        select(InvoiceWork)
        .join(WorkIntervention)
        .where(InvoiceWork.invoice_id == invoice.id, InvoiceWork.undone_at.is_(None))
        .order_by(WorkIntervention.day, WorkIntervention.id)
        .options(
            selectinload(InvoiceWork.intervention).selectinload(WorkIntervention.entries),
            selectinload(InvoiceWork.intervention).selectinload(WorkIntervention.ticket),
        )
    )
    return list(session.scalars(held))


def link_named(session: Session, invoice: Invoice, *, at: datetime) -> None:
    """Put behind a newly matched invoice the interventions of the tickets that it names.

    Those of its own client, worked by its day and in its period where it gives one, and behind no other invoice. The
    first line that names the ticket has them; a ticket named above the lines stands behind the whole.
    """
    named = references(invoice)
    if not named or invoice.organisation_id is None or invoice.is_credit:
        return
    lines = {reference: line for line in reversed(invoice.lines) for reference in of_line(line)}
    found = session.scalars(
        _counted(invoice)
        .where(Ticket.reference.in_(named), ~_elsewhere(invoice))
        .order_by(WorkIntervention.day, WorkIntervention.id)
    )
    for intervention in found:
        line = lines.get(intervention.ticket.reference)
        first, last = period_of(invoice, line)
        if (first is None or first <= intervention.day) and intervention.day <= last:
            _add(session, invoice, intervention, line, by=None, at=at)


def period_of(invoice: Invoice, line: InvoiceLine | None = None) -> tuple[date | None, date]:
    """(first, last) day of the work that an invoice is for: what its line or itself says, else up to its issue."""
    for details in (line.details if line else {}, invoice.details):
        first, last = details.get("period") or (None, None)
        if first or last:
            return (
                date.fromisoformat(first) if first else None,
                date.fromisoformat(last) if last else invoice.issued_on,
            )
    return None, invoice.issued_on


def since(session: Session, invoice: Invoice) -> date | None:
    """The first day that is proposed: of the period, else the issue of the client's invoice before this one."""
    first, _ = period_of(invoice)
    if first is not None:
        return first
    before = select(Invoice.issued_on).where(
        Invoice.organisation_id == invoice.organisation_id, Invoice.issued_on < invoice.issued_on,
        Invoice.type_code.not_in(CREDIT_NOTES),
    )  # fmt: skip
    return session.scalar(before.order_by(Invoice.issued_on.desc()).limit(1))


def proposed(session: Session, invoice: Invoice) -> list[WorkIntervention]:
    """What may be behind it: hours to be invoiced of its client, in its period, behind no invoice yet."""
    first, (_, last) = since(session, invoice), period_of(invoice)
    within = _counted(invoice).where(
        WorkIntervention.step == Step.BILLED, WorkIntervention.day <= last, ~_elsewhere(invoice), ~_behind(invoice)
    )
    if first is not None:
        within = within.where(WorkIntervention.day >= first)
    return list(session.scalars(within.order_by(WorkIntervention.day, WorkIntervention.id).limit(MOST)))


def asked(
    session: Session, invoice: Invoice, *, ticket: str, first: date | None, last: date | None
) -> list[WorkIntervention]:
    """What staff look for by hand: of a ticket, between two days; also what points have paid."""
    within = _counted(invoice).where(~_behind(invoice))
    if ticket:
        within = within.where(Ticket.reference == ticket.strip().upper())
    if first is not None:
        within = within.where(WorkIntervention.day >= first)
    if last is not None:
        within = within.where(WorkIntervention.day <= last)
    return list(session.scalars(within.order_by(WorkIntervention.day, WorkIntervention.id).limit(MOST)))


def link(
    session: Session, invoice: Invoice, interventions: Sequence[int], *, line_id: int | None, by: Person, at: datetime
) -> int:
    """Staff say what is behind an invoice, or behind one of its lines; how many are new. Twice is once.

    Raises:
        WorkError: an intervention or a line is not this client's, or not this invoice's.
    """
    session.refresh(invoice, with_for_update=True)
    if invoice.organisation_id is None:
        raise WorkError("Cette facture n'est encore rattachée à aucun client.")
    line = next((each for each in invoice.lines if each.id == line_id), None)
    if line_id is not None and line is None:
        raise WorkError("Cette ligne n'est pas de cette facture.")
    wanted = set(interventions)
    found = session.scalars(_counted(invoice).where(WorkIntervention.id.in_(wanted))).all()
    if len(found) != len(wanted):
        raise WorkError("Une de ces interventions n'est pas de ce client, ou n'est pas encore comptée.")
    return sum(_add(session, invoice, each, line, by=by, at=at) for each in found)


def unlink(session: Session, held: InvoiceWork, *, by: Person, at: datetime) -> None:
    """Take back what was put behind an invoice by mistake; twice is once."""
    session.refresh(held.invoice, with_for_update=True)
    session.refresh(held)
    if held.undone_at is None:
        held.undone_at, held.undone_by = at, by.name
        session.flush()
        _record(session, held, "work_unlinked", by, at)


def elsewhere(session: Session, invoice: Invoice, interventions: Sequence[WorkIntervention]) -> dict[int, str]:
    """Of these interventions, those that are behind another invoice: its title, by intervention."""
    held = (
        select(InvoiceWork)
        .where(
            InvoiceWork.intervention_id.in_([each.id for each in interventions]), InvoiceWork.undone_at.is_(None),
            InvoiceWork.invoice_id != invoice.id,
        )
        .options(selectinload(InvoiceWork.invoice))
        .order_by(InvoiceWork.id)
    )  # fmt: skip
    return {each.intervention_id: each.invoice.title for each in session.scalars(held)}


def _counted(invoice: Invoice) -> Select[WorkIntervention]:
    """Counted interventions of its client, whoever's contract paid them."""
    return (
        select(WorkIntervention)
        .join(Ticket)
        .where(
            WorkIntervention.step.in_(COUNTED),
            Ticket.organisation_id == invoice.organisation_id,
            or_(
                WorkIntervention.organisation_id.is_(None), WorkIntervention.organisation_id == invoice.organisation_id
            ),
        )
        .options(selectinload(WorkIntervention.entries), selectinload(WorkIntervention.ticket))
    )


def _behind(invoice: Invoice) -> ColumnElement[bool]:
    return WorkIntervention.id.in_(
        select(InvoiceWork.intervention_id).where(InvoiceWork.invoice_id == invoice.id, InvoiceWork.undone_at.is_(None))
    )


def _elsewhere(invoice: Invoice) -> ColumnElement[bool]:
    return WorkIntervention.id.in_(
        select(InvoiceWork.intervention_id).where(InvoiceWork.invoice_id != invoice.id, InvoiceWork.undone_at.is_(None))
    )


def _add(
    session: Session, invoice: Invoice, intervention: WorkIntervention, line: InvoiceLine | None, *, by: Person | None,
    at: datetime,
) -> bool:  # fmt: skip
    held = session.scalars(
        select(InvoiceWork).where(InvoiceWork.invoice_id == invoice.id, InvoiceWork.intervention_id == intervention.id)
    ).first()
    if held is not None and held.undone_at is None:
        return False
    if held is None:
        held = InvoiceWork(invoice_id=invoice.id, intervention_id=intervention.id)
        session.add(held)
    held.line_id, held.linked_at, held.undone_at, held.undone_by = line.id if line else None, at, None, None
    held.linked_by, held.linked_by_id = by.name if by else "import", by.id if by else None
    session.flush()
    _record(session, held, "work_linked", by, at)
    return True


def _record(session: Session, held: InvoiceWork, kind: str, by: Person | None, at: datetime) -> None:
    content = {
        "invoice": held.invoice_id, "line": held.line_id, "intervention": held.intervention_id,
        "by": by.email if by else "import",
    }  # fmt: skip
    record(session, f"invoices.{kind}", content, at=at)
