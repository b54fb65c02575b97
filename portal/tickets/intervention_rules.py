"""Time and what it costs. Pure.

All work is recorded on the ticket, no paper sheet any more (7.2). Entries of time belong to an
intervention, one session or one visit; what it costs is worked out once, when it is over: under
a contract in points (7.1.2), without one in hours (7.1.1). The client may contest an entry; what
was contested is answered and never counted against anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from portal.terms import Version
from portal.terms.labelled import Labelled
from portal.terms.points import Intervention, intervention_points
from portal.terms.price import HourPrice, hours_price
from portal.terms.tariff import Hour, Service
from portal.tickets.rules import TicketError

SECONDS = 60


class Step(StrEnum):
    """Where an intervention stands; the values are what the database keeps."""

    OPEN = "open"
    CHARGED = "charged"  # in points, to the contracts
    BILLED = "billed"  # in hours, to be invoiced
    DROPPED = "dropped"  # its entries were all taken away


class Outcome(Labelled):
    """How a contestation was answered; ``label`` is the word a reader sees."""

    CORRECTED = "corrected", "Corrigé"
    MAINTAINED = "maintained", "Maintenu"


class InterventionOver(TicketError):
    """It was counted already: what is wrong in it is corrected, not changed."""


class NothingWorked(TicketError):
    """There is no entry to count."""


class NotCounted(TicketError):
    """It is not counted yet: its entries can still be changed, nothing is there to contest or to correct."""


class ContestedAlready(TicketError):
    """This entry has a contestation that waits for its answer."""


class AnsweredAlready(TicketError):
    """The contestation was answered before."""


class CostsMore(TicketError):
    """A correction never makes an intervention cost more: further work is another intervention."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What an intervention costs: points under a contract, euros before tax without one."""

    points: Intervention | None
    hours: HourPrice | None


def count_points(version: Version, entries: Sequence[tuple[str, int]]) -> Intervention:
    """The calculator's own calculation, in the version of the CGV that governs.

    Raises:
        NothingWorked: there is no entry.
        InvalidMinutes, MixedModes, UnknownService: in French.
    """
    if not entries:
        raise NothingWorked
    return intervention_points(version.tariff, entries)


def count_hours(version: Version, entries: Sequence[tuple[str, int]], hour: str, km: Decimal) -> HourPrice:
    """The hours of 7.1.1: by convention to the minute, and the kilometres given are those billed.

    Raises:
        NothingWorked: there is no entry.
        UnknownHour, InvalidMinutes, InvalidAmount: in French.
    """
    if not entries:
        raise NothingWorked
    return hours_price(version.tariff, hour, sum(minutes for _, minutes in entries), km)


def elapsed(started: datetime, now: datetime) -> int:
    """Whole minutes on a timer, the one begun left out; at least one."""
    return max(1, int((now - started).total_seconds()) // SECONDS)


def service_label(key: str) -> str:
    """What the CGV print for a kind of work."""
    return {str(service): service.label for service in Service}.get(key, key)


def hour_label(key: str) -> str:
    """What the CGV print for an hour."""
    return {str(hour): hour.label for hour in Hour}.get(key, key)
