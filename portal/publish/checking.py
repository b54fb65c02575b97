"""The check of the content, beside the import of Flask: what is bad stops the build before it writes.

With two processes the second one begins at once; the first helps when it has imported Flask. The
memory that the check takes goes with its process: 4 MB of the largest one on 2,802 pages. Reading
needs the Markdown parser, whose import lasts as long as a third of Flask's: what the second process
has parsed it hands over, and the first one may never import it. Gain on 16 pages: 40 ms of 300.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from portal.publish.children import Child, Queue
from portal.terms import ContentError, Finding
from portal.terms.check import check_library, check_version
from portal.terms.text import parsed, take_parsed

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
        self._portions, self._taken = -(-len(self._unread) // _AT_ONCE), 0
        self._queue = self.enter_context(Queue(self._portions))
        self._child = None
        self._found: list[Finding] | None = None
        if jobs > 1 and self._unread:
            self._child = self.enter_context(Child(self._read_and_hand_over, ContentError))

    def passed(self) -> list[str]:
        """Return the digests of the versions, all good, or raise ContentError with what is wrong."""
        if self._found is None:
            found = self._read()
            if self._child is not None:
                theirs = self._child.answer()
                found += theirs["found"]
                take_parsed(theirs["parsed"])
            # By their place among the versions, whichever process found them.
            self._found = [Finding(*values) for _, values in sorted(found, key=lambda one: one[0])]
            house = check_library(self._library, known_good=frozenset(self._digests))
            self._found += [finding for finding in house if finding.level == "error"]
        if self._found:
            raise ContentError(self._found)
        return self._digests

    def _read_and_hand_over(self) -> dict[str, Any]:
        found = self._read()
        # Where both have read, both have the parser already: handing over would cost memory and gain nothing.
        return {"found": found, "parsed": parsed() if self._taken == self._portions else {}}

    def _read(self) -> list[tuple[int, tuple[Any, ...]]]:
        found = []
        for portion in self._queue:
            self._taken += 1
            first = portion * _AT_ONCE
            for number, version in enumerate(self._unread[first : first + _AT_ONCE], first):
                found += [(number, astuple(finding)) for finding in check_version(version) if finding.level == "error"]
        return found
