"""A stream encrypted in pieces (AES-256-GCM): written and read in flat memory; a piece lost, moved or changed is seen.

Each piece is sealed with its number and whether it is the last: so a file cut short does not pass either.
"""

import os
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE = 1 << 18
_TAG, _NONCE = 16, 8
_LAST, _MORE = b"last", b"more"


class Broken(Exception):
    """The file is not what was written, or the key is not its own."""


def new_key() -> bytes:
    """A key for one file."""
    return AESGCM.generate_key(256)


def seal(pieces: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """Encrypt a stream: a prefix of its own, then pieces of one size, the last one shorter or marked."""
    prefix, cipher, number = os.urandom(_NONCE), AESGCM(key), 0
    yield prefix
    held = b""
    for piece in pieces:
        held += piece
        while len(held) > PIECE:
            yield cipher.encrypt(_nonce(prefix, number), held[:PIECE], _MORE)
            held, number = held[PIECE:], number + 1
    yield cipher.encrypt(_nonce(prefix, number), held, _LAST)


def unseal(pieces: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """Decrypt what ``seal`` wrote, whatever the pieces it comes in.

    Raises:
        Broken: it was changed or cut, or the key is another.
    """
    cipher, held, number, prefix = AESGCM(key), b"", 0, b""
    whole = PIECE + _TAG
    try:
        for piece in pieces:
            held += piece
            if not prefix:
                if len(held) < _NONCE:
                    continue
                prefix, held = held[:_NONCE], held[_NONCE:]
            # The last piece is known when nothing follows it.
            while len(held) > whole:
                yield cipher.decrypt(_nonce(prefix, number), held[:whole], _MORE)
                held, number = held[whole:], number + 1
        yield cipher.decrypt(_nonce(prefix, number), held, _LAST)
    except (InvalidTag, ValueError) as error:
        raise Broken from error


def _nonce(prefix: bytes, number: int) -> bytes:
    return prefix + number.to_bytes(4, "big")
