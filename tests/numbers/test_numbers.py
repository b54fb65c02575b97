"""References rise, and two who ask at once never get the same one."""

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from portal.numbers.actions import next_reference

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


def test_numbers_rise_in_each_series_of_each_year(sessions: "sessionmaker[Session]") -> None:
    with sessions.begin() as session:
        given = [next_reference(session, series, at=NOON) for series in ("CTR", "CTR", "CMD")]
    assert given == ["CTR-2026-0001", "CTR-2026-0002", "CMD-2026-0001"]


@pytest.mark.parametrize(("hour", "year"), [(22, 2026), (23, 2027)])
def test_the_year_is_that_of_paris(sessions: "sessionmaker[Session]", hour: int, year: int) -> None:
    with sessions.begin() as session:
        given = next_reference(session, "CTR", at=datetime(2026, 12, 31, hour, 30, tzinfo=UTC))
    assert given == f"CTR-{year}-0001"


def test_a_number_whose_act_is_undone_is_given_again(sessions: "sessionmaker[Session]") -> None:
    with sessions() as session:
        next_reference(session, "CTR", at=NOON)
        session.rollback()
        assert next_reference(session, "CTR", at=NOON) == "CTR-2026-0001"


def test_two_who_ask_at_once_get_two_numbers(sessions: "sessionmaker[Session]") -> None:
    given: list[str] = []

    def ask() -> None:
        with sessions.begin() as session:
            given.append(next_reference(session, "CTR", at=NOON))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == [f"CTR-2026-{number:04}" for number in range(1, 7)]
