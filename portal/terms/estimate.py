"""An estimate: what a person types in the calculator, judged and worked out.

`site/static/estimate.js` does the same in the browser; the tests prove both equal.
The rules are article 7.1's; the rounding is a convention (`rounding` in `conventions.toml`).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from portal.terms.points import Intervention, intervention_points
from portal.terms.price import HourPrice, hours_price

if TYPE_CHECKING:
    from portal.terms.tariff import Tariff

PROJECT: Final = "project"
ONSITE: Final = "onsite"
# Longer texts are refused unread: nobody types a duration of a thousand digits.
TEXT_LENGTH: Final = 40
MINUTES_PER_HOUR: Final = 60
CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one estimate may hold; beyond, the person is told and the rest still computes."""

    lines: int = 20
    entries: int = 6
    minutes: int = 60_000
    times: int = 999
    km: int = 9_999
    point: int = 1_000


LIMITS: Final = Limits()

MESSAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "version_unknown": "Cette adresse cite une version des CGV qui n’existe pas\u00a0: le calcul suit la version en vigueur.",
        "vat_unreadable": "Cette adresse demande la TVA d’une façon illisible\u00a0: le calcul est hors taxes.",
        "lines_many": "Une estimation compte {lines}\u00a0lignes au plus\u00a0: les premières sont gardées.",
        "entries_many": "Une intervention compte {entries}\u00a0travaux au plus\u00a0: les premiers sont gardés.",
        "line_empty": "Cette ligne ne contient aucun travail.",
        "service_unknown": "Choisissez le service dans la liste.",
        "service_mixed": "Une intervention se fait à distance ou sur site, pas les deux\u00a0: choisissez un autre service ou ajoutez une ligne.",
        "duration_missing": "Indiquez une durée, par exemple «\u00a01\u00a0h\u00a020\u00a0» ou «\u00a080\u00a0».",
        "duration_unreadable": "Cette durée n’est pas lisible. Écrivez par exemple «\u00a01\u00a0h\u00a020\u00a0», «\u00a01:20\u00a0» ou «\u00a080\u00a0» (minutes).",
        "duration_zero": "Une durée compte au moins une minute.",
        "duration_long": "Une durée compte {hours}\u00a0heures au plus.",
        "times_unreadable": "Indiquez un nombre entier, de 1 à {times}.",
        "rate_unknown": "Choisissez l’heure à appliquer sans contrat.",
        "km_unreadable": "Indiquez un nombre de kilomètres, par exemple «\u00a012,5\u00a0».",
        "km_large": "Indiquez {km}\u00a0kilomètres au plus.",
        "km_remote": "Les kilomètres ne se comptent que pour une intervention sur site.",
        "point_unreadable": "Indiquez le prix d’un point en euros, par exemple «\u00a01,50\u00a0».",
        "point_large": "Indiquez un prix de {point}\u00a0€ au plus.",
    }
)


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


# --- what a person types: each reader gives the value, or the name of what is wrong ---

_SPACES: Final = re.compile(r"\s+")
_WHOLE: Final = re.compile(r"[0-9]+")
_MINUTES: Final = re.compile(r"([0-9]+) ?(?:min|mn|minutes?)?")
_HOURS: Final = re.compile(r"([0-9]+) ?(?:h|heures?)(?: ?([0-9]{1,2})(?: ?(?:min|mn|minutes?))?)?")
_CLOCK: Final = re.compile(r"([0-9]+):([0-9]{2})")
_KM: Final = re.compile(r"([0-9]+(?:[.,][0-9]{1,2})?)(?: ?km)?")
_POINT: Final = re.compile(r"([0-9]+(?:[.,][0-9]{1,4})?)(?: ?€)?")


def folded(text: str) -> str:
    """Give the text with one plain space where any spaces stood, in small letters."""
    return _SPACES.sub(" ", text).strip().lower()


def read_duration(text: str) -> int | str:
    """Read "1 h 20", "1:20", "1h20", "80", "80 min" as minutes."""
    text = folded(text)
    if not text:
        return "duration_missing"
    if len(text) > TEXT_LENGTH:
        return "duration_unreadable"
    if whole := _MINUTES.fullmatch(text):
        minutes = int(whole[1])
    elif parts := _HOURS.fullmatch(text) or _CLOCK.fullmatch(text):
        rest = int(parts[2] or 0)
        if rest >= MINUTES_PER_HOUR:
            return "duration_unreadable"
        minutes = int(parts[1]) * MINUTES_PER_HOUR + rest
    else:
        return "duration_unreadable"
    if minutes > LIMITS.minutes:
        return "duration_long"
    return minutes or "duration_zero"


def read_times(text: str) -> int | str:
    """Read how many times an intervention is counted."""
    text = folded(text)
    if len(text) > TEXT_LENGTH or not _WHOLE.fullmatch(text):
        return "times_unreadable"
    return int(text) if 1 <= int(text) <= LIMITS.times else "times_unreadable"


def read_km(text: str) -> Decimal | str:
    """Read kilometres; nothing typed is none."""
    text = folded(text)
    if not text:
        return Decimal(0)
    number = _KM.fullmatch(text) if len(text) <= TEXT_LENGTH else None
    if not number:
        return "km_unreadable"
    km = Decimal(number[1].replace(",", "."))
    return km if km <= LIMITS.km else "km_large"


def read_point(text: str) -> Decimal | str | None:
    """Read the price of a point; nothing typed is None: the CGV give none."""
    text = folded(text)
    if not text:
        return None
    number = _POINT.fullmatch(text) if len(text) <= TEXT_LENGTH else None
    price = Decimal(number[1].replace(",", ".")) if number else Decimal(0)
    if not price:
        return "point_unreadable"
    return price if price <= LIMITS.point else "point_large"


# --- judging ---


def judge(draft: Draft, tariff: "Tariff") -> Reading:
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


def _judge_line(line: DraftLine, where: str, tariff: "Tariff") -> tuple[Line | None, list[Problem]]:
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


def work_out(reading: Reading, tariff: "Tariff", vat_percent: Decimal) -> Cost:
    """Work an estimate out: each intervention rounded once, then times, then added."""
    lines = tuple(line and _line_cost(line, tariff) for line in reading.lines)
    done = [line for line in lines if line]
    points = sum((line.points for line in done), Decimal("0.00"))
    net = sum((line.net for line in done), Decimal("0.00"))
    contract = None if reading.point is None else _cents(points * reading.point)
    percent = vat_percent if reading.vat else Decimal(0)
    return Cost(
        lines,
        points,
        net,
        _cents(net * percent / 100),
        contract,
        None if contract is None else _cents(contract * percent / 100),
        break_even(net, points),
    )


def break_even(net: Decimal, points: Decimal) -> Decimal | None:
    """Give the price of a point at which both ways cost the same, to 0.0001 €; None without points."""
    if not points:
        return None
    exact = Fraction(net) / Fraction(points)
    return Decimal((20_000 * exact.numerator + exact.denominator) // (2 * exact.denominator)) / 10_000


def _line_cost(line: Line, tariff: "Tariff") -> LineCost:
    intervention = intervention_points(tariff, line.entries)
    hours = hours_price(tariff, line.hour, intervention.worked, line.km)
    return LineCost(line, intervention, hours, intervention.points * line.times, hours.net * line.times)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def messages() -> dict[str, str]:
    """Give the sentences a page shows, by kind of problem, with the limits written in."""
    limits = asdict(LIMITS) | {"hours": LIMITS.minutes // MINUTES_PER_HOUR}
    return {kind: text.format_map(limits) for kind, text in MESSAGES.items()}
