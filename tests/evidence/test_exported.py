"""An exported log can be checked by anybody: what was changed, taken out or put in is found, with its entry."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session, sessionmaker

from portal.cli import main
from portal.evidence.actions import erase_payload, record
from portal.evidence.exported import NotALog, export, verify

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def lines(sessions: sessionmaker[Session]) -> list[str]:
    """A log of five acts, the second of them erased, exported with its contents."""
    with sessions.begin() as session:
        entries = [record(session, "test.act", {"who": f"Zoé {number}"}, at=NOON) for number in range(1, 6)]
        erase_payload(session, entries[1], at=NOON)
    with sessions() as session:
        return list(export(session, contents=True))


def test_a_log_holds_with_and_without_its_contents(lines: list[str], sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        bare = list(export(session, contents=False))
    for exported in (lines, bare):
        verdict = verify(exported)
        assert (verdict.entries, verdict.broken) == (5, ())
        assert verdict.head == json.loads(lines[-1])["digest"]
    assert "Zoé 1" in lines[1]
    assert "Zoé" not in lines[2]
    assert "Zoé" not in "".join(bare)


def change(line: str, **values: object) -> str:
    return json.dumps(json.loads(line) | values) + "\n"


def test_each_change_is_found_at_its_entry(lines: list[str]) -> None:
    def places(changed: list[str]) -> set[int]:
        return {place.seq for place in verify(changed).broken}

    assert places([*lines[:3], change(lines[3], kind="other"), *lines[4:]]) == {3}
    assert places([*lines[:3], change(lines[3], content='{"who":"Zoé 9"}'), *lines[4:]]) == {3}
    assert places([*lines[:3], change(lines[3], at="2026-11-23T12:00:01+00:00"), *lines[4:]]) == {3}
    assert places([*lines[:3], *lines[4:]]) == {4}
    assert places([*lines[:3], lines[4], lines[3], lines[5]]) == {3, 4, 5}


@pytest.mark.parametrize(
    "text", ["", "{}\n", "no json\n", '{"format":"ims-evidence-1"}\n[1]\n', '{"format":"ims-evidence-1"}\n{}\n']
)
def test_what_is_no_log_is_not_judged(text: str) -> None:
    with pytest.raises(NotALog):
        verify(text.splitlines(keepends=True))


def test_the_command_needs_no_database_and_says_where_a_log_does_not_hold(lines: list[str], tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text("".join(lines))
    bad.write_text("".join([*lines[:4], change(lines[4], kind="other"), *lines[5:]]))
    answer = CliRunner().invoke(main, ["evidence", "verify", str(good)], env={"PORTAL_SECRET_KEY": ""})
    assert answer.exit_code == 0
    assert "5 entrées" in answer.output
    answer = CliRunner().invoke(main, ["evidence", "verify", str(bad)])
    assert answer.exit_code == 1
    assert "entrée 4" in answer.output
    assert CliRunner().invoke(main, ["evidence", "verify", str(tmp_path / "nothing")]).exit_code == 1
