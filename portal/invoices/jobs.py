"""What this room does later: each morning the reminders that the ladder has reached; a dispute's file of proof."""

from collections.abc import Mapping
from datetime import datetime, time

from sqlalchemy.orm import Session, sessionmaker

from portal.clock import PARIS
from portal.invoices.dispute_actions import PROOF
from portal.invoices.dispute_proof import prove
from portal.invoices.letters import Letters
from portal.invoices.links import Links
from portal.invoices.models import Invoice
from portal.invoices.reminder_actions import ladder, remind, remindable
from portal.invoices.reminder_letters import ReminderLetters
from portal.jobs.actions import Leased, finish
from portal.jobs.recurring import Recurring
from portal.web import Handler, Services, domain_of

REMINDERS = "invoices.reminders"


def send_reminders(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Services) -> None:
    """Climb the ladder for every invoice, each in a transaction of its own: one that breaks leaves the others done.

    Raises:
        LeaseLost: another worker holds the job by now; what was sent is not sent again.
    """
    settings = services.settings
    letters = ReminderLetters(Letters(services.library, Links(settings.base_url), domain_of(settings.base_url)))
    with sessions() as session:
        rungs = ladder(session)
        numbers = remindable(session, rungs, now.astimezone(PARIS).date())
    for number in numbers:
        with sessions.begin() as session:
            merged = [session.merge(rung, load=False) for rung in rungs]
            remind(session, session.get_one(Invoice, number), merged, letters=letters, at=now)
    with sessions.begin() as session:
        finish(session, job, now=now)


HANDLERS: Mapping[str, Handler] = {REMINDERS: send_reminders, PROOF: prove}
RECURRING = (Recurring(REMINDERS, daily_at=time(8, 0)),)
