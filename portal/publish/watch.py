"""Build again when something changes. Looking at a few hundred times of files twice a second costs
a thousandth of a core, so no library that listens to the system is needed.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from portal.publish.manifest import input_records
from portal.publish.options import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from portal.publish.options import Options

INTERVAL = 0.5
"""Seconds between two looks."""


def watch(
    state: Callable[[], object],
    build: Callable[[], None],
    seen: object = None,
    stop: threading.Event | None = None,
    interval: float = INTERVAL,
) -> None:
    """Call `build` whenever `state` gives another value than the last time, `seen` at first.

    A build that fails says why and is tried again at the next change. Ends when `stop` is set.
    """
    stop = stop or threading.Event()
    while not stop.wait(interval):
        now = state()
        if now != seen:
            seen = now
            build()


def what_is_watched(options: Options) -> tuple[object, ...]:
    """Return what a build depends on: content, theme, code, and the day."""
    return options.today, input_records(options)


def build_in_a_new_process(arguments: Sequence[str]) -> None:
    """Run the command once more: changed Python is read anew, and an error ends only that process."""
    once = [word for word in arguments if word not in {"--watch", "--serve"}]
    subprocess.run([sys.executable, str(ROOT / "build.py"), *once], check=False)
