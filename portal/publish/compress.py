"""Compressed copies beside the texts, for servers that send them as they are."""

from __future__ import annotations

import struct
import zlib

SMALLEST = 1024
"""Under this size, in bytes, the headers of the answer weigh more than what is saved."""

_TEXTS = (
    ".html", ".json", ".md", ".js", ".css", ".svg", ".xml", ".atom", ".txt", ".webmanifest",
)  # fmt: skip

_HEADER = b"\x1f\x8b\x08\x00" + b"\x00\x00\x00\x00" + b"\x02\xff"
"""gzip, deflate, no name, time 0, best compression, system unknown: the same bytes anywhere."""


def is_compressed(path: str, size: int) -> bool:
    """Tell whether a file of the site gets a .gz beside it."""
    return size >= SMALLEST and path.endswith(_TEXTS)


def gzip_bytes(content: bytes) -> bytes:
    """Return the content compressed, the same bytes for the same content whatever the day."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    body = deflate.compress(content) + deflate.flush()
    return _HEADER + body + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)
