"""What this room has done later: a person's file made, an erasure closed once its files are gone, daily sweeps."""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session, sessionmaker

from portal.clock import PARIS
from portal.files.store import StoreAway
from portal.jobs.actions import Leased, enqueue, fail, finish
from portal.jobs.recurring import Recurring
from portal.jobs.rules import Patience
from portal.privacy import erasure, exports, freezing, moving
from portal.privacy.actions import finish as close_request
from portal.privacy.forgetting import look_into, resume
from portal.privacy.letters import Letters
from portal.privacy.links import Links
from portal.privacy.models import Archived, PrivacyExport, PrivacyRequest
from portal.privacy.retention import sweep
from portal.privacy.rooms import declared
from portal.privacy.rules import CLOSED
from portal.privacy.traces import asked_again, end, end_late
from portal.web import Handler, Services

SWEEP, LAST = "privacy.sweep", "privacy.last"
#: The store may be away for hours: files are waited for, at the latest every ten minutes.
PATIENCE = Patience(longest=timedelta(minutes=10), attempts=2_000)


def _letters(services: Services) -> Letters:
    base = services.settings.base_url
    return Letters(
        services.library, Links(base, services.settings.secret_key),
        base.split("://", 1)[1].split("/", 1)[0].split(":", 1)[0],
    )  # fmt: skip


def _export(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Services) -> None:
    number = job.payload["export"]
    exports.make(sessions, services.store, number, rooms=declared(), library=services.library, now=now)
    with sessions.begin() as session:
        export = session.get_one(PrivacyExport, number)
        if export.expires_at is not None and export.request.state not in CLOSED:
            until = export.expires_at.astimezone(PARIS).date()
            letters = _letters(services)
            close_request(
                session, export.request, by="espace client", decision="Dossier préparé, à télécharger.",
                letters=letters, at=now, tell=False,
            )  # fmt: skip
            letters.ready(session, export.request, until, now)
        finish(session, job, now=now)


def _close(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Services) -> None:
    looked = job.payload.get("search", [])
    try:
        with sessions.begin() as session:
            held = session.get_one(Archived, job.payload["identity"])
            look_into(
                session, services.store, held, looked, rooms=declared(), library=services.library, at=now
            )  # fmt: skip
    except StoreAway as error:
        with sessions.begin() as session:
            fail(session, job, f"{type(error).__name__}", now=now, patience=PATIENCE)
        return
    with sessions.begin() as session:
        if left := erasure.files_left(session, [*job.payload["files"], *looked]):
            fail(session, job, f"{left} files left", now=now, patience=PATIENCE)
            return
        request = session.get_one(PrivacyRequest, job.payload["request"])
        erasure.close(session, request, by=job.payload["by"], letters=_letters(services), at=now)
        enqueue(
            session, LAST, {"request": request.id, "identity": job.payload["identity"]}, key=f"{LAST}:{request.id}",
            now=now,
        )  # fmt: skip
        finish(session, job, now=now)


def _last(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Services) -> None:
    with sessions.begin() as session:
        request = session.get_one(PrivacyRequest, job.payload["request"])
        # Another request may be open for months: the night that follows its end takes up what is left.
        if not asked_again(session, request):
            if erasure.still_told(session, request, at=now):
                fail(session, job, "a mail about the request has not left", now=now, patience=PATIENCE)
                return
            end(
                session,
                session.get_one(Archived, job.payload["identity"]),
                rooms=declared(),
                library=services.library,
                at=now,
            )
        finish(session, job, now=now)


def _sweep(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Services) -> None:
    """Each step stands by itself. What the store is needed for comes last: when it is away, the rest is done all the same."""
    store, rooms, library, today = services.store, declared(), services.library, now.astimezone(PARIS).date()
    steps: tuple[Callable[[Session], object], ...] = (
        lambda session: exports.forget(session, store, at=now),
        lambda session: moving.lapse(session, at=now),
        lambda session: freezing.lift_due(session, letters=_letters(services), at=now),
        lambda session: erasure.clear_archive(session, today=today, at=now, rooms=rooms, library=library),
        lambda session: sweep(session, store, library, rooms=rooms, at=now),
        lambda session: end_late(session, rooms=rooms, library=library, at=now),
        lambda session: resume(session, store, rooms=rooms, library=library, at=now),
    )
    for step in steps:
        with sessions.begin() as session:
            step(session)
    with sessions.begin() as session:
        finish(session, job, now=now)


HANDLERS: Mapping[str, Handler] = {exports.JOB: _export, erasure.JOB: _close, LAST: _last, SWEEP: _sweep}
RECURRING = (Recurring(SWEEP, daily_at=time(4, 10)),)
