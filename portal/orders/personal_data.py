"""What this room holds on a person: who proposed and decided an amendment. It is the proof of a contract: kept."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.mail.models import OutgoingMail
from portal.orders.progress_models import Amendment, Decision
from portal.registry import Fate, PersonalData, PersonalField, PersonalRecord

ERASED = "(effacé)"
KEPT = "conservé avec la preuve du contrat, le temps que la loi permet d'en discuter (Code de commerce, L110-4)"
FIELDS = (
    PersonalField("Nom et fonction", KEPT),
    PersonalField("Adresse électronique", KEPT),
    PersonalField("Acte", KEPT),
    PersonalField("Moyen d'identification, adresse IP et navigateur", KEPT),
)


def find(session: Session, mail: str) -> Iterator[PersonalRecord]:
    """Every amendment that the person of this address proposed or decided."""
    address = mail.strip().lower()
    for row in session.scalars(select(Amendment).where(Amendment.mail == address).order_by(Amendment.id)):
        yield _record(row.reference, row, f"Proposition de l'avenant {row.reference}", row.proposed_at)
    for made in session.scalars(select(Decision).where(Decision.mail == address).order_by(Decision.id)):
        reference = made.amendment.reference
        yield _record(
            f"{reference}-decision", made, f"{made.outcome.label}\u00a0: avenant {reference}", made.decided_at
        )


def _record(reference: str, row: Amendment | Decision, act: str, at: datetime) -> PersonalRecord:
    values = (
        f"{row.by}, {row.capacity}" if row.capacity else row.by, row.mail, act,
        f"{row.identified_by}, {row.ip}, {row.user_agent}",
    )  # fmt: skip
    named = tuple((field.label, value) for field, value in zip(FIELDS, values, strict=True))
    return PersonalRecord(reference, named, at, fate=Fate.KEPT, under="contract")


def addresses(session: Session) -> Iterator[str]:
    """Every address that an amendment came from."""
    for table in (Amendment, Decision):
        yield from session.scalars(select(table.mail).distinct())


def erase(session: Session, mail: str, at: datetime) -> list[str]:
    """Nothing of the proof goes; a mail that was sent is forgotten, and one that has not left never leaves."""
    letters = select(OutgoingMail).where(
        OutgoingMail.recipient == mail.strip().lower(), OutgoingMail.event.startswith("orders/")
    )
    for sent in session.scalars(letters).all():
        sent.sent_at, sent.last_error = sent.sent_at or at, None
        sent.recipient, sent.subject, sent.text, sent.html = ERASED, ERASED, ERASED, None
    session.flush()
    return []


PERSONAL_DATA = PersonalData("contract", FIELDS, find, erase, addresses=addresses)
