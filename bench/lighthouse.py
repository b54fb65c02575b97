"""Lighthouse's four scores on four pages, built for the address they are served at, compressed.

Lighthouse comes from npm (`npx lighthouse`), Chromium from CHROMIUM or CHROME_PATH.
Prints one line a page; exits 1 when a score is under 100.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from portal.publish.serve import serving

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("", "cgv/", "cgv/2018-10-01/article-7/", "calculateur/")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
SWITCHES = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


def lighthouse() -> list[str]:
    """The command: an installed Lighthouse, else the one that npx fetches."""
    if found := shutil.which("lighthouse"):
        return [found]
    if found := shutil.which("npx"):
        return [found, "--yes", "lighthouse"]
    sys.exit("npm is missing: Lighthouse comes from it")


def score(address: str, chrome: str, command: list[str]) -> tuple[dict[str, int], list[str]]:
    """The four scores of one page, and the audits that cost points."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run(
            [
                *command, address, "--quiet", "--output=json", f"--output-path={report}",
                f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={SWITCHES}",
            ],
            env={**os.environ, "CHROME_PATH": chrome}, check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        found = json.loads(report.read_text())
    scores = {name: round(100 * (found["categories"][name]["score"] or 0)) for name in CATEGORIES}
    lost = [
        f"{audit['id']}: {audit['title']} {audit.get('displayValue', '')}".strip()
        for name in CATEGORIES
        for reference in found["categories"][name]["auditRefs"]
        if reference["weight"] and (audit := found["audits"][reference["id"]])["score"] not in (None, 1)
    ]
    return scores, lost


def main() -> int:
    """Score the pages named on the command line, else the four of the project's goal."""
    chrome = os.environ.get("CHROME_PATH") or os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chrome:
        sys.exit("no Chromium: name it with CHROMIUM=/path/to/it")
    command, status = lighthouse(), 0
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "public", "http://127.0.0.1/", 0) as site:
        # Built for this very address: a canonical link to another site would cost points.
        build = [sys.executable, "build.py", "--output", f"{folder}/public", "--base-url", site]
        subprocess.run(build, cwd=ROOT, check=True)
        for page in sys.argv[1:] or PAGES:
            scores, lost = score(site + page.lstrip("/"), chrome, command)
            print(f"/{page.lstrip('/'):<28}", "  ".join(f"{name} {value}" for name, value in scores.items()))
            for audit in lost:
                print(f"    {audit}")
            status |= any(value < 100 for value in scores.values())
    return status


if __name__ == "__main__":
    sys.exit(main())
