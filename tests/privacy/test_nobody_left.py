"""Random people with data in every room; one is erased: nothing of them is left outside the archive, nobody else changed.

The people are those of the demo under invented names: its rooms' own actions write about them everywhere. What is
left is read from a full dump of the database, of every stored file (unpacked) and of the outbox.
"""

import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, LargeBinary, String, inspect, select, text
from sqlalchemy import Enum as EnumType

from portal import clock, demo, schema
from portal.accounts.actions import add_person, create_organisation
from portal.accounts.models import Person
from portal.accounts.rules import ClientRole, parse_identity
from portal.app import create_app
from portal.config import read_settings
from portal.contracts.models import Contract
from portal.db import Base, Exact, make_engine, make_sessions
from portal.evidence.actions import record, verify_log
from portal.files.actions import keep
from portal.files.models import StoredFile
from portal.french import long_date
from portal.invoices.dispute_models import Dispute
from portal.invoices.dispute_rules import DisputeState
from portal.mail.actions import post
from portal.orders.models import Order
from portal.orders.progress_models import OrderEvent
from portal.orders.progress_rules import EventKind
from portal.privacy import erasure
from portal.privacy.contents import texts
from portal.privacy.forgetting import forget, resume
from portal.privacy.masking import Identity, parts
from portal.privacy.models import Archived, ArchivedPiece
from portal.privacy.rooms import declared
from portal.quotes.quote_models import Quote
from portal.quotes.quote_rules import State as QuoteState
from portal.tickets.index import reindex
from portal.tickets.models import Ticket, TicketFile, TicketMessage
from portal.tickets.state_actions import shut
from portal.web import db
from portal.worker import Worker, handlers

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Engine

#: The archive, and what only says that somebody was erased.
ARCHIVE = {"privacy_archive", "privacy_archive_piece"}
NAMES = st.text(alphabet="bcdfgjklmnpqrtvwxzéèïçôß", min_size=4, max_size=9).map(str.capitalize)


def test_who_asks_for_the_declarations_has_the_tables_that_they_speak_of() -> None:
    # In a process of its own: here every model is loaded already, in a server only what its pages need.
    code = """
from portal.app import create_app
from portal.privacy.rooms import declared
from portal.privacy.scope import sql
print(len([sql(table.name) for room in declared() for table in room.tables]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == sum(len(room.tables) for room in declared())


def test_every_column_that_can_hold_words_is_declared_by_a_room() -> None:
    schema.declared()
    personal = {column for room in declared() for column in room.columns}
    impersonal = {column for room in declared() for column in room.impersonal}
    held = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        if not table.name.startswith("test_")
        for column in table.columns
        if isinstance(column.type, String | JSON | LargeBinary) and not isinstance(column.type, EnumType | Exact)
    }
    assert held - personal - impersonal == set()
    assert (personal | impersonal) - held == set()
    assert personal & impersonal == set()
    tables = [each.name for room in declared() for each in room.tables]
    assert sorted(tables) == sorted(name for name in Base.metadata.tables if not name.startswith("test_"))


def dump(engine: "Engine") -> dict[tuple[str, str], str]:
    """Every row of every table, by table and key."""
    found = {}
    with engine.connect() as connection:
        look = inspect(connection)
        for name in look.get_table_names():
            keys = look.get_pk_constraint(name)["constrained_columns"]
            for row in connection.execute(text(f'SELECT * FROM "{name}"')).mappings():  # noqa: S608 - our own tables
                said = "|".join(f"{column}={_plain(value)}" for column, value in sorted(row.items()))
                found[name, ":".join(str(row[each]) for each in keys)] = said
    return found


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    words = str(value)
    # SQLite gives JSON back as it is written: its accents are escaped.
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), words)


def stored(app: "Flask", engine: "Engine") -> Iterator[tuple[str, str]]:
    """Every file of the store that the archive does not hold, with all its words."""
    with make_sessions(engine)() as session:
        held = {file.key for file in session.scalars(select(StoredFile).where(StoredFile.archived_at.is_not(None)))}
    store = app.extensions["portal"].store
    for file in store.list():
        if file.key not in held:
            yield file.key, "\n".join(texts(b"".join(store.stream(file.key))))


@pytest.fixture(params=["sqlite", "postgresql"])
def new_base(request: pytest.FixtureRequest, tmp_path: Path) -> "Callable[[], str]":
    """Addresses of new databases with the tables, as many as are asked for."""
    if request.param == "sqlite":
        made = request.getfixturevalue("sqlite_tables")

        def copy() -> str:
            path = Path(tempfile.mkdtemp(dir=tmp_path)) / "portal.sqlite3"
            path.write_bytes(made.read_bytes())
            return f"sqlite:///{path}"

        return copy
    server, template = request.getfixturevalue("postgresql_url"), request.getfixturevalue("postgresql_tables")

    def create() -> str:
        name = f"left_{secrets.token_hex(6)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return str(server).replace("/postgres?", f"/{name}?")

    return create


class Lived:
    """An installation that has lived: the demo's people under other names, what they wrote and what others wrote of them."""

    def __init__(self, url: str, files: Path, names: list[str], patch: pytest.MonkeyPatch) -> None:
        self.engine = make_engine(url)
        self.sessions = make_sessions(self.engine)
        told = iter(names)
        patch.setattr(
            demo, "CLIENTS",
            tuple(
                (legal, number, public, tuple((mail, next(told), roles) for mail, _, roles in people))
                for legal, number, public, people in demo.CLIENTS
            ),
        )  # fmt: skip
        self.app = create_app(
            read_settings(
                {
                    "PORTAL_SECRET_KEY": "k" * 40, "PORTAL_DATABASE_URL": url, "PORTAL_DEMO": "1",
                    "PORTAL_STORAGE_URL": f"file:{files}",
                }
            )
        )  # fmt: skip
        self.given = self.app.extensions["portal"]
        self.now = clock.now()
        demo.load(self.app, now=self.now)
        self.work()

    def work(self) -> None:
        """Let the worker do all that is due: proofs are sealed, mails leave, contents go."""
        bound = handlers(self.given.settings, "ims@ims.example", self.given)
        Worker(self.sessions, bound, now=lambda: self.now).run(until_empty=True)

    def erase(self, address: str) -> None:
        """Erase somebody, files and last traces too."""
        with self.sessions.begin() as session:
            forget(session, self.given.store, address, rooms=declared(), library=self.given.library, at=self.now)
        self.work()

    def close(self) -> None:
        """Leave the databases alone."""
        with self.app.app_context():
            for engine in db.engines.values():
                engine.dispose()
        self.engine.dispose()


def written_by_others(lived: Lived, name: str, address: str) -> None:
    """What colleagues, staff and machines say of somebody: in a thread, a file of it, a mail, the log."""
    first = name.split(maxsplit=1)[0]
    with lived.sessions.begin() as session:
        colleague = session.scalars(select(Person).where(Person.email == "paul@boulangerie.example")).one()
        ticket = session.scalars(
            select(Ticket).where(Ticket.organisation_id == colleague.organisation_id).order_by(Ticket.id).limit(1)
        ).one()  # fmt: skip
        ticket.place_words = f"Bureau de {name.upper()}"
        said = TicketMessage(
            form_key="of-others", side="requester", channel="web", author_id=colleague.id, author=colleague.name,
            author_mail=colleague.email, written_at=lived.now, ticket=ticket,
            text=f"{first} ({address}) est absente, voyez avec moi. Une réponse claire, merci.",
            html=f"<p>{first} est absente</p>", remarks=[f"de la part de {address}"],
        )  # fmt: skip
        session.add(said)
        kept = keep(
            session, lived.given.store, f"Mot de {name}\n".encode(), name=f"mot de {first}.txt", kept_for="tickets",
            now=lived.now,
        )  # fmt: skip
        session.add(TicketFile(ticket=ticket, message=said, file_id=kept.id, name=kept.name))
        ticket.events[0].detail = ticket.events[0].detail | {"why": f"demandé par {name}"}
        post(
            session, event="tickets/said", recipient="conseil@ims-partners.example", subject=f"{ticket.reference} {first}",
            text=f"{name} <{address.upper()}> vous écrit.", html=f"<p>{name}</p>", domain="localhost", now=lived.now,
            headers={"Reply-To": f"{name} <{address}>"},
        )  # fmt: skip
        record(session, "tickets.told", {"reference": ticket.reference, "by": [name, address]}, at=lived.now)
        session.flush()
        reindex(session, ticket)


def namesake(lived: Lived, name: str) -> None:
    """Somebody of the same name, of another client, with a thread of their own."""
    with lived.sessions.begin() as session:
        other = create_organisation(
            session, legal_name="Scierie Tierce", identity=parse_identity("732829320"), public_body=False, by=None,
            now=lived.now,
        )  # fmt: skip
        person = add_person(
            session, organisation=other, email="homonyme@scierie.example", name=name, roles=[ClientRole.TECHNICAL],
            by=None, now=lived.now,
        )  # fmt: skip
        like = session.scalars(select(Ticket).order_by(Ticket.id).limit(1)).one()
        ticket = Ticket(
            reference="TIC-2026-9999", form_key="namesake", link_key="k" * 20, organisation_id=other.id, channel="web",
            state=like.state, settled=like.settled, closed_at=like.closed_at, portal_rank=0, opened_at=lived.now,
            changed_at=lived.now, subject=f"Le poste de {name}", creator_id=person.id, creator_name=name,
            creator_mail=person.email, terms_slug=like.terms_slug, terms_sha256=like.terms_sha256,
        )  # fmt: skip
        session.add(ticket)
        session.flush()
        reindex(session, ticket)


def close_disputes(lived: Lived) -> None:
    """What was needed as it stood is over."""
    with lived.sessions.begin() as session:
        for dispute in session.scalars(select(Dispute)):
            if not dispute.over:
                dispute.state, dispute.closed_at = DisputeState.SETTLED, lived.now
    with lived.sessions.begin() as session:
        resume(session, lived.given.store, rooms=declared(), library=lived.given.library, at=lived.now)
    lived.work()


#: What an erasure adds to and works off by itself; the names of its numbers and jobs are nobody's.
MACHINERY = ("job", "job_turn", "job_worker", "number_series", "evidence_entry", "privacy_", "rate_window")


@settings(
    max_examples=1, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(["Zoë Straßer-d'Arçon", "Paule Straßer", "Ève Modèle"])
@given(st.lists(st.tuples(NAMES, NAMES).map(" ".join), min_size=3, max_size=3, unique=True))
def test_nothing_of_who_is_erased_is_left_outside_the_archive_and_nobody_else_changes(
    new_base: "Callable[[], str]", tmp_path: Path, names: list[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        lived = Lived(new_base(), Path(tempfile.mkdtemp(dir=tmp_path)), names, patch)
    try:
        name, address = names[0], "claire@boulangerie.example"
        written_by_others(lived, name, address)
        lived.work()
        before_namesake = dump(lived.engine)
        namesake(lived, name)
        before = dump(lived.engine)
        theirs = before.keys() - before_namesake.keys()
        files_before = dict(stored(lived.app, lived.engine))
        # A colleague of the same family name keeps it.
        spared = frozenset(part for other in names[1:] for part in parts(other))
        who = Identity("", frozenset({address}), frozenset({name}), spared=spared)
        with lived.sessions() as session:
            number = session.scalars(select(Person.id).where(Person.email == address)).one()
        # A threshold that she chose, a role of hers: rows that are hers by her number alone.
        hers = re.compile(rf"\b(?:person|user|author|creator|beneficiary|by)_id={number}\b")
        assert sum(who.is_in(said) for said in before.values()) > 30
        assert any(who.is_in(said) for said in files_before.values())
        with lived.sessions() as session:
            today, library = lived.now.date(), lived.given.library
            shown = erasure.preview(session, address, rooms=declared(), library=library, today=today)
        lived.erase(address)
        close_disputes(lived)
        after = dump(lived.engine)
        left = {
            place: said
            for place, said in after.items()
            if place[0] not in ARCHIVE and place not in theirs and who.is_in(said)
        }
        assert left == {}
        files_after = dict(stored(lived.app, lived.engine))
        assert [said for said in files_after.values() if who.is_in(said)] == []
        # Nobody else: a row that did not name her is what it was, a file too.
        for place, said in before.items():
            if place[0].startswith(MACHINERY) or place[0] in {"stored_file", "ticket_word"}:
                continue
            if place in theirs or not (who.is_in(said) or hers.search(said)):
                assert after.get(place) == said, place
        for key, said in files_before.items():
            assert who.is_in(said) or files_after.get(key) == said
        with lived.sessions() as session:
            assert list(verify_log(session)) == []
            kept = session.scalars(select(Archived).where(Archived.subject.is_(None))).all()
            assert len(kept) >= 4
            # What she was shown: the day and the text of each record, or what its time will count from.
            told = [one for one in shown if one["fate"] == "kept"]
            assert all(re.search(r"(jusqu'au|à compter de|compter d'|compter du) .+", one["words"]) for one in told)
            assert all(" en vertu du " in one["words"] for one in told)
            days = {one.reference: long_date(one.until) for one in kept}
            dated = [one for one in told if one["reference"] in days and "jusqu'au" in one["words"]]
            assert dated
            assert [one for one in dated if days[one["reference"]] not in one["words"]] == []
            assert session.scalars(select(ArchivedPiece).where(ArchivedPiece.in_table == "quote_act")).first()
            thread = session.scalars(select(TicketMessage).where(TicketMessage.form_key == "of-others")).one()
            assert "est absente, voyez avec moi. Une réponse claire, merci." in thread.text
            assert thread.text.startswith("Personne effacée ")
        # The rest of the archive goes when its day comes: nothing of her is left anywhere, and the chain still holds.
        with lived.sessions.begin() as session:
            for order in session.scalars(select(Order)):
                session.add_all(
                    OrderEvent(
                        order=order, form_key=f"over-{kind.value}", kind=kind, day=lived.now.date(), words="",
                        recorded_at=lived.now, by="", evidence=1,
                    )
                    for kind in (EventKind.RESUMED, EventKind.DONE)
                )  # fmt: skip
            for quote in session.scalars(select(Quote).where(Quote.state == QuoteState.ACCEPTED)):
                quote.state, quote.closed_at = QuoteState.NOT_CONFIRMED, lived.now
            for ticket in session.scalars(select(Ticket).where(Ticket.closed_at.is_(None))):
                shut(ticket, by=None, name="", at=lived.now)
            for contract in session.scalars(select(Contract)):
                contract.ended_at, contract.ended_by, contract.end_reason = lived.now, "", "Terme."
        for years in (1, 4, 6, 12):
            day = lived.now.date() + timedelta(days=366 * years)
            with lived.sessions.begin() as session:
                erasure.clear_archive(
                    session, today=day, at=lived.now, rooms=declared(), library=lived.given.library
                )  # fmt: skip
        lived.work()
        with lived.sessions() as session:
            running = session.scalars(select(Archived.reference).where(Archived.content.is_not(None))).all()
            assert running == []
        assert [place for place, said in dump(lived.engine).items() if place not in theirs and who.is_in(said)] == []
        with lived.sessions() as session:
            assert list(verify_log(session)) == []
            assert session.scalars(select(Archived).where(Archived.content.is_not(None))).all() == []
        archived_keys = {key for key, _ in stored(lived.app, lived.engine)}
        assert len(list(lived.given.store.list())) == len(archived_keys)
    finally:
        lived.close()
