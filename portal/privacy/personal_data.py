"""What this room holds on a person: the requests, and the register that proves what was answered."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.clock import PARIS
from portal.db import Base
from portal.evidence.actions import erase_payload
from portal.evidence.models import Entry, Payload
from portal.french import long_date
from portal.privacy import notes
from portal.privacy.actions import withdraw
from portal.privacy.addresses import is_wish
from portal.privacy.models import PrivacyEvent, PrivacyFreeze, PrivacyNote, PrivacyRecipient, PrivacyRequest
from portal.privacy.outbox import mask_proving
from portal.privacy.proofs import held as proofs_of
from portal.privacy.rules import CLOSED, State
from portal.registry import Datum, Erasure, Keep, PersonalData, PersonalField, PersonalRecord, Stale, Sweeper, table

_KEPT = "conservé le temps pendant lequel la réponse peut être contestée"
FIELDS = (
    PersonalField("Demande", _KEPT),
    PersonalField("Nom et adresse", _KEPT),
    PersonalField("Ce que vous avez écrit", "effacé"),
    PersonalField("Étapes et réponse", _KEPT),
    PersonalField("Preuve d'identité", "détruite dès qu'elle a été regardée"),
    PersonalField("Destinataires prévenus", _KEPT),
)
ERASED = "(effacé)"
WISH_OVER = "L'accès est effacé\u00a0: aucune adresse n'est plus à confirmer."
NOBODY_LEFT = "Qui l'avait faite est effacé\u00a0: la personne concernée peut faire la sienne."


#: Why a line of the register outlives its time.
KNOWN_BY = "adresse d'avant d'un accès encore ouvert, pour que son effacement soit entier (RGPD, article 17)"

NOTE_STANDS = "note rectificative qui se lit avec un élément encore gardé (RGPD, article 16)"


def find(session: Session, mail: str) -> Iterator[PersonalRecord]:
    """Every request of an address."""
    address = mail.strip().lower()
    theirs = or_(PrivacyRequest.email == address, PrivacyRequest.subject_email == address)
    mine = select(PrivacyRequest).where(theirs).order_by(PrivacyRequest.id)
    for one in session.scalars(mine):
        steps = [f"{long_date(step.at.astimezone(PARIS).date())}\u00a0: {step.words}" for step in one.events]
        who = f"{one.name}, {one.email}"
        if one.subject_email:
            who += f", pour {one.subject_name}, {one.subject_email}"
        proofs = proofs_of(one)
        told = [f"{each.name}\u00a0: {each.words or 'à prévenir'}" for each in one.recipients]
        written = [one.details, *(f"{note.record}\u00a0: {notes.words(note)}" for note in one.notes)]
        values = (
            one.right.label, who, "\n".join(filter(None, written)), "\n".join(steps), "\n".join(proof.file.name for proof in proofs), "\n".join(told)
        )  # fmt: skip
        named = tuple((field.label, value) for field, value in zip(FIELDS, values, strict=True))
        why = "le registre prouve ce qui a été répondu (RGPD, articles 5 et 17, paragraphe 3)"
        mandates = (one.mandate_file_id,) if one.mandate_file_id is not None else ()
        # What the one who asks had to show is theirs alone, where they ask for somebody else.
        files = (*mandates, *(proof.file_id for proof in proofs)) if one.email == address else ()
        yield PersonalRecord(one.reference, named, one.received_at, files=files).kept(_kept(one), why)


def erase(session: Session, mail: str, at: datetime) -> Erasure:
    """Forget what was written in closed requests, and every mandate by or about the person; the register's line stays.

    A scan cannot be made anonymous. What they asked for somebody else and is still open ends with it: nobody is left
    to answer to, and whom it is about may ask alone.
    """
    address = mail.strip().lower()
    mandated = select(PrivacyRequest).where(
        PrivacyRequest.email == address, PrivacyRequest.subject_email.not_in(["", address]),
        PrivacyRequest.state.not_in({*CLOSED, State.EXECUTING}),
    )  # fmt: skip
    for one in session.scalars(mandated).all():
        withdraw(session, one, at=at, by="espace client", words=NOBODY_LEFT)
    _forget_addresses(session, address, at)
    over = and_(PrivacyRequest.email == address, PrivacyRequest.state.in_(CLOSED))
    scans = select(PrivacyRequest.mandate_file_id).where(
        PrivacyRequest.mandate_file_id.is_not(None), or_(over, PrivacyRequest.subject_email == address)
    )
    files = tuple(number for number in session.scalars(scans) if number is not None)
    mine = select(PrivacyRequest).where(over, PrivacyRequest.details != ERASED)
    emptied = []
    for one in session.scalars(mine).all():
        one.details = one.mandate = ERASED
        one.changes = None
        emptied.append(one.reference)
    session.flush()
    return Erasure(tuple(emptied), files)


def _forget_addresses(session: Session, address: str, at: datetime) -> None:
    """An address that was wanted goes with who wanted it, confirmed or not; what waits to be confirmed is over."""
    wanted = select(PrivacyRequest).where(
        PrivacyRequest.email == address, PrivacyRequest.subject_email == "", PrivacyRequest.changes.is_not(None)
    )
    for one in session.scalars(wanted).all():
        mask_proving(session, one.reference)
        if one.state not in CLOSED and not one.details and is_wish(one):
            withdraw(session, one, at=at, by="espace client", words=WISH_OVER)
        one.changes = None


def addresses(session: Session) -> Iterator[str]:
    """Every address of the register."""
    yield from session.scalars(select(PrivacyRequest.email).distinct())


def _needed(session: Session, names: Collection[str]) -> dict[str, str]:
    """Whose data are frozen, and who waits for an answer: to be kept as they are is what they asked for."""
    found = {}
    asks = select(PrivacyRequest).where(
        PrivacyRequest.state.not_in({*CLOSED, State.ADDRESS}),
        or_(PrivacyRequest.email.in_(names), PrivacyRequest.subject_email.in_(names)),
    )  # fmt: skip
    for one in session.scalars(asks):
        found[one.about] = found[one.email] = f"demande {one.reference} en cours"
    frozen = select(PrivacyFreeze).where(PrivacyFreeze.lifted_at.is_(None), PrivacyFreeze.email.in_(names))
    for held in session.scalars(frozen):
        found[held.email] = "données gelées (RGPD, article 18)"
    # What was kept under an address of before is found by this line alone: it is needed as long as the access.
    moved = select(PrivacyRequest).where(PrivacyRequest.reference.in_(names), PrivacyRequest.changes.is_not(None))
    changed = [one for one in session.scalars(moved) if any(_new_address(change) for change in one.changes or [])]
    known = set(session.scalars(select(Person.email).where(Person.email.in_([one.about for one in changed]))))
    found |= {one.reference: KNOWN_BY for one in changed if one.about in known}
    return found | dict.fromkeys(_noting(session, names), NOTE_STANDS)


def _noting(session: Session, names: Collection[str]) -> set[str]:
    """The requests whose note stands with a record that is still here: a note goes with its record."""
    attached = select(PrivacyRequest.reference, PrivacyNote.record).join(
        PrivacyNote, PrivacyNote.request_id == PrivacyRequest.id
    )
    attached = attached.where(PrivacyRequest.reference.in_(names), PrivacyNote.attached_at.is_not(None))
    pairs = session.execute(attached).all()
    records = {record for _, record in pairs}
    here: set[str] = set()
    for each in Base.metadata.tables.values() if records else ():
        if "reference" in each.c and not each.name.startswith("privacy_"):
            here |= set(session.scalars(select(each.c.reference).where(each.c.reference.in_(records))))
    return {reference for reference, record in pairs if record in here}


def _new_address(change: Mapping[str, Any]) -> bool:
    return bool(change["datum"] == Datum.EMAIL and change["done"])


def _answered(session: Session, before: datetime) -> Iterator[Stale]:
    """Lines of the register whose answer cannot be contested any more."""
    over = select(PrivacyRequest).where(PrivacyRequest.closed_at < before)
    for one in session.scalars(over.order_by(PrivacyRequest.id)):
        yield Stale(one.reference, one.id, (one.email, one.about, one.reference))


def _unconfirmed(session: Session, before: datetime) -> Iterator[Stale]:
    """What somebody wrote under an address that never said it was theirs."""
    over = select(PrivacyRequest).where(PrivacyRequest.state == State.ADDRESS, PrivacyRequest.received_at < before)
    for one in session.scalars(over.order_by(PrivacyRequest.id)):
        yield Stale(one.reference, one.id, (one.email,))


def _clear(session: Session, keys: Collection[int], at: datetime) -> list[int]:
    files = []
    for one in session.scalars(select(PrivacyRequest).where(PrivacyRequest.id.in_(keys))).all():
        if one.mandate_file_id is not None:
            files.append(one.mandate_file_id)
        named = f'"{one.reference}"'
        acts = select(Entry).join(Payload).where(Payload.content.contains(named, autoescape=True))
        for entry in session.scalars(acts).all():
            erase_payload(session, entry, at=at)
        session.execute(
            delete(PrivacyFreeze).where(PrivacyFreeze.request_id == one.id, PrivacyFreeze.lifted_at.is_not(None))
        )
        session.delete(one)
    session.flush()
    return files


def _kept(one: PrivacyRequest) -> Keep:
    closed = one.closed_at.astimezone(PARIS).date() if one.closed_at is not None else None
    begins = "" if closed else f"la réponse à la demande {one.reference}, encore en cours"
    return Keep(one.reference, "rights", closed, waits=one.state not in CLOSED, begins=begins)


def _keep_request(session: Session, number: int, _: date) -> Keep:
    return _kept(session.get_one(PrivacyRequest, number))


def _keep_event(session: Session, number: int, _: date) -> Keep:
    return _kept(session.get_one(PrivacyRequest, session.get_one(PrivacyEvent, number).request_id))


def _keep_recipient(session: Session, number: int, _: date) -> Keep:
    return _kept(session.get_one(PrivacyRequest, session.get_one(PrivacyRecipient, number).request_id))


def _keep_note(session: Session, number: int, _: date) -> Keep:
    return _kept(session.get_one(PrivacyRequest, session.get_one(PrivacyNote, number).request_id))


TABLES = (
    table(
        "privacy_request", keep=_keep_request, own="email", names="name",
        personal="name email details mandate extension_reason closed_by decision preview subject_name subject_email changes",
        impersonal="reference form_key link_key reply_sha256",
    ),
    table("privacy_event", keep=_keep_event, personal="words"),
    table("privacy_proof"),  # of files that are destroyed once they were looked at, under names of ours
    table("privacy_recipient", keep=_keep_recipient, personal="name words by", impersonal="key"),
    table("privacy_note", keep=_keep_note, personal="wrong right attached_by", impersonal="record"),
    table("privacy_export", personal="key", impersonal="name sha256", alone=True),
    table("privacy_freeze", personal="email lift_reason", alone=True),
    table("privacy_objection", personal="email", impersonal="use", alone=True),
    table("privacy_tombstone", impersonal="digest"),
    # The archive itself: opened by the privacy role alone, each opening written down, cleared when its day comes.
    table("privacy_archive", personal="reference content subject", impersonal="room under", alone=True),
    table("privacy_archive_piece", personal="was becomes", impersonal="in_table row_key in_column", alone=True),
    table("reference_choice", personal="by"),
)  # fmt: skip
PERSONAL_DATA = PersonalData(
    "rights", FIELDS, find, erase, tables=TABLES, addresses=addresses, needed=_needed,
    sweeps=(Sweeper("register", _answered, _clear), Sweeper("unconfirmed", _unconfirmed, _clear)),
)  # fmt: skip
