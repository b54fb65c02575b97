"""A stream sealed in pieces: whole or refused, whatever the pieces it comes in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.privacy.sealing import PIECE, Broken, new_key, seal, unseal

KEY = new_key()


def cut(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


@pytest.mark.parametrize("length", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7])
@pytest.mark.parametrize("size", [1 << 10, PIECE, PIECE + 16, 1 << 20])
def test_what_was_sealed_is_read_back(length: int, size: int) -> None:
    content = bytes(range(256)) * (length // 256) + b"x" * (length % 256)
    sealed = b"".join(seal(cut(content, 1000), KEY))
    assert b"".join(unseal(cut(sealed, size), KEY)) == content


@given(st.integers(0, 3 * PIECE), st.integers(0, 7))
def test_one_flipped_bit_is_seen(place: int, bit: int) -> None:
    sealed = bytearray(b"".join(seal([b"a" * (2 * PIECE + 100)], KEY)))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(Broken):
        list(unseal([bytes(sealed)], KEY))


def test_a_file_cut_at_the_end_of_a_piece_is_seen() -> None:
    sealed = b"".join(seal([b"a" * (2 * PIECE + 100)], KEY))
    for end in (0, 5, 8, 8 + PIECE + 16, len(sealed) - 1):
        with pytest.raises(Broken):
            list(unseal([sealed[:end]], KEY))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(Broken):
        list(unseal([b"".join(seal([b"secret"], KEY))], new_key()))
