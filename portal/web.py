"""What every view stands on: the session of the request, the moment, the settings, the terms.

Rooms import from here, never from the application that is made of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, g, has_request_context, request
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy.orm import Session, sessionmaker

from portal.clock import PARIS
from portal.config import Settings
from portal.db import make_engine, read_only
from portal.files.store import Store
from portal.jobs.actions import Leased

if TYPE_CHECKING:
    from portal.terms import Library

#: Methods that change nothing, and whose transactions the database itself keeps from writing.
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Where the client area lives.
AREA = "/espace-client"


class Database(SQLAlchemy):
    """Flask-SQLAlchemy-Lite on our own engine.

    Its asynchronous teardown costs more than the rest of a request and is
    removed. A safe method gets a session that cannot write: a link that a mail
    scanner opens changes nothing even where a view is careless.
    """

    def init_app(self, app: Any) -> None:
        """Bind the engine of ``portal.db`` to an application."""
        app.config["SQLALCHEMY_ENGINES"] = {"default": "sqlite://"}
        super().init_app(app)
        app.teardown_appcontext_funcs[:] = [
            function for function in app.teardown_appcontext_funcs if function.__name__ != "_close_async_sessions"
        ]
        with app.app_context():
            self.engines["default"] = make_engine(app.config["DATABASE_URL"])
            self.sessionmaker.configure(binds={}, bind=self.engines["default"], expire_on_commit=False)

    def get_session(self, name: str = "default") -> Session:
        """The session of this request."""
        sessions: dict[str, Session] = g.setdefault("_sqlalchemy_sessions", {})
        if name not in sessions:
            sessions[name] = self.sessionmaker()
            if has_request_context() and request.method in SAFE:
                sessions[name].bind = read_only(self.engine)
        return sessions[name]


db = Database(require_default_engine=False)


@dataclass(frozen=True)
class Services:
    """What ``create_app`` hands to the views, and the worker to the jobs of each room."""

    settings: Settings
    clock: Callable[[], datetime]
    library: "Library"
    store: Store


#: What does the work of one kind of job, in a room's ``jobs.py``: ``HANDLERS = {"quotes.reminders": remind}``. It is
#: given sessions, the job, the moment and the services, and ends its job itself (``portal.jobs.actions.finish`` or
#: ``fail``), in the transaction of its effect.
Handler = Callable[[sessionmaker[Session], Leased, datetime, Services], None]


def services(app: Flask | None = None) -> Services:
    """The services of an application, by default of the one at work."""
    held: Services = (app or current_app).extensions["portal"]
    return held


def settings() -> Settings:
    """The settings of the application at work."""
    return services().settings


def store() -> Store:
    """Where files are kept."""
    return services().store


def now() -> datetime:
    """The moment, UTC, of this request: the same from its beginning to its end."""
    if not has_request_context():
        return services().clock()
    if "now" not in g:
        g.now = services().clock()
    moment: datetime = g.now
    return moment


def today() -> date:
    """The civil day of this request in Europe/Paris."""
    return now().astimezone(PARIS).date()


def mail_domain() -> str:
    """The domain that Message-IDs are made with."""
    return domain_of(settings().base_url)


def domain_of(base_url: str) -> str:
    """The same of an address, where there is no request."""
    return base_url.split("://", 1)[1].split("/", 1)[0].split(":", 1)[0]
