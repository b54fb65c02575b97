"""One folder of pages: what its manifest knows of its files, and writing into it without harm.

Files are written under another name and renamed, so that a hard link shared with the live tree is
never written through.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from portal.publish import manifest as manifests
from portal.publish.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from portal.publish.manifest import FileRecord

PART = ".part~"
"""Ends the name of a file that is being written."""

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Tree:
    """One of the two folders: its files, and what its manifest knows of them.

    Paths are relative, with slashes.
    """

    def __init__(self, folder: Path, state: Path) -> None:
        self.folder = folder
        self.prefix = f"{folder}/"
        self._state = f"{state}/"
        self.manifest: Manifest | None = None
        self._known: dict[str, FileRecord | None] = {}
        self._seen: set[str] = set()
        self._read: tuple[int, int, int] | None = None

    @property
    def manifest_path(self) -> str:
        """Where the manifest of this folder stands. OSError when there is no folder."""
        return f"{self._state}{os.lstat(self.folder).st_ino}.json"

    def read_manifest(self) -> Manifest | None:
        """Read the manifest, unless it is the one already read; forget what was known of the files."""
        self._known, self._seen = {}, set()
        try:
            path = self.manifest_path
            found = os.stat(path)  # noqa: PTH116
        except OSError:
            self.manifest = None
            return None
        identity = (found.st_ino, found.st_mtime_ns, found.st_size)
        if identity != self._read:
            self._read, self.manifest = identity, Manifest.read(path)
        return self.manifest

    def known(self, path: str) -> FileRecord | None:
        """Return the record of a file that is as recorded, None when it is not or has none.

        Each file is looked at once, when it is asked for: a build that keeps the standby's pages
        does not look at the live ones.
        """
        try:
            return self._known[path]
        except KeyError:
            found = self._known[path] = self._compare(path)
            return found

    def _compare(self, path: str) -> FileRecord | None:
        record = self.manifest.files.get(path) if self.manifest is not None else None
        if record is None:
            return None
        try:
            found = os.lstat(self.prefix + path)
        except OSError:
            return None
        if found.st_size != record[0] or not stat.S_ISREG(found.st_mode):
            return None
        if found.st_mtime_ns == record[1]:
            return record
        # Touched, or tampered with.
        if self._digest(path) == record[2]:
            return (record[0], found.st_mtime_ns, record[2])
        return None

    def is_as_recorded(self) -> bool:
        """Tell whether every file and every list of names is as the manifest says."""
        manifest = self.manifest
        return (
            manifest is not None
            and all(self.known(path) is not None for path in manifest.files)
            and next(self._strange_folders(manifest), None) is None
        )

    def _strange_folders(self, manifest: Manifest) -> Iterator[str]:
        """Yield the folders whose list of names may not be what the manifest says; "" is the root."""
        # The root's own time changes with the exchange: its names are compared.
        names = {path.partition("/")[0] for path in manifest.files}
        try:
            if set(os.listdir(self.folder)) != names:  # noqa: PTH208
                yield ""
        except OSError:
            yield ""
        lstat, prefix = os.lstat, self.prefix
        for path, time in manifest.folders.items():
            try:
                if lstat(prefix + path).st_mtime_ns != time:
                    yield path
            except OSError:
                yield path

    def _digest(self, path: str) -> str:
        import hashlib

        try:
            return hashlib.sha256(self.read(path)).hexdigest()
        except OSError:
            return ""

    def read(self, path: str) -> bytes:
        """Return a file's bytes; a link is not followed."""
        handle = os.open(self.prefix + path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            size = os.fstat(handle).st_size
            content = os.read(handle, size + 1)
            while len(content) < size and (more := os.read(handle, size + 1 - len(content))):
                content += more
            return content
        finally:
            os.close(handle)

    def distrust(self) -> None:
        """Say on disk that this tree is being worked on: a killed build leaves it so."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write_manifest(manifests.UNTRUSTED)

    def write_manifest(self, content: bytes) -> None:
        """Write the manifest of this folder, in one step."""
        path = self.manifest_path
        os.makedirs(self._state, exist_ok=True)  # noqa: PTH103
        part = path + PART
        with open(part, "wb") as file:  # noqa: PTH123
            file.write(content)
        os.rename(part, path)  # noqa: PTH104

    def write(self, path: str, content: bytes) -> int:
        """Write a file under another name, then give it its own; return its mtime in ns."""
        part = self.prefix + path + PART
        try:
            handle = os.open(part, _NEW_FILE, 0o666)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(part), exist_ok=True)  # noqa: PTH103, PTH120
            handle = os.open(part, _NEW_FILE, 0o666)
        except FileExistsError:  # left by a killed build
            os.unlink(part)  # noqa: PTH108
            handle = os.open(part, _NEW_FILE, 0o666)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(handle, rest) :]
            time = os.fstat(handle).st_mtime_ns
        finally:
            os.close(handle)
        os.rename(part, self.prefix + path)  # noqa: PTH104
        return time

    def put(self, path: str, content: bytes, sha256: str) -> FileRecord:
        """Make a file have this content, leaving it alone when it has it already."""
        record = self.known(path)
        if record is not None and record[2] == sha256:
            return record
        if record is None and (time := self._time_if_same(path, content)):
            return (len(content), time, sha256)
        return (len(content), self.write(path, content), sha256)

    def _time_if_same(self, path: str, content: bytes) -> int:
        # A file that no manifest vouches for is compared byte by byte.
        try:
            handle = os.open(self.prefix + path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return 0
        try:
            # One read for a page: asking for a byte more shows that the file does not go on.
            if os.read(handle, len(content) + 1) == content:
                return os.fstat(handle).st_mtime_ns
            return 0
        except OSError:
            return 0
        finally:
            os.close(handle)

    def take(self, path: str, record: FileRecord, other: Tree) -> None:
        """Make a file be the other tree's: one inode for both, or a copy where links cannot be."""
        target = self.prefix + path
        part = target + PART
        try:
            self._link(other.prefix + path, part)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
            self._link(other.prefix + path, part)
        except FileExistsError:
            os.unlink(part)  # noqa: PTH108
            self._link(other.prefix + path, part)
        os.rename(part, target)  # noqa: PTH104
        # Renaming one name of an inode onto another name of it does nothing, by POSIX.
        with suppress(FileNotFoundError):
            os.unlink(part)  # noqa: PTH108
        self._known[path] = record

    @staticmethod
    def _link(source: str, target: str) -> None:
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOTSUP):
                raise
            shutil.copy2(source, target, follow_symlinks=False)

    def unshare(self, path: str) -> None:
        """Remove a file that is one with the other tree's, for a writer that writes in place."""
        with suppress(OSError):
            if os.lstat(self.prefix + path).st_nlink > 1:
                os.unlink(self.prefix + path)  # noqa: PTH108
                self._known[path] = None

    def tidy(self, files: set[str], folders: set[str]) -> set[str]:
        """Remove what is neither a file nor a folder of the new site; return the folders that changed.

        Frozen-Flask's own removal walks the whole tree after each build: 0.07 s for 2,802 pages, more
        than a quarter of a build after one edit. Here only those folders are listed whose names
        changed behind the manifest's back.
        """
        manifest = self.manifest
        if manifest is None:
            self._tidy_folder("", files, folders, deep=True)
            return set()
        strange = list(self._strange_folders(manifest))
        for folder in strange:
            self._tidy_folder(folder, files, folders, deep=False)
        removed = manifest.files.keys() - files
        self.tidy_files(removed)
        # Deepest first, so that a folder is empty when its turn comes.
        gone = sorted(manifest.folders.keys() - folders, reverse=True)
        for path in gone:
            with suppress(OSError):
                os.rmdir(self.prefix + path)  # noqa: PTH106
        return parents([*removed, *gone]).union(strange)

    def tidy_files(self, paths: Iterable[str]) -> set[str]:
        """Remove those of the files that were here before this build; return them."""
        before = self._seen if self.manifest is None else self._seen | self.manifest.files.keys()
        removed = before.intersection(paths)
        for path in removed:
            self._known[path] = None
            with suppress(OSError):
                os.unlink(self.prefix + path)  # noqa: PTH108
        return removed

    def _tidy_folder(self, folder: str, files: set[str], folders: set[str], *, deep: bool) -> None:
        start = f"{folder}/" if folder else ""
        try:
            entries = list(os.scandir(self.prefix + folder))
        except OSError:
            return
        for entry in entries:
            path = start + entry.name
            if entry.is_dir(follow_symlinks=False):
                if path not in folders:
                    shutil.rmtree(entry.path)
                elif deep:
                    self._tidy_folder(path, files, folders, deep=True)
            elif path in files and entry.is_file(follow_symlinks=False):
                self._seen.add(path)
            else:
                os.unlink(entry.path)  # noqa: PTH108

    def folder_times(self, folders: Iterable[str], kept: dict[str, int]) -> dict[str, int]:
        """Return the time of each folder: from `kept` where it is there, else from the disk."""
        lstat, prefix = os.lstat, self.prefix
        return {path: kept.get(path) or lstat(prefix + path).st_mtime_ns for path in sorted(folders)}


def parents(paths: Iterable[str]) -> set[str]:
    """Return every folder that stands above the paths, the root left out."""
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found
