"""The mails of the ladder: before the due day, and after it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.clock import PARIS
from portal.french import amount
from portal.invoices.letters import Letters
from portal.invoices.models import Invoice
from portal.invoices.payment_rules import Account
from portal.invoices.reminder_models import ReminderStep
from portal.mail.letters import quoted


@dataclass(frozen=True, slots=True)
class ReminderLetters:
    """Writes the reminders into the outbox."""

    letters: Letters

    def reminder(self, session: Session, invoice: Invoice, account: Account, rung: ReminderStep, at: datetime) -> None:
        """Remind of what is left and not disputed."""
        today = at.astimezone(PARIS).date()
        late = account.due_on is not None and account.due_on < today
        values = {
            "due": account.due_on,
            "late": late,
            "days": account.days_late(today),
            "asked": amount(account.claimable, invoice.currency),
            "disputed": amount(account.disputed_left, invoice.currency) if account.disputed_left else None,
            "written": quoted(rung.words),
            **self.letters.clause(invoice, "late_payment"),
        }
        key = f"reminder-{rung.id}-{account.due_on}"
        self.letters.to_client(session, "reminder", invoice, values, at, key=key)
