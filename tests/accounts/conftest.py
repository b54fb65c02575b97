"""A portal one can walk through as a person does: pages, forms with their tokens, the mails that leave."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from portal.accounts import actions
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import ClientRole, Identity, StaffRole
from portal.app import create_app
from portal.config import read_settings
from portal.mail.models import OutgoingMail
from portal.web import AREA, db

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Clock:
    """A clock that a test moves."""

    moment: datetime = NOON

    def __call__(self) -> datetime:
        return self.moment

    def pass_(self, **span: float) -> None:
        self.moment += timedelta(**span)


@dataclass
class Visitor:
    """A browser: keeps its cookie, sends each form with the token of its page."""

    client: FlaskClient
    last: TestResponse | None = None

    def open(self, path: str, status: int = 200) -> str:
        self.last = self.client.get(path if path.startswith("/") else f"{AREA}/{path}", headers={"User-Agent": FIREFOX})
        return self._page(status)

    def send(self, path: str, status: int = 303, on: str = "connexion", **values: object) -> str:
        """POST with the token that the page ``on`` holds."""
        token = values.pop("csrf_token", None) or self.token(on)
        self.last = self.client.post(
            path if path.startswith("/") else f"{AREA}/{path}",
            data={"csrf_token": token, **values},
            headers={"User-Agent": FIREFOX},
        )
        return self._page(status)

    def token(self, on: str) -> str:
        page = self.client.get(on if on.startswith("/") else f"{AREA}/{on}", follow_redirects=True).get_data(
            as_text=True
        )
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, page
        return found.group(1)

    def _page(self, status: int) -> str:
        assert self.last is not None
        page = self.last.get_data(as_text=True)
        assert self.last.status_code == status, (self.last.status_code, self.last.location, page[:3000])
        if self.last.mimetype == "text/html" and self.last.status_code not in {302, 303}:
            check_page(page)
        return unescape(page)

    @property
    def location(self) -> str:
        assert self.last is not None
        return self.last.location or ""

    def is_signed_in(self) -> bool:
        return self.client.get(f"{AREA}/compte/appareils").status_code == 200


def check_page(page: str) -> None:
    """Every page: valid HTML, one h1, a title, no id twice, a label for each field."""
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    ids = [element.get("id") for element in document.iter() if element.get("id")]
    assert len(ids) == len(set(ids)), ids
    assert len(list(document.iter("h1"))) == 1
    labelled = {label.get("for") for label in document.iter("label")}
    nested = {id(field) for label in document.iter("label") for field in label.iter("input")}
    for entry in [*document.iter("input"), *document.iter("textarea"), *document.iter("select")]:
        if entry.get("type") != "hidden":
            assert entry.get("id") in labelled or id(entry) in nested, entry.attrib
    assert "<script>" not in page
    assert " style=" not in page


@dataclass
class Portal:
    """The application, its clock, its database."""

    app: Flask
    clock: Clock
    sessions: sessionmaker[Session]
    ids: dict[str, int] = field(default_factory=dict)

    def visitor(self) -> Visitor:
        return Visitor(self.app.test_client())

    def mails(self, recipient: str | None = None) -> list[OutgoingMail]:
        with self.sessions() as session:
            query = select(OutgoingMail).order_by(OutgoingMail.id)
            return list(
                session.scalars(query if recipient is None else query.where(OutgoingMail.recipient == recipient))
            )

    def code(self, email: str) -> str:
        """The code of the last mail to somebody."""
        found = re.search(r"^(\d{6})$", self.mails(email)[-1].text, re.MULTILINE)
        assert found
        return found.group(1)

    def link(self, email: str) -> str:
        """The path of the link in the last mail to somebody."""
        found = re.search(r"https?://[^/\s]+(/\S+)", self.mails(email)[-1].text)
        assert found
        return found.group(1)

    def ask_code(self, visitor: Visitor, email: str) -> str:
        visitor.send("connexion/code", 200, identity=email, chosen_method="email")
        return self.code(email)

    def sign_in(self, email: str) -> Visitor:
        visitor = self.visitor()
        code = self.ask_code(visitor, email)
        visitor.send("connexion", 302, identity=email, passcode=code)
        assert visitor.is_signed_in()
        return visitor

    def person(self, email: str) -> Person:
        with self.sessions() as session:
            return session.scalars(select(Person).where(Person.email == email)).one()


CLAIRE, MARC, LEA, OTTO = "claire@client.example", "marc@client.example", "lea@client.example", "otto@autre.example"
STAFF = "nadia@ims.example"


def seed(session: Session) -> dict[str, int]:
    """Two organisations: one with an administrator, a bookkeeper and a technician; and staff."""
    client = actions.create_organisation(
        session, legal_name="Boulangerie Muller", identity=Identity(siren="732829320", siret="73282932000074"),
        public_body=False, by=None, now=NOON,
    )  # fmt: skip
    other = actions.create_organisation(
        session, legal_name="Garage Otto", identity=Identity(siren="356000000"), public_body=False, by=None, now=NOON
    )
    people: list[tuple[Organisation, str, str, list[ClientRole]]] = [
        (client, CLAIRE, "Claire Muller", [ClientRole.ADMINISTRATOR, ClientRole.SIGNATORY]),
        (client, MARC, "Marc Weber", [ClientRole.BILLING]),
        (client, LEA, "Léa Klein", [ClientRole.TECHNICAL]),
        (other, OTTO, "Otto Schmitt", [ClientRole.ADMINISTRATOR]),
    ]
    found = {
        email: actions.add_person(
            session, organisation=organisation, email=email, name=name, roles=roles, by=None, now=NOON
        ).id
        for organisation, email, name, roles in people
    }
    found[STAFF] = actions.add_staff(
        session, email=STAFF, name="Nadia Conseil", roles=[StaffRole.ADVISER, StaffRole.ADMINISTRATOR], now=NOON
    ).id
    return found | {"client": client.id, "other": other.id}


@pytest.fixture
def portal(engine: Engine, seeded: dict[str, int], database_url: str, tmp_path: Path) -> Iterator[Portal]:
    """A portal with two clients and staff, on each engine."""
    clock = Clock()
    settings = read_settings(
        {
            "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": database_url, "PORTAL_BASE_URL": "http://localhost",
            "PORTAL_STORAGE_URL": f"file:{tmp_path / 'files'}",
        }
    )  # fmt: skip
    app = create_app(settings, now=clock)
    app.testing = True
    yield Portal(app, clock, sessionmaker(engine, expire_on_commit=False), seeded)
    with app.app_context():
        db.engine.dispose()
