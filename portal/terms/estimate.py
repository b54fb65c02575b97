"""An estimate: what a person types in the calculator, judged and worked out.

`site/static/estimate.js` does the same in the browser; the tests prove both equal.
The rules are article 7.1's; the rounding is a convention (`rounding` in `conventions.toml`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from portal.terms import money
from portal.terms.estimate_fields import LIMITS, read_duration, read_km, read_point, read_times
from portal.terms.points import Intervention, intervention_points
from portal.terms.price import HourPrice, hours_price
from portal.terms.tariff import Tariff

PROJECT: Final = "project"
ONSITE: Final = "onsite"


@dataclass(frozen=True, slots=True)
class Problem:
    """What cannot be used: where ("l0.e1.duration", "point") and which of `MESSAGES`."""

    where: str
    kind: str


@dataclass(frozen=True, slots=True)
class DraftEntry:
    """One kind of work as typed."""

    service: str = ""
    duration: str = ""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One intervention as typed."""

    entries: tuple[DraftEntry, ...] = ()
    times: str = "1"
    hour: str = ""
    km: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An estimate as typed: nothing is judged yet."""

    version: str = ""
    lines: tuple[DraftLine, ...] = ()
    vat: str = ""
    point: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One intervention that can be worked out. `entries`: (service, minutes)."""

    entries: tuple[tuple[str, int], ...]
    times: int
    hour: str
    km: Decimal


@dataclass(frozen=True, slots=True)
class Reading:
    """A draft once judged: a line that cannot be used is None, and a problem says why."""

    lines: tuple[Line | None, ...]
    vat: bool
    point: Decimal | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class LineCost:
    """A line worked out: points and euros before tax for one intervention, and for all of them."""

    line: Line
    intervention: Intervention
    hours: HourPrice
    points: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """An estimate worked out. Euros are before tax; `*_vat` is 0 when VAT is off."""

    lines: tuple[LineCost | None, ...]
    points: Decimal
    net: Decimal
    net_vat: Decimal
    contract: Decimal | None
    contract_vat: Decimal | None
    break_even: Decimal | None


# --- judging ---


def judge(draft: Draft, tariff: Tariff) -> Reading:
    """Judge each field; a line with a fault is left out, the others stay."""
    problems: list[Problem] = []
    if draft.vat not in {"", "0", "1"}:
        problems.append(Problem("vat", "vat_unreadable"))
    if len(draft.lines) > LIMITS.lines:
        problems.append(Problem("lines", "lines_many"))
    lines = []
    for index, line in enumerate(draft.lines[: LIMITS.lines]):
        judged, faults = _judge_line(line, f"l{index}", tariff)
        problems += faults
        lines.append(judged)
    point = read_point(draft.point)
    if isinstance(point, str):
        problems.append(Problem("point", point))
        point = None
    return Reading(tuple(lines), draft.vat == "1", point, tuple(problems))


def _judge_line(line: DraftLine, where: str, tariff: Tariff) -> tuple[Line | None, list[Problem]]:
    faults = []
    if not line.entries:
        faults.append(Problem(where, "line_empty"))
    if len(line.entries) > LIMITS.entries:
        faults.append(Problem(where, "entries_many"))
    kept = line.entries[: LIMITS.entries]
    modes = {rate.key: rate.mode for rate in tariff.liberty}
    mode = line_mode(kept, modes, km=line.km)
    entries = []
    for number, entry in enumerate(kept):
        at = f"{where}.e{number}"
        faults += _service_faults(entry.service, f"{at}.service", modes, mode)
        minutes = read_duration(entry.duration)
        if isinstance(minutes, str):
            faults.append(Problem(f"{at}.duration", minutes))
        else:
            entries.append((entry.service, minutes))
    if sum(minutes for _, minutes in entries) > LIMITS.minutes:
        faults.append(Problem(where, "line_long"))
    times, hour, km = read_times(line.times), line.hour or tariff.hourly[0].key, read_km(line.km)
    if isinstance(times, str):
        faults.append(Problem(f"{where}.times", times))
    if hour not in {rate.key for rate in tariff.hourly}:
        faults.append(Problem(f"{where}.hour", "rate_unknown"))
    if isinstance(km, str):
        faults.append(Problem(f"{where}.km", km))
    elif km and mode != ONSITE:
        faults.append(Problem(f"{where}.km", "km_remote"))
    if isinstance(times, str) or isinstance(km, str) or _blocking(faults):
        return None, faults
    return Line(tuple(entries), times, hour, km), faults


def _blocking(faults: Iterable[Problem]) -> bool:
    return any(fault.kind != "entries_many" for fault in faults)


def line_mode(entries: Iterable[DraftEntry], modes: Mapping[str, str], *, km: str = "") -> str:
    """Tell how an intervention is done: its first service that is not project management says it."""
    for entry in entries:
        mode = modes.get(entry.service, PROJECT)
        if mode != PROJECT:
            return mode
    return ONSITE if km.strip() else PROJECT


def _service_faults(key: str, where: str, modes: Mapping[str, str], mode: str) -> list[Problem]:
    if key not in modes:
        return [Problem(where, "service_unknown")]
    return [] if modes[key] in {mode, PROJECT} else [Problem(where, "service_mixed")]


# --- working out ---


def work_out(reading: Reading, tariff: Tariff, vat_percent: Decimal) -> Cost:
    """Work an estimate out: each intervention rounded once, then times, then added."""
    lines = tuple(_line_cost(line, tariff) if line else None for line in reading.lines)
    done = [line for line in lines if line]
    points = sum((line.points for line in done), Decimal("0.00"))
    net = sum((line.net for line in done), Decimal("0.00"))
    contract = None if reading.point is None else money.round_cents(points * reading.point)
    percent = vat_percent if reading.vat else Decimal(0)
    return Cost(
        lines,
        points,
        net,
        money.vat(net, percent),
        contract,
        None if contract is None else money.vat(contract, percent),
        break_even(net, points),
    )


def break_even(net: Decimal, points: Decimal) -> Decimal | None:
    """Give the price of a point at which both ways cost the same, to 0.0001 €; None without points."""
    if not points:
        return None
    exact = Fraction(net) / Fraction(points)
    return Decimal((20_000 * exact.numerator + exact.denominator) // (2 * exact.denominator)) / 10_000


def _line_cost(line: Line, tariff: Tariff) -> LineCost:
    intervention = intervention_points(tariff, line.entries)
    hours = hours_price(tariff, line.hour, intervention.worked, line.km)
    return LineCost(line, intervention, hours, intervention.points * line.times, hours.net * line.times)
