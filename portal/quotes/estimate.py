"""The estimate that comes with a request: the calculator's address, worked out again here, kept as it was shown. Pure.

Nothing of it is taken on trust: the browser sends the query only, and the
server works the numbers out under the version that the query names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from portal.french import NO_BREAK, minutes, money, number, points
from portal.terms import Library, UnknownVersion, Version
from portal.terms.estimate import Cost, LineCost, judge, work_out
from portal.terms.estimate import Reading as Judged
from portal.terms.estimate_address import read_query, write_query
from portal.terms.estimate_fields import messages

#: A longer address is refused unread: twenty lines of six tasks take half of it.
LONGEST_QUERY: Final = 4_000
_MODES: Final = {"remote": "à distance", "onsite": "sur site"}


@dataclass(frozen=True, slots=True)
class EstimateLine:
    """One intervention in words: what is done, how it was worked out both ways, what it costs."""

    title: str
    contract: str
    hours: str
    points: str
    net: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate as it is shown and stored; every amount is already a French text."""

    query: str
    version: str
    sha256: str
    lines: tuple[EstimateLine, ...]
    totals: tuple[tuple[str, str], ...]  # label, amount

    def stored(self) -> dict[str, Any]:
        """What the database keeps of what was shown; query and version have columns of their own."""
        return {
            "lines": [[line.title, line.contract, line.hours, line.points, line.net] for line in self.lines],
            "totals": [list(total) for total in self.totals],
        }


def restored(query: str, version: str, sha256: str, stored: Mapping[str, Any]) -> Estimate:
    """The estimate that ``stored`` was made of."""
    return Estimate(
        query=query,
        version=version,
        sha256=sha256,
        lines=tuple(EstimateLine(*line) for line in stored["lines"]),
        totals=tuple((label, amount) for label, amount in stored["totals"]),
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """What an address gave: an estimate or none, and what could not be used, in words."""

    estimate: Estimate | None = None
    problems: tuple[str, ...] = ()


def read_estimate(query: str, library: Library, today: date) -> Reading:
    """Read and work out the calculator's query. Never fails: an edited one is told about."""
    if len(query) > LONGEST_QUERY:
        return Reading(None, (f"L’adresse de l’estimation est trop longue{NO_BREAK}: elle n’a pas été lue.",))
    draft = read_query(query)
    if not draft.lines:
        return Reading()
    known = messages()
    problems = []
    version = library.in_force(today)
    if draft.version:
        try:
            version = library.version(draft.version)
        except UnknownVersion:
            problems.append(known["version_unknown"])
    reading = judge(draft, version.tariff)
    problems += [_place(problem.where) + known[problem.kind] for problem in reading.problems]
    cost = work_out(reading, version.tariff, library.law.vat)
    lines = tuple(_line(line, version) for line in cost.lines if line)
    if not lines:
        return Reading(None, tuple(problems))
    totals = tuple(_totals(reading, cost, number(library.law.vat)))
    canonical = write_query(replace(draft, version=version.slug))
    return Reading(Estimate(canonical, version.slug, version.sha256, lines, totals), tuple(problems))


def _totals(reading: Judged, cost: Cost, percent: str) -> Iterator[tuple[str, str]]:
    taxed = f", TVA {percent}{NO_BREAK}% comprise"
    yield "Avec contrat Liberty", points(cost.points)
    if cost.contract is not None and cost.contract_vat is not None and reading.point is not None:
        priced = f"Avec contrat, à {_rate(reading.point)}{NO_BREAK}€ HT le point"
        yield priced, f"{money(cost.contract)} HT"
        if reading.vat:
            yield priced + taxed, f"{money(cost.contract + cost.contract_vat)} TTC"
    yield "Sans contrat", f"{money(cost.net)} HT"
    if reading.vat:
        yield f"Sans contrat{taxed}", f"{money(cost.net + cost.net_vat)} TTC"


def _place(where: str) -> str:
    line = where.partition(".")[0]
    if line.startswith("l") and line[1:].isdigit():
        return f"Intervention {int(line[1:]) + 1}{NO_BREAK}: "
    return ""


def _line(cost: LineCost, version: Version) -> EstimateLine:
    labels = [f"{worked.rate.label} ({minutes(worked.minutes)})" for worked in cost.intervention.lines]
    times = f"{cost.line.times} fois{NO_BREAK}: " if cost.line.times > 1 else ""
    return EstimateLine(
        title=times + " + ".join(labels),
        contract=_contract_working(cost, version),
        hours=_hours_working(cost),
        points=points(cost.points),
        net=f"{money(cost.net)} HT",
    )


def _contract_working(cost: LineCost, version: Version) -> str:
    done = cost.intervention
    parts = [f"{number(worked.rate.rate)} × {worked.minutes}" for worked in done.lines]
    if done.missing:
        lowest = min(worked.rate.rate for worked in done.lines)
        parts.append(f"{number(lowest)} × {done.missing}")
    summed = f"({' + '.join(parts)})" if len(parts) > 1 else parts[0]
    least = ""
    if done.missing:
        article = version.tariff.minimum[done.mode].article
        least = f", minimum de {minutes(done.minimum)} {_MODES[done.mode]} (art.{NO_BREAK}{article})"
    sentence = f"{summed} ÷ 60 = {points(done.points)}{least}"
    return sentence if cost.line.times == 1 else f"{sentence}, {cost.line.times} fois"


def _hours_working(cost: LineCost) -> str:
    price = cost.hours
    travel = f" + {_rate(price.kilometre.rate)} × {number(price.km)}{NO_BREAK}km" if price.km else ""
    sentence = f"{price.rate.label}{NO_BREAK}: {number(price.rate.rate)} × {price.minutes} ÷ 60{travel} = {money(price.net)} HT"
    return sentence if cost.line.times == 1 else f"{sentence}, {cost.line.times} fois"


def _rate(value: Decimal) -> str:
    exponent = value.as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    return number(value, places=places)
