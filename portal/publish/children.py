"""Work done in a forked process, whose answer comes back as JSON."""

from __future__ import annotations

import json
import os
import signal
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType


class ChildError(Exception):
    """The work failed there; the message is the error's own, or a traceback when it was unforeseen."""


class Child:
    """A process that works as soon as it is made. As a context, it is ended when the block is left."""

    def __init__(self, work: Callable[[], Any], foreseen: type[Exception]) -> None:
        self._answer, writer = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _work(work, foreseen, writer)
        os.close(writer)
        self._left = True

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._left:
            os.kill(self._pid, signal.SIGKILL)
            self._end()

    def answer(self) -> Any:
        """Wait for the end of the work and return what it returned.

        Raises:
            ChildError: it failed, or its process was killed.
        """
        parts = []
        while part := os.read(self._answer, 1 << 20):
            parts.append(part)
        self._end()
        if not parts:
            raise ChildError("a process of the build was killed")
        said = json.loads(b"".join(parts))
        if "error" in said:
            raise ChildError(said["error"])
        return said["answer"]

    def _end(self) -> None:
        self._left = False
        os.close(self._answer)
        os.waitpid(self._pid, 0)


class Queue:
    """The numbers from 0 up, each given once, to whichever process asks first: they wait in a pipe."""

    def __init__(self, length: int) -> None:
        self._reader, writer = os.pipe()
        os.write(writer, b"".join(number.to_bytes(2, "big") for number in range(length)))
        os.close(writer)

    def __enter__(self) -> Queue:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._reader)

    def __iter__(self) -> Iterator[int]:
        while number := os.read(self._reader, 2):
            yield int.from_bytes(number, "big")


def _work(work: Callable[[], Any], foreseen: type[Exception], writer: int) -> None:
    # Nothing of the parent's may run here at the end: no buffer flushed, no handler, no test.
    try:
        said: dict[str, Any]
        try:
            said = {"answer": work()}
        except foreseen as error:
            said = {"error": str(error)}
        except BaseException:  # noqa: BLE001
            said = {"error": traceback.format_exc()}
        with os.fdopen(writer, "wb") as file:
            file.write(json.dumps(said).encode())
    finally:
        os._exit(0)
