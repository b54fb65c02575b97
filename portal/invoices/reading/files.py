"""What somebody hands over: files, folders, archives. One at a time, so that a batch of any length stays small."""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from portal.invoices.reading.reader import LARGEST_FILE, too_large
from portal.invoices.reading.refusal import FILE, KIND, SAFETY, SIZE, STRUCTURE, Unreadable

LARGEST_ARCHIVE, MOST_ENTRIES, LARGEST_DIRECTORY = 2 * 2**30, 20_000, 4 * 2**20
#: What all entries of an archive may unpack to, and how many times its packed size one entry may.
MOST_UNPACKED, HIGHEST_RATIO, RATIO_FROM = 2 * 2**30, 200, 2**20
ARCHIVE = "archive"
_END, _END_64_LOCATOR, _END_64 = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06"
_END_SIZE, _LOCATOR_SIZE, _END_64_SIZE, _LONGEST_COMMENT = 22, 20, 56, 65_535
_OVER = 0xFFFFFFFF
_ENCRYPTED = 0x1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
#: Entries that make an archive a document of Word, Excel or LibreOffice.
_OFFICE = {"[Content_Types].xml", "mimetype"}
_ZIP = (b"PK\x03\x04", _END)


@dataclass(frozen=True, slots=True)
class Brought:
    """One file: its name as a report prints it, its bytes, or why it has none."""

    name: str
    data: bytes = b""
    refused: Unreadable | None = None


def bring(paths: Iterable[Path]) -> Iterator[Brought]:
    """Every file of these paths, in their order; those of a folder and of an archive by name.

    Nothing is unpacked onto the disk, links inside a folder are not followed, and
    what is no ordinary file (a pipe, a device) is not opened.
    """
    for path in paths:
        yield from _folder(path) if path.is_dir() else _file(path)


def bring_file(name: str, file: IO[bytes], size: int) -> Iterator[Brought]:
    """What is in one open file: itself, or the entries of an archive."""
    if not is_archive(file):
        yield (
            Brought(name, refused=too_large(size))
            if size > LARGEST_FILE
            else Brought(name, file.read(LARGEST_FILE + 1))
        )
        return
    try:
        yield from _archive(name, file, size)
    except Unreadable as refused:
        yield Brought(name, refused=refused)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, struct.error):
        yield Brought(name, refused=Unreadable(STRUCTURE, ARCHIVE, "elle est endommagée ou tronquée"))


def is_archive(file: IO[bytes]) -> bool:
    """Whether an open file is a ZIP; it is back at its beginning afterwards."""
    head = file.read(4)
    file.seek(0)
    return head in _ZIP


def _folder(folder: Path) -> Iterator[Brought]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Brought(str(folder), refused=_cannot(error))
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _folder(Path(entry.path))
        elif entry.is_symlink():
            yield Brought(entry.path, refused=Unreadable(SAFETY, FILE, "un lien n'est pas suivi"))
        else:
            yield from _file(Path(entry.path))


def _file(path: Path) -> Iterator[Brought]:
    name = os.fsencode(path).decode("utf-8", "replace")
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            yield Brought(name, refused=Unreadable(KIND, FILE, "ce n'est pas un fichier ordinaire"))
            return
        with path.open("rb") as file:
            yield from bring_file(name, file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        yield Brought(name, refused=_cannot(error))
    except ValueError:  # a NUL in a path
        yield Brought(name, refused=Unreadable(KIND, FILE, "ce nom de fichier est impossible"))


def _cannot(error: OSError) -> Unreadable:
    match error:
        case FileNotFoundError():
            return Unreadable(KIND, FILE, "il n'existe pas")
        case PermissionError():
            return Unreadable(KIND, FILE, "la lecture n'en est pas permise")
        case _:
            return Unreadable(KIND, FILE, "il ne peut pas être lu")


def _archive(name: str, file: IO[bytes], size: int) -> Iterator[Brought]:
    if size > LARGEST_ARCHIVE:
        raise Unreadable(SIZE, ARCHIVE, f"elle fait {size // 2**20} Mo, au plus {LARGEST_ARCHIVE // 2**20} Mo sont lus")
    _check_directory(file, size)
    with zipfile.ZipFile(file) as archive:
        if any(entry.filename in _OFFICE for entry in archive.infolist()):
            raise Unreadable(KIND, FILE, "c'est un document de bureau, pas une facture")
        entries = [entry for entry in archive.infolist() if not _is_noise(entry)]
        if len(entries) > MOST_ENTRIES:
            raise Unreadable(SAFETY, ARCHIVE, f"elle contient plus de {MOST_ENTRIES} fichiers")
        if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
            raise Unreadable(SAFETY, ARCHIVE, "elle se décompresse démesurément")
        if sum(entry.compress_size for entry in entries) > size:
            raise Unreadable(SAFETY, ARCHIVE, "ses fichiers se recouvrent")
        if not entries:
            raise Unreadable(KIND, ARCHIVE, "elle est vide")
        for entry in sorted(entries, key=lambda entry: entry.filename):
            inner = f"{name}/{_printable(entry.filename)}"
            try:
                yield Brought(inner, _unpacked(archive, entry))
            except Unreadable as refused:
                yield Brought(inner, refused=refused)
            except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
                yield Brought(inner, refused=Unreadable(STRUCTURE, FILE, "il est endommagé dans l'archive"))


def _check_directory(file: IO[bytes], size: int) -> None:
    """Look at how long the list of entries is before it is read into memory."""
    start = max(0, size - _END_SIZE - _LONGEST_COMMENT)
    file.seek(start)
    tail = file.read(_END_SIZE + _LONGEST_COMMENT)
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_SIZE:
        raise Unreadable(STRUCTURE, ARCHIVE, "elle est endommagée ou tronquée")
    length = struct.unpack("<I", tail[at + 12 : at + 16])[0]
    if length == _OVER and start + at >= _LOCATOR_SIZE:
        file.seek(start + at - _LOCATOR_SIZE)
        locator = file.read(_LOCATOR_SIZE)
        if locator.startswith(_END_64_LOCATOR):
            file.seek(struct.unpack("<Q", locator[8:16])[0])
            record = file.read(_END_64_SIZE)
            if record.startswith(_END_64) and len(record) == _END_64_SIZE:
                length = struct.unpack("<Q", record[40:48])[0]
    if length > LARGEST_DIRECTORY:
        raise Unreadable(SAFETY, ARCHIVE, "elle annonce trop de fichiers")
    file.seek(0)


def _is_noise(entry: zipfile.ZipInfo) -> bool:
    """Folders, and what systems add by themselves."""
    parts = PurePosixPath(entry.filename).parts
    hidden = any(part.startswith(".") and part not in {".", ".."} for part in parts)
    return entry.is_dir() or hidden or "__MACOSX" in parts or parts[-1:] in {("Thumbs.db",), ("desktop.ini",)}


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    path = entry.filename.replace("\\", "/")
    if path.startswith("/") or ".." in path.split("/") or path[1:2] == ":":
        raise Unreadable(SAFETY, FILE, "son nom sort de l'archive")
    if entry.flag_bits & _ENCRYPTED:
        raise Unreadable(KIND, FILE, "il est protégé par un mot de passe")
    if entry.compress_type not in _METHODS:
        raise Unreadable(KIND, FILE, "sa méthode de compression n'est pas prise en charge")
    if entry.file_size > LARGEST_FILE:
        raise too_large(entry.file_size)
    if entry.file_size > RATIO_FROM and entry.file_size > HIGHEST_RATIO * max(1, entry.compress_size):
        raise Unreadable(SAFETY, FILE, "il se décompresse démesurément")
    with archive.open(entry) as opened:
        content = opened.read(entry.file_size + 1)
    if content[:4] in _ZIP:
        raise Unreadable(SAFETY, FILE, "une archive dans une archive n'est pas ouverte")
    return content


def _printable(name: str) -> str:
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in name)[:300]
