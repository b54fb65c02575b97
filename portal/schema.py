"""The schema: which tables are declared, and how a database is brought to them, both ways.

Alembic is driven from here, without a file of settings and without a web
application: one connection, one transaction, one migration at a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, text
from sqlalchemy import Enum as EnumType

from portal.db import Base, Exact, Fixed, UtcDateTime

PORTAL = Path(__file__).resolve().parent
MIGRATIONS = PORTAL / "migrations"
#: Key of PostgreSQL's advisory lock: two servers that start together migrate one after the other.
_LOCK = 0x5C4E_3A01


class SchemaError(Exception):
    """A migration that left rows pointing at nothing: it was undone."""


def declared() -> MetaData:
    """Every table that the rooms declare, in the ``models.py`` of each, or in ``<subject>_models.py`` of a large one."""
    for path in sorted(PORTAL.glob("*/*models.py")):
        import_module(f"portal.{path.parent.name}.{path.stem}")
    return Base.metadata


def head() -> str:
    """The revision that this code works with."""
    revision = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if revision is None:
        raise SchemaError("there is no migration")
    return revision


def revision_of(connection: Connection) -> str | None:
    """The revision a database stands at; None for one that was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def is_current(engine: Engine) -> bool:
    """Whether a database has the schema of this code."""
    with engine.connect() as connection:
        return revision_of(connection) == head()


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring a database up to a revision; nothing to do is quick."""
    with _migrating(engine) as config:
        command.upgrade(config, to)


def downgrade(engine: Engine, to: str) -> None:
    """Bring a database back to a revision ("base": no table left)."""
    with _migrating(engine) as config:
        command.downgrade(config, to)


@contextmanager
def made_anew(engine: Engine) -> Iterator[Connection]:
    """Empty tables in place of whatever a database holds, and its transaction: an error inside brings all of it back."""
    with _migrating(engine) as config:
        command.downgrade(config, "base")
        command.upgrade(config, "head")
        yield config.attributes["connection"]


@contextmanager
def as_declared(engine: Engine) -> Iterator[Connection]:
    """The tables as they are declared, in an empty database that is thrown away: several times quicker than by every step."""
    with _migrating(engine) as config:
        connection: Connection = config.attributes["connection"]
        declared().create_all(connection)
        yield connection


def write_revision(engine: Engine, message: str) -> Path:
    """Write the step from a migrated database to the declared tables, for a developer to read and to complete."""
    number = len(list(MIGRATIONS.glob("versions/*.py"))) + 1
    with _migrating(engine) as config:
        script = command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
    if script is None or isinstance(script, list):
        raise SchemaError("no single step was written")
    return Path(script.path)


@contextmanager
def _migrating(engine: Engine) -> Iterator[Config]:
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if sqlite:
            # A table made again is dropped in between: its references are checked afterwards instead.
            _pragma_foreign_keys(connection, on=False)
        try:
            with connection.begin():
                if not sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                yield _config(connection)
                if sqlite and (lost := connection.execute(text("PRAGMA foreign_key_check")).all()):
                    raise SchemaError(f"rows that point at nothing: {[tuple(row) for row in lost]}")
        finally:
            if sqlite:
                _pragma_foreign_keys(connection, on=True)


def _pragma_foreign_keys(connection: Connection, *, on: bool) -> None:
    # Outside of any transaction: inside one SQLite ignores it silently.
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")
    cursor.close()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes.update(
        connection=connection, metadata=declared(), render_item=_render_item, include_object=_is_ours
    )
    return config


def _render_item(kind: str, item: Any, _: AutogenContext) -> str | bool:
    # Our own column types are written as what they are in the database.
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Fixed):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, Exact):
        return "sa.String(length=60)"
    if kind == "type" and isinstance(item, EnumType) and not item.native_enum:
        return f"sa.String(length={item.length})"
    return False


def _is_ours(_: Any, name: str | None, kind: str, reflected: bool, __: Any) -> bool:
    # Tests declare tables of their own.
    return not (kind == "table" and (name or "").startswith("test_") and not reflected)
