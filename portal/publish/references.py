"""The clients that may be named, as the portal exports them: a file outside of git."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.terms import ContentError, Finding

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reference:
    """A client that is named as a reference; `since` is a year, None when it is not said."""

    name: str
    since: int | None


def read_references(path: Path) -> tuple[Reference, ...]:
    """Read ``{"references": [{"name": "…", "since": "2021-03-04"}]}``; `since` may be missing.

    Raises:
        ContentError: when the file cannot be read or does not have that shape.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["references"]
        found = [_reference(entry) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f'références illisibles ({error}) : {{"references": [{{"name": …, "since": …}}]}} est attendu'
        raise ContentError([Finding(str(path), 0, message)]) from error
    return tuple(sorted(found, key=lambda reference: reference.name.casefold()))


def _reference(entry: dict[str, object]) -> Reference:
    name, since = entry["name"], entry.get("since")
    if not isinstance(name, str) or not name.strip():
        raise ValueError("un nom est vide")
    return Reference(name.strip(), int(str(since)[:4]) if since else None)
