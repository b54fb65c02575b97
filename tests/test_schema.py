"""Migrations make the very schema that the rooms declare, on both engines, and can be undone."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, bindparam, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from portal import schema
from portal.db import UtcDateTime, make_engine


def ours(name: str | None) -> bool:
    return name is not None and name != "alembic_version" and not name.startswith("test_")


def tables(engine: Engine) -> dict[str, Any]:
    """Columns, types, nullability, defaults, indexes and constraints of every table, as comparable values."""
    found: dict[str, Any] = {}
    look = inspect(engine)
    for name in filter(ours, look.get_table_names()):
        found[name] = {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in look.get_columns(name)
            },
            "primary key": look.get_pk_constraint(name),
            "foreign keys": sorted(map(repr, look.get_foreign_keys(name))),
            "unique": sorted(map(repr, look.get_unique_constraints(name))),
            "checks": sorted(
                (str(check["name"]), squeezed(check["sqltext"])) for check in look.get_check_constraints(name)
            ),
            "indexes": sorted(map(repr, look.get_indexes(name))),
        }
    return found


def squeezed(sql: str) -> str:
    return re.sub(r"\s+", " ", sql).strip().lower()


def triggers(engine: Engine) -> set[str]:
    """What the database does by itself, as it says it."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.execute(text("SELECT sql FROM sqlite_master WHERE type IN ('trigger', 'view')"))
        else:
            rows = connection.execute(
                text(
                    "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal UNION ALL "
                    "SELECT pg_get_functiondef(p.oid) FROM pg_proc p "
                    "WHERE p.pronamespace = 'public'::regnamespace"
                )
            )
        return {squeezed(row[0]) for row in rows}


def named_types(engine: Engine) -> set[str]:
    if engine.dialect.name == "sqlite":
        return set()
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT typname FROM pg_type WHERE typtype IN ('e', 'd') AND typnamespace = 'public'::regnamespace")
        )
        return {row[0] for row in rows}


def test_migrated_and_declared_schemas_are_the_same(engine: Engine) -> None:
    declared = [table for name, table in schema.declared().tables.items() if ours(name)]
    schema.declared().create_all(engine, tables=declared)
    wanted = tables(engine), triggers(engine), named_types(engine)
    schema.declared().drop_all(engine, tables=declared)
    assert tables(engine) == {}
    schema.upgrade(engine)
    found = tables(engine), triggers(engine), named_types(engine)
    assert found[0].keys() == wanted[0].keys()
    for name in wanted[0]:
        assert found[0][name] == wanted[0][name], name
    assert found[1:] == wanted[1:]
    assert len(wanted[0]) >= 4
    assert len(wanted[1]) >= 2


def test_up_down_and_up_again_leaves_what_the_first_up_made(engine: Engine) -> None:
    schema.upgrade(engine)
    first = tables(engine), triggers(engine), named_types(engine)
    assert schema.is_current(engine)
    schema.downgrade(engine, "base")
    assert (tables(engine), triggers(engine), named_types(engine)) == ({}, set(), set())
    assert not schema.is_current(engine)
    schema.upgrade(engine)
    assert (tables(engine), triggers(engine), named_types(engine)) == first


def test_each_step_can_be_undone_by_itself(engine: Engine) -> None:
    steps = sorted(path.name.partition("_")[0] for path in schema.MIGRATIONS.glob("versions/*.py"))
    for before, step in zip(["base", *steps[:-1]], steps, strict=True):
        schema.upgrade(engine, step)
        up = tables(engine), triggers(engine)
        schema.downgrade(engine, before)
        schema.upgrade(engine, step)
        assert (tables(engine), triggers(engine)) == up, step
    assert schema.is_current(engine)


def test_an_access_of_before_is_given_the_day_it_may_have_been_used_last(engine: Engine) -> None:
    schema.upgrade(engine, "0027")
    now = datetime.now(UTC)
    with engine.begin() as connection:
        for number, created in enumerate((now - timedelta(days=900), now - timedelta(days=900), now), 1):
            connection.execute(
                text(
                    "INSERT INTO person (id, email, name, staff, active, created_at, fs_uniquifier, app_counter, app_failures) "
                    "VALUES (:id, :mail, 'x', :staff, :active, :at, :mail, 0, 0)"
                ).bindparams(bindparam("at", type_=UtcDateTime())),
                {"id": number, "mail": f"{number}@x.example", "staff": True, "active": True, "at": created},
            )
        connection.execute(
            text(
                "INSERT INTO signed_in (person_id, token, device, device_name, means, began_at, ends_at) "
                "VALUES (1, 't', 'd', 'n', 'm', :at, :at)"
            ).bindparams(bindparam("at", type_=UtcDateTime())),
            {"at": datetime(2026, 7, 14, 22, 30, tzinfo=UTC)},
        )
    schema.upgrade(engine, "0028")
    with engine.connect() as connection:
        days = [row[0] for row in connection.execute(text("SELECT last_used_on FROM person ORDER BY id"))]
    assert str(days[0]) == "2026-07-15"  # past midnight in Paris
    assert abs((now.date() - date.fromisoformat(str(days[1]))).days - 365) <= 2  # its traces may have been cleared
    assert days[2] is None


def test_without_the_room_for_proofs_of_identity_these_are_let_go(engine: Engine) -> None:
    schema.upgrade(engine, "0030")
    base = schema.declared().tables
    with engine.begin() as connection:
        for number in (1, 2):
            connection.execute(
                text(
                    "INSERT INTO stored_file (id, key, name, media_type, size, sha256, kept_for, created_at) "
                    "VALUES (:id, :key, 'passeport.pdf', 'application/pdf', 1, 'x', 'privacy', '2026-11-23 12:00:00.000000')"
                ),
                {"id": number, "key": f"k{number}"},
            )
        asked = {"right": "access", "state": "received", "source": "form", "identified_by": "link"}
        connection.execute(
            text(
                'INSERT INTO privacy_request (id, reference, form_key, link_key, "right", state, source, identified_by, '
                "name, email, details, subject_name, subject_email, mandate, received_at, received_on, paused_days) "
                "VALUES (1, 'D', 'f', 'l', :right, :state, :source, :identified_by, 'n', 'e', '', '', '', '', "
                "'2026-11-23 12:00:00.000000', '2026-11-23', 0)"
            ),
            asked,
        )
        connection.execute(
            text(
                "INSERT INTO privacy_proof (id, request_id, file_id, sent_at) VALUES (1, 1, 1, '2026-11-23 12:00:00.000000')"
            )
        )
    schema.downgrade(engine, "0029")
    with engine.connect() as connection:
        left = connection.execute(select(base["stored_file"].c.erased_at).order_by(base["stored_file"].c.id))
        assert [row[0] is None for row in left] == [False, True]


def test_a_second_upgrade_changes_nothing(engine: Engine) -> None:
    schema.upgrade(engine)
    schema.upgrade(engine)
    assert schema.is_current(engine)


def test_two_servers_that_start_together_both_find_the_schema(database_url: str) -> None:
    import threading

    failures: list[Exception] = []

    def migrate() -> None:
        engine = make_engine(database_url)
        try:
            schema.upgrade(engine)
        except Exception as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    engine = make_engine(database_url)
    assert schema.is_current(engine)
    engine.dispose()


def test_a_migrated_log_refuses_change_and_removal(engine: Engine) -> None:
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO evidence_entry (seq, at, kind, commitment, previous, digest) "
                "VALUES (1, '2026-11-23 12:00:00.000000', 'x', 'a', 'b', 'c')"
            )
        )
    for verb in ("UPDATE evidence_entry SET kind = 'y'", "DELETE FROM evidence_entry"):
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(verb))


def test_foreign_keys_are_watched_again_after_a_migration(engine: Engine) -> None:
    schema.upgrade(engine)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(
            text("INSERT INTO evidence_payload (seq, erased_at) VALUES (7, '2026-11-23 12:00:00.000000')")
        )


def test_a_migration_that_fails_leaves_nothing_behind(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import command

    real = command.upgrade

    def half_way(config: Any, to: str) -> None:
        real(config, to)
        raise RuntimeError("the power failed")

    monkeypatch.setattr(command, "upgrade", half_way)
    with pytest.raises(RuntimeError, match="the power failed"):
        schema.upgrade(engine)
    assert tables(engine) == {}
    monkeypatch.undo()
    schema.upgrade(engine)
    assert schema.is_current(engine)


def test_nothing_is_left_for_a_developer_to_migrate(engine: Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    schema.upgrade(engine)
    with engine.connect() as connection:
        options = {"include_object": lambda _, name, kind, *__: kind != "table" or ours(name)}
        left = compare_metadata(MigrationContext.configure(connection, opts=options), schema.declared())
    assert left == []


def test_there_is_one_line_of_migrations() -> None:
    assert schema.head() == f"{len(list(schema.MIGRATIONS.glob('versions/*.py'))):04}"


def test_the_tests_stand_on_the_declared_tables(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        assert {"job", "outgoing_mail", "evidence_entry"} <= set(inspect(session.get_bind()).get_table_names())
