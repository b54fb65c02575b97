"""The record of a build, kept beside the published tree, and the comparisons made against it.

With it a build decides from `stat` alone, before Flask is imported, that nothing changed; and it
tells which pages of a tree can be kept. Shapes, as they stand in the file:

- inputs: path -> [size, mtime ns, ctime ns, inode], of every file that a page may depend on;
- pages: address -> key, the digest of all that the page's bytes depend on;
- files: path inside the tree -> [size, mtime ns, SHA-256], checksums and compressed files too;
- folders: path inside the tree -> mtime ns, which changes when a name is added or removed.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from portal.publish.options import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.publish.options import Options

FORMAT = 2
UNTRUSTED = b"{}\n"
"""A manifest that says: this tree is ours, and nothing is known about it."""

RACY_NS = 50_000_000
"""A file written this shortly before a build might be written again under the same time stamp."""

_SKIPPED = {"__pycache__", ".git", ".DS_Store"}

CODE = tuple(
    ROOT / "portal" / name
    for name in ("__init__.py", "clock.py", "config.py", "french.py", "paper.py", "publish", "terms")
)
"""What of the portal a build runs (a test imports a whole build and looks): its rooms are not the site's."""

FileRecord = tuple[int, int, str]
"""Size in bytes, mtime in nanoseconds, SHA-256."""


@dataclass
class Manifest:
    """What was built from what. See the module's docstring for the shapes."""

    engine: str
    options: dict[str, Any]
    today: str
    began: int
    inputs: dict[str, list[int]]
    notices: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    """Digests of the versions whose content was found good."""
    pages: dict[str, str] = field(default_factory=dict)
    files: dict[str, FileRecord] = field(default_factory=dict)
    folders: dict[str, int] = field(default_factory=dict)
    format: int = FORMAT

    @classmethod
    def begin(cls, options: Options, began: int, inputs: dict[str, list[int]]) -> Manifest:
        """Return the manifest of a build that starts; `inputs` were looked at after `began`, in ns."""
        return cls(
            engine=engine_fingerprint(options),
            options=options.seen_by_pages(),
            today=options.today.isoformat(),
            began=began,
            inputs=inputs,
        )

    def encode(self) -> bytes:
        """Return the bytes of the file."""
        # One line: the encoder written in C does not indent, and nobody reads this by eye.
        return json.dumps(vars(self), separators=(",", ":")).encode()

    @classmethod
    def read(cls, path: str) -> Manifest | None:
        """Return the manifest in a file, or None when it is missing, broken or of another format."""
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                values = json.loads(file.read())
            if values.get("format") != FORMAT:
                return None
            return cls(**values)
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    def knows_inputs(self, now: dict[str, list[int]]) -> bool:
        """Tell whether the inputs are those of this build, none of them written while it began."""
        return self.inputs == now and all(record[2] < self.began - RACY_NS for record in now.values())


def input_records(options: Options) -> dict[str, list[int]]:
    """Return the stat records of everything that pages are made from.

    Content, theme, the Python of this package, the references, and the folders where libraries are
    installed (a folder's time changes when a library is replaced).
    """
    records: dict[str, list[int]] = {}
    for folder in (options.content, options.theme, *(path for path in CODE if not path.suffix)):
        records.update(_walk(str(folder)))
    single = [str(ROOT / "build.py"), *(str(path) for path in CODE if path.suffix), *library_folders()]
    if options.references is not None:
        single.append(str(options.references))
    for path in single:
        try:
            records[path] = _record(os.stat(path))  # noqa: PTH116
        except OSError:
            records[path] = []
    return {path: record for path, record in records.items() if record}


def library_folders() -> list[str]:
    """Return the folders where the Python libraries stand."""
    return [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]


def engine_fingerprint(options: Options) -> str:
    """Return the digest of what every page depends on: code, theme, libraries, options."""
    digest = hashlib.sha256()
    code = [str(path) for path in CODE if path.suffix]
    for folder in (path for path in CODE if not path.suffix):
        code += sorted(path for path, _ in _walk(str(folder)) if path.endswith(".py"))
    theme = sorted(path for path, _ in _walk(str(options.theme)))
    for top, paths in ((ROOT, code), (options.theme, theme)):
        for path in paths:
            with open(path, "rb") as file:  # noqa: PTH123
                content = file.read()
            digest.update(f"{os.path.relpath(path, top)}\0{len(content)}\0".encode())
            digest.update(content)
    libraries = [
        name
        for folder in library_folders()
        for name in os.listdir(folder)  # noqa: PTH208
        if name.endswith(".dist-info")
    ]
    said = [sys.version, sorted(libraries), options.seen_by_pages()]
    digest.update(json.dumps(said, sort_keys=True).encode())
    return digest.hexdigest()


def _walk(folder: str) -> Iterator[tuple[str, list[int]]]:
    # os.scandir: each entry's kind comes with the listing, one stat per file and none per folder.
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.name in _SKIPPED:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path)
        else:
            try:
                yield entry.path, _record(entry.stat())
            except OSError:  # a link to nowhere: the content check says so
                yield entry.path, _record(entry.stat(follow_symlinks=False))


def _record(found: os.stat_result) -> list[int]:
    if stat.S_ISDIR(found.st_mode):
        return [0, found.st_mtime_ns, 0, found.st_ino]
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
