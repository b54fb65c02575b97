"""The clients that may be named, as the portal exports them: a file outside of git."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.terms import ContentError, Finding

if TYPE_CHECKING:
    from pathlib import Path


_ENTRY = '{"name": "…", "since": "AAAA-MM-JJ"}'
_SHAPE = f'{{"references": [{_ENTRY}]}}'
_YEAR = re.compile(r"([1-9]\d{3})(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?$", re.ASCII)


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
        whole = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = "le fichier n’existe pas" if isinstance(error, FileNotFoundError) else "le fichier ne se lit pas"
        raise _unreadable(path, 0, reason) from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, 0, "le fichier n’est pas écrit en UTF-8") from error
    except json.JSONDecodeError as error:
        raise _unreadable(path, error.lineno, f"ce n’est plus du JSON à la colonne {error.colno}") from error
    entries = whole.get("references") if isinstance(whole, dict) else None
    if not isinstance(entries, list):
        raise _unreadable(path, 0, f"la liste « references » manque ; {_SHAPE} est attendu")
    try:
        found = [_reference(entry, place) for place, entry in enumerate(entries, 1)]
    except ValueError as error:
        raise _unreadable(path, 0, str(error)) from error
    return tuple(sorted(found, key=lambda reference: reference.name.casefold()))


def _unreadable(path: Path, line: int, reason: str) -> ContentError:
    return ContentError([Finding(str(path), line, f"références illisibles : {reason}")])


def _reference(entry: object, place: int) -> Reference:
    where = f"la référence n° {place}"
    if not isinstance(entry, dict):
        raise ValueError(f"{where} n’a pas la forme {_ENTRY}")
    name, since = entry.get("name"), entry.get("since")
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"{where} n’a pas de nom (« name »)")
    if since is None or since == "":
        return Reference(name.strip(), None)
    year = _YEAR.match(str(since))
    if year is None:
        raise ValueError(f"« since » de {where} ({name.strip()}) n’est pas une date AAAA-MM-JJ")
    return Reference(name.strip(), int(year[1]))
