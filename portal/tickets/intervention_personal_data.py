"""What contestations hold on a person, and what an erasure leaves: they are part of what a contract owes, and stay with it."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.clock import PARIS
from portal.contracts.models import LedgerEntry
from portal.contracts.personal_data import keep_contract
from portal.mail.models import OutgoingMail
from portal.registry import NOBODY, Fate, Keep, PersonalData, PersonalField, PersonalRecord, table
from portal.tickets.intervention_count_actions import source_of
from portal.tickets.intervention_models import TimeContest, TimeCorrection, TimeEntry, WorkIntervention
from portal.tickets.models import Ticket

ERASED = "(effacé)"
_KEPT = "conservé avec le contrat (Code de commerce, article L110-4)"
FIELDS = (
    PersonalField("Nom", "effacé"),
    PersonalField("Adresse électronique", "effacé"),
    PersonalField("Contestation d'un temps et sa réponse", _KEPT),
)


def _of(session: Session, mail: str) -> list[TimeContest]:
    mine = func.lower(TimeContest.by_mail) == mail.strip().lower()
    return list(session.scalars(select(TimeContest).where(mine).order_by(TimeContest.id)))


def find(session: Session, mail: str) -> Iterator[PersonalRecord]:
    """The contestations of the person of this address."""
    for contest in _of(session, mail):
        words = contest.reason if contest.answer is None else f"{contest.reason}\n{contest.answer}"
        values = (contest.by, contest.by_mail, words)
        named = tuple((field.label, value) for field, value in zip(FIELDS, values, strict=True))
        yield PersonalRecord(f"contestation-{contest.id}", named, contest.at, fate=Fate.ANONYMISED)


def addresses(session: Session) -> Iterator[str]:
    """Every address that a contestation came from."""
    yield from session.scalars(select(TimeContest.by_mail).where(TimeContest.by_mail != ERASED).distinct())


def erase(session: Session, mail: str, at: datetime) -> list[str]:
    """Forget who contested; what was contested stays with the contract."""
    references = []
    for contest in _of(session, mail):
        if not contest.by_mail.endswith(NOBODY):
            contest.by, contest.by_mail = ERASED, ERASED
        sent = select(OutgoingMail).where(OutgoingMail.message_id.startswith(f"<time-contest.{contest.id}."))
        for each in session.scalars(sent):
            each.sent_at, each.last_error = each.sent_at or at, None
            each.recipient, each.subject, each.text, each.html = ERASED, ERASED, ERASED, None
        references.append(f"contestation-{contest.id}")
    session.flush()
    return references


def _needed(session: Session, names: Collection[str]) -> dict[str, str]:
    """A time that is contested and not answered yet: who contests it, and the ticket it stands on."""
    open_ones = (
        select(TimeContest.by_mail, Ticket.reference).join(TimeContest.entry).join(TimeEntry.intervention)
        .join(WorkIntervention.ticket).where(
            TimeContest.outcome.is_(None), or_(func.lower(TimeContest.by_mail).in_(names), Ticket.reference.in_(names))
        )
    )  # fmt: skip
    found = {}
    for mail, reference in session.execute(open_ones):
        found[mail] = found[reference] = f"temps contesté sur le ticket {reference}"
    return found


def _keep_correction(session: Session, number: int, today: date) -> Keep:
    """What was counted anew is what a contract's points rest on: kept from the end of that contract; else from its day."""
    correction = session.get_one(TimeCorrection, number)
    worked = session.get_one(WorkIntervention, correction.intervention_id)
    charged = select(LedgerEntry.contract_id).where(LedgerEntry.key == source_of(worked))
    day, reference = correction.at.astimezone(PARIS).date(), worked.ticket.reference
    keeps = [keep_contract(session, contract, today) for contract in set(session.scalars(charged))]
    if runs := [keep for keep in keeps if keep.since is None]:
        return replace(runs[0], reference=reference)
    return Keep(reference, "contract", max([day, *(keep.since for keep in keeps if keep.since is not None)]))


TABLES = (
    table("intervention", personal="counted_by", impersonal="terms_slug terms_sha256 working hour"),
    table("time_entry", personal="words technician typed_by", impersonal="form_key service"),
    table("time_timer"),
    table(
        "time_contest", own="by_mail by_id", names="by", personal="reason by by_mail answer answered_by",
        impersonal="form_key",
    ),
    table("time_correction", keep=_keep_correction, personal="reason by", impersonal="form_key minutes"),
)  # fmt: skip
PERSONAL_DATA = PersonalData("support", FIELDS, find, erase, tables=TABLES, addresses=addresses, needed=_needed)
