"""The output folder and its standby beside it: brought up to date, then exchanged in one step.

`public` is live and never written into; `.public.next` is what the next build works on. The two
folders are persistent: making thousands of files anew is many times slower than keeping them.

The manifests stand in `.public.state`, each named by the inode of the folder it speaks of: so it goes
with its folder through the exchange, and nothing but the site is published.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from portal.publish.options import state_folder
from portal.publish.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKSUMS = "SHA256SUMS"


class OutputError(Exception):
    """The output folder cannot be used; the message says why."""


class FreezeError(Exception):
    """A page could not be made; the message names its address."""


class Output:
    """The two trees of one output folder, and the lock that keeps two builds of it apart."""

    def __init__(self, output: Path) -> None:
        # A link to a folder is followed once, so that the exchange happens where the folder is.
        folder = output.resolve()
        self._state = state_folder(output)
        self.live = Tree(folder, self._state)
        self.standby = Tree(folder.parent / f".{folder.name}.next", self._state)
        self._old = folder.parent / f".{folder.name}.old"
        self._lock = folder.parent / f".{folder.name}.lock"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock: a second build of the same folder is refused at once."""
        try:
            self._lock.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise OutputError(f"{self._lock}: {error.strerror}") from error
        try:
            # The system lets go of the lock when the process ends, however it ends.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise OutputError(f"another build of {self.live.folder} is running; wait until it has ended") from None
        try:
            self._recover()
            yield
        finally:
            os.close(handle)

    def _recover(self) -> None:
        # Only where the two folders could not be exchanged in one step, and a build was killed
        # between the two renames.
        if self._old.exists():
            if not self.live.folder.exists():
                self._old.rename(self.live.folder)
            elif not self.standby.folder.exists():
                self._old.rename(self.standby.folder)

    def refuse_strangers(self) -> None:
        """Raise OutputError when one of the two folders holds files that no build of ours made."""
        for tree in (self.live, self.standby):
            if not tree.folder.exists():
                continue
            if not tree.folder.is_dir():
                raise OutputError(f"{tree.folder} is not a folder")
            names = os.listdir(tree.folder)  # noqa: PTH208
            # A copy of a published site has no manifest of its own, but it has its checksums.
            if names and CHECKSUMS not in names and not os.path.exists(tree.manifest_path):  # noqa: PTH110
                raise OutputError(
                    f"{tree.folder} holds files that this command did not publish (no {CHECKSUMS});"
                    " nothing was touched. Choose another --output, or empty it"
                )

    def exchange(self) -> None:
        """Make the standby live, and the live tree the standby, in one step."""
        live, standby = self.live.folder, self.standby.folder
        try:
            if not live.exists():
                standby.rename(live)
            elif not _exchange_in_one_step(str(live), str(standby)):
                live.rename(self._old)
                standby.rename(live)
                self._old.rename(standby)
            self._forget_gone_folders()
        except OSError as error:
            raise OutputError(f"{live} cannot be exchanged with {standby}: {error.strerror}") from error

    def _forget_gone_folders(self) -> None:
        """Remove the manifests of folders that are neither of the two any more."""
        kept = {tree.manifest_path for tree in (self.live, self.standby) if tree.folder.exists()}
        for path in self._state.glob("*.json"):
            if str(path) not in kept:
                path.unlink()


def _exchange_in_one_step(one: str, other: str) -> bool:
    """Exchange two names by renameat2(2); False where the system has no such call."""
    import ctypes

    at_cwd, exchange = -100, 2
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    call.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    if call(at_cwd, os.fsencode(one), at_cwd, os.fsencode(other), exchange) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number))
