"""The database: engine, base class, column types. SQLite as the embedded default, PostgreSQL by URL alone.

SQLite before 3.51.3 can lose its WAL on reset: the rollback journal is used
there. Writes begin with BEGIN IMMEDIATE, so that two of them wait for each
other instead of failing half-way.
"""

import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Engine, MetaData, String, create_engine, event, make_url
from sqlalchemy import Enum as EnumType
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

#: First SQLite without the WAL-reset bug.
SOUND_WAL = (3, 51, 3)
#: How long a writer waits for another one, in milliseconds.
BUSY_WAIT = 10_000
#: How long a connection to PostgreSQL is waited for, in seconds.
CONNECT_WAIT = 5
#: What SQLite answers when the file cannot be reached, read or written now; "locked" is a wait that was too long.
_SQLITE_AWAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
#: The same of PostgreSQL: connection (08), resources (53), an operator's or a crash's shutdown (57P).
_POSTGRESQL_AWAY = ("08", "53", "57P")


class Base(DeclarativeBase):
    """Every table of the portal. Constraints have names, so that a migration can drop them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, with its zone on the way in and out; a naive one is refused.

    Raises:
        ValueError: for a moment without a zone, which could mean any of 24 hours.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        moment = value.astimezone(UTC)
        # SQLite keeps no zone: what is stored there is UTC by construction.
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Fixed(TypeDecorator[Decimal]):
    """A number with so many decimals, exact on both engines: points and amounts have two.

    It is kept as a whole number of its smallest part (SQLite knows no decimals),
    so the database compares and adds it exactly; ``func.sum`` gives the column's type back.

    Raises:
        ValueError: for a number with more decimals, which would have to be rounded by somebody else.
    """

    impl = BigInteger
    cache_ok = True

    def __init__(self, places: int = 2) -> None:
        self.places = places
        super().__init__()

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        if value is None:
            return None
        parts = Decimal(value).scaleb(self.places)
        if parts != parts.to_integral_value():
            raise ValueError(f"{value} has more than {self.places} decimals")
        return int(parts)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        # A sum comes back from PostgreSQL as a decimal.
        return None if value is None else Decimal(int(value)).scaleb(-self.places)


class Exact(TypeDecorator[Decimal]):
    """A number as it stands in somebody else's document, whatever its decimals: kept as text, never rounded.

    The database neither compares nor adds it: reading back what was written is all. Sums are ``Fixed``'s matter.

    Raises:
        ValueError: for what is no finite number.
    """

    impl = String(60)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        if not value.is_finite():
            raise ValueError(f"{value} is not a finite number")
        return f"{value:f}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else Decimal(value)


def one_of(choices: type[Enum], length: int = 20) -> EnumType:
    """A column that holds one of an enum's values, as text: the same on both engines, and readable in a backup."""
    return EnumType(
        choices,
        native_enum=False,
        create_constraint=False,
        length=length,
        values_callable=lambda members: [member.value for member in members],
    )


def make_engine(url: str) -> Engine:
    """Engine of a database address, set up to be durable."""
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        # psycopg 3 whatever driver the address names or leaves out.
        return create_engine(
            address.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"connect_timeout": CONNECT_WAIT},
        )
    engine = create_engine(address, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Sessions whose objects stay readable after a commit."""
    return sessionmaker(engine, expire_on_commit=False)


def is_away(error: BaseException) -> bool:
    """Whether the database cannot be reached or written now, whatever was asked: to be tried again later."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, PoolTimeout)
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        # The low byte is the family; the rest says more of it.
        return (getattr(error.orig, "sqlite_errorcode", 0) & 0xFF) in _SQLITE_AWAY
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state.startswith(_POSTGRESQL_AWAY)


def _set_up_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    # The driver must not begin transactions by itself: _begin_immediate does.
    connection.isolation_level = None
    cursor = connection.cursor()
    journal = "WAL" if sqlite3.sqlite_version_info >= SOUND_WAL else "DELETE"
    for pragma in (
        f"busy_timeout={BUSY_WAIT}",
        f"journal_mode={journal}",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    # A reader neither waits for a writer nor can become one by mistake.
    read_only = bool(connection.get_execution_options().get("read_only"))
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def read_only(engine: Engine) -> Engine:
    """The same engine and pool, whose transactions the database itself keeps from writing."""
    return engine.execution_options(read_only=True, postgresql_readonly=True)
