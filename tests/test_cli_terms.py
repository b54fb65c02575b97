"""``portal terms``, used as staff and scripts use it: the worked examples of the house, and the refusals."""

import json
import subprocess
import sys
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from portal import clock
from portal.cli import main


@pytest.fixture(autouse=True)
def on_a_known_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today_in_paris", lambda: date(2026, 11, 23))
    monkeypatch.delenv("PORTAL_CONTENT_DIR", raising=False)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["terms", *words])


def answer(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)


def text(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.stdout.replace("\u00a0", " ").replace("\u202f", " ")


def refusal(code: int, *words: str) -> str:
    result = run(*words)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("service", "minutes", "counted", "points"),
    [
        ("remote-desktop", "7", 15, "15.00"),
        ("remote-server", "20", 20, "26.67"),
        ("onsite-desktop", "10", 30, "37.50"),
        ("onsite-server", "40", 40, "63.33"),
    ],
)
def test_points_are_those_of_the_worked_examples(service: str, minutes: str, counted: int, points: str) -> None:
    found = answer("points", service, minutes)
    assert set(found) == {"minutes", "counted", "rate", "points", "article", "version"}
    assert (found["minutes"], found["counted"], found["points"]) == (int(minutes), counted, points)
    assert (found["article"], found["version"]) == ("7.1.2", "2018-10-01")
    assert isinstance(found["rate"], str)


@pytest.mark.parametrize(("minutes", "counted"), [("14", 15), ("15", 15), ("16", 16)])
def test_the_remote_minimum_is_a_minimum_and_not_a_step(minutes: str, counted: int) -> None:
    assert answer("points", "remote-software", minutes)["counted"] == counted


@pytest.mark.parametrize(("minutes", "counted"), [("29", 30), ("30", 30), ("31", 31)])
def test_the_minimum_on_site_is_a_minimum_and_not_a_step(minutes: str, counted: int) -> None:
    assert answer("points", "onsite-software", minutes)["counted"] == counted


def test_a_minute_of_project_management_is_a_minute() -> None:
    assert answer("points", "project", "1")["counted"] == 1
    assert "ne donnent pas de minimum" in text("points", "project", "1")


def test_points_in_french_say_what_was_counted_and_where_it_comes_from() -> None:
    said = text("points", "remote-desktop", "7")
    assert "Téléassistance - PC et bureautique : 15 points" in said
    assert "minutes décomptées : 15 (minimum de déduction : 15 min)" in said
    assert "CGV du 1er octobre 2018, article 7.1.2" in said


def test_hours_without_contract_add_the_kilometres_outside_the_zones_and_the_vat() -> None:
    found = answer("hours", "technical", "90", "--km", "12,5")
    assert (found["labour"], found["travel"], found["net"]) == ("132.00", "7.50", "139.50")
    assert (found["vat"], found["gross"]) == ("27.90", "167.40")
    assert found["article"] == "7.1.1"
    assert "139,50 € HT" in text("hours", "technical", "90", "--km", "12.5")


def test_an_engineering_hour_without_travel_costs_what_the_cgv_print() -> None:
    assert answer("hours", "engineering", "60")["net"] == "114.00"


@pytest.mark.parametrize(
    ("kind", "event", "nominal", "last_day", "article"),
    [
        ("quote", "2026-11-23", "2026-12-03", "2026-12-03", "5.1"),
        ("quote", "2026-12-16", "2026-12-26", "2026-12-28", "5.1"),
        ("quote", "2026-03-24", "2026-04-03", "2026-04-07", "5.1"),
        ("dispute", "2026-11-30", "2026-12-15", "2026-12-15", "7.4"),
        ("dispute", "2026-12-11", "2026-12-26", "2026-12-28", "7.4"),
        ("notice", "2026-12-10", "2026-12-25", "2026-12-28", "10"),
    ],
)
def test_periods_end_on_the_days_of_the_worked_examples(
    kind: str, event: str, nominal: str, last_day: str, article: str
) -> None:
    assert answer("deadline", kind, event) == {"nominal": nominal, "last_day": last_day, "article": article}


@pytest.mark.parametrize(
    ("kind", "event", "nominal", "last_day"),
    [
        ("gdpr", "2026-01-31", "2026-02-28", "2026-03-02"),
        ("gdpr-extended", "2026-01-31", "2026-04-30", "2026-04-30"),
        ("gdpr", "2026-11-26", "2026-12-26", "2026-12-28"),
    ],
)
def test_a_month_of_the_gdpr_is_clamped_then_extended(kind: str, event: str, nominal: str, last_day: str) -> None:
    found = answer("deadline", kind, event)
    assert (found["nominal"], found["last_day"]) == (nominal, last_day)
    assert "2016/679" in found["article"]


def test_a_period_in_french_names_the_holiday_and_the_day_after_which_one_may_terminate() -> None:
    said = text("deadline", "notice", "10/12/2026")
    assert "Dernier jour : lundi 28 décembre 2026, inclus." in said
    assert "vendredi 25 décembre 2026 (Noël)" in said
    assert "Résiliation possible à partir du mardi 29 décembre 2026." in said


def test_an_extended_month_of_the_gdpr_is_no_convention() -> None:
    assert "prolongé par la loi" in text("deadline", "gdpr", "2026-01-31")
    assert "prolongé par convention" in text("deadline", "quote", "2026-12-16")


def test_the_two_ways_to_write_a_date_are_one_date() -> None:
    assert answer("deadline", "quote", "16/12/2026") == answer("deadline", "quote", "2026-12-16")


def test_the_late_penalty_is_that_of_the_worked_example() -> None:
    found = answer("penalty", "1200", "2025-11-30", "2026-02-10")
    assert (found["penalty"], found["floor"]) == ("9.52", "19.03")
    assert [(line["half_year"], line["days"]) for line in found["lines"]] == [("2025-S2", 31), ("2026-S1", 41)]
    assert {line["amount"] for line in found["lines"]} == {"1200.00"}
    said = text("penalty", "1 200,00 €", "30/11/2025", "10/02/2026")
    assert "9,52 €" in said
    assert "19,03 €" in said


def test_paid_on_the_due_day_costs_nothing_and_paid_before_it_is_refused() -> None:
    assert answer("penalty", "1200", "2025-11-30", "2025-11-30")["penalty"] == "0.00"
    assert "précède l’échéance" in refusal(1, "penalty", "1200", "2025-11-30", "2025-11-29")


def test_a_rate_that_nobody_knows_is_named_and_not_guessed() -> None:
    assert answer("penalty", "1200", "2026-05-31", "2026-06-30")["lines"]
    said = refusal(1, "penalty", "1200", "2026-05-31", "2026-07-01")
    assert "2026-S2" in said
    assert "second semestre 2026" in said


def test_with_json_an_error_is_json_too_on_the_error_stream() -> None:
    result = run("penalty", "1200", "2026-05-31", "2026-07-01", "--json")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "2026-S2" in json.loads(result.stderr)["error"]


def test_the_version_in_force_starts_on_its_day_and_not_on_the_eve() -> None:
    found = answer("in-force", "2018-10-01")
    assert (found["version"], found["in_force_from"], found["last_day"]) == ("2018-10-01", "2018-10-01", None)
    assert "30/09/2018" in refusal(1, "in-force", "2018-09-30")
    assert "en vigueur depuis le 1er octobre 2018" in text("in-force", "2018-10-01")


def test_the_text_is_the_published_file_with_the_hash_of_its_bytes(content: Path) -> None:
    raw = (content / "cgv/2018-10-01/cgv.md").read_bytes()
    found = answer("text", "2018-10-01")
    assert found["text"].encode() == raw
    assert found["sha256"] == sha256(raw).hexdigest()
    printed = run("text", "2018-10-01")
    assert printed.stdout_bytes == raw
    assert sha256(raw).hexdigest() in printed.stderr


def test_an_unknown_version_is_refused_with_those_there_are() -> None:
    assert "2018-10-01" in refusal(1, "text", "2019-01-01")


def test_lint_names_a_place_and_a_reason_for_each_finding() -> None:
    findings = answer("lint")
    assert {"file", "line", "message", "level"} == set(findings[0])
    assert {finding["level"] for finding in findings} == {"legal"}
    assert any("6.3" in finding["message"] for finding in findings)
    assert f"{len(findings)} remarques." in text("lint")


def second_version(content: Path) -> Path:
    """Add a version of 2020 whose remote minimum and quote period differ."""
    old, new = content / "cgv/2018-10-01", content / "cgv/2020-01-01"
    new.mkdir()
    for name in ("cgv.md", "clauses.toml"):
        words = (old / name).read_text()
        words = words.replace("Minimum de déduction de 15 minutes", "Minimum de déduction de 20 minutes")
        words = words.replace("pendant une durée de 10 jours", "pendant une durée de 12 jours")
        words = words.replace("minutes = 15", "minutes = 20", 1).replace("days = 10", "days = 12", 1)
        (new / name).write_text(words)
    return content


def test_the_version_of_the_day_governs_and_on_chooses_another(
    tmp_content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(second_version(tmp_content))
    assert answer("points", "remote-desktop", "7", "--content", folder)["counted"] == 20
    assert answer("points", "remote-desktop", "7", "--on", "2019-12-31", "--content", folder)["counted"] == 15
    assert answer("deadline", "quote", "2019-12-31", "--content", folder)["nominal"] == "2020-01-10"
    assert answer("deadline", "quote", "2020-01-01", "--content", folder)["nominal"] == "2020-01-13"
    assert answer("in-force", "2019-12-31", "--content", folder)["last_day"] == "2019-12-31"
    assert "du 1er octobre 2018 au 31 décembre 2019 inclus" in text("in-force", "2019-12-31", "--content", folder)
    monkeypatch.setenv("PORTAL_CONTENT_DIR", folder)
    assert answer("points", "remote-desktop", "7")["version"] == "2020-01-01"


def test_content_that_cannot_be_read_is_refused_with_file_and_line(tmp_content: Path) -> None:
    (tmp_content / "law.toml").write_text("a = 1\nb = = 2\n")
    assert "law.toml:2" in refusal(1, "points", "project", "5", "--content", str(tmp_content))


@pytest.mark.parametrize("minutes", ["0", "-5", "10000000000", "10081"])
def test_minutes_past_the_limits_are_refused_by_the_rule(minutes: str) -> None:
    assert minutes in refusal(1, "points", "project", minutes)


def test_the_longest_time_is_accepted() -> None:
    assert answer("points", "project", "10080")["minutes"] == 10080


@pytest.mark.parametrize("minutes", ["abc", "1h", "1.5", "1,5", "", "1e3", "٣", "9" * 5000])
def test_what_is_no_number_of_minutes_is_bad_usage(minutes: str) -> None:
    assert "nombre entier de minutes" in refusal(2, "points", "project", minutes)


def test_an_unknown_service_is_refused_with_the_seven_there_are() -> None:
    said = refusal(2, "points", "plumbing", "20")
    assert "« plumbing »" in said
    assert "onsite-software" in said
    assert "technical, engineering" in refusal(2, "hours", "plumbing", "20")
    assert "gdpr-extended" in refusal(2, "deadline", "plumbing", "2026-01-01")


@pytest.mark.parametrize("day", ["2026-02-30", "29/02/2026", "2026-13-01", "0000-01-01"])
def test_a_day_that_does_not_exist_is_bad_usage(day: str) -> None:
    assert "n'existe pas" in refusal(2, "in-force", day)


@pytest.mark.parametrize("day", ["hier", "20261123", "2026-W48-1", "26-11-23", "٢٠٢٦-٠١-٠١"])
def test_what_is_no_date_is_bad_usage(day: str) -> None:
    assert "n'est pas une date" in refusal(2, "in-force", day)


@pytest.mark.parametrize("kind", ["quote", "gdpr", "gdpr-extended"])
def test_a_day_near_the_end_of_the_calendar_is_refused_and_not_a_crash(kind: str) -> None:
    assert answer("deadline", kind, "2999-12-31")
    assert "trop lointaine" in refusal(2, "deadline", kind, "3000-01-01")
    assert "trop lointaine" in refusal(2, "deadline", kind, "9999-12-31")


@pytest.mark.parametrize("amount", ["abc", "-5", "12.3.4", "nan", "Infinity", "1e3", "10,005", "99999999999999", ""])
def test_what_is_no_amount_is_bad_usage(amount: str) -> None:
    refusal(2, "penalty", amount, "2025-11-30", "2026-02-10")


@pytest.mark.parametrize("km", ["-3", "loin", "nan"])
def test_what_is_no_distance_is_bad_usage(km: str) -> None:
    refusal(2, "hours", "technical", "60", "--km", km)


def test_a_distance_past_the_limit_is_refused_by_the_rule() -> None:
    assert answer("hours", "technical", "60", "--km", "10000")
    assert "10000" in refusal(1, "hours", "technical", "60", "--km", "10000,1")


def test_a_legal_period_has_no_version() -> None:
    assert "--on" in refusal(2, "deadline", "gdpr", "2026-01-31", "--on", "2026-01-01")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("penalty", "5"), "Il manque ECHEANCE."),
        (("points", "project", "5", "6"), "trop d'arguments"),
        (("points", "project", "5", "--on"), "attend une valeur"),
        (("unheard-of",), "n'est pas une commande"),
        (("--unheard-of",), "n'est pas une option"),
    ],
)
def test_a_badly_written_command_is_told_so_in_french(words: tuple[str, ...], said: str) -> None:
    assert said in refusal(2, *words)


def test_each_command_explains_itself_in_french() -> None:
    assert "Commandes:" in text("--help")
    for name in ("in-force", "points", "hours", "deadline", "penalty", "text", "lint"):
        said = text(name, "--help")
        assert said.startswith("Utilisation : ")
        assert "--json" in said
        assert "--content" in said
        assert "Show this message" not in said


def test_portal_alone_shows_its_help_as_a_badly_written_command() -> None:
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 2
    assert "terms" in result.output


def test_the_console_script_runs_without_flask_or_a_database() -> None:
    code = (
        "import sys; from portal.cli import main\n"
        "try: main(['terms', 'points', 'project', '5', '--json'])\n"
        "except SystemExit as end: assert not end.code\n"
        "assert not {'flask', 'sqlalchemy', 'weasyprint', 'jinja2'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["points"]
