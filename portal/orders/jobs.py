"""What this room has done later: the file of proof of an accepted amendment. An acceptance never waits for it."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy.orm import Session, sessionmaker

from portal.jobs.actions import Leased, fail, finish
from portal.jobs.rules import FOR_DAYS
from portal.orders.amendment_actions import PROOF, prove
from portal.orders.letters import OrderLetters
from portal.orders.links import Links
from portal.orders.progress_models import Amendment
from portal.paper import PdfUnavailable
from portal.proof.actions import SealUnusable, seal_of
from portal.web import Handler, Services


def letters_of(services: Services) -> OrderLetters:
    """The mails of an installation, outside of any request."""
    base = services.settings.base_url
    return OrderLetters(services.library, Links(base), urlsplit(base).hostname or "localhost")


def make_amendment_proof(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Services) -> None:
    """Make the proof, keep it, end the job in the same transaction; what is missing here is tried again later."""
    try:
        with sessions.begin() as session:
            amendment = session.get_one(Amendment, job.payload["amendment"])
            prove(
                session, services.store, amendment, letters=letters_of(services), at=now,
                seal=seal_of(session, services.settings, services.library.company, at=now),
                terms=services.library.version(amendment.order.terms_slug),
            )  # fmt: skip
            finish(session, job, now=now)
    except (PdfUnavailable, SealUnusable) as error:
        with sessions.begin() as session:
            fail(session, job, f"{type(error).__name__}: {error}", now=now, patience=FOR_DAYS)


HANDLERS: Mapping[str, Handler] = {PROOF: make_amendment_proof}
