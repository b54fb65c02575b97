"""Transfer encodings, broken or not: base64, quoted-printable, uuencode. As much as can be read is read."""

import binascii
import re

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_PADDING = re.compile(rb"=+")
_SOFT_END = re.compile(rb"=[ \t]*\r?\n")
_UU = re.compile(
    rb"(?:\A|\n)begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,200})\r?\n(.*?)\n(?:`\r?\n)?end[ \t]*(?:\r?\n|\Z)", re.DOTALL
)

#: Beginnings that are looked at: each could ask to read to the end.
_MOST_FILES = 50


def decoded(content: bytes, coding: str) -> bytes:
    """The bytes that a transfer encoding stands for; an unknown one stands for itself."""
    coding = coding.strip().strip("\"'").lower()
    if coding == "base64":
        return base64_bytes(content)
    if coding == "quoted-printable":
        return binascii.a2b_qp(content)
    if coding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        found = _UU.search(content)
        return uu_bytes(found[2]) if found else content
    return content


def base64_bytes(content: bytes) -> bytes:
    """Base64 with anything in between, padded in the middle, cut at the end: what four letters give is kept."""
    content = content.translate(None, b"\r\n\t ")
    try:
        return binascii.a2b_base64(content, strict_mode=True)
    except binascii.Error:
        pass
    letters = _NOT_BASE64.sub(
        b"", content.replace(b"-", b"+").replace(b"_", b"/") if _is_url_safe(content) else content
    )
    return b"".join(_whole(piece) for piece in _PADDING.split(letters))


def _is_url_safe(content: bytes) -> bool:
    return (b"-" in content or b"_" in content) and b"+" not in content and b"/" not in content and b"--" not in content


def _whole(letters: bytes) -> bytes:
    rest = len(letters) % 4
    if rest == 1:
        letters, rest = letters[:-1], 0
    return binascii.a2b_base64(letters + b"=" * (4 - rest if rest else 0))


def uu_bytes(lines: bytes) -> bytes:
    """The content of a uuencoded file; a line that is none is left out."""
    parts = []
    for line in lines.splitlines():
        try:
            parts.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders write too much at the end of a line.
            try:
                parts.append(binascii.a2b_uu(line[: (((line[0] - 32) & 63) * 4 + 5) // 3]))
            except (binascii.Error, IndexError):
                continue
    return b"".join(parts)


def uu_files(content: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Text without the files that stand in it, and those files: (name, content)."""
    if b"\nend" not in content or content.count(b"begin") > _MOST_FILES:
        return content, []
    files = [(found[1], uu_bytes(found[2])) for found in _UU.finditer(content)]
    return (_UU.sub(b"\n", content), files) if files else (content, [])
