"""Bytes to text when the label lies: what is declared first, UTF-8 where the bytes can be nothing else, then a guess."""

import codecs
import re
import unicodedata

from charset_normalizer import from_bytes

#: What mailers call an encoding -> what Python calls the one they mean (usually a larger one).
_ALIASES = {
    "iso-8859-1": "cp1252", "latin1": "cp1252", "iso8859-1": "cp1252", "8859-1": "cp1252", "latin-1": "cp1252",
    "windows1252": "cp1252", "ansi": "cp1252", "x-ansi": "cp1252", "x-cp1252": "cp1252", "iso_8859-1": "cp1252",
    "iso-8859-15": "iso8859_15", "latin9": "iso8859_15", "latin-9": "iso8859_15", "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874", "tis-620": "cp874", "iso-8859-8-i": "iso8859_8", "iso-8859-8-e": "iso8859_8",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030", "euc-cn": "gb18030",
    "big5": "big5hkscs", "x-x-big5": "big5hkscs", "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "euc-kr": "cp949",
    "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932", "iso-2022-jp": "iso2022_jp_ext",
    "_iso-2022-jp$esc": "iso2022_jp_ext", "unicode-1-1-utf-7": "utf-7", "utf8mb4": "utf-8", "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8", "macintosh": "mac_roman", "x-mac-roman": "mac_roman", "cp-850": "cp850",
}  # fmt: skip
#: Labels that say nothing.
_NO_LABEL = frozenset(
    {"", "us-ascii", "ascii", "ansi_x3.4-1968", "unknown", "unknown-8bit", "x-unknown", "default", "none"}
)
#: Encodings of one byte a letter, for which any bytes are text: their label is not proof of anything.
_SINGLE = frozenset({"cp1252", "iso8859_15", "cp1254", "iso8859-2", "cp1250", "mac_roman", "cp850", "cp437"})
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Controls 0x80 to 0x9F: nobody writes them, Windows writes letters there.
_WINDOWS = {
    code: bytes([code]).decode("cp1252") for code in range(0x80, 0xA0) if code not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}
_TO_WINDOWS = {ord(letter): code for code, letter in _WINDOWS.items()}
_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]+")
#: Accents stand alone in French and its neighbours: a longer run of high bytes is another script.
_LONG_RUN = 4
_UTF8_MISREAD = re.compile(r"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
#: Text repaired only when that many letters were misread, and none was read well.
_SURE = 3
#: How much of a content is looked at to guess its encoding.
_SAMPLE = 32_768
_CONTROLS = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
_GUESSES = ["cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "gb18030", "big5", "cp932", "euc_jp", "cp949", "cp1250"]


def decode(content: bytes, declared: str = "") -> str:
    """Text of bytes in an encoding that is declared, rightly or wrongly. Never fails, loses no letter it can save."""
    return clean(_repaired(_decoded(content, label(declared))))


def label(declared: str) -> str:
    """The Python name of a declared encoding; "" for one that says nothing or that nobody knows."""
    name = declared.strip().strip("\"'").lower().partition("*")[0]
    if name in _NO_LABEL:
        return ""
    name = _ALIASES.get(name, name)
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return ""
    # Python counts rot13, zip and base64 among its encodings.
    return found.name if getattr(found, "_is_text_encoding", True) and name not in {"idna", "punycode"} else ""


def clean(text: str) -> str:
    """Text that any database and page takes: line feeds, no other control, no half of a character."""
    if not text.isascii():
        text = text.translate(_WINDOWS)
        if any("\ud800" <= ch <= "\udfff" for ch in text):
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)


def _decoded(content: bytes, name: str) -> str:
    for mark, encoding in _BOMS:
        if content.startswith(mark) and (found := _strictly(content, encoding)) is not None:
            return found
    if content.isascii() and not name.startswith(("utf-7", "iso2022", "hz")):
        return _ascii(content)
    if name.startswith(("utf-16", "utf-32")) or _alternates(content):
        wide = _strictly(content, name) if name.startswith("utf-") else None
        found = wide or _strictly(
            content, "utf-16-le" if content[1::2].count(0) > content[::2].count(0) else "utf-16-be"
        )
        if found is not None and 0 in content:
            return found
    if name not in {"", "utf-8"}:
        found = _strictly(content, name)
        if found is not None and not (name in _SINGLE and _is_another(content)):
            return found
    return _guessed(content)


def _ascii(content: bytes) -> str:
    if b"\x1b$" in content or b"\x1b(" in content:
        found = _strictly(content, "iso2022_jp_ext") or _strictly(content, "iso2022_kr")
        if found is not None:
            return found
    return content.decode("ascii")


def _strictly(content: bytes, name: str) -> str | None:
    try:
        return content.decode(name)
    except (UnicodeError, LookupError, ValueError):
        return None


def _alternates(content: bytes) -> bool:
    """Whether it is UTF-16 that forgot to say so: every second byte of Latin text is nought."""
    sample = content[:1024]
    return len(sample) >= 4 and max(sample[::2].count(0), sample[1::2].count(0)) > len(sample) * 0.35  # noqa: PLR2004


def _is_another(content: bytes) -> bool:
    """Whether bytes labelled as a Western encoding are plainly not: whole UTF-8, or runs of high bytes."""
    return _strictly(content, "utf-8") is not None or _has_long_runs(content)


def _has_long_runs(content: bytes) -> bool:
    runs = [len(run) for run in _HIGH.findall(content[:_SAMPLE])]
    return sum(run for run in runs if run >= _LONG_RUN) > sum(runs) / 2


def _guessed(content: bytes) -> str:
    found = _strictly(content, "utf-8")
    if found is not None:
        return found
    high = sum(map(len, _HIGH.findall(content)))
    whole = sum(map(len, _UTF8.findall(content)))
    # Half is enough: two bytes that happen to be UTF-8 by chance are rare in anything else.
    if whole * 2 >= high:
        return _mixed(content)
    if _has_long_runs(content):
        best = from_bytes(content[:_SAMPLE], cp_isolation=_GUESSES, threshold=0.3).best()
        if best is not None and (found := _strictly(content, best.encoding)) is not None:
            return found
        if best is not None:
            return content.decode(best.encoding, "replace")
    return _western(content)


def _mixed(content: bytes) -> str:
    """UTF-8 with some letters of Windows in between (a signature pasted by a server), or cut in the middle of one."""
    parts, end = [], 0
    for found in _UTF8.finditer(content):
        parts.append(_western(content[end : found.start()]))
        parts.append(found[0].decode("utf-8", "replace"))
        end = found.end()
    return "".join((*parts, _western(content[end:])))


def _western(content: bytes) -> str:
    # Latin-1 takes every byte; ``clean`` puts Windows's letters where its controls are.
    return content.decode("latin-1")


def _repaired(text: str) -> str:
    """Undo UTF-8 that was read as Windows and written again ("Ã©tÃ©"), only where nothing else can be meant.

    Every letter beyond ASCII must belong to such a pair: one real accent, and it is somebody writing about it.
    """
    if text.isascii():
        return text
    narrow = text.translate(_TO_WINDOWS)
    if any(ord(ch) > 0xFF for ch in narrow):  # noqa: PLR2004
        return text
    if len(_UTF8_MISREAD.findall(narrow)) < _SURE:
        return text
    found = _strictly(narrow.encode("latin-1"), "utf-8")
    if found is None or any(unicodedata.category(ch) == "Cn" for ch in found):
        return text
    return found
