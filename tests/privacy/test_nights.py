"""What the night does for an erasure that somebody's question, or the store, held up."""

from typing import Any

import pytest
from sqlalchemy import select, text

from portal.db import Base
from portal.files.store import StoreAway
from portal.jobs.actions import enqueue
from portal.jobs.models import Job
from portal.privacy import jobs
from portal.privacy.models import PrivacyRequest
from portal.privacy.rules import Right, State
from portal.privacy.traces import asked_again
from tests.accounts.conftest import MARC, OTTO, Portal, portal
from tests.privacy.test_erasure import quiet, work
from tests.privacy.test_rights import MANDATE, NEW, wants
from tests.privacy.test_views import ask, asked, decide, officer
from tests.quotes.conftest import hidden, signed_in

__all__ = ["portal", "quiet"]


def night(portal: Portal) -> None:
    with portal.sessions.begin() as session:
        enqueue(session, jobs.SWEEP, {}, key=f"night-{portal.clock()}", now=portal.clock())
    work(portal)


def left(portal: Portal, words: str) -> list[str]:
    """The tables that still say something, but the archive."""
    with portal.sessions() as session:
        return [
            name for name in Base.metadata.tables if not name.startswith("privacy_archive")
            for row in session.execute(text(f'SELECT * FROM "{name}"')) if words in str(tuple(row))  # noqa: S608 - our own tables
        ]  # fmt: skip


def test_the_last_traces_wait_for_another_request_of_theirs_and_go_the_night_after_its_end(quiet: Portal) -> None:
    marc, where = quiet.sign_in(MARC), "mes-donnees/effacer"
    marc.send(where, on=where, **dict[str, Any](hidden(marc.open(where))))
    first = asked(quiet).reference
    ask(signed_in(quiet, MARC), "rectification", details="Autre chose")
    decide(officer(quiet), f"bureau/donnees/{first}", "effacer", "Aucune.")
    work(quiet)
    with quiet.sessions() as session:
        # Nothing is tried again and again until it is given up: the night looks.
        job = session.scalars(select(Job).where(Job.kind == jobs.LAST)).one()
        assert (job.done_at is not None, job.given_up_at) == (True, None)
        other = session.scalars(select(PrivacyRequest.reference).where(PrivacyRequest.reference != first)).one()
    quiet.clock.pass_(days=20)
    night(quiet)
    assert left(quiet, MARC)
    decide(officer(quiet), f"bureau/donnees/{other}", "terminer", "Fait.")
    quiet.clock.pass_(days=1)
    night(quiet)
    assert left(quiet, MARC) == []


def test_what_a_mandatary_asks_for_themselves_holds_up_nobody_elses_erasure(quiet: Portal) -> None:
    otto, where = signed_in(quiet, OTTO), "mes-donnees/pour-quelqu-un"
    sent: dict[str, Any] = hidden(otto.open(where)) | MANDATE | {"right": "erasure"}
    otto.send(where, on=where, **sent)
    ask(otto, "rectification", details="La mienne")
    with quiet.sessions() as session:
        mandated, own = session.scalars(select(PrivacyRequest).order_by(PrivacyRequest.id))
        assert mandated.right is Right.ERASURE
        assert [asked_again(session, one) for one in (mandated, own)] == [False, False]
        own.email = MARC
        session.flush()
        assert asked_again(session, mandated)


def test_a_store_that_is_away_holds_up_nothing_else_of_the_night(
    quiet: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    wants(quiet, quiet.sign_in(MARC), NEW)
    quiet.clock.pass_(days=2)

    def away(*_: object, **__: object) -> None:
        raise StoreAway("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "resume", away)
        night(quiet)
    assert asked(quiet).state is State.WITHDRAWN
    with quiet.sessions() as session:
        held = session.scalars(select(Job).where(Job.kind == jobs.SWEEP, Job.key.startswith("night-"))).one()
        assert held.done_at is None
    quiet.clock.pass_(hours=1)
    work(quiet)
    with quiet.sessions() as session:
        assert session.scalars(select(Job.done_at).where(Job.key == held.key)).one() is not None
