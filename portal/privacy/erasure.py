"""Erasure: seen beforehand record by record, decided by a person, carried out at once, remembered as a tombstone.

What the law has us keep leaves the daily pages for the archive; it goes by itself when its day has come.
"""

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.clock import PARIS
from portal.evidence.actions import record
from portal.files.actions import ERASE, erase
from portal.files.models import StoredFile
from portal.files.store import Store
from portal.french import long_date
from portal.jobs.actions import enqueue
from portal.jobs.models import Job
from portal.mail.models import OutgoingMail
from portal.privacy import recipients
from portal.privacy.actions import finish, hold
from portal.privacy.archiving import clear, still_needed
from portal.privacy.forgetting import Held, forget, forget_rows
from portal.privacy.letters import Letters
from portal.privacy.models import Archived, PrivacyEvent, PrivacyExport, PrivacyRequest, Tombstone
from portal.privacy.rectification import former_addresses, held_since
from portal.privacy.rules import PrivacyError, Right, State, check_open
from portal.registry import Fate, PersonalRecord
from portal.terms import Library

JOB = "privacy.close"
ERASED = "(effacé)"
#: What is sent stays readable to who runs the mail for so long after an erasure asks for it: not at all.
FATES = {Fate.ERASED: "effacé", Fate.ANONYMISED: "rendu anonyme", Fate.KEPT: "conservé"}


class NotAnErasure(PrivacyError):
    """The request asks for something else."""


class StillInPost(NotAnErasure):
    """They work here: their data serve the contract of employment, and what the law asks of an employer."""


#: What is said to who works here, and to who decides on their request.
IN_POST = (
    "Qui travaille dans l'équipe n'est pas effacé\u00a0: ses données servent encore à ce pour quoi elles sont traitées, le "
    "travail fait pour les clients, et l'employeur est tenu d'en garder la preuve (RGPD, article 17, paragraphe 1, a, et "
    "paragraphe 3, b et e). Après le départ, une fois l'accès fermé, l'effacement se fait comme pour chacun."
)


def in_post(session: Session, email: str) -> bool:
    """Whether an address is that of somebody who works here now."""
    mine = select(Person.id).where(Person.email == email.strip().lower(), Person.staff, Person.active)
    return session.scalar(mine) is not None


def preview(session: Session, email: str, *, rooms: Held, library: Library, today: date) -> list[dict[str, Any]]:
    """What would become of each record today: ``{"title", "reference", "given_on", "fate", "words"}``, as JSON."""
    kinds = {processing.key: processing.title for processing in library.processing}

    def of_today(one: PersonalRecord) -> PersonalRecord:
        over = one.erased_after is not None and one.erased_after < today
        return replace(one, fate=Fate.ERASED) if over else one

    return [
        {
            "title": kinds.get(room.purpose, room.purpose), "reference": one.reference,
            "given_on": one.given_at.astimezone(PARIS).date().isoformat(), "fate": one.fate.value,
            "words": words(one, library),
        }
        for room in rooms
        for one in map(of_today, room.find(session, email))
    ]  # fmt: skip


def words(one: PersonalRecord, library: Library) -> str:
    """What becomes of a record, and why, in words for the person."""
    told = FATES[one.fate]
    if one.fate is not Fate.KEPT:
        return told
    kept = library.law.retention.get(one.under)
    until = one.kept_until
    if until is None and kept is not None and one.kept_since is not None:
        until = kept.last_day(one.kept_since)
    if until is not None:
        told += f" jusqu'au {long_date(until)}"
    if kept is not None:
        told += f" en vertu du {kept.source}\u00a0: {kept.years}\u00a0ans "
        told += f"{'depuis' if until is not None else 'à compter de'} {one.begins or kept.start}"
    elif one.under:
        told += f" en vertu de {one.under}"
    return f"{told}\u00a0; {one.because}" if one.because else told


def confirm(session: Session, request: PrivacyRequest, seen: list[dict[str, Any]], *, at: datetime) -> None:
    """Keep what the person was shown, with the request that they confirm."""
    request.preview = seen
    request.events.append(PrivacyEvent(at=at, words=f"Aperçu vu et confirmé\u00a0: {len(seen)} éléments."))
    session.flush()
    record(session, "privacy.erasure_confirmed", {"reference": request.reference, "preview": seen}, at=at)


def execute(
    session: Session, store: Store, request: PrivacyRequest, *, by: Person, rooms: Held, library: Library,
    secret: str, note: str, at: datetime,
) -> None:  # fmt: skip
    """Erase: every room's rows in this one transaction, the files by jobs that it enqueues; closed when both are done.

    Raises:
        AlreadyClosed, NotAnErasure.
        StillInPost: it is about somebody who works here.
    """
    hold(session, request)
    check_open(request.state)
    # An address not yet confirmed or an identity in doubt: somebody else may be asking.
    if request.right is not Right.ERASURE or request.state is not State.RECEIVED:
        raise NotAnErasure
    if in_post(session, request.about):
        raise StillInPost
    former = former_addresses(session, request.about)
    recipients.list_for(session, request, library=library, at=at)
    done = forget_rows(session, request.about, *former, rooms=rooms, request=request, library=library, at=at)
    files = set(done.files)
    for number in files:
        if (file := session.get(StoredFile, number)) is not None:
            erase(session, store, file, at=at)
    for address in (request.about, *former):
        remember(session, address, secret, at)
    files |= _forget_asking(session, store, request, at)
    request.state = State.EXECUTING
    if not request.subject_email:
        request.person_id = None  # the access is gone; who asked for somebody else keeps theirs
    request.events.append(PrivacyEvent(at=at, words="Effacement décidé et exécuté\u00a0; les fichiers suivent."))
    session.flush()
    record(
        session, "privacy.erasure_executed",
        {"reference": request.reference, "by": by.email, "files": sorted(files), "checked": note}, at=at,
    )  # fmt: skip
    enqueue(
        session, JOB,
        {"request": request.id, "files": sorted(files), "by": by.name, "identity": done.identity,
         "search": [number for number in done.to_search if number not in files]},
        key=f"{JOB}:{request.id}", now=at,
    )  # fmt: skip


def _forget_asking(session: Session, store: Store, request: PrivacyRequest, at: datetime) -> set[int]:
    """What was written to ask goes too, and the files that were made for the person before."""
    gone = set()
    if request.mandate_file is not None:
        erase(session, store, request.mandate_file, at=at)
        gone.add(request.mandate_file.id)
    request.details = request.mandate = ERASED
    if request.preview is not None:
        request.preview = [{**one, "reference": ""} for one in request.preview]
    made = (
        select(PrivacyExport).join(PrivacyRequest).where(
            or_(PrivacyRequest.email == request.about, PrivacyRequest.subject_email == request.about),
            PrivacyExport.gone_at.is_(None), PrivacyExport.ready_at.is_not(None)
        )
    )  # fmt: skip
    for export in session.scalars(made).all():
        file = session.scalars(select(StoredFile).where(StoredFile.key == export.name)).first()
        if file is not None:
            erase(session, store, file, at=at)
            gone.add(file.id)
        export.key, export.gone_at = None, at
    return gone


def files_left(session: Session, numbers: Iterable[int]) -> int:
    """How many of these files still have their content in the store."""
    keys = [f"{ERASE}:{number}" for number in numbers]
    waiting = select(Job.id).where(Job.key.in_(keys), Job.done_at.is_(None))
    return len(session.scalars(waiting).all())


def close(session: Session, request: PrivacyRequest, *, by: str, letters: Letters, at: datetime) -> None:
    """Rows and files are gone: say so, and close. Twice is once."""
    hold(session, request)
    if request.state is not State.EXECUTING:
        return
    mine = select(Archived).where(Archived.request_id == request.id, Archived.subject.is_(None))
    kept = session.scalars(mine.order_by(Archived.until, Archived.id)).all()
    said = "Vos données sont effacées, les fichiers aussi."
    if kept:
        said += " Restent, à part et hors de l'usage courant\u00a0:\n" + "\n".join(
            f"{one.reference}, jusqu'au {long_date(one.until)} ({one.under})" for one in kept
        )
    finish(session, request, by=by, decision=said, letters=letters, at=at)


#: How long a mail about the request is waited for before its last traces go all the same.
LONGEST_WAIT = timedelta(days=30)


def still_told(session: Session, request: PrivacyRequest, *, at: datetime) -> bool:
    """Whether a mail to who asked has not left yet: of this request, or of one that was answered since."""
    answered = select(func.max(PrivacyRequest.closed_at)).where(PrivacyRequest.email == request.email)
    last = session.scalar(answered)
    if last is not None and at - last > LONGEST_WAIT:
        return False
    unsent = select(OutgoingMail.id).where(
        OutgoingMail.recipient == request.email, OutgoingMail.event.startswith("privacy/"),
        OutgoingMail.sent_at.is_(None),
    )  # fmt: skip
    return session.scalars(unsent).first() is not None


def open_archive(
    session: Session, number: int, *, by: Person, reason: str, file: int | None = None, at: datetime
) -> Archived | None:
    """One kept record, or one of its files, for a reason that is written down; None when its day has come."""
    found = session.get(Archived, number)
    if found is None or found.content is None:
        return None
    record(
        session, "privacy.archive_opened",
        {"archive": found.id, "reference": found.reference, "by": by.email, "reason": reason}
        | ({"file": file} if file is not None else {}),
        at=at,
    )  # fmt: skip
    return found


def clear_archive(session: Session, *, today: date, at: datetime, rooms: Held = (), library: Library) -> int:
    """Erase what need not be kept any longer: its last day was before today; how many. Files and salts go with it.

    What still runs that day (an order under way) is kept on, and its last day moves.
    """
    over = select(Archived).where(Archived.until < today, Archived.content.is_not(None))
    count = 0
    for one in session.scalars(over).all():
        if one.subject is not None and one.subject.get("waits"):
            continue
        if (later := still_needed(session, one, rooms, library.law, today)) is not None:
            one.until = later
            continue
        clear(session, one, at=at)
        count += 1
    session.flush()
    return count


# --- After a restoration -------------------------------------------------------------------------


def digest(email: str, secret: str) -> str:
    """What a tombstone holds of an address: nobody finds it again without the installation's key."""
    return hmac.new(secret.encode(), email.strip().lower().encode(), sha256).hexdigest()


def remember(session: Session, email: str, secret: str, at: datetime) -> None:
    """Set a tombstone for an address; who was given it since and is erased too is erased again from that day on."""
    _mark(session, digest(email, secret), at)


def _mark(session: Session, mark: str, at: datetime) -> None:
    held = session.get(Tombstone, mark)
    if held is None:
        session.add(Tombstone(digest=mark, erased_at=at))
    else:
        held.erased_at = max(held.erased_at, at)


def tombstones(session: Session) -> Iterator[tuple[str, datetime]]:
    """Every tombstone, the oldest first."""
    for one in session.scalars(select(Tombstone).order_by(Tombstone.erased_at, Tombstone.digest)):
        yield one.digest, one.erased_at


def apply_tombstones(
    session: Session, store: Store, marks: Iterable[tuple[str, datetime]], *, rooms: Held, library: Library,
    secret: str, at: datetime,
) -> int:  # fmt: skip
    """Erase again, in a base that was restored, whoever was erased before; how many addresses that was.

    Who was given the address since is somebody else, and stays. Whoever the base itself knows as erased is left to the
    nightly job, which goes on where that erasure stood.
    """
    for mark, erased_at in marks:
        _mark(session, mark, erased_at)
    session.flush()
    known = dict(tombstones(session))
    since, already = held_since(session), _erased_here(session)
    left: dict[str, list[str]] = {}
    for address in sorted({one.strip().lower() for room in rooms for one in room.addresses(session)}):
        erased = known.get(digest(address, secret))
        if erased is None or since.get(address, erased) > erased or already.get(address, erased - PAST) >= erased:
            continue
        left[address] = [
            one for one in former_addresses(session, address) if known.get(digest(one, secret)) is not None
        ]
    # One person is erased once, by the address of last, with those they had before.
    before = {one for former in left.values() for one in former}
    for address, former in left.items():
        if address not in before:
            forget(session, store, address, *former, rooms=rooms, library=library, at=at)
    return len(left)


#: Any span: what is not known as erased was erased before everything.
PAST = timedelta(days=1)


def _erased_here(session: Session) -> dict[str, datetime]:
    """The addresses of whom the archive knows as erased, and since when."""
    found: dict[str, datetime] = {}
    for one in session.scalars(select(Archived).where(Archived.subject.is_not(None)).order_by(Archived.id)):
        found |= dict.fromkeys((one.subject or {})["addresses"], one.archived_at)
    return found
