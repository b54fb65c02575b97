"""French dates, numbers and spaces, and the one clock."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from portal import clock, french


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2018, 10, 1), "lundi 1er octobre 2018"),
        (date(2026, 12, 3), "jeudi 3 décembre 2026"),
        (date(2026, 8, 11), "mardi 11 août 2026"),
    ],
)
def test_a_date_is_written_out(day: date, words: str) -> None:
    assert french.weekday_date(day).replace(french.NO_BREAK, " ") == words


def test_short_dates_and_times() -> None:
    assert french.short_date(date(2018, 10, 1)) == "01/10/2018"
    assert french.clock_time(time(14, 5)) == "14\u00a0h\u00a005"


@pytest.mark.parametrize(("count", "words"), [(15, "15 min"), (60, "1 h"), (80, "1 h 20"), (65, "1 h 05")])
def test_durations(count: int, words: str) -> None:
    assert french.minutes(count).replace(french.NO_BREAK, " ") == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("1234.5", "1\u202f234,50\u00a0€"),
        ("0", "0,00\u00a0€"),
        ("-12.3", "\u221212,30\u00a0€"),
        ("1234567.89", "1\u202f234\u202f567,89\u00a0€"),
    ],
)
def test_money(value: str, words: str) -> None:
    assert french.money(Decimal(value)) == words


@pytest.mark.parametrize(
    ("value", "words"), [("26.67", "26,67"), ("37.50", "37,5"), ("60", "60"), ("1200", "1\u202f200")]
)
def test_numbers_lose_their_idle_zeros(value: str, words: str) -> None:
    assert french.number(Decimal(value)) == words


@pytest.mark.parametrize(
    ("value", "words"), [("1.99", "1,99\u00a0point"), ("2", "2\u00a0points"), ("0", "0\u00a0point")]
)
def test_the_plural_begins_at_two(value: str, words: str) -> None:
    assert french.points(Decimal(value)) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        ("1.99", "jour", "1,99 jour"), ("2", "jour", "2 jours"), ("600", "point", "600 points"),
        ("2", "lot de câbles", "2 lot de câbles"), ("3", "", "3"),
    ],
)  # fmt: skip
def test_a_known_unit_takes_its_plural_and_any_other_is_as_typed(value: str, unit: str, words: str) -> None:
    assert french.counted(Decimal(value), unit).replace(french.NO_BREAK, " ") == words


def test_phones_and_lists() -> None:
    assert french.phone("03.54.84.18.95") == "03\u00a054\u00a084\u00a018\u00a095"
    assert french.phone("+41 61 000") == "+41 61 000"
    assert french.phone_link("03.54.84.18.95") == "+33354841895"
    assert french.phone_link("112") == "112"
    assert french.listing(["a", "b", "c"]) == "a, b et c"
    assert french.listing(["a"]) == "a"
    assert french.listing([]) == ""


def test_our_own_sentences_get_their_no_break_spaces() -> None:
    assert french.fix_spaces("« Oui » : 20 % ; non ?") == ("«\u00a0Oui\u00a0»\u00a0: 20\u00a0%\u202f; non\u202f?")


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 3, 28, 22, 59, tzinfo=UTC), date(2026, 3, 28)),
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 7, 1, 21, 59, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 7, 1, 22, 0, tzinfo=UTC), date(2026, 7, 2)),
    ],
)
def test_the_day_is_that_of_paris(monkeypatch: pytest.MonkeyPatch, moment: datetime, day: date) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert clock.today_in_paris() == day


def test_now_has_its_zone() -> None:
    assert clock.now().tzinfo is UTC
