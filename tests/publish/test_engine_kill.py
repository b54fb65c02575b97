"""A build killed at any moment leaves the live site whole, and the next build makes all good."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.publish.conftest import Workshop

STEPS = ("rename", "link", "unlink", "rmdir", "write", "mkdir")


def assert_whole(public: Path) -> None:
    """Every file is the one that SHA256SUMS names, and there is no other."""
    told = {}
    for line in (public / "SHA256SUMS").read_text().splitlines():
        sha256, path = line.split("  ", 1)
        told[path] = sha256
    found = {
        str(path.relative_to(public)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in public.rglob("*")
        if path.is_file() and path.name not in {"SHA256SUMS", ".manifest.json"}
    }
    assert found == told


def _build_until(workshop: Workshop, last_step: int) -> int:
    """Build in a process that kills itself before a step that changes the disk; its exit status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    steps = 0

    def counted(real: Any) -> Any:
        def step(*args: Any, **kwargs: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps > last_step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return step

    try:
        for name in STEPS:
            setattr(os, name, counted(getattr(os, name)))
        workshop.build()
        os._exit(0)
    finally:
        os._exit(9)


def test_killed_before_each_of_its_steps_a_build_leaves_the_old_site_or_the_new_one(
    workshop: Workshop,
) -> None:
    workshop.build()
    workshop.write_note("three", "third " * 300)
    workshop.build()
    killed = 0
    for last_step in range(1000):
        before = workshop.files()
        workshop.write_note("one", f"edit {last_step} " * 200)
        workshop.write_note("three", f"third {last_step}") if last_step % 2 else (
            workshop.folder / "content/notes/three.txt"
        ).unlink(missing_ok=True)
        status = _build_until(workshop, last_step)
        assert_whole(workshop.public)
        if status == 0:
            break
        assert status == -signal.SIGKILL
        killed += 1
        now = workshop.files()
        if now != before:
            # Killed after the exchange: the new site, complete.
            workshop.build()
            assert workshop.files() == now
    assert killed > 20
    assert workshop.files() == workshop.fresh_files()


DRIVER = """
import sys
from datetime import date
from pathlib import Path
from portal.publish import slices
from portal.publish.command import build
from portal.publish.options import Options
slices.WORTH_FORKING = 1
folder = Path(sys.argv[1])
build(Options(content=folder / "content", output=folder / "public", theme=folder / "site", jobs=2,
    base_url="https://example.org/", portal_url=None, today=date(2026, 11, 23),
    groups=frozenset({"terms", "pages", "data"})))
"""


@pytest.mark.slow
def test_killed_at_random_moments_the_real_build_leaves_the_live_site_whole(
    tmp_content: Path, root: Path, tmp_path: Path
) -> None:
    import shutil

    shutil.copytree(root / "site", tmp_path / "site")
    command = [sys.executable, "-c", DRIVER, str(tmp_path)]
    start = time.monotonic()
    subprocess.run(command, cwd=root, check=True)
    lasts = time.monotonic() - start
    chance = random.Random(1)  # noqa: S311
    killed = 0
    for number in range(12):
        page = tmp_path / "site/templates/base.html"
        page.write_text(page.read_text().replace("</body>", f"<!-- {number} --></body>"))
        build = subprocess.Popen(command, cwd=root, start_new_session=True)
        try:
            build.wait(chance.uniform(0.1, lasts))
        except subprocess.TimeoutExpired:
            # The group of our own child: with it, the processes that it forked.
            os.killpg(build.pid, signal.SIGKILL)
            build.wait()
            killed += 1
        assert_whole(tmp_path / "public")
    assert killed
    subprocess.run(command, cwd=root, check=True)
    incremental = {
        path.relative_to(tmp_path / "public"): path.read_bytes()
        for path in (tmp_path / "public").rglob("*")
        if path.is_file() and path.name != ".manifest.json"
    }
    shutil.rmtree(tmp_path / "public")
    shutil.rmtree(tmp_path / ".public.next")
    subprocess.run(command, cwd=root, check=True)
    assert incremental == {
        path.relative_to(tmp_path / "public"): path.read_bytes()
        for path in (tmp_path / "public").rglob("*")
        if path.is_file() and path.name != ".manifest.json"
    }
    assert tmp_content.exists()
