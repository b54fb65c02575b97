"""What waits is looked at by last day, then priority, then age."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.desk.rules import days_left, waited
from portal.registry import Priority, QueueItem, in_order

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def item(url: str, last: date | None = None, priority: Priority = Priority.NORMAL, days: int = 0) -> QueueItem:
    return QueueItem("k", "t", "d", url, NOON - timedelta(days=days), last, priority)


def test_a_last_day_comes_before_a_priority_and_a_priority_before_age() -> None:
    items = [
        item("old", days=9),
        item("urgent", priority=Priority.URGENT),
        item("friday", date(2026, 11, 27), Priority.LOW),
        item("young"),
        item("thursday", date(2026, 11, 26), Priority.LOW),
        item("friday, urgent", date(2026, 11, 27), Priority.URGENT),
    ]
    assert [each.url for each in in_order(items)] == [
        "thursday", "friday, urgent", "friday", "urgent", "old", "young"
    ]  # fmt: skip


def test_the_order_does_not_depend_on_the_order_they_came_in() -> None:
    items = [item(name) for name in "cab"]
    assert in_order(items) == in_order(reversed(items))


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 21), "dépassé de 2\u00a0jours"),
        (date(2026, 11, 22), "dépassé de 1\u00a0jour"),
        (date(2026, 11, 23), "c'est aujourd'hui"),
        (date(2026, 11, 24), "il reste 1\u00a0jour"),
        (date(2026, 11, 25), "il reste 2\u00a0jours"),
    ],
)
def test_the_last_day_counts(day: date, words: str) -> None:
    assert days_left(day, date(2026, 11, 23)) == words


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (datetime(2026, 11, 22, 23, 0, tzinfo=UTC), "depuis aujourd'hui"),  # midnight in Paris
        (datetime(2026, 11, 22, 22, 59, tzinfo=UTC), "depuis hier"),
        (datetime(2026, 11, 21, 22, 59, tzinfo=UTC), "depuis 2\u00a0jours"),
    ],
)
def test_waiting_is_told_in_days_of_paris(since: datetime, words: str) -> None:
    assert waited(since, NOON) == words
