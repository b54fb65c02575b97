"""From the bytes of a file to the root of its XML: one encoding, no DTD, no entity, no network, bounded.

What could expand or reach out is refused before the parser sees it: the parser's own limits (depth,
length of a text) are the second wall, not the first.
"""

import codecs
import re

from lxml import etree

from portal.invoices.document import ReadFinding
from portal.invoices.reading.refusal import ENCODING, FILE, SAFETY, SIZE, STRUCTURE, Unreadable

LARGEST_XML = 24 * 2**20
#: Tags of one document: some ten thousand lines. Bounds the memory that a document can take.
MOST_TAGS = 1_000_000
MOST_NAMES = 2_000
_TAG, _ATTRIBUTE = re.compile(rb"<([^\s<>/!?]{1,300})"), re.compile(rb"\s([^\s<>=/\"']{1,300})=")
_ASCII = 0x7F
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_DECLARED = re.compile(rb"""\A\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["'][^>]{0,100}\?>""")
_DECLARATION = re.compile(rb"\A\s*(?:<\?xml\s[^>]{0,300}\?>\s*)?")
_SPACES = re.compile(rb"\s*")
_LONGEST_PROLOG = 64 * 1024
#: Single-byte encodings that French and neighbouring software writes.
_LATIN = frozenset({"iso8859-1", "iso8859-15", "cp1252", "cp1250", "iso8859-2", "cp850", "mac-roman"})
#: Letters and signs that French, German and Alsatian names and prices are written with, beyond ASCII.
_LIKELY = frozenset("àâäæçéèêëîïôœöùûüÿßÀÂÄÆÇÉÈÊËÎÏÔŒÖÙÛÜŸ€«»’‘“”–—…°·²³µ§£ñáíóúãõåøÁÍÓÚÑÅØ©®™½¼ \u00a0")


def root_of(data: bytes) -> tuple[etree._Element, list[ReadFinding]]:
    """The root element, and what is odd about the encoding.

    Raises:
        Unreadable: not XML, or not safe to read.
    """
    if len(data) > LARGEST_XML:
        raise Unreadable(SIZE, FILE, f"un XML de plus de {LARGEST_XML // 2**20} Mo n'est pas lu")
    text, findings = _utf8(data)
    text = text[_DECLARATION.match(text).end() :]  # type: ignore[union-attr]  # it matches nothing at worst
    _check_prolog(text)
    if b"\0" in text:
        raise Unreadable(ENCODING, FILE, "le fichier contient des octets nuls")
    if text.count(b"<") > MOST_TAGS:
        raise Unreadable(SIZE, FILE, f"le fichier a plus de {MOST_TAGS} balises")
    _check_names(text)
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True, collect_ids=False,
    )  # fmt: skip
    try:
        return etree.fromstring(text, parser), findings
    except etree.XMLSyntaxError as error:
        line, column = error.position
        if "depth" in (error.msg or ""):
            raise Unreadable(SAFETY, FILE, "les éléments sont emboîtés trop profondément") from error
        if "huge" in (error.msg or "").lower() or "too long" in (error.msg or ""):
            raise Unreadable(SAFETY, FILE, "un texte du fichier est démesuré") from error
        raise Unreadable(STRUCTURE, FILE, f"XML mal formé, ligne {line}, colonne {column}") from error


def _check_names(text: bytes) -> None:
    """The parser keeps every name that it has met for as long as the process lives: a vocabulary is small.

    Raises:
        Unreadable: names without end.
    """
    for sign, pattern in ((b"<", _TAG), (b"=", _ATTRIBUTE)):
        if text.count(sign) > MOST_NAMES:
            seen: set[bytes] = set()
            for found in pattern.finditer(text):
                seen.add(found.group(1))
                if len(seen) > MOST_NAMES:
                    raise Unreadable(SAFETY, FILE, f"le fichier emploie plus de {MOST_NAMES} noms de balises")


def _check_prolog(text: bytes) -> None:
    """Nothing but comments and instructions may stand before the root element.

    Raises:
        Unreadable: a DOCTYPE, which an invoice never has and every entity attack needs; or no element at all.
    """
    at = 0
    while True:
        at = _SPACES.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing at worst
        if at > _LONGEST_PROLOG:
            raise Unreadable(SAFETY, FILE, "le XML ne commence pas dans ses premiers octets")
        if text.startswith(b"<!--", at):
            at = text.find(b"-->", at + 4) + 3
        elif text.startswith(b"<?", at):
            at = text.find(b"?>", at + 2) + 2
        elif text[at : at + 9].upper() == b"<!DOCTYPE":
            raise Unreadable(SAFETY, FILE, "une déclaration DOCTYPE (DTD, entités) n'est jamais lue")
        elif text[at : at + 1] == b"<":
            return
        else:
            raise Unreadable(STRUCTURE, FILE, "le fichier ne commence pas comme un XML")
        if at < 4:  # noqa: PLR2004 - find() gave -1: the comment or the instruction has no end
            raise Unreadable(STRUCTURE, FILE, "le XML s'arrête avant son premier élément")


def _utf8(data: bytes) -> tuple[bytes, list[ReadFinding]]:
    """The document in UTF-8, whatever it came in."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            if name == "utf-8":
                data = data[len(mark) :]
                break
            return _decoded(data, name).encode(), []
    else:
        if data[:4] in {b"<\0?\0", b"<\0r\0"} or (data[:1] == b"<" and data[1:2] == b"\0"):
            return _decoded(data, "utf-16-le").encode(), []
        if data[:1] == b"\0" and data[1:2] == b"<":
            return _decoded(data, "utf-16-be").encode(), []
    declared = _DECLARED.match(data)
    name = declared.group(1).decode() if declared else "utf-8"
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        raise Unreadable(ENCODING, FILE, f"l'encodage déclaré « {name} » est inconnu") from None
    try:
        data.decode()
    except UnicodeDecodeError:
        return _single_byte(data, name, codec)
    if codec in {"utf-8", "ascii"} or (data.isascii() and codec in _LATIN):
        return data, []
    if codec in _LATIN or codec.startswith("utf-16"):
        # Valid UTF-8 beyond ASCII, or ASCII that says it is UTF-16: the bytes are right, the declaration is not.
        return data, [_odd(f"le fichier se dit en {name} et il est en UTF-8\u00a0: il est lu en UTF-8.")]
    raise Unreadable(ENCODING, FILE, f"l'encodage déclaré « {name} » n'est pas pris en charge")


def _single_byte(data: bytes, name: str, codec: str) -> tuple[bytes, list[ReadFinding]]:
    if codec in {"utf-8", "ascii"}:
        words = f"le fichier se dit en {name} et il est en Windows-1252\u00a0: il est lu ainsi."
        text = surely_latin(data)
        if text is None:
            raise Unreadable(ENCODING, FILE, f"le fichier se dit en {name} et ses octets n'en sont pas")
        return text.encode(), [_odd(words)]
    if codec not in _LATIN:
        raise Unreadable(
            ENCODING, FILE, f"l'encodage déclaré « {name} » n'est pas celui du fichier ou n'est pas pris en charge"
        )
    if codec == "iso8859-1":
        codec = "cp1252"  # what software that says ISO-8859-1 writes when there is a € in it
    return _decoded(data, codec).encode(), []


def surely_latin(data: bytes) -> str | None:
    """The text of bytes that are not UTF-8, when they are Windows-1252 beyond doubt: every sign is one we write with."""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    beyond = {sign for sign in set(text) if ord(sign) > _ASCII}
    return text if beyond <= _LIKELY else None


def _decoded(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise Unreadable(ENCODING, FILE, f"les octets ne sont pas de l'encodage annoncé ({codec})") from error


def _odd(words: str) -> ReadFinding:
    return ReadFinding("encoding", FILE, words)
