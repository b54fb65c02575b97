"""What the pages hand to their scripts: made from the terms, JSON-able, with sources."""

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from portal.publish import browser_data
from portal.terms import load_library

if TYPE_CHECKING:
    from pathlib import Path

    from portal.terms import Library

TODAY = date(2026, 11, 23)


def test_every_rate_says_its_article_and_a_permalink_that_exists(library: "Library") -> None:
    version = library.in_force(TODAY)
    data = browser_data.tariff_data(version)
    sources = [*data["liberty"], *data["hourly"], data["kilometre"], *data["minimum"].values()]
    assert len(sources) == 7 + 2 + 1 + 2
    for source in sources:
        anchor = source["url"].partition("#")[2]
        assert version.clause(source["article"]).anchor == anchor
    assert data["sha256"] == version.sha256


def test_the_calculator_is_handed_plain_json(library: "Library") -> None:
    data = browser_data.calculator_data(library, TODAY, root="/x", portal_url="https://p.example/")
    assert json.loads(json.dumps(data)) == data
    assert data["portal"] == "https://p.example"
    assert (data["inForce"], data["vat"]["percent"]) == ("2018-10-01", "20")
    assert set(data["conventions"]) <= set(library.conventions)


def test_the_opening_example_is_worked_out_by_the_same_rules(library: "Library") -> None:
    start = browser_data.calculator_data(library, TODAY, root="", portal_url=None)["start"]
    assert start == {
        "duration": "1\u00a0h",
        "points": "60\u00a0points",
        "net": "88,00\u00a0€",
        "even": "1,4667\u00a0€",
    }


def test_each_version_says_its_days_and_its_standing(tmp_content: "Path") -> None:
    older = tmp_content / "cgv" / "2018-10-01"
    newer = tmp_content / "cgv" / "2027-01-01"
    newer.mkdir()
    for name in ("cgv.md", "clauses.toml"):
        (newer / name).write_bytes((older / name).read_bytes())
    assert browser_data.versions_data(load_library(tmp_content), TODAY) == [
        {"slug": "2018-10-01", "from": "2018-10-01", "to": "2026-12-31", "status": "in_force"},
        {"slug": "2027-01-01", "from": "2027-01-01", "to": None, "status": "future"},
    ]


def test_the_holidays_reach_from_the_first_version_to_fifteen_years_ahead(library: "Library") -> None:
    data = browser_data.deadlines_data(library, TODAY, root="")
    assert (data["first"], data["last"]) == ("2018-01-01", "2041-12-31")
    assert data["holidays"]["2026-04-03"] == "Vendredi saint"
    assert "2018-01-01" in data["holidays"]
    assert "2041-12-26" in data["holidays"]
    assert {key: rule["days"] for key, rule in data["deadlines"].items()} == {
        "quote_validity": 10,
        "invoice_dispute": 15,
        "formal_notice": 15,
    }


def test_the_deadlines_of_every_version_are_handed_over(tmp_content: "Path") -> None:
    older = tmp_content / "cgv" / "2018-10-01"
    newer = tmp_content / "cgv" / "2027-03-01"
    newer.mkdir()
    for name in ("cgv.md", "clauses.toml"):
        (newer / name).write_text((older / name).read_text().replace("durée de 10 jours", "durée de 20 jours"))
    clauses = newer / "clauses.toml"
    clauses.write_text(clauses.read_text().replace("days = 10", "days = 20"))
    data = browser_data.deadlines_data(load_library(tmp_content), TODAY, root="")
    assert [(each["from"], each["deadlines"]["quote_validity"]["days"]) for each in data["versions"]] == [
        ("2018-10-01", 10),
        ("2027-03-01", 20),
    ]
    rule = data["versions"][1]["deadlines"]["quote_validity"]
    assert (rule["article"], rule["url"]) == ("5.1", "/cgv/2027-03-01/article-5/#art-5-1")
    assert "recommandée" in data["versions"][0]["dispute"]["words"]
    assert set(data["conventions"]) == set(browser_data.DEADLINE_CONVENTIONS)


def test_the_worked_tables_hold_the_examples_of_the_house(library: "Library") -> None:
    tariff = library.in_force(TODAY).tariff
    points = {
        row.label: dict(zip(browser_data.DURATIONS, row.values, strict=True))
        for row in browser_data.point_examples(tariff)
    }
    assert points["Téléassistance - Serveur et réseau"][20] == Decimal("26.67")
    assert points["Sur site - PC et bureautique"][10] == Decimal("37.50")
    prices = browser_data.hour_examples(tariff)[0]
    assert dict(zip(browser_data.DURATIONS, prices.values, strict=True))[90] == Decimal("132.00")


def test_worked_deadlines_show_a_working_day_a_weekend_and_a_holiday(library: "Library") -> None:
    examples = browser_data.deadline_examples(library.in_force(TODAY).deadline("quote_validity"), TODAY)
    assert [example.closed for example in examples] == ["", "samedi", "Noël"]
    assert examples[0].last_day == examples[0].nominal
    assert all(example.last_day > example.nominal for example in examples[1:])
