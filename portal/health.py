"""Is this process alive (/healthz), can it serve (/readyz)? For machines; nobody's data, no detail for strangers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Response, jsonify
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal import schema
from portal.db import read_only
from portal.jobs.actions import overdue
from portal.web import db, now

#: A job that nobody has taken for this long: no worker runs, or all of them are stuck.
STUCK = timedelta(minutes=15)
RETRY_AFTER = 30

health = Blueprint("health", __name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a server needs to answer; each part is true or false."""

    database: bool
    schema: bool
    outbox: bool

    @property
    def ready(self) -> bool:
        return self.database and self.schema and self.outbox


def look(engine: Engine, *, at: datetime) -> Readiness:
    """Look at the database: reachable, migrated, its jobs being worked on."""
    try:
        if not schema.is_current(read_only(engine)):
            return Readiness(database=True, schema=False, outbox=False)
        with Session(read_only(engine)) as session:
            return Readiness(database=True, schema=True, outbox=overdue(session, before=at - STUCK) == 0)
    except SQLAlchemyError:
        return Readiness(database=False, schema=False, outbox=False)


@health.get("/healthz")
def healthz() -> Response:
    """The process answers; the database is not asked, so that its absence kills no server."""
    return _answer(Response("ok\n", content_type="text/plain; charset=utf-8"))


@health.get("/readyz")
def readyz() -> Response:
    """200 when everything that a request needs is there, else 503 and which part is not."""
    found = look(db.engine, at=now())
    response = jsonify(database=found.database, schema=found.schema, outbox=found.outbox)
    if not found.ready:
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return _answer(response)


def _answer(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
