"""Each kind of record that is kept: archived word for word, whole through its last day, gone the next; a forgery refused."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Boolean, Date, DateTime, Integer, LargeBinary, Numeric, String, insert, select, text
from sqlalchemy import Enum as EnumType
from sqlalchemy import Table as SqlTable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from portal.db import Base, Exact, Fixed, UtcDateTime
from portal.privacy import erasure
from portal.privacy.forgetting import forget_rows
from portal.privacy.models import Archived, ArchivedPiece
from portal.privacy.rooms import declared
from portal.terms import Library

AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
NAME, MAIL, LABEL = "Zoé Perdüe", "zoe.perdue@x.example", "Personne effacée 1"
#: Long before the erasure, each in a financial year of its own: what is kept counts from there.
ISSUED, OVER = date(2021, 3, 1), datetime(2023, 5, 10, 10, tzinfo=UTC)
#: What a row of a table needs beside the least of each column: it is over, and counts from a day.
GIVEN: dict[str, dict[str, Any]] = {
    "organisation": {"siren": "732829320"},
    "ticket": {"state": "closed", "settled": True, "closed_at": OVER},
    "contract": {
        "ended_at": OVER,
        "ended_by": "",
        "end_reason": "Terme.",
        "policy": "warn",
        "limit_below": Decimal(0),
        "opening_reason": "Reprise.",
    },
    "invoice": {"available_at": AT, "matched_by": "person", "issued_on": ISSUED},
    "dispute": {
        "state": "settled",
        "closed_at": OVER,
        "channel": "portal",
    },
    "quote": {
        "state": "final",
        "order_reference": "CMD-1",
        "sent_at": AT,
        "closed_at": AT,
        "last_day": date(2026, 12, 3),
        "terms_slug": "2018-10-01",
        "latest_day": date(2026, 12, 3),
        "terms_sha256": "0" * 64,
        "line_count": 1,
    },
    "quote_request": {"state": "accepted", "closed_at": OVER},
    "privacy_request": {"state": "done", "closed_at": AT, "decision": "Fait."},
    "client_order": {"reference": "CMD-1"},
    "client_order_event": {"kind": "done", "day": OVER.date()},
    "time_correction": {"at": OVER},
}
#: The tables whose rows name somebody and are kept; beside them a file is kept with the row it hangs on.
PROOFS = {
    "client_order", "client_order_line", "client_order_event", "client_order_amendment", "client_order_decision", "contract",
    "contract_entry", "quote", "quote_line", "quote_act", "time_correction",
}  # fmt: skip
KEPT = [
    (room, table) for room in declared() for table in room.tables if table.keep is not None and table.personal
]  # fmt: skip


#: What a forgery would have a record say; JSON too.
FORGED = '"Forge"'


class Made:
    """Rows of every table with the least that each column takes, one of each that another refers to."""

    def __init__(self, session: Session) -> None:
        self.session, self.known = session, dict[str, int]()

    def of(self, name: str, /, **given: Any) -> int:
        what = Base.metadata.tables[name]
        values = {**GIVEN.get(name, {}), **given}
        for column in what.columns:
            if column.name in values or (column.primary_key and not column.foreign_keys):
                continue
            if column.name in {"organisation_id", "invoice_id"} or not column.nullable:
                values[column.name] = self._least(column)
        (key,) = self.session.execute(insert(what).values(**values).returning(next(iter(what.primary_key)))).one()
        self.known.setdefault(name, key)
        return int(key)

    def _least(self, column: Any) -> Any:
        for constraint in column.foreign_keys:
            other = constraint.column.table.name
            return self.known[other] if other in self.known else self.of(other)
        kinds: list[tuple[Any, Any]] = [
            (EnumType, lambda: column.type.enums[0]), (JSON, list), (Exact, lambda: Decimal(1)), (Fixed, lambda: Decimal(1)),
            (UtcDateTime, lambda: AT), (DateTime, lambda: AT), (Date, AT.date), (Boolean, lambda: False),
            (LargeBinary, lambda: b"x"), (Integer, lambda: 1), (Numeric, lambda: Decimal(1)),
            (String, lambda: f"{column.table.name}-{column.name}"[: column.type.length or 40]),
        ]  # fmt: skip
        return next(least() for kind, least in kinds if isinstance(column.type, kind))


def words_in(what: SqlTable, personal: frozenset[str], own: tuple[str, ...]) -> str:
    """A column of a table in which somebody may be named in so many words: one that is always given before another."""

    def length(name: str) -> int:
        return getattr(what.c[name].type, "length", None) or 10_000

    fit = (
        name for name in personal
        if isinstance(what.c[name].type, String) and not isinstance(what.c[name].type, EnumType | JSON | Exact)
        and name not in own and length(name) > len(NAME)
    )  # fmt: skip
    return min(fit, key=lambda name: (what.c[name].nullable, -length(name), name))


def test_each_kind_of_kept_record_is_archived_whole_until_its_day_and_no_forgery_passes(
    sessions: sessionmaker[Session], library: Library
) -> None:
    places = {}
    with sessions.begin() as session:
        made = Made(session)
        made.of("organisation")
        made.of("person", email=MAIL, name=NAME, staff=False)
        for _, table in KEPT:
            what = Base.metadata.tables[table.name]
            # Of a contract only what was agreed is frozen.
            column = (
                "conditions" if table.name == "contract" else words_in(what, table.personal, (*table.own, *table.names))
            )
            said = f"Vu par {NAME}" if (getattr(what.c[column].type, "length", None) or 99) > 20 else NAME
            # Its own row of each: those made on the way are for what hangs on them.
            hers = {"email": MAIL} if table.name == "privacy_request" else {}
            row = made.of(table.name, **{column: said}, **hers)
            places[table.name, column] = (row, json.dumps(said) if isinstance(what.c[column].type, JSON) else said)
    # A direct UPDATE that pretends to be an erasure: with no word in the archive, with another's, with other words.
    with sessions.begin() as session:
        session.execute(
            insert(Archived).values(room="x", reference="x", under="x", until=AT.date(), archived_at=AT, content=[])
        )
        forged = session.scalars(select(Archived.id)).one()
    refused = set()
    for (name, column), (row, said) in places.items():
        for was, becomes, key in (
            (None, "", row),
            (said, "Autre", row),
            ("Autre", FORGED, row),
            (said, FORGED, row + 9),
        ):
            try:
                with sessions() as session:
                    if was is not None:
                        piece = ArchivedPiece(
                            archive_id=forged,
                            in_table=name,
                            row_key=str(key),
                            in_column=column,
                            was=was,
                            becomes=becomes,
                        )
                        session.add(piece)
                        session.flush()
                    session.execute(text(f"UPDATE {name} SET {column} = '{FORGED}' WHERE id = {row}"))  # noqa: S608
                    session.rollback()
            except DBAPIError:
                refused.add((name, was, becomes, key))
    tables = {name for name, _ in places}
    frozen = {name for name, *_ in refused}
    # Where one road is closed, all four are.
    assert len(refused) == 4 * len(frozen)
    assert tables >= PROOFS
    assert frozen >= PROOFS
    with sessions.begin() as session:
        session.execute(text("DELETE FROM privacy_archive"))
        forget_rows(session, MAIL, rooms=declared(), library=library, at=AT)
    with sessions() as session:
        held = {(piece.in_table, piece.in_column): piece for piece in session.scalars(select(ArchivedPiece))}
        for place, (row, said) in places.items():
            if place[0].startswith("privacy_"):
                continue  # they go last, once the person is told
            assert (held[place].row_key, held[place].was) == (str(row), said), place
            now = session.scalar(text(f"SELECT CAST({place[1]} AS TEXT) FROM {place[0]} WHERE id = {row}"))  # noqa: S608
            masked = said.replace(json.dumps(NAME)[1:-1], json.dumps(LABEL)[1:-1]).replace(NAME, LABEL)
            assert (now, held[place].becomes) == (masked, masked), (place, said)
            law = next(each for each in library.law.retention.values() if each.source == held[place].archive.under)
            of_invoice = place[0].startswith("invoice")
            assert held[place].archive.until == law.last_day(ISSUED if of_invoice else OVER.date()), place
        days = sorted({piece.archive.until for piece in held.values()})
    for day in days:
        for today, left in ((day, True), (day + timedelta(days=1), False)):
            with sessions.begin() as session:
                erasure.clear_archive(session, today=today, at=AT, rooms=declared(), library=library)
            with sessions() as session:
                due = select(ArchivedPiece).join(Archived).where(Archived.until == day, Archived.subject.is_(None))
                assert {piece.was is not None for piece in session.scalars(due)} == {left}
