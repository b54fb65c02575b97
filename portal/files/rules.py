"""Which files are taken, by what is in them and not by what they are called: pure, but for reading the file itself."""

import re
import unicodedata
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

import puremagic

#: Largest file that a person may send, in bytes.
LARGEST = 20 * 1024 * 1024
#: Longest name that is kept.
LONGEST_NAME = 150
#: How much of a file is looked at to know what it is; office files of the old kind are looked through.
HEAD = 8192
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_HEIF = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})

#: Suffix -> media type, as we send it: nothing in this table is run by a browser.
KINDS: dict[str, str] = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "heic": "image/heic",
    "tif": "image/tiff",
    "bmp": "image/bmp",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "wav": "audio/wav",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "msg": "application/vnd.ms-outlook",
    "rtf": "application/rtf",
    "zip": "application/zip",
    "7z": "application/x-7z-compressed",
    "eml": "message/rfc822",
    "ics": "text/calendar",
    "csv": "text/csv",
    "json": "application/json",
    "xml": "application/xml",
    "log": "text/plain",
    "txt": "text/plain",
}
_SAME = {"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg", "tiff": "tif", "heif": "heic", "text": "txt", "dib": "bmp"}
#: What plain text may be called; what it says decides nothing, for a download is never run.
_TEXTS = frozenset({"txt", "log", "csv", "json", "ics", "eml", "xml"})
_RUN_BY_BROWSERS = re.compile(rb"<\s*(?:!doctype\s+html|html|svg|script|iframe|body|head)\b", re.IGNORECASE)
_RUN_BY_MACHINES = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"#!/")
_OPENED = {
    "word/document.xml": "docx",
    "xl/workbook.xml": "xlsx",
    "ppt/presentation.xml": "pptx",
}
_OPEN_DOCUMENT = {KINDS[suffix]: suffix for suffix in ("odt", "ods", "odp")}
_OLD_OFFICE = (
    ("msg", "__properties_version1.0"),
    ("doc", "WordDocument"),
    ("xls", "Workbook"),
    ("xls", "Book"),
    ("ppt", "PowerPoint Document"),
)


class FileRefused(Exception):
    """A file that is not taken; the message is French, for who sent it."""


class FileWaiting(Exception):
    """A file that has not been looked at by the scanner yet: kept, and not given out before it was."""


class FileGone(Exception):
    """A file that was erased, or in which the scanner found something."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is: its usual suffix and its media type."""

    suffix: str
    media_type: str


def suffix_of(name: str) -> str:
    """The suffix that a name ends in, in its usual writing; empty: none."""
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    return _SAME.get(suffix, suffix)


def clean_name(name: str, kind: Kind) -> str:
    """A name that any computer can keep, without a path, ending in the suffix of what the file is."""
    base = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    # Control and direction marks could show another suffix than there is ("facture\u202efdp.exe").
    base = "".join(ch for ch in base if unicodedata.category(ch)[0] != "C" and ch not in '<>:"|?*')
    base = " ".join(base.split()).strip(". ")
    if suffix_of(base) == kind.suffix or (kind.suffix == "txt" and suffix_of(base) in _TEXTS):
        stem, _, suffix = base.rpartition(".")
    else:
        stem, suffix = (base.rpartition(".")[0] if suffix_of(base) in KINDS else base), kind.suffix
    return f"{stem[: LONGEST_NAME - len(suffix) - 1].strip() or 'fichier'}.{suffix}"


def look(stream: BinaryIO, name: str) -> Kind:
    """What a file is, by its content; its name only chooses among what the content may be.

    Raises:
        FileRefused: it is nothing that is taken.
    """
    stream.seek(0)
    head = stream.read(HEAD)
    wanted = suffix_of(name)
    if head.startswith(b"PK"):
        suffix = _zipped(stream)
    elif head.startswith(_OLE):
        stream.seek(0)
        content = stream.read()
        suffix = next((kind for kind, entry in _OLD_OFFICE if entry.encode("utf-16-le") in content), None)
    elif head[4:8] == b"ftyp" and head[8:12] in _HEIF:
        suffix = "heic"
    elif head.startswith(_RUN_BY_MACHINES):
        suffix = None
    else:
        suffix = _by_magic(head, wanted) or _as_text(head, wanted)
    if suffix is None:
        raise FileRefused(
            f"«\u00a0{_shown(name)}\u00a0» n'est pas d'un type accepté. Envoyez plutôt un PDF, une image, "
            "un document bureautique, un texte ou une archive ZIP."
        )
    return Kind(suffix, KINDS[suffix])


def _by_magic(head: bytes, wanted: str) -> str | None:
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return None
    found = [suffix_of(match.extension) for match in matches]
    found = [suffix for suffix in found if suffix in KINDS and suffix not in _TEXTS]
    if wanted in found:
        return wanted
    return found[0] if found else None


def _as_text(head: bytes, wanted: str) -> str | None:
    if not head or b"\0" in head or sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head) > 0:  # noqa: PLR2004 - control characters
        return None
    if wanted != "eml" and _RUN_BY_BROWSERS.search(head[:1024]):
        return None
    if wanted == "xml":
        return "xml" if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else "txt"
    return wanted if wanted in _TEXTS else "txt" if wanted in {"", *KINDS} else None


def _zipped(stream: BinaryIO) -> str | None:
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
            if "META-INF/MANIFEST.MF" in names or "AndroidManifest.xml" in names:
                return None  # a program
            for entry, suffix in _OPENED.items():
                if entry in names:
                    return suffix
            if "mimetype" in names and archive.getinfo("mimetype").file_size < HEAD:
                return _OPEN_DOCUMENT.get(archive.read("mimetype").decode("ascii", "replace").strip(), "zip")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return None
    return "zip"


def _shown(name: str) -> str:
    base = " ".join(name.replace("\\", "/").rpartition("/")[2].split())
    return base[:80] or "Ce fichier"


def size_words(size: int) -> str:
    """``340 Ko``, ``2,4 Mo``: a size as people say it."""
    if size < 1000:  # noqa: PLR2004 - a thousand is what the prefix says
        return f"{size}\u00a0octet{'s' if size > 1 else ''}"
    if size < 1_000_000:  # noqa: PLR2004
        return f"{round(size / 1000)}\u00a0Ko"
    return f"{size / 1_000_000:.1f}\u00a0Mo".replace(".0\u00a0", "\u00a0").replace(".", ",")


def check_size(size: int, name: str, limit: int) -> None:
    """Refuse what is empty or too large.

    Raises:
        FileRefused: with what to do.
    """
    if size == 0:
        raise FileRefused(
            f"«\u00a0{_shown(name)}\u00a0» est vide\u00a0: vérifiez le fichier, puis envoyez-le de nouveau."
        )
    if size > limit:
        raise FileRefused(
            f"«\u00a0{_shown(name)}\u00a0» est trop lourd\u00a0: {size_words(limit)} au plus. "
            "Réduisez-le ou partagez-le en plusieurs."
        )
