"""The only reader of the time. Everything else is told what day it is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def now() -> datetime:
    """This moment, UTC, with its zone."""
    return datetime.now(UTC)


def today_in_paris() -> date:
    """The civil day it is in Europe/Paris: the one every period of the CGV counts in."""
    return now().astimezone(PARIS).date()
