"""What the database itself refuses: rows that are only ever added, columns that are never changed.

Through whatever road a statement comes, an application's own SQL included.
A migration holds the same statements, written out: it must not change when this file does.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import DDL, FromClause, Table, event
from sqlalchemy.schema import ExecutableDDLElement

#: Statements to run once a table is there, by the name of the engine.
Guards = Mapping[str, Sequence[str]]


def append_only(table: str, refusal: str, *keys: tuple[str, ...]) -> Guards:
    """Rows are added, and never changed or taken away; ``keys`` are what no two rows share, the primary key included."""
    same = " OR ".join(
        "(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")" if len(key) > 1
        else f"{key[0]} = NEW.{key[0]}"
        for key in keys
    )  # fmt: skip
    return {
        "sqlite": (
            _sqlite(table, "update", "update", refusal),
            _sqlite(table, "delete", "delete", refusal),
            # INSERT OR REPLACE deletes a row without firing its DELETE trigger.
            f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})
BEGIN SELECT RAISE(ABORT, '{refusal}'); END""",  # noqa: S608 - no word of it comes from outside
        ),
        "postgresql": (
            _refuse(table, refusal),
            f"""CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_refuse()""",
            _no_truncate(table),
        ),
    }


def frozen_columns(table: str, refusal: str, *columns: str) -> Guards:
    """Rows stay, and these columns of them as they were written; the others may change."""
    named = ", ".join(columns)
    return {
        "sqlite": (
            _sqlite(table, "update", f"update OF {named}", refusal),
            _sqlite(table, "delete", "delete", refusal),
        ),
        "postgresql": (
            _refuse(table, refusal),
            f"""CREATE TRIGGER {table}_no_change BEFORE UPDATE OF {named} OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_refuse()""",
            _no_truncate(table),
        ),
    }


#: Where the archive keeps what an erasure took out of a row, value by value.
PIECES = "privacy_archive_piece"


def maskable(
    table: FromClause, refusal: str, *keys: tuple[str, ...], masked: Sequence[str], frozen: Sequence[str] | None = None
) -> Guards:
    """As ``append_only`` (or, with ``frozen``, as ``frozen_columns``), but for one change that an erasure may make.

    A ``masked`` column may become other words once the archive holds, for this very row and column, the words that
    stood there and those that take their place: nothing is lost that the law has us keep, and nothing else changes.
    A column that is added to the table is added to its guards on SQLite, by the same migration.
    """
    if not isinstance(table, Table):
        raise TypeError(f"{table!r} is no table")
    name = table.name
    held = tuple(column.name for column in table.columns) if frozen is None else tuple(frozen)
    rest = [column for column in held if column not in masked]
    plain = append_only(name, refusal, *keys) if frozen is None else frozen_columns(name, refusal, *held)
    if frozen is None:
        left = f"ARRAY[{', '.join(repr(each) for each in masked)}]"
        lets = f"to_jsonb(NEW) - {left} = to_jsonb(OLD) - {left}"
        road = f"""CREATE TRIGGER {name}_no_change BEFORE UPDATE OR DELETE ON {name}
FOR EACH ROW EXECUTE FUNCTION {name}_refuse()"""
    else:
        lets = f"TG_NAME = '{name}_no_mask'"
        road = f"""CREATE TRIGGER {name}_no_change BEFORE UPDATE OF {_named(rest)} OR DELETE ON {name}
FOR EACH ROW EXECUTE FUNCTION {name}_refuse();
CREATE TRIGGER {name}_no_mask BEFORE UPDATE OF {_named(masked)} ON {name}
FOR EACH ROW EXECUTE FUNCTION {name}_refuse()"""
    return {
        "sqlite": (
            _sqlite(name, "update", f"UPDATE OF {_named(rest)}", refusal),
            f"""CREATE TRIGGER {name}_no_mask BEFORE UPDATE OF {_named(masked)} ON {name}
WHEN NOT ({archived(name, masked, sqlite=True)})
BEGIN SELECT RAISE(ABORT, '{refusal}'); END""",
            *(statement for statement in plain["sqlite"] if "_no_update " not in statement),
        ),
        "postgresql": (
            # Two steps: what is compared exists in some of these events only.
            f"""CREATE FUNCTION {name}_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF {lets}
AND {archived(name, masked, sqlite=False)} THEN RETURN NEW; END IF; END IF;
RAISE EXCEPTION '{refusal}'; END $$""",
            *road.split(";\n"),
            _no_truncate(name),
        ),
    }


def archived(table: str, columns: Sequence[str], *, sqlite: bool) -> str:
    """The condition that each of these columns is what it was, or that the archive holds what it was and what it is."""

    def text(row: str, column: str) -> str:
        return f'CAST({row}."{column}" AS TEXT)'

    def one(column: str) -> str:
        unchanged = "IS" if sqlite else "IS NOT DISTINCT FROM"
        old, new = text("OLD", column), text("NEW", column)
        return f"""({old} {unchanged} {new} OR EXISTS (SELECT 1 FROM {PIECES} WHERE in_table = '{table}'
AND row_key = {text("OLD", "id")} AND in_column = '{column}' AND was = {old} AND becomes = {new}))"""  # noqa: S608

    return " AND ".join(one(column) for column in columns)


def _named(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def only_emptied(table: str, refusal: str, key: str, emptied: Sequence[str], dated: str) -> Guards:
    """Rows are added and stay; the one change they may see is to be emptied, once and for good, with its date."""
    first, *_ = emptied
    change = " AND ".join(
        [
            f"NEW.{key} = OLD.{key}",
            f"OLD.{first} IS NOT NULL",
            *(f"NEW.{column} IS NULL" for column in emptied),
            f"NEW.{dated} IS NOT NULL",
        ]
    )
    return {
        "sqlite": (
            f"""CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
WHEN NOT ({change})
BEGIN SELECT RAISE(ABORT, '{refusal}'); END""",
            _sqlite(table, "delete", "delete", refusal),
            f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})
BEGIN SELECT RAISE(ABORT, '{refusal}'); END""",  # noqa: S608 - no word of it comes from outside
        ),
        "postgresql": (
            f"""CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF {change} THEN RETURN NEW; END IF; END IF;
RAISE EXCEPTION '{refusal}'; END $$""",
            f"""CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_refuse()""",
            _no_truncate(table),
        ),
    }


def guard(table: FromClause, *guards: Guards, functions: Sequence[str] = ()) -> None:
    """Set guards up wherever a table is made; ``functions`` are those beside the refusal that go with it."""
    if not isinstance(table, Table):
        raise TypeError(f"{table!r} is no table")
    for each in guards:
        for dialect, statements in each.items():
            for statement in statements:
                event.listen(table, "after_create", _ddl(statement, dialect))
    for function in (f"{table.name}_refuse", *functions):
        event.listen(table, "after_drop", _ddl(f"DROP FUNCTION IF EXISTS {function}()", "postgresql"))


def _sqlite(table: str, name: str, what: str, refusal: str) -> str:
    return f"""CREATE TRIGGER {table}_no_{name} BEFORE {what} ON {table}
BEGIN SELECT RAISE(ABORT, '{refusal}'); END"""


def _refuse(table: str, refusal: str) -> str:
    return f"""CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION '{refusal}'; END $$"""


def _no_truncate(table: str) -> str:
    return f"""CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"""


def _ddl(statement: str, dialect: str) -> ExecutableDDLElement:
    # DDL fills in %-marks: none of ours is one.
    ddl: ExecutableDDLElement = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
    return ddl.execute_if(dialect=dialect)
