"""Both engines keep moments in UTC and make writers wait for each other."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from portal.db import Base, UtcDateTime, make_engine, make_sessions


class Moment(Base):
    __tablename__ = "test_moment"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@pytest.fixture
def moments(engine: Engine) -> sessionmaker[Session]:
    Base.metadata.tables["test_moment"].create(engine)
    return make_sessions(engine)


def test_a_moment_comes_back_in_utc_whatever_its_zone(moments: sessionmaker[Session]) -> None:
    paris = datetime(2026, 7, 1, 14, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with moments() as session:
        session.add_all([Moment(id=1, at=paris), Moment(id=2, at=None)])
        session.commit()
    with moments() as session:
        assert session.get_one(Moment, 1).at == paris
        assert session.get_one(Moment, 1).at == datetime(2026, 7, 1, 12, 30, 0, 123456, tzinfo=UTC)
        assert session.get_one(Moment, 2).at is None


def test_a_moment_without_a_zone_is_refused(moments: sessionmaker[Session]) -> None:
    with moments() as session:
        session.add(Moment(id=1, at=datetime(2026, 7, 1)))  # noqa: DTZ001
        with pytest.raises(StatementError, match="no time zone"):
            session.flush()


def test_sqlite_is_durable_and_holds_its_foreign_keys(tmp_path: object) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/x.sqlite3")
    with engine.connect() as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("foreign_keys", "synchronous")}
    engine.dispose()
    assert found == {"foreign_keys": 1, "synchronous": 2}


def test_two_writers_wait_for_each_other_and_lose_nothing(engine: Engine, moments: sessionmaker[Session]) -> None:
    def write(first: int) -> None:
        for number in range(first, first + 25):
            with moments() as session:
                session.add(Moment(id=number, at=datetime.now(UTC)))
                session.commit()

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM test_moment")).scalar() == 50
