"""The arithmetic of the chain, pure: commitments and links. Anyone can redo it with any SHA-256."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

#: What the first link holds on to.
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Link:
    """One entry as it is chained. Digests are SHA-256 in lower-case hex."""

    seq: int
    at: datetime
    kind: str
    commitment: str
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a chain does not hold, and why, in French for whoever verifies."""

    seq: int
    message: str


def canonical(payload: Mapping[str, Any]) -> bytes:
    """One way only to write a payload: sorted keys, no spaces, UTF-8, no float.

    Raises:
        TypeError: for what JSON has no exact word for (a float, a Decimal): write it as text.
    """
    _refuse_floats(payload)
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def commit(payload: bytes, salt: bytes) -> str:
    """Salted commitment to a payload: says nothing of it once salt and payload are gone."""
    return sha256(len(salt).to_bytes(2, "big") + salt + payload).hexdigest()


def link(seq: int, at: datetime, kind: str, commitment: str, previous: str) -> Link:
    """The entry that follows ``previous``."""
    return Link(seq, at, kind, commitment, previous, digest_of(seq, at, kind, commitment, previous))


def digest_of(seq: int, at: datetime, kind: str, commitment: str, previous: str) -> str:
    """Digest of an entry; the moment is written in UTC to the microsecond."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return sha256(
        canonical({"seq": seq, "at": moment, "kind": kind, "commitment": commitment, "previous": previous})
    ).hexdigest()


def verify_links(links: Iterable[Link], *, first: int = 1, gaps: bool = False) -> Iterator[Broken]:
    """Yield every place where a chain, given in order, does not hold.

    An extract begins at ``first``: what that one follows is not there to be compared. With ``gaps`` entries may be
    left out, and each is then checked by itself and against the one before when that is there.
    """
    expected_seq, previous = first, GENESIS if first == 1 else None
    for entry in links:
        if gaps and entry.seq > expected_seq:
            expected_seq, previous = entry.seq, None
        if entry.seq != expected_seq:
            yield Broken(entry.seq, f"l'entrée {expected_seq} manque ou n'est pas à sa place")
        if previous is not None and entry.previous != previous:
            yield Broken(entry.seq, "l'entrée ne suit pas celle qui la précède")
        if digest_of(entry.seq, entry.at, entry.kind, entry.commitment, entry.previous) != entry.digest:
            yield Broken(entry.seq, "le contenu de l'entrée ne correspond pas à son empreinte")
        expected_seq, previous = entry.seq + 1, entry.digest


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError(f"{value!r}: a float has no exact writing; give it as text")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{key!r}: a key is text")
            _refuse_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_floats(inner)
