"""Rows that are only added, columns that stay: the database refuses, not only the application."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, ForeignKey, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Fixed
from portal.guards import append_only, frozen_columns, guard


class Written(Base):
    """A table of these tests."""

    __tablename__ = "test_written"

    id: Mapped[int] = mapped_column(primary_key=True)
    page: Mapped[int]
    line: Mapped[int]


class Kept(Base):
    """Another."""

    __tablename__ = "test_kept"

    id: Mapped[int] = mapped_column(primary_key=True)
    fixed: Mapped[int]
    free: Mapped[int]
    written_id: Mapped[int | None] = mapped_column(ForeignKey("test_written.id"))


guard(Written.__table__, append_only("test_written", "only added", ("id",), ("page", "line")))
guard(Kept.__table__, frozen_columns("test_kept", "it stays", "fixed"))


@pytest.fixture
def tables(engine: Engine) -> Iterator[Engine]:
    wanted = [Base.metadata.tables[name] for name in ("test_written", "test_kept")]
    Base.metadata.create_all(engine, tables=wanted)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO test_written (id, page, line) VALUES (1, 1, 1)"))
        connection.execute(text("INSERT INTO test_kept (id, fixed, free) VALUES (1, 1, 1)"))
    yield engine
    Base.metadata.drop_all(engine, tables=wanted)


def refused(engine: Engine, statement: str, words: str) -> None:
    with pytest.raises(DBAPIError, match=words), engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    ["UPDATE test_written SET line = 2", "DELETE FROM test_written", "DELETE FROM test_written WHERE id = 1"],
)
def test_a_row_that_is_only_added_is_neither_changed_nor_taken_away(tables: Engine, statement: str) -> None:
    refused(tables, statement, "only added")


@pytest.mark.parametrize("row", ["(1, 2, 2)", "(2, 1, 1)"])
def test_nor_is_it_replaced_by_another_of_the_same_key(tables: Engine, row: str) -> None:
    if tables.dialect.name == "sqlite":
        refused(tables, f"INSERT OR REPLACE INTO test_written (id, page, line) VALUES {row}", "only added")  # noqa: S608


def test_nor_is_it_changed_by_an_insertion_that_would_rather_update(tables: Engine) -> None:
    row = "(1, 2, 2) ON CONFLICT (id) DO UPDATE SET line = 9"
    refused(tables, f"INSERT INTO test_written (id, page, line) VALUES {row}", "only added")  # noqa: S608


def test_postgresql_does_not_empty_it_either(tables: Engine) -> None:
    if tables.dialect.name == "postgresql":
        refused(tables, "TRUNCATE test_written CASCADE", "only added|it stays")


def test_a_frozen_column_stays_and_a_free_one_moves(tables: Engine) -> None:
    with tables.begin() as connection:
        connection.execute(text("UPDATE test_kept SET free = 2"))
    refused(tables, "UPDATE test_kept SET fixed = 2", "it stays")
    refused(tables, "DELETE FROM test_kept", "it stays")


def test_another_row_may_be_added_with_its_page_or_its_line(tables: Engine) -> None:
    with tables.begin() as connection:
        connection.execute(text("INSERT INTO test_written (id, page, line) VALUES (2, 1, 2), (3, 2, 1)"))


def test_a_number_with_more_decimals_than_its_column_is_refused() -> None:
    from decimal import Decimal

    from sqlalchemy.dialects import sqlite

    kind = Fixed(2)
    assert kind.process_bind_param(Decimal("26.67"), sqlite.dialect()) == 2667
    assert kind.process_result_value(-2667, sqlite.dialect()) == Decimal("-26.67")
    with pytest.raises(ValueError, match="2 decimals"):
        kind.process_bind_param(Decimal("26.675"), sqlite.dialect())
