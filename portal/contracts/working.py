"""How the points of an intervention were worked out, as its charge keeps it and as a page tells it.

The numbers are those of the day: a later version of the CGV changes nothing of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from portal.terms import Version
from portal.terms.points import Intervention


@dataclass(frozen=True, slots=True)
class WorkedLine:
    """One kind of work: real minutes, those added to reach the minimum, points per hour (7.1.2)."""

    label: str
    rate: Decimal
    minutes: int
    missing: int


@dataclass(frozen=True, slots=True)
class Working:
    """One intervention as it was counted."""

    version: str
    article: str
    url: str  # of the clause, on the site
    minimum: int
    worked: int
    counted: int
    points: Decimal
    lines: tuple[WorkedLine, ...]
    day: date | None = None
    ticket: str = ""  # its reference
    subject: str = ""
    technician: str = ""

    @property
    def below_minimum(self) -> bool:
        """Whether the minimum decided."""
        return self.counted > self.worked


def working_of(
    intervention: Intervention, version: Version, *, day: date, ticket: str = "", subject: str = "",
    technician: str = "",
) -> dict[str, Any]:  # fmt: skip
    """What a charge keeps of an intervention."""
    first = intervention.lines[0].rate
    return {
        "version": version.slug,
        "article": first.article,
        "url": version.permalink(first.anchor),
        "minimum": intervention.minimum,
        "worked": intervention.worked,
        "counted": intervention.counted,
        "points": str(intervention.points),
        "lines": [[line.rate.label, str(line.rate.rate), line.minutes, line.missing] for line in intervention.lines],
        "day": day.isoformat(),
        "ticket": ticket,
        "subject": subject,
        "technician": technician,
    }


def restored(held: Mapping[str, Any] | None) -> Working | None:
    """The working that a charge kept; None for a movement that is no intervention."""
    if held is None:
        return None
    return Working(
        version=held["version"],
        article=held["article"],
        url=held["url"],
        minimum=held["minimum"],
        worked=held["worked"],
        counted=held["counted"],
        points=Decimal(held["points"]),
        lines=tuple(
            WorkedLine(label, Decimal(rate), minutes, missing) for label, rate, minutes, missing in held["lines"]
        ),
        day=date.fromisoformat(held["day"]) if held.get("day") else None,
        ticket=held.get("ticket", ""),
        subject=held.get("subject", ""),
        technician=held.get("technician", ""),
    )
