"""Points of an intervention under the Liberty contracts (7.1.2).

The text gives a *minimum*, not a step: 40 minutes are 40 minutes. It does not
say what the minimum applies to; by convention it counts once per intervention
(one session or one visit), the missing minutes at the lowest rate worked, and
points are rounded once per intervention.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from portal.terms.findings import TermsError
from portal.terms.money import round_cents
from portal.terms.tariff import Mode, PointRate, Tariff

#: A guard against typing errors, not a rule of the CGV: one working week without a pause.
LONGEST = 7 * 24 * 60


class InvalidMinutes(TermsError):
    """Not a whole number of minutes between 1 and LONGEST."""


class MixedModes(TermsError):
    """An intervention is remote or on site, never both."""


class UnknownService(TermsError):
    """No line of the tariff has this key."""


@dataclass(frozen=True, slots=True)
class Worked:
    """Minutes of one kind of work inside an intervention, and their exact points."""

    rate: PointRate
    minutes: int
    missing: int  # minutes added here to reach the minimum

    @property
    def points(self) -> Fraction:
        return Fraction(self.rate.rate) * (self.minutes + self.missing) / 60


@dataclass(frozen=True, slots=True)
class Intervention:
    """The working of one intervention; ``points`` is rounded once, half up."""

    lines: tuple[Worked, ...]
    mode: Mode
    minimum: int  # minutes; 0 where there is none
    worked: int
    missing: int
    points: Decimal

    @property
    def counted(self) -> int:
        return self.worked + self.missing


def intervention_points(tariff: Tariff, entries: Sequence[tuple[str, int]]) -> Intervention:
    """Work out one intervention from its (service key, minutes) entries.

    Raises:
        UnknownService, InvalidMinutes, MixedModes: in French.
    """
    if not entries:
        raise InvalidMinutes("Une intervention compte au moins une tâche.")
    rates = []
    for service, minutes in entries:
        try:
            rates.append(tariff.point_rate(service))
        except KeyError:
            raise UnknownService(f"« {service} » n'est pas une prestation du tarif.") from None
        check_minutes(minutes)
    modes = {rate.mode for rate in rates} - {"project"}
    if len(modes) > 1:
        raise MixedModes("Une intervention se fait à distance ou sur site : séparez-la en deux lignes.")
    mode: Mode = modes.pop() if modes else "project"
    minimum = tariff.minimum_minutes(mode)
    worked = sum(minutes for _, minutes in entries)
    missing = max(0, minimum - worked)
    lowest = min(range(len(rates)), key=lambda index: rates[index].rate)
    lines = tuple(
        Worked(rate, minutes, missing if index == lowest else 0)
        for index, (rate, (_, minutes)) in enumerate(zip(rates, entries, strict=True))
    )
    exact = sum((line.points for line in lines), Fraction())
    return Intervention(lines, mode, minimum, worked, missing, round_cents(exact))


def check_minutes(minutes: int) -> int:
    """Return the minutes, or refuse them.

    Raises:
        InvalidMinutes: not a whole number from 1 to LONGEST.
    """
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= LONGEST:
        raise InvalidMinutes(
            f"Une durée se compte en minutes entières, de 1 à {LONGEST} : « {minutes} » ne convient pas."
        )
    return minutes
