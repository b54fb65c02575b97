"""The verbs of a draft: what is typed is kept, and forgotten once it is sent or given up."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.files.models import StoredFile
from portal.invoices.dispute_actions import may_dispute
from portal.invoices.dispute_models import DisputeDraft, DisputeFile
from portal.invoices.dispute_rules import NotYours
from portal.invoices.models import Invoice


def find_draft(session: Session, invoice: Invoice, person: Person) -> DisputeDraft | None:
    """What somebody has begun to write on an invoice."""
    mine = select(DisputeDraft).where(DisputeDraft.invoice_id == invoice.id, DisputeDraft.person_id == person.id)
    return session.scalars(mine).first()


def save_draft(
    session: Session, invoice: Invoice, person: Person, content: Mapping[str, Any], *, form_key: str, at: datetime,
    files: Iterable[StoredFile] = (),
) -> DisputeDraft:  # fmt: skip
    """Keep what was typed, as it was typed; one draft per person and invoice.

    Raises:
        NotYours: the role does not cover it.
    """
    if not may_dispute(person, invoice):
        raise NotYours
    # Two savings of one page take their turn, the very first ones too.
    session.refresh(invoice, with_for_update=True)
    draft = find_draft(session, invoice, person)
    if draft is None:
        draft = DisputeDraft(
            invoice_id=invoice.id, person_id=person.id, form_key=form_key, content=dict(content), saved_at=at
        )
        session.add(draft)
    elif draft.content != dict(content):
        draft.content, draft.saved_at, draft.revision = dict(content), at, draft.revision + 1
    for file in files:
        draft.files.append(DisputeFile(file=file))
        draft.saved_at, draft.revision = at, (draft.revision or 1) + 1
    session.flush()
    return draft


def drop_draft(session: Session, draft: DisputeDraft) -> list[StoredFile]:
    """Forget a draft; the files that were joined to it, for the caller to erase."""
    files = [each.file for each in draft.files]
    for each in list(draft.files):
        session.delete(each)
    session.flush()
    session.delete(draft)
    session.flush()
    return files


def drop_file(session: Session, draft: DisputeDraft, number: int) -> StoredFile | None:
    """Take a file off a draft; the file, for the caller to erase."""
    for each in draft.files:
        if each.id == number:
            file = each.file
            draft.files.remove(each)
            session.delete(each)
            draft.revision += 1
            session.flush()
            return file
    return None
