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
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:] = [str(ROOT), *(p for p in sys.path if Path(p or ".").resolve() != ROOT / "bench")]

import facturx  # noqa: E402
from facturx.parse_xml import parse_ubl_cii_xml  # noqa: E402

from portal.invoices.reading.reader import read_file  # noqa: E402
from tests.invoices.reading.written import Item, Written, cii, factur_x, totals, ubl, zugferd_1  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

AIM = 5.0
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


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=2.0, help="for each reader of each syntax")
    options.add_argument("--files", type=int, default=10_000, help="in the batch")
    given = options.parse_args()
    logging.disable(logging.CRITICAL)  # factur-x tells each step
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


if __name__ == "__main__":
    main()
