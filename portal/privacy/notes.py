"""A free text that is contested: the words stay, for they are proof; a note beside them says what to read instead.

The person says which record, what is wrong and what is right; staff attach the note, or say why not. It stands with
the record wherever that is shown, and in the person's file.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.privacy.actions import hold, prove, tell
from portal.privacy.models import PrivacyNote, PrivacyRequest
from portal.privacy.rules import PrivacyError, needed
from portal.registry import PersonalData

_REFERENCE = re.compile(r"[A-Z]{2,5}-\d{4}-\d+")


class NoSuchRecord(PrivacyError):
    """We hold no record of that reference on the person."""


def short(reference: str) -> str:
    """``TIC-2026-0001`` of ``TIC-2026-0001, Imprimante``; nothing where a record has no reference of its own."""
    found = _REFERENCE.match(reference)
    return found.group(0) if found else ""


def records_of(session: Session, email: str, *, rooms: Sequence[PersonalData]) -> list[tuple[str, str]]:
    """What a note may stand with: (reference, what a reader knows it by) of each record that has a reference."""
    found = {
        name: one.reference for room in rooms if room.purpose != "rights"
        for one in room.find(session, email) if (name := short(one.reference))
    }  # fmt: skip
    return sorted(found.items(), reverse=True)


def propose(session: Session, request: PrivacyRequest, *, record: str, wrong: str, right: str, at: datetime) -> None:
    """The person says what is wrong in a record, and what is right."""
    request.notes.append(PrivacyNote(record=record, wrong=needed(wrong), right=needed(right)))
    prove(session, request, "note_asked", at, by=request.email, record=record, before=wrong, after=right)


def attach(
    session: Session, request: PrivacyRequest, *, record: str, wrong: str, right: str, rooms: Sequence[PersonalData],
    by: Person, at: datetime,
) -> str:  # fmt: skip
    """Have a note stand with a record of the person's; what was done, in words.

    Raises:
        NoSuchRecord, WordsMissing.
    """
    if record not in {name for name, _ in records_of(session, request.about, rooms=rooms)}:
        raise NoSuchRecord(record)
    hold(session, request)
    note = next((one for one in request.notes if one.attached_at is None and one.record == record), None)
    if note is None:
        note = PrivacyNote(record=record, wrong="", right="")
        request.notes.append(note)
    note.wrong, note.right, note.attached_at, note.attached_by = needed(wrong), needed(right), at, by.name
    said = f"Note rectificative jointe à {record}\u00a0: {words(note)}"
    tell(request, at, said)
    prove(session, request, "note_attached", at, by=by.email, record=record, before=wrong, after=right)
    return said


def words(note: PrivacyNote) -> str:
    """The note as one sentence."""
    return f"«\u00a0{note.wrong}\u00a0» se lit «\u00a0{note.right}\u00a0»"


def notes_on(session: Session, reference: str) -> Sequence[PrivacyNote]:
    """The notes that stand with a record, the oldest first."""
    mine = select(PrivacyNote).where(PrivacyNote.record == reference, PrivacyNote.attached_at.is_not(None))
    return session.scalars(mine.order_by(PrivacyNote.id)).all()


def by_record(session: Session) -> dict[str, list[str]]:
    """Every note as words, by the record that it stands with."""
    found: dict[str, list[str]] = defaultdict(list)
    for note in session.scalars(
        select(PrivacyNote).where(PrivacyNote.attached_at.is_not(None)).order_by(PrivacyNote.id)
    ):
        found[note.record].append(words(note))
    return found
