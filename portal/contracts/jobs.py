"""What this room has done again and again: thresholds that nobody's charge told of."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from portal.contracts.alerts import tell_crossings
from portal.contracts.letters import Letters
from portal.jobs.actions import Leased, finish
from portal.jobs.recurring import Recurring

ALERTS = "contracts.alerts"


def _tell(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Any) -> None:
    base_url = services.settings.base_url
    domain = base_url.split("://", 1)[1].split("/", 1)[0].split(":", 1)[0]
    with sessions.begin() as session:
        tell_crossings(session, letters=Letters(services.library, base_url, domain), at=now)
        finish(session, job, now=now)


HANDLERS: Mapping[str, Any] = {ALERTS: _tell}
RECURRING = (Recurring(ALERTS, every=timedelta(minutes=10)),)
