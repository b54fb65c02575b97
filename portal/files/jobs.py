"""What this room has done later: files scanned, contents erased, orphans swept."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from portal.files.actions import ERASE, SCAN, SWEEP, scan_later, sweep
from portal.files.scanner import ScannerAway
from portal.files.store import StoreAway
from portal.jobs.actions import Leased, fail, finish
from portal.jobs.recurring import Recurring
from portal.jobs.rules import FOR_DAYS


def _work(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Any) -> None:
    store = services.store
    try:
        if job.kind == SCAN:
            scan_later(sessions, store, job.payload["file"], now=now)
        elif job.kind == ERASE:
            store.delete(job.payload["key"])
        else:
            with sessions() as session:
                sweep(session, store, now=now)
    except (ScannerAway, StoreAway) as error:
        with sessions.begin() as session:
            fail(session, job, f"{type(error).__name__}: {error}", now=now, patience=FOR_DAYS)
        return
    with sessions.begin() as session:
        finish(session, job, now=now)


HANDLERS: Mapping[str, Any] = {SCAN: _work, ERASE: _work, SWEEP: _work}
RECURRING = (Recurring(SWEEP, daily_at=time(3, 40)),)
