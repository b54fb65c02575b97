"""What every test stands on: the real content, a copy one may edit, and no way out to a network."""

import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from portal.terms import Library

ROOT = Path(__file__).resolve().parent.parent

# The same examples in every run, and no deadline: a slow machine is not a wrong rule.
hypothesis.settings.register_profile("house", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("search", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))


class NetworkBlocked(RuntimeError):
    """A test tried to reach something that is not on this machine."""


def _is_local(address: object) -> bool:
    """Whether a socket address stays on this machine (a path, a loopback address, localhost)."""
    if not isinstance(address, tuple):
        return True  # AF_UNIX: a path
    host = address[0]
    if host in {"", "localhost", None}:
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Let no test reach a real server: only loopback and paths can be connected to or looked up."""
    patch = pytest.MonkeyPatch()
    real_getaddrinfo = socket.getaddrinfo

    def guard(name: str) -> None:
        real = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any) -> Any:
            if not _is_local(address):
                raise NetworkBlocked(f"{name} to {address!r}: tests stay on this machine")
            return real(self, address)

        patch.setattr(socket.socket, name, guarded)

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_local((host.decode() if isinstance(host, bytes) else host,)):
            raise NetworkBlocked(f"look-up of {host!r}: tests stay on this machine")
        return real_getaddrinfo(host, *args, **kwargs)

    guard("connect")
    guard("connect_ex")
    patch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def content() -> Path:
    """The real content/ folder, to read only."""
    return ROOT / "content"


@pytest.fixture(scope="session")
def library(content: Path) -> "Library":
    """The real terms, loaded once."""
    from portal.terms import load_library

    return load_library(content)


@pytest.fixture
def tmp_content(content: Path, tmp_path: Path) -> Path:
    """A copy of content/ that the test may edit."""
    copy = tmp_path / "content"
    shutil.copytree(content, copy)
    return copy
