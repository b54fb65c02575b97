"""Random people with data in every room; one is erased: nothing of them is left outside the archive, nobody else changed.

The people are those of the demo under invented names: its rooms' own actions write about them everywhere. What is
left is read from a full dump of the database, of every stored file (unpacked) and of the outbox.
"""

import csv
import hashlib
import io
import json
import re
import secrets
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, LargeBinary, String, select
from sqlalchemy import Enum as EnumType

from portal import schema
from portal.accounts.actions import remove_staff
from portal.accounts.models import Person
from portal.contracts.models import Contract
from portal.db import Base, Exact
from portal.evidence.actions import verify_log
from portal.files.models import StoredFile
from portal.french import long_date
from portal.invoices.dispute_models import Dispute
from portal.orders.models import Order
from portal.orders.progress_models import OrderEvent
from portal.orders.progress_rules import EventKind
from portal.privacy import erasure, exports
from portal.privacy.act_words import KEYS
from portal.privacy.masking import Identity, parts
from portal.privacy.models import Archived, ArchivedPiece
from portal.privacy.rooms import declared
from portal.quotes.quote_models import Quote
from portal.quotes.quote_rules import State as QuoteState
from portal.tickets.models import Ticket, TicketMessage
from portal.tickets.state_actions import shut
from tests.privacy.lived import (
    MANDATARY,
    PROSPECT,
    STRANGER,
    Lived,
    close_disputes,
    disputed,
    dump,
    namesake,
    stored,
    without_an_account,
    written_by_others,
)

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


@pytest.fixture(params=["sqlite", "postgresql"])
def new_base(request: pytest.FixtureRequest, tmp_path: Path) -> "Callable[[], str]":
    """Addresses of new databases with the tables, as many as are asked for."""
    if request.param == "sqlite":
        made = Path(request.getfixturevalue("sqlite_begun")("tables")[0])

        def copy() -> str:
            path = Path(tempfile.mkdtemp(dir=tmp_path)) / "portal.sqlite3"
            path.write_bytes(made.read_bytes())
            return f"sqlite:///{path}"

        return copy
    server = request.getfixturevalue("postgresql_url")
    template = request.getfixturevalue("postgresql_begun")("tables")[0]

    def create() -> str:
        name = f"left_{secrets.token_hex(6)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return str(server).replace("/postgres?", f"/{name}?")

    return create


#: What an erasure adds to and works off by itself; the names of its numbers and jobs are nobody's.
MACHINERY = ("job", "job_turn", "job_worker", "number_series", "evidence_entry", "privacy_", "rate_window")


def shown_to(lived: Lived, address: str) -> list[dict[str, Any]]:
    """What somebody is told of each record beforehand."""
    library = lived.given.library
    with lived.sessions() as session:
        return erasure.preview(session, address, rooms=declared(), library=library, today=lived.now.date())


def leaves(lived: Lived, address: str, who: Identity, *, end: Callable[[], None] = lambda: None, files: bool = True,
           theirs: Collection[tuple[str, str]] = ()) -> None:  # fmt: skip
    """Erase somebody: nothing of them is left outside the archive, and nobody else changes, to the byte.

    ``end`` brings what had to wait to its end; ``theirs`` are the rows of a namesake.
    """
    before, files_before = dump(lived.engine), dict(stored(lived.app, lived.engine))
    with lived.sessions() as session:
        number = session.scalar(select(Person.id).where(Person.email == address)) or 0
    # A threshold that they chose, a role of theirs: rows that are theirs by their number alone.
    hers = re.compile(rf"\b(?:person|user|author|creator|beneficiary|by)_id={number}\b")
    assert any(who.is_in(said) for said in before.values())
    lived.erase(address)
    end()
    after, files_after = dump(lived.engine), dict(stored(lived.app, lived.engine))
    assert {
        place: said for place, said in after.items()
        if place[0] not in ARCHIVE and place not in theirs and who.is_in(said)
    } == {}  # fmt: skip
    for place, said in before.items():
        if place[0].startswith(MACHINERY) or place[0] in {"stored_file", "ticket_word"}:
            continue
        if place in theirs or not (who.is_in(said) or hers.search(said)):
            assert after.get(place) == said, place
    if files:
        assert [said for said in files_after.values() if who.is_in(said)] == []
    for key, said in files_before.items():
        assert (files and who.is_in(said)) or files_after.get(key) == said


def packed(lived: Lived, address: str, folder: Path) -> None:
    """The file of a person: each record as JSON and as a row, and each file that they may have, as it is."""
    about, store = exports.About(address, "Elle", "DCP-1", lived.now), lived.given.store
    with (folder / "spool").open("w+b") as spool:
        held = exports.Spool.of(lived.sessions, about, declared(), spool)
        pieces = exports.zipped(held, lived.sessions, store, about, library=lived.given.library)
        made = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    told = json.loads(made.read("DCP-1/donnees.json"))["records"]
    rows = list(csv.reader(io.StringIO(made.read("DCP-1/donnees.csv").decode("utf-8-sig")), delimiter=";"))
    page = made.read("DCP-1/lisez-moi.html").decode()
    names = made.namelist()
    # To be read offline: nothing is fetched from anywhere.
    assert re.findall(r"(?:src|href)=|@import|url\(", page) == []
    with lived.sessions() as session:
        for room in declared():
            for one in room.find(session, address):
                assert [one.reference, room.purpose] in [[each["reference"], each["processing"]] for each in told]
                assert sum(row[:2] == [room.purpose, one.reference] for row in rows) >= len(one.values)
                for number in one.files:
                    stored_one = session.get_one(StoredFile, number)
                    (name,) = [
                        name for name in names
                        if name.startswith(f"DCP-1/fichiers/{room.purpose}/") and f"/{number}-" in name
                    ]  # fmt: skip
                    assert hashlib.sha256(made.read(name)).hexdigest() == stored_one.sha256
    for kind in ("contract/DEV-", "invoicing/CON-"):
        assert any(name.startswith(f"DCP-1/fichiers/{kind}") for name in names), kind


def whole(name: str, address: str, *others: str) -> Identity:
    """Somebody as they are looked for in a dump: parts of the name that others bear are theirs too."""
    spared = frozenset(part for other in others for part in parts(other))
    return Identity("", frozenset({address}), frozenset({name}), spared=spared)


#: Names that are hard to find and easily taken for another: of these one person is erased, of random ones everybody.
HARD = [
    "Jürgen Aßmann", "Nadège Ößler", "Käthe Ünal", "Zoë Straßer-d'Arçon", "Paule Straßer", "Ève Modèle", "Gül Çelik",
    "Björn Håkansson", "Šárka Nováková",
]  # fmt: skip


@settings(
    max_examples=1, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(HARD)
@given(st.lists(st.tuples(NAMES, NAMES).map(" ".join), min_size=9, max_size=9, unique=True))
def test_nothing_of_who_is_erased_is_left_outside_the_archive_and_nobody_else_changes(
    new_base: "Callable[[], str]", tmp_path: Path, names: list[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        lived = Lived(new_base(), Path(tempfile.mkdtemp(dir=tmp_path)), names, patch)
    try:
        _, seller, _, name, *others, stranger, prospect, mandatary = names
        address = "claire@boulangerie.example"
        written_by_others(lived, name, address)
        without_an_account(lived, stranger, prospect, mandatary, names[5])
        waiting, paper = disputed(lived, name)
        lived.work()
        before_namesake = dump(lived.engine)
        namesake(lived, name)
        before = dump(lived.engine)
        theirs = before.keys() - before_namesake.keys()
        # A colleague of the same family name keeps it.
        who = whole(name, address, *others, seller)
        assert sum(who.is_in(said) for said in before.values()) > 30
        shown = shown_to(lived, address)
        everybody = names != HARD
        if everybody:
            packed(lived, address, tmp_path)

        def close_what_waits() -> None:
            with lived.sessions() as session:
                held = session.scalars(select(Archived).where(Archived.subject.is_not(None))).one()
                assert waiting in (held.subject or {})["waits"]
                # It is needed as it stands (GDPR 17(3)(e)): the words, the file.
                assert session.scalars(select(Dispute).where(Dispute.reference == waiting)).one().author == name
                assert session.get_one(StoredFile, paper).readable
            close_disputes(lived)
            with lived.sessions() as session:
                assert session.get_one(StoredFile, paper).archived_at is not None
                held = session.scalars(select(Archived).where(Archived.subject.is_not(None))).one()
                assert (held.subject or {})["waits"] == []

        leaves(lived, address, who, end=close_what_waits, theirs=theirs)
        with lived.sessions() as session:
            assert list(verify_log(session)) == []
            kept = session.scalars(select(Archived).where(Archived.subject.is_(None))).all()
            assert len(kept) >= 4
            # One entry for one record, whenever it was come back to.
            assert len({(one.reference, one.under) for one in kept}) == len(kept)
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
        if everybody:
            others_leave(lived, names)
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
        by_day(lived)
        lived.work()
        gone = (stranger, prospect, mandatary) if everybody else ()
        looked = [who, *(whole(each, each, *names[:-3]) for each in gone)]
        for place, said in dump(lived.engine).items():
            assert place in theirs or not any(one.is_in(said) for one in looked), place
        with lived.sessions() as session:
            assert list(verify_log(session)) == []
        archived_keys = {key for key, _ in stored(lived.app, lived.engine)}
        assert len(list(lived.given.store.list())) == len(archived_keys)
    finally:
        lived.close()


def others_leave(lived: Lived, names: list[str]) -> None:
    """Who never had an account, and who of the staff left."""
    seller, stranger, prospect, mandatary = names[1], *names[-3:]
    sold = "commerce@ims-partners.example"
    leaves(lived, STRANGER, whole(stranger, STRANGER, *names[:-3]))
    leaves(lived, PROSPECT, whole(prospect, PROSPECT, *names[:-3]))
    leaves(lived, MANDATARY, whole(mandatary, MANDATARY, *names[:-3]))
    assert any(names[5] in said for said in dump(lived.engine).values())  # in whose name that was
    with lived.sessions.begin() as session:
        member = session.scalars(select(Person).where(Person.email == sold)).one()
        remove_staff(session, member, by=None, now=lived.now)
    # Clients keep the papers that they were given; a part of the name alone may be anybody's.
    leaves(lived, sold, whole(seller, sold, seller), files=False)
    with lived.sessions() as session:
        assert list(verify_log(session)) == []
        acts = session.scalars(select(ArchivedPiece.was).where(ArchivedPiece.in_table == "evidence_payload")).all()
        assert {key for was in acts for key in keys(json.loads(json.loads(was or "")["content"]))} <= KEYS.keys()


def keys(value: Any) -> Iterator[str]:
    """Every key of a JSON value."""
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys(inner)


def by_day(lived: Lived) -> None:
    """Let each entry of the archive come to its day: it is whole through that day, and empty the next."""

    def clear(day: date) -> None:
        with lived.sessions.begin() as session:
            erasure.clear_archive(session, today=day, at=lived.now, rooms=declared(), library=lived.given.library)

    def live() -> dict[int, date]:
        with lived.sessions() as session:
            return dict(session.execute(select(Archived.id, Archived.until).where(Archived.content.is_not(None))).all())

    days = set()
    while entries := live():
        day = min(entries.values())
        assert day not in days
        days.add(day)
        clear(day)
        assert live() == entries
        clear(day + timedelta(days=1))
        assert min(live().values(), default=date.max) > day
    assert len(days) >= 3
    with lived.sessions() as session:
        pieces = session.scalars(select(ArchivedPiece)).all()
        assert [piece.id for piece in pieces if piece.was is not None or piece.becomes is not None] == []
