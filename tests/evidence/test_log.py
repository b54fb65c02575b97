"""The log in a real database: the engine itself refuses to change it."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from portal.evidence.actions import erase_payload, record, verify_log
from portal.evidence.models import REFUSAL, Entry, Payload

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def fill(sessions: sessionmaker[Session], count: int = 3) -> None:
    with sessions() as session:
        for number in range(count):
            record(session, "quote.accepted", {"number": number, "by": "Mme Été"}, at=NOON)
        session.commit()


def broken(sessions: sessionmaker[Session]) -> list[tuple[int, str]]:
    with sessions() as session:
        return [(found.seq, found.message) for found in verify_log(session)]


def test_what_is_recorded_verifies(sessions: sessionmaker[Session]) -> None:
    fill(sessions)
    assert broken(sessions) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence_entry SET kind = 'x' WHERE seq = 2",
        "DELETE FROM evidence_entry WHERE seq = 3",
        "DELETE FROM evidence_entry",
        "REPLACE_AN_ENTRY",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_entry(
    engine: Engine, sessions: sessionmaker[Session], statement: str
) -> None:
    fill(sessions)
    if statement == "REPLACE_AN_ENTRY":
        replaced = "(seq, at, kind, commitment, previous, digest) SELECT seq, at, 'x', commitment, previous, digest FROM evidence_entry WHERE seq = 2"
        statement = (
            f"INSERT OR REPLACE INTO evidence_entry {replaced}"
            if engine.dialect.name == "sqlite"
            else f"INSERT INTO evidence_entry {replaced} ON CONFLICT (seq) DO UPDATE SET kind = 'x'"
        )
    with pytest.raises(DBAPIError, match=REFUSAL), engine.begin() as connection:
        connection.execute(text(statement))
    assert broken(sessions) == []


def test_postgresql_refuses_to_truncate_it_too(engine: Engine, sessions: sessionmaker[Session]) -> None:
    if engine.dialect.name == "sqlite":
        return  # SQLite has no TRUNCATE; DELETE without WHERE is refused above
    fill(sessions)
    with pytest.raises(DBAPIError, match=REFUSAL), engine.begin() as connection:
        connection.execute(text("TRUNCATE evidence_entry CASCADE"))


def test_an_erased_payload_leaves_the_chain_verifiable(sessions: sessionmaker[Session]) -> None:
    fill(sessions)
    with sessions() as session:
        entry = session.get_one(Entry, 2)
        erase_payload(session, entry, at=NOON)
        erase_payload(session, entry, at=datetime(2027, 1, 1, tzinfo=UTC))
        session.commit()
    assert broken(sessions) == []
    with sessions() as session:
        payload = session.get_one(Payload, 2)
        assert (payload.content, payload.salt, payload.erased_at) == (None, None, NOON)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE evidence_payload SET content = '{}' WHERE seq = 2",
        "UPDATE evidence_payload SET salt = salt WHERE seq = 2",
        "UPDATE evidence_payload SET seq = 9 WHERE seq = 2",
        "UPDATE evidence_payload SET erased_at = '2027-01-01' WHERE seq = 1",  # erased already
        "UPDATE evidence_payload SET content = '{}', salt = 'x', erased_at = NULL WHERE seq = 1",  # brought back
        "DELETE FROM evidence_payload WHERE seq = 1",
        "DELETE FROM evidence_payload",
        "INSERT INTO evidence_payload (seq, content, salt) VALUES (2, '{}', 'x')",
    ],
)
def test_a_payload_is_erased_and_nothing_else(sessions: sessionmaker[Session], engine: Engine, change: str) -> None:
    fill(sessions)
    with sessions.begin() as session:
        erase_payload(session, session.get_one(Entry, 1), at=NOON)
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(text(change))
    assert broken(sessions) == []


def test_a_payload_is_not_replaced_or_truncated(sessions: sessionmaker[Session], engine: Engine) -> None:
    fill(sessions)
    words = (
        "INSERT OR REPLACE INTO evidence_payload (seq, content, salt) VALUES (2, '{}', 'x')"
        if engine.dialect.name == "sqlite"
        else "TRUNCATE evidence_payload"
    )
    with pytest.raises(DBAPIError, match="only ever erased"), engine.begin() as connection:
        connection.execute(text(words))


def disarm(engine: Engine) -> None:
    """What somebody with every right on the database could do."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE evidence_payload DISABLE TRIGGER USER"))
            return
        for name in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER evidence_payload_no_{name}"))


def test_a_changed_payload_is_found_and_a_vanished_one_too(sessions: sessionmaker[Session], engine: Engine) -> None:
    fill(sessions)
    disarm(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE evidence_payload SET content = '{}' WHERE seq = 1"))
        connection.execute(text("DELETE FROM evidence_payload WHERE seq = 3"))
    assert [seq for seq, _ in broken(sessions)] == [1, 3]


def test_an_act_that_is_rolled_back_leaves_no_entry(sessions: sessionmaker[Session]) -> None:
    fill(sessions, 1)
    with sessions() as session:
        record(session, "quote.accepted", {}, at=NOON)
        session.rollback()
    fill(sessions, 1)
    with sessions() as session:
        assert session.scalars(select(Entry.seq).order_by(Entry.seq)).all() == [1, 2]
    assert broken(sessions) == []


def test_writers_at_once_take_their_turn(sessions: sessionmaker[Session]) -> None:
    failures: list[Exception] = []

    def write() -> None:
        try:
            for _ in range(10):
                fill(sessions, 1)
        except Exception as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert broken(sessions) == []
    with sessions() as session:
        assert len(session.scalars(select(Entry.seq)).all()) == 40
