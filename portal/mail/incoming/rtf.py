"""The text of rich text, as Outlook packs it: unpacked (MS-OXRTFCP), then its words without their dress."""

import re

_PREFILL = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbol"
    b"ArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_RING = 4096
LARGEST = 4_000_000
_PACKED, _PLAIN = b"LZFu", b"MELA"
_TOKEN = re.compile(
    r"\\'([0-9a-fA-F]{2})|\\u(-?\d{1,6}) ?\??|\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\([^a-zA-Z])|([{}])|\r|\n"
)
#: Groups that hold no words of the text.
_SILENT = frozenset({
    "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "themedata", "listtable",
    "listoverridetable", "generator", "htmltag", "mhtmltag", "datastore", "latentstyles",
})  # fmt: skip
_WORDS = {
    "par": "\n", "line": "\n", "tab": "\t", "cell": "\t", "row": "\n", "lquote": "‘", "rquote": "’", "ldblquote": "“",
    "rdblquote": "”", "bullet": "•", "endash": "–", "emdash": "—",
}  # fmt: skip


def decompressed(packed: bytes) -> bytes:
    """The rich text in a packed one; empty when it is none."""
    kind, content = packed[8:12], packed[16:]
    size = min(int.from_bytes(packed[4:8], "little"), LARGEST)
    if kind == _PLAIN:
        return content[:size]
    if kind != _PACKED:
        return b""
    ring = bytearray(_PREFILL) + bytearray(_RING - len(_PREFILL))
    write, place = len(_PREFILL), 0
    out = bytearray()
    while place < len(content) and len(out) < size:
        control = content[place]
        place += 1
        for bit in range(8):
            if place >= len(content):
                break
            if not control >> bit & 1:
                taken = content[place : place + 1]
                place += 1
            else:
                offset, length = content[place] << 4, 0
                if place + 1 < len(content):
                    offset, length = offset | content[place + 1] >> 4, (content[place + 1] & 15) + 2
                place += 2
                if offset == write:
                    return bytes(out)
                for step in range(length):  # it may read what it is writing
                    out.append(ring[(offset + step) % _RING])
                    ring[write] = out[-1]
                    write = (write + 1) % _RING
                continue
            out += taken
            ring[write] = taken[0]
            write = (write + 1) % _RING
    return bytes(out)


def text_of_rtf(content: bytes) -> str:
    """The words of a rich text."""
    source = content[:LARGEST].decode("latin-1")
    if not source.lstrip().startswith("{\\rtf"):
        return ""
    codepage = re.search(r"\\ansicpg(\d{3,5})", source[:2000])
    encoding = f"cp{codepage[1]}" if codepage else "cp1252"
    out: list[str] = []
    silent: list[bool] = [False]
    end, first = 0, False
    for found in _TOKEN.finditer(source):
        if not silent[-1] and found.start() > end:
            out.append(source[end : found.start()])
        end = found.end()
        code, letter, word, _, sign, brace = found.groups()
        if brace == "{":
            silent.append(silent[-1])
            first = True
            continue
        if brace == "}":
            if len(silent) > 1:
                silent.pop()
        elif word in _SILENT or (sign == "*" and first):
            silent[-1] = True
        elif not silent[-1]:
            out.append(_said(code, letter, word, sign, encoding))
        first = False
    return re.sub(r"\n{3,}", "\n\n", "".join(out)).strip()


def _said(code: str | None, letter: str | None, word: str | None, sign: str | None, encoding: str) -> str:
    if code:
        try:
            return bytes.fromhex(code).decode(encoding)
        except (UnicodeError, LookupError):
            return bytes.fromhex(code).decode("latin-1")
    if letter:
        return chr(int(letter) % 0x10000)
    if sign:
        return {"~": "\u00a0", "_": "-", "-": ""}.get(sign, sign if sign in "\\{}" else "")
    return _WORDS.get(word or "", "")
