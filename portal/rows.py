"""Rows as text that both engines write alike: what a backup is made of, and what its digests are taken of."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy import Enum as EnumType

#: Rows written at once.
BATCH = 500


class Unwritable(TypeError):
    """A value of a type that a backup has no word for: better no backup than one that loses it."""


def write(connection: Connection, table: Table) -> Iterator[str]:
    """Yield each row of a table as a line, in the order of its key."""
    columns = list(table.columns)
    query = select(*columns).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    for row in connection.execute(query):
        cells = [_encode(value) for value in row]
        yield json.dumps(cells, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


def read(connection: Connection, table: Table, lines: Iterable[str]) -> None:
    """Put lines back into an empty table."""
    columns = list(table.columns)
    batch: list[dict[str, Any]] = []
    for line in lines:
        cells = json.loads(line)
        batch.append({column.key: _decode(cell, column.type) for column, cell in zip(columns, cells, strict=True)})
        if len(batch) == BATCH:
            connection.execute(insert(table), batch)
            batch = []
    if batch:
        connection.execute(insert(table), batch)
    if connection.dialect.name == "postgresql":
        _move_sequences(connection, table)


def count(connection: Connection, table: Table) -> int:
    """How many rows a table holds."""
    return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def _encode(value: Any) -> Any:
    """A value as JSON: what JSON has no word for becomes an object with the type's name."""
    match value:
        case Enum():
            return {"enum": value.name}
        case None | bool() | int() | str():
            return value
        case datetime():
            return {"moment": value.astimezone(UTC).isoformat(timespec="microseconds")}
        case date():
            return {"day": value.isoformat()}
        case Decimal():
            return {"decimal": str(value)}
        case bytes() | memoryview():
            return {"bytes": b64encode(bytes(value)).decode()}
        case float():
            return {"float": value.hex()}
        case dict() | list() | tuple():
            return {"json": json.loads(json.dumps(value))}
    raise Unwritable(f"{type(value).__name__} cannot be written into a backup")


def _decode(cell: Any, kind: Any) -> Any:
    if not isinstance(cell, dict):
        return cell
    ((word, value),) = cell.items()
    match word:
        case "enum":
            return kind.enum_class[value] if isinstance(kind, EnumType) and kind.enum_class else value
        case "moment":
            return datetime.fromisoformat(value)
        case "day":
            return date.fromisoformat(value)
        case "decimal":
            return Decimal(value)
        case "bytes":
            return b64decode(value)
        case "float":
            return float.fromhex(value)
        case "json":
            return value
    raise Unwritable(f"{word} is no word of a backup")


def _move_sequences(connection: Connection, table: Table) -> None:
    # Keys were written as they were: the next one must come after them.
    for column in table.primary_key.columns:
        name = connection.scalar(
            text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": f'"{table.name}"', "column": column.name}
        )
        if name is not None and (last := connection.scalar(select(func.max(column)))) is not None:
            connection.execute(text("SELECT setval(CAST(:name AS regclass), :last)"), {"name": name, "last": last})
