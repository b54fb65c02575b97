"""The chain: one changed byte anywhere is found, and an erased payload leaves it whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.evidence.chain import GENESIS, Link, canonical, commit, link, verify_links

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def chain(length: int) -> list[Link]:
    links: list[Link] = []
    for seq in range(1, length + 1):
        previous = links[-1].digest if links else GENESIS
        links.append(link(seq, NOON + timedelta(minutes=seq), "act", commit(b"{}", bytes([seq])), previous))
    return links


def test_a_chain_holds() -> None:
    assert list(verify_links(chain(5))) == []
    assert list(verify_links([])) == []


@given(st.integers(0, 4), st.sampled_from(["at", "kind", "commitment", "previous", "digest", "seq"]))
def test_a_change_anywhere_is_found_where_it_stands(index: int, field: str) -> None:
    links = chain(5)
    spoiled: dict[str, Any] = {
        "at": NOON, "kind": "other", "commitment": "f" * 64, "previous": "e" * 64, "digest": "d" * 64, "seq": 99,
    }  # fmt: skip
    links[index] = replace(links[index], **{field: spoiled[field]})
    found = {broken.seq for broken in verify_links(links)}
    assert links[index].seq in found


@given(st.integers(0, 3))
def test_a_missing_entry_is_found(index: int) -> None:
    links = chain(5)
    del links[index]
    assert list(verify_links(links))


def test_the_same_moment_in_another_zone_is_the_same_entry() -> None:
    paris = NOON.astimezone(timezone(timedelta(hours=1)))
    assert link(1, NOON, "act", "c", GENESIS) == replace(link(1, paris, "act", "c", GENESIS), at=NOON)


def test_a_payload_has_one_way_only_to_be_written() -> None:
    assert canonical({"b": 1, "a": ["é", None]}) == '{"a":["é",null],"b":1}'.encode()


@pytest.mark.parametrize("payload", [{"a": 1.5}, {"a": [{"b": 0.1}]}, {1: "a"}])
def test_what_has_no_exact_writing_is_refused(payload: dict[Any, Any]) -> None:
    with pytest.raises(TypeError):
        canonical(payload)


def test_a_salt_and_a_payload_cannot_trade_bytes() -> None:
    assert commit(b"bc", b"a") != commit(b"c", b"ab")
