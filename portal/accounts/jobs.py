"""What this room has done again and again: what counts for nothing any more is forgotten."""

from collections.abc import Mapping
from datetime import datetime, time

from sqlalchemy.orm import Session, sessionmaker

from portal.accounts.rates import forget_old
from portal.accounts.sign_in import forget_old_codes
from portal.jobs.actions import Leased, finish
from portal.jobs.recurring import Recurring
from portal.web import Handler, Services

FORGET = "accounts.forget"


def forget(sessions: sessionmaker[Session], job: Leased, now: datetime, _: Services) -> None:
    """Codes of earlier days, counts whose window is over."""
    with sessions.begin() as session:
        forget_old_codes(session, now=now)
        forget_old(session, now=int(now.timestamp()))
        finish(session, job, now=now)


HANDLERS: Mapping[str, Handler] = {FORGET: forget}
RECURRING = (Recurring(FORGET, daily_at=time(3, 20)),)
