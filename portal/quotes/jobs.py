"""What this room has done later: a reminder before a quote's last day, the file of proof of a final order."""

from collections.abc import Mapping
from datetime import datetime, time
from urllib.parse import urlsplit

from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.orm import Session, sessionmaker

from portal.db import read_only
from portal.evidence.actions import record
from portal.files.actions import keep
from portal.jobs.actions import Leased, fail, finish
from portal.jobs.recurring import Recurring
from portal.jobs.rules import FOR_DAYS
from portal.paper import PdfUnavailable
from portal.proof.actions import SealUnusable, seal_of
from portal.quotes.confirmation_actions import PROOF
from portal.quotes.links import Links
from portal.quotes.proving import proof_of
from portal.quotes.quote_letters import QuoteLetters
from portal.quotes.quote_models import Quote
from portal.quotes.reading_actions import remind
from portal.web import Handler, Services

REMINDERS = "quotes.reminders"
#: A reminder is a mail that people read: not in the night.
MORNING = time(8, 0)
#: A file of proof holds every file of its quote.
LARGEST_PROOF = 1 << 30


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


def _unlocked(engine: Engine) -> Engine:
    """The same database, read without holding anything: on SQLite a reader's transaction keeps every writer waiting,
    and a file of proof takes seconds. What is read is frozen, so one statement need not agree with the next."""
    if engine.dialect.name != "sqlite":
        return read_only(engine)
    return create_engine(engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True)


def make_file(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Services) -> None:
    """Make the file of proof of a final order, and keep it; what is missing here is tried again later."""
    try:
        _make_file(sessions, job, now, services)
    except (PdfUnavailable, SealUnusable) as error:
        with sessions.begin() as session:
            fail(session, job, f"{type(error).__name__}: {error}", now=now, patience=FOR_DAYS)


def _make_file(sessions: sessionmaker[Session], job: Leased, now: datetime, services: Services) -> None:
    """Nobody waits for it, and nothing is locked meanwhile."""
    number, library, given = int(job.payload["quote"]), services.library, services.settings
    with sessions.begin() as session:
        if session.get_one(Quote, number).proof_id is not None:
            finish(session, job, now=now)
            return
        seal = seal_of(session, given, library.company, at=now)
        engine = session.get_bind().engine
    with Session(_unlocked(engine)) as session:
        quote = session.get_one(Quote, number)
        content = proof_of(
            session, quote, library=library, store=services.store, seal=seal, base_url=given.base_url, at=now
        )  # fmt: skip
        name = f"preuve-{quote.order_reference}.zip"
    with sessions.begin() as session:
        file = keep(
            session, services.store, content, name=name, kept_for="quotes", now=now, limit=LARGEST_PROOF
        )  # fmt: skip
        quote = session.get_one(Quote, number, with_for_update=True)
        quote.proof_id = file.id
        record(session, "quotes.proof_made", {"reference": quote.reference, "sha256": file.sha256}, at=now)
        finish(session, job, now=now)


HANDLERS: Mapping[str, Handler] = {REMINDERS: send_reminders, PROOF: make_file}
RECURRING = (Recurring(REMINDERS, daily_at=MORNING),)
