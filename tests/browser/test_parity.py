"""The browser's rules and Python's give the same results: the real JavaScript, in a real Chromium.

Each grid is worked out in one call, from the data that the pages are given, and compared whole.
"""

import random
import threading
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from portal.publish.browser_data import calculator_data, deadlines_data
from portal.terms import Library, load_library
from portal.terms.estimate import Cost, Draft, DraftEntry, DraftLine, judge, work_out
from portal.terms.estimate_address import read_query, write_query
from portal.terms.points import intervention_points
from portal.terms.price import hours_price

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 23)
MINUTES = range(1, 601)
ODD_ADDRESSES = (
    "",
    "version=2018-10-01&ligne=remote-server:20,x3,technical",
    "ligne=remote-server:abc,project:-5,x0,nobody,km:12,5",
    "ligne=remote-server:1%20h%2020,engineering&tva=1&point=1,5",
    "ligne=remote-server%3A20%2Cproject%3A15",
    "ligne=unknown:20&ligne=&ligne=remote-desktop:10",
    "ligne=remote-desktop:10,onsite-server:20",
    "ligne=project:20,km:12.50&ligne=remote-desktop:5,km:3&ligne=project:5,km:0",
    "ligne=remote-desktop:1000000000&ligne=remote-desktop:99999999999999999999",
    "ligne=remote-desktop:10\u2079",
    "ligne=remote-desktop:10080&ligne=remote-desktop:10081&ligne=project:10080,remote-desktop:1",
    "ligne=remote-desktop:0&ligne=remote-desktop:",
    "ligne=onsite-desktop:20,km:10000&ligne=onsite-desktop:20,km:10000.01&ligne=onsite-desktop:20,km:1e3",
    "ligne=onsite-desktop:20,km:007,50",
    "ligne=onsite-desktop:20,km:7.505&ligne=onsite-desktop:20,km:12%20km",
    "ligne=project:20,x999&ligne=project:20,x1000&ligne=project:20,xdeux&ligne=project:20,x",
    "tva=oui&point=abc",
    "tva=1&point=0&ligne=project:10",
    "point=0.0001&ligne=project:10",
    "point=1000&ligne=project:10",
    "point=1000.0001&ligne=project:10",
    "point=1.23456&ligne=project:10",
    "point=%C2%A01,5%20%E2%82%AC&ligne=project:10",
    "version=1999-01-01&ligne=project:10",
    "version=%3Cscript%3E&other=1&ligne=%3Cimg%20src%3Dx%3E:20",
    "ligne=project:10,project:10,project:10,project:10,project:10,project:10,project:10",
    "&".join(["ligne=project:10"] * 25),
    "ligne=project:1:20&ligne=project:1%3A60&ligne=project:1h5&ligne=project:2%20heures%20%205%20min",
    "ligne=project:%EF%BC%8C&ligne=project:80min&ligne=project:80%20minutes&ligne=project:0:00",
    "ligne=project:20%ZZ&ligne=project:%E9",
    "?version=2018-10-01&ligne=project:20+min",
    "ligne=project:1.5%20h&ligne=project:1.33%20h&ligne=project:0.25h&ligne=project:1%EF%BC%8C5%20heures",
    "ligne=onsite-desktop:20,km:1%20000&ligne=onsite-desktop:20,km:1%E2%80%AF000.5%20km&ligne=onsite-desktop:20,km:1%2000",
    "point=1%20000&ligne=project:10",
    "ligne=PROJECT:20&LIGNE=project:20",
    "ligne=project:" + "9" * 41,
    "ligne=project:'(a)*!~.-_/?:@;&=+$",
)

SERVICES = """({ tariff, grid }) => import("/rules.js").then(({ intervention }) => grid.map((entries) => {
  const done = intervention(tariff, entries.map(([service, minutes]) => ({ service, minutes })));
  return [String(done.points), done.worked, done.counted];
}))"""
HOURS = """({ tariff, grid }) => import("/rules.js").then(({ hoursPrice }) =>
  grid.map(([kind, minutes, km]) => String(hoursPrice(tariff, kind, minutes, km))))"""
ESTIMATES = """({ tariff, limits, percent, queries }) => import("/estimate.js").then((estimate) => {
  const text = (value) => value === null ? null : String(value);
  return queries.map((query) => {
    const draft = estimate.readQuery(query);
    const reading = estimate.judge(draft, tariff, limits);
    const cost = estimate.workOut(reading, tariff, percent);
    return {
      draft,
      query: estimate.writeQuery(draft, limits),
      problems: reading.problems.map(({ where, kind }) => `${where} ${kind}`),
      lines: cost.lines.map((line) => line && [text(line.points), text(line.net)]),
      totals: [cost.points, cost.net, cost.netVat, cost.contract, cost.contractVat, cost.breakEven].map(text),
    };
  });
})"""
DEADLINES = """({ data, events }) => import("/rules.js").then(({ deadline }) =>
  Object.values(data.deadlines).map(({ days }) => events.map((event) => {
    const { nominal, last, passed } = deadline(event, days, data.holidays);
    return [nominal, last, passed.map(({ holiday }) => holiday)];
  })))"""


class Quiet(SimpleHTTPRequestHandler):
    """The scripts of the site, and nothing else."""

    extensions_map = {".js": "text/javascript"}  # noqa: RUF012  # the base class's own shape

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def blank(browser: "Browser") -> "Iterator[Page]":
    """A page from which the site's own modules can be imported."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(ROOT / "site" / "static")))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.server_port}")
    opened = context.new_page()
    opened.goto("/rules.js")
    yield opened
    context.close()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library(ROOT / "content")


@pytest.fixture(scope="module")
def data(library: Library) -> dict[str, Any]:
    return calculator_data(library, TODAY, root="", portal_url=None)


def scaled(amount: Decimal | None, places: int = 2) -> str | None:
    return None if amount is None else str(int(amount.scaleb(places)))


def python_points(library: Library, grid: list[list[tuple[str, int]]]) -> list[list[Any]]:
    tariff = library.in_force(TODAY).tariff
    done = [intervention_points(tariff, entries) for entries in grid]
    return [[scaled(each.points), each.worked, each.counted] for each in done]


def test_the_points_of_every_service_are_equal_for_1_to_600_minutes(
    blank: "Page", library: Library, data: dict[str, Any]
) -> None:
    keys = [rate["key"] for rate in data["tariff"]["liberty"]]
    grid = [[(key, minutes)] for key, minutes in product(keys, MINUTES)]
    assert len(grid) == 7 * 600
    assert blank.evaluate(SERVICES, {"tariff": data["tariff"], "grid": grid}) == python_points(library, grid)


def test_the_points_of_every_pair_of_services_are_equal_around_the_minimums(
    blank: "Page", library: Library, data: dict[str, Any]
) -> None:
    modes = {rate["key"]: rate["mode"] for rate in data["tariff"]["liberty"]}
    some = (1, 2, 4, 7, 10, 13, 14, 15, 16, 20, 28, 29, 30, 31, 45, 599)
    grid = [
        [(first, one), (second, two)]
        for first, second in product(modes, modes)
        if len({modes[first], modes[second]} - {"project"}) < 2
        for one, two in product(some, some)
    ]
    assert blank.evaluate(SERVICES, {"tariff": data["tariff"], "grid": grid}) == python_points(library, grid)


def test_the_price_without_contract_is_equal_for_1_to_600_minutes_and_kilometres(
    blank: "Page", library: Library, data: dict[str, Any]
) -> None:
    tariff = library.in_force(TODAY).tariff
    kinds = [rate["key"] for rate in data["tariff"]["hourly"]]
    grid = [(kind, minutes, km) for kind, minutes in product(kinds, MINUTES) for km in ("0", "12.5", "0.01", "9999.99")]
    expected = [scaled(hours_price(tariff, kind, minutes, Decimal(km)).net) for kind, minutes, km in grid]
    assert blank.evaluate(HOURS, {"tariff": data["tariff"], "grid": grid}) == expected


def python_estimates(library: Library, queries: list[str]) -> list[dict[str, Any]]:
    tariff = library.in_force(TODAY).tariff
    found = []
    for query in queries:
        draft = read_query(query)
        reading = judge(draft, tariff)
        cost = work_out(reading, tariff, library.law.vat)
        found.append(
            {
                "draft": as_json(draft),
                "query": write_query(draft),
                "problems": [f"{problem.where} {problem.kind}" for problem in reading.problems],
                "lines": [line and [scaled(line.points), scaled(line.net)] for line in cost.lines],
                "totals": totals(cost),
            }
        )
    return found


def as_json(draft: Draft) -> dict[str, Any]:
    return {
        "version": draft.version,
        "lines": [
            {
                "entries": [{"service": e.service, "duration": e.duration} for e in line.entries],
                "times": line.times,
                "hour": line.hour,
                "km": line.km,
            }
            for line in draft.lines
        ],
        "vat": draft.vat,
        "point": draft.point,
    }


def totals(cost: Cost) -> list[str | None]:
    cents = [scaled(each) for each in (cost.points, cost.net, cost.net_vat, cost.contract, cost.contract_vat)]
    return [*cents, scaled(cost.break_even, 4)]


def compare(blank: "Page", library: Library, data: dict[str, Any], queries: list[str]) -> None:
    given = {"tariff": data["tariff"], "limits": data["limits"], "percent": data["vat"]["percent"], "queries": queries}
    for query, ours, theirs in zip(
        queries, python_estimates(library, queries), blank.evaluate(ESTIMATES, given), strict=True
    ):
        assert theirs == ours, query


def test_an_estimate_is_equal_with_times_kilometres_vat_and_the_price_of_a_point(
    blank: "Page", library: Library, data: dict[str, Any]
) -> None:
    dice = random.Random(20181001)  # noqa: S311  # a fixed grid, not a secret
    modes: dict[str, list[str]] = {"remote": ["project"], "onsite": ["project"], "project": ["project"]}
    for rate in data["tariff"]["liberty"]:
        modes[rate["mode"]].append(rate["key"])

    def line() -> DraftLine:
        mode = dice.choice(list(modes))
        entries = tuple(
            DraftEntry(dice.choice(modes[mode]), str(dice.randint(1, 90))) for _ in range(dice.randint(1, 4))
        )
        km = dice.choice(("", "0", "7", "12.5", "133.33")) if mode == "onsite" else ""
        return DraftLine(entries, str(dice.choice((1, 1, 2, 3, 7, 999))), dice.choice(("technical", "engineering")), km)

    queries = [
        write_query(
            Draft(
                "2018-10-01",
                tuple(line() for _ in range(dice.randint(1, 5))),
                dice.choice(("", "1")),
                dice.choice(("", "0.01", "1", "1.2345", "1.4667", "2.5", "999.9999")),
            )
        )
        for _ in range(1500)
    ]
    compare(blank, library, data, queries)


def test_an_odd_address_is_read_judged_and_rewritten_the_same_way(
    blank: "Page", library: Library, data: dict[str, Any]
) -> None:
    compare(blank, library, data, list(ODD_ADDRESSES))


def test_three_interventions_of_20_minutes_on_a_server_make_80_01_points(
    blank: "Page", library: Library, data: dict[str, Any]
) -> None:
    query = "ligne=remote-server:20,x3"
    given = {"tariff": data["tariff"], "limits": data["limits"], "percent": "20", "queries": [query]}
    assert blank.evaluate(ESTIMATES, given)[0]["totals"][0] == "8001"


def test_every_day_from_2018_to_2040_ends_on_the_same_day(blank: "Page", library: Library) -> None:
    version = library.in_force(TODAY)
    given = deadlines_data(library, TODAY, root="")
    first, last = date(2018, 1, 1), date(2040, 12, 31)
    assert given["first"] <= first.isoformat()
    assert last.isoformat() < given["last"]
    events = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    found = blank.evaluate(DEADLINES, {"data": given, "events": [event.isoformat() for event in events]})
    for key, answers in zip(given["deadlines"], found, strict=True):
        deadline = version.deadline(key)
        for event, (nominal, day, passed) in zip(events, answers, strict=True):
            assert (nominal, day) == (
                deadline.nominal(event).isoformat(),
                deadline.last_day(event).isoformat(),
            ), f"{key} {event}"
            assert passed == [
                library.law.days.holiday(deadline.nominal(event) + timedelta(days=n)) for n in range(len(passed))
            ], f"{key} {event}"
