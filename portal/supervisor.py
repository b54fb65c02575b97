"""Server and worker together, for one machine: one ends, both end; one Ctrl-C ends them cleanly."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

#: Seconds a process is given to finish what it holds.
GRACE = 30
LOOK = 0.2


def run(commands: Sequence[Sequence[str]], *, log: Path) -> int:
    """Run commands of ``portal`` until one ends or somebody asks for the end; return the exit code of the first to fall.

    Each stands in a session of its own: a Ctrl-C reaches this process alone, which passes it on once.
    """
    asked = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        asked.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        with log.open("ab") as stream, _started(commands, stream.fileno()) as processes:
            while not asked.wait(LOOK):
                for process in processes:
                    if process.poll() is not None:
                        return process.returncode or 1
            return 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _started(commands: Sequence[Sequence[str]], output: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            processes.append(  # noqa: PERF401 - what was started must be ended when the next one fails
                subprocess.Popen(
                    [sys.executable, "-m", "portal.cli", *command],
                    stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                )
            )  # fmt: skip
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
