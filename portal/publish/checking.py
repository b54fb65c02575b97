"""The check of the content, beside the import of Flask: what is bad stops the build before it writes.

With two processes the second one begins at once; the first helps when it has imported Flask. The
memory that the check takes goes with its process: 4 MB of the largest one on 2,802 pages.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from portal.publish.children import Child, Queue
from portal.terms import ContentError, Finding
from portal.terms.check import check_library, check_version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal.terms import Library

_AT_ONCE = 4
"""Neighbours are read together: they share most of their articles."""


class ContentCheck(ExitStack):
    """The check of one library, begun when it is made."""

    def __init__(self, library: Library, good: Iterable[str], jobs: int) -> None:
        super().__init__()
        self._library = library
        self._digests = [version.digest for version in library.versions]
        known = frozenset(good)
        self._unread = [v for v, digest in zip(library.versions, self._digests, strict=True) if digest not in known]
        portions = -(-len(self._unread) // _AT_ONCE)
        self._queue = self.enter_context(Queue(portions))
        self._child = None
        self._found: list[Finding] | None = None
        if jobs > 1 and portions > 1:
            self._child = self.enter_context(Child(self._read, ContentError))

    def passed(self) -> list[str]:
        """Return the digests of the versions, all good, or raise ContentError with what is wrong."""
        if self._found is None:
            found = self._read()
            if self._child is not None:
                found += self._child.answer()
            # By their place among the versions, whichever process found them.
            self._found = [Finding(*values) for _, values in sorted(found, key=lambda one: one[0])]
            house = check_library(self._library, known_good=frozenset(self._digests))
            self._found += [finding for finding in house if finding.level == "error"]
        if self._found:
            raise ContentError(self._found)
        return self._digests

    def _read(self) -> list[tuple[int, tuple[Any, ...]]]:
        found = []
        for portion in self._queue:
            first = portion * _AT_ONCE
            for number, version in enumerate(self._unread[first : first + _AT_ONCE], first):
                found += [(number, tuple(finding)) for finding in check_version(version) if finding.level == "error"]
        return found
