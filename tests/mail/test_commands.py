"""`portal mail receive` as a mail server calls it, and as somebody tries it by hand."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mail import letters

ROOT = Path(__file__).resolve().parents[2]
KEYS = ["file", "reference", "subject", "from", "from_name", "to", "cc", "text", "html", "attachments", "auto"]


def portal(*arguments: str, raw: bytes = b"", **environ: str) -> subprocess.CompletedProcess[bytes]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return subprocess.run(
        [sys.executable, "-m", "portal.cli", "mail", *arguments],
        cwd=ROOT, env=bare | environ, input=raw, capture_output=True, check=False,
    )  # fmt: skip


@pytest.fixture
def installed(migrated_sqlite: str, tmp_path: Path) -> dict[str, str]:
    """The environment of an installation on SQLite."""
    url = migrated_sqlite
    return {
        "PORTAL_DATABASE_URL": url,
        "PORTAL_SECRET_KEY": "k" * 32,
        "PORTAL_STORAGE_URL": f"file://{tmp_path}/files",
        "PORTAL_BASE_URL": "https://portail.example",
    }


def test_a_dry_reading_needs_no_setting_and_prints_exactly_these_keys(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(letters.OUTLOOK)
    done = portal("receive", "--dry-run", "--json", str(tmp_path / "a.eml"))
    assert done.returncode == 0, done.stderr
    line = json.loads(done.stdout)
    assert list(line) == KEYS
    assert (line["file"], line["reference"], line["auto"]) == (str(tmp_path / "a.eml"), None, False)
    assert (line["from"], line["from_name"]) == ("claire@boulangerie.example", "Müller, Claire")
    assert line["to"] == ["hotline@ims-partners.example"]
    assert line["attachments"][0] == {"filename": "image001.png", "type": "image/png", "size": 8}
    assert "De : IMS Partners" in line["text"]


def test_a_batch_tells_of_each_and_answers_with_its_worst(tmp_path: Path) -> None:
    (tmp_path / "boite").mkdir()
    (tmp_path / "boite" / "a.eml").write_bytes(letters.GMAIL)
    (tmp_path / "boite" / "b.eml").write_bytes(b"PK\x03\x04 archive")
    (tmp_path / "c.mbox").write_bytes(
        b"From a@b Tue Nov 24\nFrom: a@b.example\nSubject: un\n\n>From ici\n\nFrom a@b Tue Nov 24\nFrom: c@d.example\n\ndeux\n"
    )
    done = portal(
        "receive", "--dry-run", "--json", str(tmp_path / "boite"), str(tmp_path / "c.mbox"), "-", raw=letters.APPLE
    )
    assert done.returncode == 65
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["subject"] for line in lines] == ["Re: Rendez-vous", "un", "", "Photo"]
    assert [line["file"] for line in lines][1:] == [f"{tmp_path}/c.mbox#1", f"{tmp_path}/c.mbox#2", "-"]
    assert lines[1]["text"] == "From ici"
    assert "b.eml : ce n'est pas un message" in done.stderr.decode().replace("\u00a0", " ")


def test_one_message_with_its_envelope_goes_by_the_name_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"From a@b Tue Nov 24\nFrom: a@b.example\nSubject: un\n\nx\n")
    done = portal("receive", "--dry-run", "--json", str(tmp_path / "a.eml"))
    assert json.loads(done.stdout)["file"] == str(tmp_path / "a.eml")


def test_a_maildir_is_read_and_its_temporary_files_are_not(tmp_path: Path) -> None:
    for name in ("cur", "new", "tmp"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1").write_bytes(f"From: a@b.example\nSubject: {name}\n\nx".encode())
    done = portal("receive", "--dry-run", "--json", str(tmp_path))
    assert [json.loads(line)["subject"] for line in done.stdout.splitlines()] == ["cur", "new"]


def test_what_a_person_reads_is_french(tmp_path: Path) -> None:
    done = portal("receive", "--dry-run", raw=letters.WINMAIL)
    shown = done.stdout.decode()
    assert "winmail.dat" in shown
    assert "Texte du paquet à lire" in shown
    assert done.returncode == 0


def test_a_mail_server_gets_the_reference_and_the_same_for_the_same(installed: dict[str, str]) -> None:
    first = portal("receive", raw=letters.GMAIL, **installed)
    assert (first.returncode, first.stdout) == (0, b"TIC-2026-0001\n"), first.stderr
    again = portal("receive", "-", "--json", raw=letters.GMAIL, **installed)
    assert json.loads(again.stdout)["reference"] == "TIC-2026-0001"
    assert portal("receive", raw=b"PK", **installed).returncode == 65


@pytest.mark.parametrize("wrong", ["base", "files", "schema", "key", "full"])
def test_what_is_away_asks_to_come_again(installed: dict[str, str], tmp_path: Path, wrong: str) -> None:
    (tmp_path / "a file").write_text("in the way")
    changed = {
        "base": {"PORTAL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
        "files": {"PORTAL_STORAGE_URL": f"file://{tmp_path}/a file/below"},
        "schema": {"PORTAL_DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}"},
        "key": {"PORTAL_SECRET_KEY": ""},
        "full": {"PORTAL_STORAGE_URL": "file:///proc/full"},
    }
    done = portal("receive", raw=letters.GMAIL, **installed | changed[wrong])
    assert (done.returncode, done.stdout) == (75, b""), done.stderr
    # Nothing half-way: brought again, it gets in.
    assert portal("receive", raw=letters.GMAIL, **installed).returncode == 0


def test_no_log_line_and_no_complaint_holds_what_was_written(installed: dict[str, str], tmp_path: Path) -> None:
    done = portal("receive", raw=letters.GMAIL, **installed | {"PORTAL_STORAGE_URL": "file:///proc/full"})
    assert b"paul@" not in done.stderr
    assert b"demain" not in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_to_come_again(tmp_path: Path) -> None:
    assert portal("receive", "--dry-run", str(tmp_path / "none.eml")).returncode == 75
