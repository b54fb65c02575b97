"""The addresses of header fields, however they are written; linear, as the rest of the reading."""

import re
from collections.abc import Iterable, Iterator

from portal.mail.incoming.headers import ESCAPED, LONGEST_FIELD, WORD, one_line, words
from portal.mail.incoming.message import Address

MOST_ADDRESSES = 500
LONGEST_ADDRESS = 320
_MAIL = re.compile(r"[^\s<>()\",;:\\\[\]@]+@[^\s<>()\",;:\\@]+")


def addresses(values: Iterable[bytes]) -> tuple[Address, ...]:
    """Every address of some fields, in order; what is none is left out."""
    found: list[Address] = []
    for value in values:
        for piece in _pieces(value[:LONGEST_FIELD]):
            if len(found) == MOST_ADDRESSES:
                return tuple(found)
            address = _address(piece)
            if address.mail or address.name:
                found.append(address)
    return tuple(found)


def _pieces(raw: bytes) -> Iterator[bytes]:
    """Cut at commas and semicolons outside quotes, brackets and comments; a group's name is dropped."""
    start, quoted, angle, depth, index = 0, False, False, 0, 0
    coded = {found.start(): found.end() for found in WORD.finditer(raw)}
    while index < len(raw):
        if index in coded:
            index = coded[index]
            continue
        ch = raw[index]
        if quoted:
            if ch == 0x5C:  # noqa: PLR2004 - a backslash
                index += 1
            elif ch == 0x22:  # noqa: PLR2004 - a quote
                quoted = False
        elif ch == 0x22 and not depth:  # noqa: PLR2004
            quoted = raw.find(b'"', index + 1) >= 0  # one that never closes is a letter
        elif ch == 0x28:  # noqa: PLR2004 - a parenthesis
            depth += 1
        elif ch == 0x29 and depth:  # noqa: PLR2004
            depth -= 1
        elif ch in b"<>":
            angle = ch == 0x3C  # noqa: PLR2004
        elif not angle and not depth:
            if ch in b",;":
                yield raw[start:index]
                start = index + 1
            elif ch == 0x3A and b"@" not in raw[start:index]:  # noqa: PLR2004 - "undisclosed-recipients:;"
                start = index + 1
        index += 1
    yield raw[start:]


def _address(raw: bytes) -> Address:
    before, opened, rest = raw.rpartition(b"<")
    if opened:
        name, mail = one_line(words(_unquoted(before))), _mail(one_line(words(rest.partition(b">")[0])))
        if mail or name:
            return Address(name[:LONGEST_ADDRESS], mail)
    text = one_line(words(raw))
    mail = _mail(text)
    comment = re.search(r"\(([^()]*)\)", text)
    name = comment[1] if comment else text.replace(mail, "").strip(" \"'<>,;") if mail else text.strip(" \"'<>")
    return Address(one_line(name)[:LONGEST_ADDRESS], mail)


def _unquoted(raw: bytes) -> bytes:
    text = raw.strip()
    if len(text) > 1 and text[:1] in b"\"'" and text[-1:] == text[:1]:
        text = text[1:-1]
    return ESCAPED.sub(rb"\1", text)


def _mail(text: str) -> str:
    found = _MAIL.search(text)
    if found is None or len(found[0]) > LONGEST_ADDRESS:
        return ""
    local, _, domain = found[0].rpartition("@")
    return f"{local}@{domain.lower().rstrip('.')}"
