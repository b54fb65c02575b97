"""How what waits is told: in how many days its last day is, how long it has waited. Pure."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def days_left(last_day: date, today: date) -> str:
    """``aujourd'hui``, ``il reste 3 jours``, ``dépassé de 1 jour``: the last day counts."""
    left = (last_day - today).days
    if left < 0:
        return f"dépassé de {_days(-left)}"
    if left == 0:
        return "c'est aujourd'hui"
    return f"il reste {_days(left)}"


def waited(since: datetime, now: datetime) -> str:
    """``depuis aujourd'hui``, ``depuis hier``, ``depuis 5 jours``: civil days of Paris."""
    days = (now.astimezone(PARIS).date() - since.astimezone(PARIS).date()).days
    if days <= 0:
        return "depuis aujourd'hui"
    return "depuis hier" if days == 1 else f"depuis {_days(days)}"


def _days(count: int) -> str:
    return f"{count}\u00a0jour{'s' if count > 1 else ''}"
