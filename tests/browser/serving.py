"""A portal on a port for a browser, and somebody signed in to it where how one signs in is another test's matter."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import make_server

from portal import clock
from portal.accounts.models import Person
from portal.accounts.sign_in import begin_session
from portal.web import db

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextmanager
def on_a_port(app: Flask, port: int = 0, *, inside: "WSGIApplication | None" = None) -> Iterator[str]:
    """Serve a portal, by itself or ``inside`` of something; its address. Its connections are closed at the end."""
    server = make_server("127.0.0.1", port, inside or app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        with app.app_context():
            db.engine.dispose()


def session_cookie(app: Flask, sessions: sessionmaker[Session], email: str, url: str) -> str:
    """What the browser of somebody with an open session holds."""
    with sessions.begin() as session:
        person = session.scalars(select(Person).where(Person.email == email)).one()
        token = begin_session(
            session, person, device="d", device_name="Test", means=("webauthn",), domain="localhost", base_url=url,
            now=clock.now(),
        )  # fmt: skip
        unique = person.fs_uniquifier
    client = app.test_client()
    with client.session_transaction() as held:
        held.update(_user_id=unique, _fresh=True, token=token)
    cookie = client.get_cookie("portail")
    assert cookie is not None
    return cookie.value
