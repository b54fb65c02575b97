"""How fast invoices are read, beside factur-x on the same files in the same run, and how much memory a batch takes.

    python bench/invoices.py [--seconds 2] [--files 10000]

For each syntax: files per second of ours (bytes to a checked value, every total added up) and of
factur-x's own parser (bytes to its dictionary; without its schema check, which would only make it
slower), in turns, so that both meet the same machine. Then `portal invoices import --dry-run --json`
over a folder of so many files, in a process of its own: files per second and its largest resident
set, beside the same over a tenth of them. A batch is flat when both are alike.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:] = [str(ROOT), *(p for p in sys.path if Path(p or ".").resolve() != ROOT / "bench")]

import facturx  # noqa: E402
from facturx.parse_xml import parse_ubl_cii_xml  # noqa: E402
from sqlalchemy import Connection, insert, text  # noqa: E402

from portal.accounts.actions import add_person, add_staff, create_organisation  # noqa: E402
from portal.accounts.models import Person  # noqa: E402
from portal.accounts.rules import ClientRole, Identity, StaffRole  # noqa: E402
from portal.accounts.sign_in import begin_session  # noqa: E402
from portal.app import create_app  # noqa: E402
from portal.config import read_settings  # noqa: E402
from portal.db import make_engine, make_sessions  # noqa: E402
from portal.files.models import StoredFile  # noqa: E402
from portal.invoices.document import Nature  # noqa: E402
from portal.invoices.models import Invoice, InvoiceLine  # noqa: E402
from portal.invoices.payment_models import Payment  # noqa: E402
from portal.invoices.payment_rules import Means, Settling  # noqa: E402
from portal.invoices.reading.reader import read_file  # noqa: E402
from portal.invoices.reminder_actions import begin_ladder, ladder, remindable  # noqa: E402
from portal.invoices.rules import TermsFrom  # noqa: E402
from portal.schema import declared  # noqa: E402
from tests.invoices.reading.written import Item, Written, cii, factur_x, totals, ubl, zugferd_1  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

AIM = 5.0
FEW, MANY, WORST = 500, 20_000, 4.0
NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
TURNS = 15
#: Small and usual: three lines; long: two hundred.
SIZES = {"3 lignes": 3, "200 lignes": 200}


def invoice(lines: int) -> Written:
    return Written().but(**totals(Item(f"Intervention numéro {n}") for n in range(lines)))


def peer_pdf(data: bytes) -> None:
    _, xml = facturx.get_xml_from_pdf(data, check_xsd=False)
    parse_ubl_cii_xml(xml, check_xsd=False)


def peer_xml(data: bytes) -> None:
    parse_ubl_cii_xml(data, check_xsd=False)


def ours(data: bytes) -> None:
    list(read_file(data))


def rates(data: bytes, peer: Callable[[bytes], None] | None, seconds: float) -> tuple[float, float]:
    """Files per second of ours and of the peer, a slice of time each in turn."""
    counts, spent = [0, 0], [0.0, 0.0]
    turns = [ours, peer] if peer else [ours]
    for reader in turns:
        reader(data)
    while spent[0] < seconds:
        for index, reader in enumerate(turns):
            start = time.perf_counter()
            while time.perf_counter() - start < seconds / 10:
                reader(data)
                counts[index] += 1
            spent[index] += time.perf_counter() - start
    return counts[0] / spent[0], counts[1] / spent[1] if peer else 0.0


def batch(files: int) -> tuple[float, float]:
    """Files per second and largest resident set (MB) of the command over a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for number in range(files):
            what = invoice(3).but(number=f"F-{number}")
            (folder / f"{number:06}.xml").write_text((cii if number % 2 else ubl)(what), encoding="utf-8")
        command = [sys.executable, "-m", "portal.cli", "invoices", "import", scratch, "--dry-run", "--json"]
        with tempfile.TemporaryFile() as said:
            start = time.perf_counter()
            process = subprocess.Popen(command, cwd=ROOT, stdout=said, env={})
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            answered = sum(1 for _ in said)
    if process.returncode or answered != files:
        sys.exit(f"the batch answered {answered} of {files} files with code {process.returncode}")
    return files / seconds, usage.ru_maxrss / 1024


# --- Lists ----------------------------------------------------------------------------------------


def fill(connection: Connection, count: int, slug: str) -> None:
    """Invoices of one client over the years: nearly all paid, a hundred of them not yet, one line and one payment each."""
    connection.execute(
        insert(StoredFile),
        [{"id": 1, "key": "k", "name": "f.pdf", "suffix": "pdf", "media_type": "application/pdf", "size": 1,
          "sha256": "0" * 64, "kept_for": "invoices", "created_at": NOW}],
    )  # fmt: skip
    amount = Decimal("480.00")
    for first in range(1, count + 1, 2_000):
        rows, lines, payments = [], [], []
        for number in range(first, min(first + 2_000, count + 1)):
            back = count - number
            issued, paid = date(2026, 11, 23) - timedelta(days=back // 10), back >= 100
            rows.append({
                "id": number, "number": f"F-{number:06}", "type_code": "380", "syntax": "factur-x", "profile": "EN 16931",
                "file_id": 1, "file_sha256": "0" * 64, "issued_on": issued, "due_on": issued + timedelta(days=30),
                "due_day": issued + timedelta(days=30), "currency": "EUR", "seller": "IMS", "seller_vat": "", "seller_key": "k",
                "buyer": "Client", "buyer_vat": "", "buyer_siren": "", "parties": {}, "net": Decimal("400.00"),
                "tax": Decimal("80.00"), "gross": amount, "payable": amount, "adjustments": [], "purchase_order": "",
                "sales_order": "", "contract": "", "preceding": [], "details": {"notes": []}, "findings": [],
                "organisation_id": 1, "matched_by": "siren", "imported_at": NOW, "available_at": NOW, "came_late": False,
                "terms_slug": slug, "terms_sha256": "0" * 64, "terms_from": TermsFrom.DAY, "evidence": [],
                "settling": Settling.PAID if paid else Settling.ASKED, "remaining": 0 * amount if paid else amount,
                "claimable": 0 * amount if paid else amount, "disputed_left": 0 * amount,
                "searched": f"facture f-{number:06}\nclient\n480,00\nintervention sur site poste{number}",
            })  # fmt: skip
            lines.append({
                "invoice_id": number, "position": 1, "number": "1", "name": "Intervention sur site", "description": "",
                "note": "", "unit": "HUR", "net": Decimal("400.00"), "vat_category": "S", "vat_rate": Decimal(20),
                "adjustments": [], "details": {}, "nature": Nature.SERVICES,
            })  # fmt: skip
            if paid:
                payments.append({
                    "invoice_id": number, "day": issued, "amount": amount, "means": Means.TRANSFER, "reference": "",
                    "form_key": "k", "recorded_at": NOW, "recorded_by": "import",
                })  # fmt: skip
        connection.execute(insert(Invoice), rows)
        connection.execute(insert(InvoiceLine), lines)
        if payments:
            connection.execute(insert(Payment), payments)


def lists(count: int, folder: Path) -> dict[str, float]:
    """Milliseconds of each page, and of the question that the morning's reminders begin with."""
    url = f"sqlite:///{folder / f'{count}.sqlite3'}"
    engine = make_engine(url)
    declared().create_all(engine)
    sessions, before = make_sessions(engine), NOW - timedelta(days=400)
    app = create_app(
        read_settings({
            "PORTAL_SECRET_KEY": "k" * 32, "PORTAL_DATABASE_URL": url, "PORTAL_BASE_URL": "http://localhost",
            "PORTAL_STORAGE_URL": f"file:{folder / 'files'}",
        }),
        now=lambda: NOW,
    )  # fmt: skip
    library = app.extensions["portal"].library
    with sessions.begin() as session:
        own = create_organisation(
            session,
            legal_name="Client",
            identity=Identity(vat_number=f"FR{1:011}"),
            public_body=False,
            by=None,
            now=before,
        )
        people = {
            "staff": add_staff(session, email="a@ims.example", name="Anne", roles=[StaffRole.BILLING], now=before).id,
            "client": add_person(
                session, organisation=own, email="c@client.example", name="Marc", roles=[ClientRole.BILLING], by=None, now=before
            ).id,
        }  # fmt: skip
        begin_ladder(session, by=session.get_one(Person, people["staff"]), at=before)
    with engine.begin() as connection:
        fill(connection, count, library.in_force(NOW.date()).slug)
        connection.execute(text("ANALYZE"))
    browsers: dict[str, FlaskClient] = {}
    for side, number in people.items():
        with sessions.begin() as session:
            who = session.get_one(Person, number)
            token = begin_session(
                session, who, device="d", device_name="Banc", means=("test",), domain="localhost",
                base_url="http://localhost", now=NOW,
            )  # fmt: skip
            key = who.fs_uniquifier
        browsers[side] = app.test_client()
        with browsers[side].session_transaction() as cookie:
            cookie.update(_user_id=key, _fresh=True, token=token)
    client, desk = "/espace-client/factures/", "/espace-client/bureau/factures/"
    took = {
        name: timed(lambda side=side, address=address: browsers[side].get(address))  # type: ignore[misc]
        for name, side, address in (
            ("client: the list", "client", client), ("client: its last page", "client", f"{client}?page={count // 50}"),
            ("client: what is overdue", "client", f"{client}?etat=en-retard"),
            ("client: search", "client", f"{client}?q=poste{count // 2}"),
            ("client: start page", "client", "/espace-client/"), ("staff: the list", "staff", desk),
            ("staff: search", "staff", f"{desk}?q=poste{count // 2}"), ("staff: start page", "staff", "/espace-client/bureau/"),
        )
    }  # fmt: skip
    with sessions() as session:
        took["the reminders of a morning"] = timed(lambda: remindable(session, ladder(session), NOW.date()))
    engine.dispose()
    return took


def timed(act: Callable[[], object]) -> float:
    """Median, in milliseconds; a page that is not there is no measure."""
    spent = []
    for turn in range(TURNS + 2):
        began = time.perf_counter()
        answer = act()
        if turn > 1:
            spent.append(time.perf_counter() - began)
        if getattr(answer, "status_code", 200) != 200:
            sys.exit(f"a page answered {answer}")
    return statistics.median(spent) * 1000


def compare_lists() -> bool:
    """Print the table; whether every page costs what it should."""
    with tempfile.TemporaryDirectory() as scratch:
        few, many = lists(FEW, Path(scratch)), lists(MANY, Path(scratch))
    print(f"{'list':30} {f'{FEW} ms':>9} {f'{MANY} ms':>9} {'ratio':>6}")
    for name, one in few.items():
        print(f"{name:30} {one:9.1f} {many[name]:9.1f} {many[name] / one:5.1f}×")
    worst = max(many[name] / few[name] for name in few)
    print(
        f"a list of {MANY} costs at most {worst:.1f} times one of {FEW} (aim {WORST:g}): {'met' if worst <= WORST else 'MISSED'}"
    )
    return worst <= WORST


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=2.0, help="for each reader of each syntax")
    options.add_argument("--files", type=int, default=10_000, help="in the batch")
    options.add_argument("--lists", action="store_true", help="the lists alone")
    given = options.parse_args()
    logging.disable(logging.CRITICAL)  # factur-x tells each step
    if given.lists:
        sys.exit(not compare_lists())
    print(f"{'syntax':12} {'size':11} {'ours/s':>8} {'factur-x/s':>11} {'ratio':>6}")
    missed = False
    for size, lines in SIZES.items():
        what = invoice(lines)
        csv = "Facture;Date;TTC;Désignation;Total ligne HT\n" + "".join(
            f"F-1;12/11/2026;{what.gross};{item.name};{item.total}\n" for item in what.items
        )
        works: list[tuple[str, bytes, Callable[[bytes], None] | None]] = [
            ("cii", cii(what).encode(), peer_xml),
            ("ubl", ubl(what).encode(), peer_xml),
            ("factur-x", factur_x(what), peer_pdf),
            ("zugferd", zugferd_1(what).encode(), None),  # factur-x parses no ZUGFeRD 1
            ("csv", csv.encode(), None),
        ]
        for name, data, peer in works:
            mine, its = rates(data, peer, given.seconds)
            ratio = f"{mine / its:5.1f}×" if peer else "—"
            missed = missed or (peer is peer_xml and mine / its < AIM)
            print(f"{name:12} {size:11} {mine:8.0f} {f'{its:.0f}' if peer else '—':>11} {ratio:>6}", flush=True)
    print(f"aim on XML: {AIM:g}×: {'MISSED' if missed else 'met'}")
    for files in (max(1, given.files // 10), given.files):
        rate, megabytes = batch(files)
        print(f"batch of {files} files: {rate:.0f} files/s, largest resident set {megabytes:.0f} MB", flush=True)
    compare_lists()


if __name__ == "__main__":
    main()
