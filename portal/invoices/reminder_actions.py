"""The verbs of the reminders: set the ladder, climb it, decide on what it proposes. Each is in the caller's transaction."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import and_, exists, false, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.clock import PARIS
from portal.evidence.actions import record
from portal.invoices.holding import held
from portal.invoices.models import Invoice
from portal.invoices.payment_rules import Account, Settling
from portal.invoices.reminder_letters import ReminderLetters
from portal.invoices.reminder_models import Reminder, ReminderStep
from portal.invoices.reminder_rules import SUGGESTED, Rung, Step, reached


class ReminderError(Exception):
    """A refusal of this room; the message is French."""


class RungTaken(ReminderError):
    """The ladder has that rung already."""


class AlreadyDecided(ReminderError):
    """A colleague decided before."""


def ladder(session: Session) -> list[ReminderStep]:
    """The rungs that hold, from the earliest to the latest."""
    held = select(ReminderStep).where(ReminderStep.removed_at.is_(None))
    return list(session.scalars(held.order_by(ReminderStep.days, ReminderStep.id)))


def add_rung(session: Session, *, days: int, step: Step, words: str, by: Person, at: datetime) -> ReminderStep:
    """Set a rung.

    Raises:
        RungTaken: the same is there.
    """
    if any((rung.days, rung.step) == (days, step) for rung in ladder(session)):
        raise RungTaken("L'échelle a déjà ce barreau.")
    rung = ReminderStep(days=days, step=step, words=words.strip(), created_at=at)
    session.add(rung)
    session.flush()
    record(session, "invoices.rung_added", {"days": days, "step": step.value, "by": by.email}, at=at)
    return rung


def remove_rung(session: Session, rung: ReminderStep, *, by: Person, at: datetime) -> None:
    """Take a rung away: what it sent stays."""
    if rung.removed_at is None:
        rung.removed_at = at
        session.flush()
        record(session, "invoices.rung_removed", {"days": rung.days, "step": rung.step.value, "by": by.email}, at=at)


def begin_ladder(session: Session, *, by: Person, at: datetime) -> None:
    """Set the ladder that the house suggests, where there is none."""
    if not ladder(session):
        for days, step in SUGGESTED:
            add_rung(session, days=days, step=step, words="", by=by, at=at)


def remindable(session: Session, rungs: Sequence[ReminderStep], today: date) -> Sequence[int]:
    """Numbers of the invoices that a rung has reached which nothing was done for; each is looked at under its own lock."""
    reached_now = [
        and_(
            Invoice.due_day <= today - timedelta(days=rung.days),
            ~exists().where(
                Reminder.invoice_id == Invoice.id, Reminder.step_id == rung.id, Reminder.due_on == Invoice.due_day
            ),
        )
        for rung in rungs
    ]
    earliest = min((rung.days for rung in rungs), default=0)
    asked = select(Invoice.id).where(
        Invoice.settling == Settling.ASKED, Invoice.due_day <= today - timedelta(days=earliest),
        Invoice.available_at.is_not(None),  # it has its client; said so, the index of what is due is the one taken
        Invoice.reminders_stopped.is_(None), or_(false(), *reached_now),
    )  # fmt: skip
    return sorted(session.scalars(asked))


def remind(
    session: Session, invoice: Invoice, rungs: Sequence[ReminderStep], *, letters: ReminderLetters, at: datetime
) -> list[Reminder]:
    """Do for one invoice what its ladder has reached today: at most one mail, and what is proposed to staff.

    A paid invoice, a credit note, and a part that is disputed are left alone.
    """
    session.refresh(invoice, with_for_update=True)
    known = held(session, invoice)
    account, today = known.account(invoice), at.astimezone(PARIS).date()
    if not _asks(account, invoice) or account.due_on is None:
        return []
    done = session.scalars(
        select(Reminder.step_id).where(Reminder.invoice_id == invoice.id, Reminder.due_on == account.due_on)
    ).all()
    found = reached([Rung(rung.id, rung.days, rung.step) for rung in rungs], account.due_on, today, done)
    by_id = {rung.id: rung for rung in rungs}
    made = []
    for rung in (*found.passed_over, *([found.mail] if found.mail else []), *found.proposals):
        reminder = Reminder(
            invoice_id=invoice.id, step_id=rung.id, due_on=account.due_on, made_at=at,
            skipped=rung in found.passed_over,
        )  # fmt: skip
        try:
            with session.begin_nested():
                session.add(reminder)
                session.flush()
        except IntegrityError:
            continue  # another worker was faster
        made.append(reminder)
        if rung == found.mail:
            letters.reminder(session, invoice, account, by_id[rung.id], at)
    return made


def _asks(account: Account, invoice: Invoice) -> bool:
    return (
        invoice.organisation_id is not None
        and invoice.reminders_stopped is None
        and account.due_on is not None
        and account.settling is Settling.ASKED
    )


def stop_reminders(session: Session, invoice: Invoice, *, reason: str | None, by: Person, at: datetime) -> None:
    """Send no reminder of one invoice any more, for a reason; None: begin again."""
    invoice.reminders_stopped = reason
    session.flush()
    record(session, "invoices.reminders_stopped", {"invoice": invoice.id, "reason": reason, "by": by.email}, at=at)


def open_proposals(session: Session) -> list[Reminder]:
    """What the ladder proposes and nobody has decided on, the oldest first."""
    waiting = (
        select(Reminder)
        .join(ReminderStep)
        .join(Invoice, Invoice.id == Reminder.invoice_id)
        .where(
            ReminderStep.step != Step.MAIL, Reminder.decided_at.is_(None), Invoice.settling == Settling.ASKED,
            Invoice.organisation_id.is_not(None),
        )
        .order_by(Reminder.id)
    )  # fmt: skip
    return list(session.scalars(waiting))


def decide(session: Session, reminder: Reminder, *, done: bool, words: str, by: Person, at: datetime) -> None:
    """Say what became of a proposal: nothing is ever done by itself.

    Raises:
        AlreadyDecided: a colleague was faster.
    """
    session.refresh(reminder, with_for_update=True)
    if reminder.decided_at is not None:
        raise AlreadyDecided("Une décision est déjà prise.")
    reminder.decided_at, reminder.decided_by, reminder.decided_by_id = at, by.name, by.id
    reminder.done, reminder.decision_words = done, words.strip()
    session.flush()
    content = {
        "invoice": reminder.invoice_id, "step": reminder.rung.step.value, "done": done, "words": reminder.decision_words,
        "by": by.email,
    }  # fmt: skip
    record(session, "invoices.proposal_decided", content, at=at)
