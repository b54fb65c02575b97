"""What this room holds on a person, and what an erasure leaves of it.

Invoices and what was written about them are accounting records: they stay as long as the law asks
(Code de commerce L123-22), and a dispute that is open keeps what it needs (GDPR 17(3)(e)). A draft goes.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.models import Person
from portal.clock import PARIS
from portal.files.actions import forget
from portal.french import long_date
from portal.invoices.dispute_draft_actions import drop_draft
from portal.invoices.dispute_models import Dispute, DisputeDraft, DisputeFile, DisputeMessage
from portal.invoices.dispute_rules import OVER, Party
from portal.invoices.models import Invoice, InvoiceImport, InvoiceLine, InvoiceTax
from portal.invoices.payment_models import Claim, Deferral, Payment
from portal.invoices.reminder_models import Reminder
from portal.invoices.work_models import InvoiceWork
from portal.mail.models import OutgoingMail
from portal.registry import Erasure, Keep, Keeper, PersonalData, PersonalField, PersonalRecord, table
from portal.tickets.intervention_models import WorkIntervention
from portal.tickets.models import Ticket

_KEPT = "conservé avec la facture, dix ans à compter de la clôture de l'exercice (Code de commerce, L123-22)"
FIELDS = (
    PersonalField("Nom", _KEPT),
    PersonalField("Adresse électronique", _KEPT),
    PersonalField("Contestation", _KEPT),
    PersonalField("Échanges", _KEPT),
    PersonalField("Courriels envoyés", _KEPT),
    PersonalField("Brouillon de contestation", "effacé"),
)


def find(session: Session, mail: str) -> Iterator[PersonalRecord]:
    """Everything held on the person of this address."""
    address = mail.strip().lower()
    person = session.scalars(select(Person).where(func.lower(Person.email) == address)).first()
    number = person.id if person else None
    spoke = select(DisputeMessage.dispute_id).where(DisputeMessage.author_id == number)
    disputes = select(Dispute).where(or_(func.lower(Dispute.mail) == address, Dispute.id.in_(spoke)))
    for dispute in session.scalars(disputes.order_by(Dispute.id)):
        own = dispute.mail.lower() == address
        said = [
            f"{long_date(each.written_at.astimezone(PARIS).date())}\u00a0: {each.text or each.act.label}"
            for each in dispute.messages
            if _wrote(each, number, own=own)
        ]
        prefix = f"<invoice.dispute.{dispute.reference}."
        sent = select(OutgoingMail.subject).where(
            OutgoingMail.message_id.startswith(prefix, autoescape=True), func.lower(OutgoingMail.recipient) == address
        )
        values = (
            dispute.author if own or person is None else person.name, dispute.mail if own else address,
            f"{dispute.invoice.number}, {dispute.reason.label}" + (f"\u00a0: {dispute.text}" if own else ""),
            "\n".join(said), "\n".join(session.scalars(sent.order_by(OutgoingMail.id))), "",
        )  # fmt: skip
        written = [file for each in dispute.messages if _wrote(each, number, own=own) for file in each.files]
        files = tuple(dict.fromkeys(file.file_id for file in (*(dispute.files if own else ()), *written)))
        made = _record(dispute.reference, values, dispute.filed_at)
        yield replace(made.kept(_kept_dispute(dispute)), files=files)
    for draft in session.scalars(_drafts(address)):
        person = session.get_one(Person, draft.person_id)
        values = (person.name, person.email, "", "", "", str(draft.content.get("words", "")))
        files = tuple(file.file_id for file in draft.files)
        yield replace(_record(f"brouillon-{draft.id}", values, draft.saved_at), files=files)


def _wrote(message: DisputeMessage, number: int | None, *, own: bool) -> bool:
    """Whether somebody wrote it: what others wrote is theirs. Without an account it is what staff recorded of them."""
    if message.author_id is not None:
        return message.author_id == number
    return own and message.side is Party.CLIENT


def erase(session: Session, mail: str, at: datetime) -> Erasure:
    """Forget drafts with their files; the rest is accounting, and stays."""
    erased, files = [], []
    for draft in list(session.scalars(_drafts(mail.strip().lower()))):
        erased.append(f"brouillon-{draft.id}")
        for file in drop_draft(session, draft):
            forget(session, file, at=at)
            files.append(file.id)
    return Erasure(tuple(erased), tuple(files))


def addresses(session: Session) -> Iterator[str]:
    """Every address that a dispute came from."""
    yield from session.scalars(select(Dispute.mail).distinct())


def _needed(session: Session, names: Collection[str]) -> dict[str, str]:
    """An open dispute keeps what it needs: of who takes part in it, of the tickets that its invoice is for."""
    found: dict[str, str] = {}
    open_ones = select(Dispute).where(Dispute.state.not_in(OVER)).order_by(Dispute.id)
    disputes = session.scalars(open_ones.options(joinedload(Dispute.invoice))).all()
    about = {each.id: {each.mail.lower(), each.ticket or "", each.reference, each.invoice.number} for each in disputes}
    spoke = select(Dispute.id, Person.email).join(DisputeMessage, DisputeMessage.dispute_id == Dispute.id).join(
        Person, DisputeMessage.author_id == Person.id
    )  # fmt: skip
    behind = (
        select(Dispute.id, Ticket.reference).join(InvoiceWork, InvoiceWork.invoice_id == Dispute.invoice_id)
        .join(WorkIntervention, InvoiceWork.intervention_id == WorkIntervention.id)
        .join(Ticket, WorkIntervention.ticket_id == Ticket.id).where(InvoiceWork.undone_at.is_(None))
    )  # fmt: skip
    for query in (spoke, behind):
        for number, name in session.execute(query.where(Dispute.state.not_in(OVER))):
            about[number].add(name)
    for dispute in disputes:
        found |= dict.fromkeys(about[dispute.id].intersection(names), f"contestation {dispute.reference} ouverte")
    return found


def _unserved(session: Session, mail: str, at: datetime) -> tuple[int, ...]:
    """Drafts go with the access that they were typed in."""
    return erase(session, mail, at).files


def _drafts(address: str) -> Select[DisputeDraft]:
    return select(DisputeDraft).join(Person, Person.id == DisputeDraft.person_id).where(Person.email == address)


def _record(reference: str, values: tuple[str, ...], given_at: datetime) -> PersonalRecord:
    named = tuple((field.label, value) for field, value in zip(FIELDS, values, strict=True))
    return PersonalRecord(reference, named, given_at)


def _keep_invoice(session: Session, number: int, _: date) -> Keep:
    invoice = session.get_one(Invoice, number)
    return Keep(invoice.number, "accounting", invoice.issued_on)


def _of_invoice(model: type[Any]) -> Keeper:
    def keep(session: Session, number: int, today: date) -> Keep | None:
        held = session.get_one(model, number).invoice_id
        return _keep_invoice(session, held, today) if held is not None else None

    return keep


def _keep_dispute(session: Session, number: int, _: date) -> Keep:
    return _kept_dispute(session.get_one(Dispute, number))


def _kept_dispute(dispute: Dispute) -> Keep:
    """An open one is needed as it stands (GDPR 17(3)(e)); then it is kept as long as its invoice, at the least."""
    if not dispute.over:
        begins = f"la clôture de l'exercice où la contestation {dispute.reference}, encore ouverte, sera close"
        return Keep(dispute.reference, "accounting", waits=True, begins=begins)
    last = max(dispute.invoice.issued_on, dispute.closed_at.astimezone(PARIS).date() if dispute.closed_at else date.min)
    return Keep(dispute.reference, "accounting", last)


def _keep_message(session: Session, number: int, today: date) -> Keep:
    return _keep_dispute(session, session.get_one(DisputeMessage, number).dispute_id, today)


def _keep_file(session: Session, number: int, today: date) -> Keep | None:
    held = session.get_one(DisputeFile, number).dispute_id
    return _keep_dispute(session, held, today) if held is not None else None


_RECORDED = "recorded_by cancelled_by cancel_reason"
TABLES = (
    table(
        "invoice", keep=_keep_invoice, files="file_id",
        personal="buyer searched parties details adjustments purchase_order sales_order reminders_stopped findings",
        impersonal="number type_code syntax profile file_sha256 currency seller seller_vat seller_key buyer_vat "
        "buyer_siren contract preceding matched_by terms_slug terms_sha256 evidence",
    ),
    table(
        "invoice_line", keep=_of_invoice(InvoiceLine), personal="name description note adjustments details",
        impersonal="number unit vat_category",
    ),
    table("invoice_tax", keep=_of_invoice(InvoiceTax), personal="exemption", impersonal="category"),
    table(
        "invoice_import", keep=_of_invoice(InvoiceImport), files="file_id", personal="name answer reason",
        impersonal="origin sha256",
    ),
    table("invoice_payment", keep=_of_invoice(Payment), personal=f"reference {_RECORDED}", impersonal="form_key"),
    table("invoice_deferral", keep=_of_invoice(Deferral), personal=f"writing {_RECORDED}", impersonal="form_key"),
    table("invoice_claim", keep=_of_invoice(Claim), personal=f"words {_RECORDED}", impersonal="form_key"),
    table("invoice_reminder", keep=_of_invoice(Reminder), personal="decided_by decision_words"),
    table("invoice_reminder_step", personal="words"),
    table(
        "dispute", keep=_keep_dispute, own="mail author_id", names="author", files="proof_id",
        personal="text admission_words author mail recorded_by",
        impersonal="reference form_key ticket terms_slug terms_sha256 evidence",
    ),
    table("invoice_work", personal="linked_by undone_by"),
    table("dispute_line"),
    table(
        "dispute_message", keep=_keep_message, own="author_id", names="author", personal="author text",
        impersonal="form_key",
    ),
    table("dispute_draft", own="person_id", personal="content", impersonal="form_key"),
    table("dispute_file", keep=_keep_file, files="file_id"),
)  # fmt: skip
PERSONAL_DATA = PersonalData(
    "invoicing", FIELDS, find, erase, tables=TABLES, addresses=addresses, needed=_needed, unserved=_unserved
)
