"""What this room holds on a person, and what an erasure leaves of it.

Invoices and what was written about them are accounting records: they stay as long as the law asks
(Code de commerce L123-22), and a dispute that is open keeps what it needs (GDPR 17(3)(e)). A draft goes.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.clock import PARIS
from portal.files.actions import forget
from portal.french import long_date
from portal.invoices.dispute_draft_actions import drop_draft
from portal.invoices.dispute_models import Dispute, DisputeDraft, DisputeMessage
from portal.invoices.dispute_rules import Party
from portal.mail.models import OutgoingMail
from portal.registry import Erasure, Fate, PersonalData, PersonalField, PersonalRecord

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
        own = (each for each in dispute.messages if each.author == dispute.author)
        files = tuple(dict.fromkeys(file.file_id for each in (dispute, *own) for file in each.files))
        made = _record(dispute.reference, values, dispute.filed_at)
        yield replace(made, fate=Fate.KEPT, under="accounting", files=files)
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


def _drafts(address: str) -> Select[DisputeDraft]:
    return select(DisputeDraft).join(Person, Person.id == DisputeDraft.person_id).where(Person.email == address)


def _record(reference: str, values: tuple[str, ...], given_at: datetime) -> PersonalRecord:
    named = tuple((field.label, value) for field, value in zip(FIELDS, values, strict=True))
    return PersonalRecord(reference, named, given_at)


PERSONAL_DATA = PersonalData("invoicing", FIELDS, find, erase, addresses=addresses)
