"""The tariff, read out of the lists of the CGV themselves (7.1.1 and 7.1.2 in 2018)."""

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Literal, NamedTuple

from portal.terms.figures import Figure, squeeze
from portal.terms.findings import TermsError
from portal.terms.labelled import Labelled
from portal.terms.text import Clause

Mode = Literal["remote", "onsite", "project"]


class Service(StrEnum):
    """The seven kinds of work of 7.1.2; ``label`` is what the CGV print."""

    label: str
    mode: Mode

    def __new__(cls, value: str, label: str, mode: Mode) -> "Service":
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.mode = mode
        return member

    REMOTE_DESKTOP = "remote-desktop", "Téléassistance - PC et bureautique", "remote"
    REMOTE_SERVER = "remote-server", "Téléassistance - Serveur et réseau", "remote"
    REMOTE_SOFTWARE = "remote-software", "Téléassistance - Logiciels spécifiques", "remote"
    PROJECT = "project", "Gestion de projet", "project"
    ONSITE_DESKTOP = "onsite-desktop", "Sur site - PC et bureautique", "onsite"
    ONSITE_SERVER = "onsite-server", "Sur site - Serveur et réseau", "onsite"
    ONSITE_SOFTWARE = "onsite-software", "Sur site - Logiciels spécifiques", "onsite"


class Hour(Labelled):
    """The two hours of 7.1.1; ``label`` is what the CGV print."""

    TECHNICAL = "technical", "Heure technique"
    ENGINEERING = "engineering", "Heure ingénierie"


POINTS = re.compile(r"(?P<label>.+?)\s*:\s*(?P<rate>\d+(?:[.,]\d+)?)\s*Pts\s*/\s*Heure", re.IGNORECASE)
EUROS = re.compile(r"(?P<label>.+?)\s*:\s*(?P<rate>\d+(?:[.,]\d+)?)\s*€\s*HT", re.IGNORECASE)
KILOMETRE = re.compile(r"(?P<label>.+?)\s*:?\s+(?P<rate>\d+(?:[.,]\d+)?)\s*€\s*/\s*km", re.IGNORECASE)


class TariffUnreadable(TermsError):
    """A list of the tariff does not say what the software must know."""


class PointRate(NamedTuple):
    """Points per hour of one kind of work, and the printed line it was read from."""

    key: str
    label: str
    mode: Mode
    rate: Decimal
    line: str
    article: str
    anchor: str


class HourRate(NamedTuple):
    """Euros per hour before VAT, without contract."""

    key: str
    label: str
    rate: Decimal
    line: str
    article: str
    anchor: str


class KilometreRate(NamedTuple):
    """Euros per kilometre outside the zones, without contract."""

    rate: Decimal
    line: str
    article: str
    anchor: str


class Statement(NamedTuple):
    """A line of the tariff that gives no figure ("Déplacement (Inclus dans le tarif)")."""

    line: str
    article: str
    anchor: str


class Tariff(NamedTuple):
    """Everything a cost is worked out from, for one version."""

    liberty: tuple[PointRate, ...]
    hourly: tuple[HourRate, ...]
    kilometre: KilometreRate
    minimum: Mapping[str, Figure]  # "remote", "onsite": whole minutes
    statements: tuple[Statement, ...]

    def point_rate(self, service: str) -> PointRate:
        """The rate of a service key; KeyError when there is none."""
        return {rate.key: rate for rate in self.liberty}[service]

    def hour_rate(self, kind: str) -> HourRate:
        """The rate of "technical" or "engineering"; KeyError otherwise."""
        return {rate.key: rate for rate in self.hourly}[kind]

    def minimum_minutes(self, mode: str) -> int:
        """Least minutes deducted for a mode; 0 where the CGV give no minimum (project)."""
        figure = self.minimum.get(mode)
        return figure.whole if figure else 0


def fold_label(label: str) -> str:
    """A printed label, as compared: dashes, case and spaces do not make another service."""
    return re.sub(r"\s*[-–—]\s*", "-", squeeze(label)).casefold()


def read_tariff(hourly: Clause, points: Clause, minimum: Mapping[str, Figure]) -> Tariff:
    """Read the two lists of the tariff.

    Raises:
        TariffUnreadable: naming every label that is missing, printed twice or not known.
    """
    problems: list[str] = []
    statements: list[Statement] = []
    services = {fold_label(service.label): service for service in Service}
    hours = {fold_label(hour.label): hour for hour in Hour}
    liberty: dict[str, PointRate] = {}
    rates: dict[str, HourRate] = {}
    kilometre: KilometreRate | None = None

    for line in _lines(points):
        match = POINTS.fullmatch(line)
        service = services.get(fold_label(match["label"])) if match else None
        if match is None:
            statements.append(Statement(line, points.number, points.anchor))
        elif service is None:
            problems.append(f"« {line} » : nature de travail inconnue")
        elif service in liberty:
            problems.append(f"« {line} » : imprimé deux fois")
        else:
            liberty[service] = PointRate(
                service.value, service.label, service.mode, _number(match), line, points.number, points.anchor
            )
    for line in _lines(hourly):
        match, travel = EUROS.fullmatch(line), KILOMETRE.fullmatch(line)
        hour = hours.get(fold_label(match["label"])) if match else None
        if match is not None and hour is None:
            problems.append(f"« {line} » : heure inconnue")
        elif match is not None and hour is not None:
            if hour in rates:
                problems.append(f"« {line} » : imprimé deux fois")
            rates[hour] = HourRate(hour.value, hour.label, _number(match), line, hourly.number, hourly.anchor)
        elif travel is not None:
            kilometre = KilometreRate(_number(travel), line, hourly.number, hourly.anchor)
        else:
            statements.append(Statement(line, hourly.number, hourly.anchor))

    problems += [f"« {service.label} » : absent de {points.number}" for service in Service if service not in liberty]
    problems += [f"« {hour.label} » : absent de {hourly.number}" for hour in Hour if hour not in rates]
    if kilometre is None:
        problems.append(f"le prix du kilomètre hors zone : absent de {hourly.number}")
    if problems or kilometre is None:
        raise TariffUnreadable(" ; ".join(problems))
    return Tariff(
        liberty=tuple(liberty[service] for service in Service),
        hourly=tuple(rates[hour] for hour in Hour),
        kilometre=kilometre,
        minimum=minimum,
        statements=tuple(statements),
    )


def _lines(clause: Clause) -> list[str]:
    return [squeeze(item) for block in clause.blocks if block.kind == "list" for item in block.items]


def _number(match: re.Match[str]) -> Decimal:
    return Decimal(match["rate"].replace(",", "."))
