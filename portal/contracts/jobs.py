"""What this room has done again and again: thresholds that nobody's charge told of, the statement of a month."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from portal.clock import PARIS
from portal.contracts.alerts import tell_crossings
from portal.contracts.letters import Letters
from portal.contracts.mail_choices import tell_month
from portal.contracts.period import month_before
from portal.jobs.actions import Leased, finish
from portal.jobs.recurring import Recurring

ALERTS = "contracts.alerts"
MONTH = "contracts.month"


def _letters(services: Any) -> Letters:
    base_url = services.settings.base_url
    domain = base_url.split("://", 1)[1].split("/", 1)[0].split(":", 1)[0]
    return Letters(services.library, base_url, domain)


def _tell(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Any) -> None:
    with sessions.begin() as session:
        tell_crossings(session, letters=_letters(services), at=now)
        finish(session, job, now=now)


def _tell_month(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Any) -> None:
    """Each morning: the statement of the month that is over, which is written once."""
    with sessions.begin() as session:
        tell_month(session, month_before(now.astimezone(PARIS).date()), letters=_letters(services), at=now)
        finish(session, job, now=now)


HANDLERS: Mapping[str, Any] = {ALERTS: _tell, MONTH: _tell_month}
RECURRING = (Recurring(ALERTS, every=timedelta(minutes=10)), Recurring(MONTH, daily_at=time(7, 30)))
