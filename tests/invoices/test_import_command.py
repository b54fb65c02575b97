"""``portal invoices import --dry-run``: reads anybody's files, needs nothing, answers exactly what it promises."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from portal.cli import main
from tests.invoices.reading.written import Written, cii, factur_x, ubl

KEYS = [
    "file", "status", "syntax", "profile", "number", "type", "issued_on", "due_on", "currency", "seller", "seller_vat",
    "buyer", "buyer_vat", "net", "tax", "gross", "payable", "lines", "reason",
]  # fmt: skip


def dry(*paths: Path) -> tuple[int, list[dict[str, Any]]]:
    done = CliRunner().invoke(main, ["invoices", "import", *map(str, paths), "--dry-run", "--json"])
    return done.exit_code, [json.loads(line) for line in done.output.splitlines()]


def test_one_line_per_file_with_exactly_the_promised_keys(tmp_path: Path) -> None:
    (tmp_path / "b.xml").write_text(ubl(Written()))
    (tmp_path / "a.pdf").write_bytes(factur_x(Written()))
    (tmp_path / ".hidden.xml").write_text("<a/>")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "c.xml").write_text(cii(Written(due_on=None)))
    code, lines = dry(tmp_path)
    assert code == 0
    assert [line["file"] for line in lines] == [f"{tmp_path}/{name}" for name in ("a.pdf", "b.xml", "deep/c.xml")]
    assert all(list(line) == KEYS for line in lines)
    assert lines[0] == {
        "file": f"{tmp_path}/a.pdf", "status": "unmatched", "syntax": "factur-x", "profile": "en16931",
        "number": "F-2026-0042", "type": "380", "issued_on": "2026-11-12", "due_on": "2026-12-12", "currency": "EUR",
        "seller": "SARL EXEMPLE INFORMATIQUE", "seller_vat": "FR88100000009", "buyer": "Boulangerie Exemple",
        "buyer_vat": "FR12000000000", "net": "100.00", "tax": "20.00", "gross": "120.00", "payable": "120.00", "lines": 1,
        "reason": None,
    }  # fmt: skip
    assert lines[2]["due_on"] is None


def test_a_rejected_file_names_itself_the_field_and_the_rule_and_the_batch_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(cii(Written()).replace(">20261112<", "><"))
    (tmp_path / "b.xml").write_text(cii(Written()))
    code, lines = dry(tmp_path / "a.xml", tmp_path / "missing.xml", tmp_path / "b.xml")
    assert code == 1
    assert [line["status"] for line in lines] == ["rejected", "rejected", "unmatched"]
    assert lines[0]["reason"] == f"{tmp_path}/a.xml\u00a0: date d'émission (BT-2)\u00a0: elle manque (règle BR-03)"
    assert list(lines[0]) == KEYS


def test_the_files_of_an_archive_are_named_within_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "lot.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("2026/novembre/f.xml", cii(Written()))
        archive.writestr("__MACOSX/._f.xml", "x")
    code, lines = dry(tmp_path / "lot.zip")
    assert (code, [line["file"] for line in lines]) == (0, [f"{tmp_path}/lot.zip/2026/novembre/f.xml"])


def test_each_invoice_of_a_csv_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("Facture;Date;TTC\nA;12/11/2026;1,00\nB;x;2,00\n")
    code, lines = dry(tmp_path / "f.csv")
    assert code == 1
    assert [(line["number"], line["status"]) for line in lines] == [("A", "unmatched"), ("B", "rejected")]


def test_what_does_not_add_up_is_said_and_not_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(cii(Written(gross="130.00", payable="130.00")))
    code, (line,) = dry(tmp_path / "a.xml")
    assert (code, line["status"], line["gross"]) == (0, "unmatched", "130.00")
    assert "BR-CO-15" in line["reason"]


def test_a_person_reads_french(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(cii(Written(gross="1234.50", payable="1234.50", net="1234.50", tax="0")))
    (tmp_path / "b.xml").write_text("<a/>")
    done = CliRunner().invoke(main, ["invoices", "import", str(tmp_path), "--dry-run"])
    assert done.exit_code == 1
    assert "lue — Facture F-2026-0042 du 12/11/2026, 1\u202f234,50\u00a0€ TTC, pour Boulangerie Exemple" in done.output
    assert done.output.splitlines()[-1] == "1 lue et 1 refusée\u202f; rien n’est enregistré."


def test_a_dry_run_needs_no_setting_and_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(cii(Written()))
    code = (
        "import sys\nfrom portal.cli import main\ntry:\n"
        f"    main(['invoices', 'import', {str(tmp_path / 'a.xml')!r}, '--dry-run'])\nfinally:\n"
        "    loaded = [name for name in ('sqlalchemy', 'flask', 'weasyprint') if name in sys.modules]\n"
        "    print(loaded, file=sys.stderr)\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "[]")


def test_an_import_into_the_base_answers_the_same_lines_and_knows_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal import schema
    from portal.db import make_engine

    database = f"sqlite:///{tmp_path / 'portal.sqlite3'}"
    for name, value in (
        ("PORTAL_SECRET_KEY", "k" * 32), ("PORTAL_DATABASE_URL", database), ("PORTAL_COMPANY_ID", "100000009"),
        ("PORTAL_STORAGE_URL", f"file:{tmp_path / 'files'}"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    (tmp_path / "a.xml").write_text(cii(Written()))
    arguments = ["invoices", "import", str(tmp_path / "a.xml"), "--json"]
    early = CliRunner().invoke(main, arguments)
    assert early.exit_code == 1
    assert "portal db upgrade" in early.output
    engine = make_engine(database)
    schema.upgrade(engine)
    engine.dispose()
    statuses = []
    for _ in range(2):
        done = CliRunner().invoke(main, arguments)
        answer = json.loads(done.output)
        assert (done.exit_code, list(answer)) == (0, KEYS)
        statuses.append(answer["status"])
    assert statuses == ["unmatched", "duplicate"]


def test_an_import_without_settings_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORTAL_SECRET_KEY", raising=False)
    done = CliRunner().invoke(main, ["invoices", "import", str(tmp_path)])
    assert done.exit_code == 1
    assert "PORTAL_SECRET_KEY" in done.output
