"""What this room has done later: a reminder before a quote's last day, the file of proof of a final order."""

from collections.abc import Mapping
from datetime import datetime, time
from urllib.parse import urlsplit

from sqlalchemy.orm import Session, sessionmaker

from portal.jobs.actions import Leased, finish
from portal.jobs.recurring import Recurring
from portal.quotes.links import Links
from portal.quotes.quote_letters import QuoteLetters
from portal.quotes.reading_actions import remind
from portal.web import Handler, Services

REMINDERS = "quotes.reminders"
#: A reminder is a mail that people read: not in the night.
MORNING = time(8, 0)


def letters_of(services: Services) -> QuoteLetters:
    """The mails of an installation, outside of any request."""
    given = services.settings
    domain = urlsplit(given.base_url).hostname or "localhost"
    return QuoteLetters(services.library, Links(given.base_url, given.secret_key), domain)


def send_reminders(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Services) -> None:
    """Remind of the quotes that end soon, and end the job in the same transaction."""
    with sessions.begin() as session:
        remind(session, library=services.library, letters=letters_of(services), at=now)
        finish(session, job, now=now)


HANDLERS: Mapping[str, Handler] = {REMINDERS: send_reminders}
RECURRING = (Recurring(REMINDERS, daily_at=MORNING),)
