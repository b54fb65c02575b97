"""The command of the console as tests call it: in this process, or in one of its own where that is the matter."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner

from portal.cli import main

PORTAL = Path(sys.executable).with_name("portal")


def bare() -> dict[str, str]:
    """The environment without any setting of an installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}


def call(environ: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Call it here: what it does and says is the same, and nothing is loaded again."""
    done = CliRunner().invoke(main, words, env=environ)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


def start(environ: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Start it, as somebody does at a prompt, and wait for its end."""
    return subprocess.run([PORTAL, *words], env=environ, capture_output=True, text=True, check=False)
