"""How long a build takes, as ratios to other generators that make the same pages in the same run.

    python bench/site.py [--cache FOLDER] [--pairs 5] [--only L,M] [--peers Hugo,Pelican]

Peers are installed by name into the cache folder (default: ims-portal-bench in the system's folder
for temporary files). Every number is the median of pairs, ours and the peer's one after the other,
after one pair that is not counted; output goes over an existing folder. "cold" is without manifest:
everything is rendered.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:] = [str(ROOT), *(p for p in sys.path if Path(p or ".").resolve() != ROOT / "bench")]

from bench import peers  # noqa: E402
from bench.corpus import Corpus  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WORKS = {"S": (1, 0), "M": (20, 3), "L": (200, 3), "LU": (200, 13)}
TARGETS = {"S": 2.3, "M": 1.6, "L": 1.2, "LU": 1.5}


@dataclass
class Run:
    """One process: seconds, those of processor with its children's, their largest resident set in MB."""

    seconds: float
    processor: float
    megabytes: float


def run(command: Sequence[str], folder: Path) -> Run:
    # A user's Python keeps its byte code; without that every run would compile our modules anew.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{' '.join(command)}\n{said.read().decode()}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


class Ours:
    """Our build of one corpus: the terms with the bench's theme, or the whole site."""

    def __init__(self, corpus: Corpus, folder: Path, *, whole_site: bool = False) -> None:
        self.corpus = corpus
        self.output = folder / ("whole" if whole_site else "ours") / "public"
        self.output.parent.mkdir(parents=True, exist_ok=True)
        # The day of the last version: every one of them is published and one is in force.
        day = corpus.slugs[-1]
        script = ROOT / "bench" / "ours.py"
        self.command = [sys.executable, str(script), str(corpus.folder), str(self.output), day]
        if whole_site:
            self.command = [sys.executable, str(ROOT / "build.py"), "--content", str(corpus.folder)]
            self.command += ["--output", str(self.output), "--today", day, "--base-url", "https://example.org/"]

    def build(self) -> Run:
        return run(self.command, ROOT)

    def forget(self) -> None:
        """Make the next build a cold one over what is there."""
        for manifest in self.output.parent.glob(f".{self.output.name}.state/*.json"):
            manifest.write_text("{}")

    def pages(self) -> int:
        return len(list(self.output.rglob("index.html")))


def ratio(
    ours: Callable[[], Run], theirs: Callable[[], Run], pairs: int, before: Callable[[int], None] = lambda _: None
) -> tuple[float, list[Run], list[Run]]:
    """Return the median of the pairs' ratios, and the runs."""
    mine, other = [], []
    for number in range(pairs + 1):
        before(number)
        # Who begins alternates too.
        if number % 2:
            o, m = theirs(), ours()
        else:
            m, o = ours(), theirs()
        if number:
            mine.append(m)
            other.append(o)
    return statistics.median(m.seconds / o.seconds for m, o in zip(mine, other, strict=True)), mine, other


def processor(mine: list[Run], other: list[Run]) -> str:
    """Say the ratio in seconds of processor, which says more where the machine has other work."""
    return (
        f"{statistics.median(r.processor for r in mine) / statistics.median(r.processor for r in other):.2f} x in CPU"
    )


def seconds(runs: list[Run]) -> float:
    return statistics.median(r.seconds for r in runs)


def say(what: str, value: float, unit: str, target: str = "", detail: str = "") -> None:
    print(f"{what:<44}{value:>8.2f} {unit:<10}{target:<16}{detail}", flush=True)


def against(peer: type[peers.Peer], cache: Path, folder: Path, corpus: Corpus) -> peers.Peer:
    made = peer(cache, folder)
    made.make(corpus)
    return made


def bench_work(name: str, cache: Path, folder: Path, pairs: int, asked: set[str]) -> None:
    versions, edited = WORKS[name]
    top = folder / name
    corpus = Corpus(ROOT / "content", top / "content", versions, edited)
    ours = Ours(corpus, top)
    hugo = against(peers.Hugo, cache, top, corpus)

    def theirs(peer: peers.Peer) -> Callable[[], Run]:
        return lambda: run(peer.command(), peer.folder)

    def cold() -> Run:
        ours.forget()
        return ours.build()

    cold()
    cold()
    value, mine, other = ratio(cold, theirs(hugo), pairs)
    their_pages = len(list(hugo.output.rglob("index.html")))
    say(
        f"{name} cold", value, "x Hugo", f"<= {TARGETS[name]}",
        f"{seconds(mine):.3f} s / {seconds(other):.3f} s, {processor(mine, other)}, {ours.pages()} / {their_pages} pages",
    )  # fmt: skip
    per_page = seconds(mine) / ours.pages() * 1e6
    say(f"{name} cost per page", per_page, "us", "flat", f"Hugo {seconds(other) / their_pages * 1e6:.0f}")
    say(
        f"{name} largest process",
        max(r.megabytes for r in mine),
        "MB",
        "<= 60",
        f"Hugo {max(r.megabytes for r in other):.0f}",
    )
    if name != "L":
        return

    def edit(number: int) -> None:
        corpus.edit_one(number)
        hugo.write(corpus)

    value, mine, other = ratio(ours.build, theirs(hugo), pairs, edit)
    say(
        "L after one article changed",
        value,
        "x Hugo",
        "<= 0.35",
        f"{seconds(mine):.3f} s / {seconds(other):.3f} s, {processor(mine, other)}",
    )
    # Twice: the first looks again at inputs that were written as the last build began.
    ours.build()
    value, mine, other = ratio(ours.build, theirs(hugo), pairs)
    say(
        "L with nothing changed",
        value,
        "x Hugo",
        "<= 0.10",
        f"{seconds(mine):.3f} s / {seconds(other):.3f} s, {processor(mine, other)}",
    )
    for kind in peers.PEERS[1:]:
        if kind.name not in asked:
            continue
        peer = against(kind, cache, top, corpus)
        value, mine, other = ratio(cold, theirs(peer), pairs)
        pages = len(list(peer.output.rglob("index.html")))
        say(
            f"L cold, {kind.name} / ours", statistics.median(o.seconds / m.seconds for m, o in zip(mine, other, strict=True)),
            "x ours", ">= 4.5" if kind is peers.Pelican else "", f"{seconds(other):.3f} s, {1 / float(processor(mine, other).split()[0]):.2f} x in CPU, {pages} pages",
        )  # fmt: skip


def bench_whole_site(name: str, folder: Path, pairs: int) -> None:
    """Say what the whole site costs: its own theme, comparisons, data, search, PDF, compressed files."""
    versions, edited = WORKS[name]
    top = folder / name
    corpus = Corpus(ROOT / "content", top / "content", versions, edited)
    site = Ours(corpus, top, whole_site=True)
    first = site.build()
    files = sum(path.is_file() for path in site.output.rglob("*"))
    say(f"{name} whole site, cold", first.seconds, "s", "", f"{files} files, {first.megabytes:.0f} MB")
    edits = []
    for number in range(pairs + 1):
        corpus.edit_one(number)
        edits.append(site.build())
    say(f"{name} whole site, one article changed", seconds(edits[1:]), "s")
    site.build()
    say(f"{name} whole site, nothing changed", seconds([site.build() for _ in range(pairs)]), "s")
    tomorrow = date.fromisoformat(corpus.slugs[-1]) + timedelta(days=1)
    site.command[site.command.index("--today") + 1] = tomorrow.isoformat()
    say(f"{name} whole site, the next day", site.build().seconds, "s")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the build against other generators.")
    temporary = Path(tempfile.gettempdir()) / "ims-portal-bench"
    parser.add_argument("--cache", type=Path, default=temporary)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--only", default="S,M,L,LU,site-S,site-M,site-L", help="some of the default")
    parser.add_argument("--peers", default="Pelican,MkDocs,Eleventy,naive Frozen-Flask", help="beside Hugo, on L")
    asked = parser.parse_args()
    cache = asked.cache.resolve()
    peers.install(cache)
    works = asked.only.split(",")
    for name in works:
        if name in WORKS:
            bench_work(name, cache, cache / "work", asked.pairs, set(asked.peers.split(",")))
        else:
            bench_whole_site(name.removeprefix("site-"), cache / "work", asked.pairs)


if __name__ == "__main__":
    main()
