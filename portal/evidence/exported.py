"""The log as a file that anybody can check without us: one JSON object a line, links, and contents where asked for."""

import json
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.evidence.chain import GENESIS, Broken, Link, commit, verify_links
from portal.evidence.models import Entry

FORMAT = "ims-evidence-1"
#: Links that an extract carries between the entries it is about; past that they are left out, and it says so.
LONGEST_EXTRACT = 5_000
_KEYS = frozenset(
    {"format", "contents", "from", "gaps", "seq", "at", "kind", "commitment", "previous", "digest", "content", "salt"}
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a file of the log holds: how many entries, the last digest, and every place where it does not hold."""

    entries: int
    head: str
    broken: tuple[Broken, ...]


class NotALog(ValueError):
    """The file is not an exported log."""


def export(session: Session, *, contents: bool) -> Iterator[str]:
    """Yield the lines of the log. Without ``contents`` nothing in it is anybody's data."""
    query = select(Entry).order_by(Entry.seq).execution_options(yield_per=500)
    yield _line({"format": FORMAT, "contents": contents})
    for entry in session.scalars(query.options(joinedload(Entry.payload)) if contents else query):
        yield _line(_row(entry, with_content=contents))


def extract(session: Session, seqs: Collection[int]) -> Iterator[str]:
    """Yield the lines about some entries: these with their contents, and the bare links from the first to the last."""
    first, last = min(seqs), max(seqs)
    gaps = last - first >= LONGEST_EXTRACT
    query = select(Entry).where(Entry.seq.in_(seqs) if gaps else Entry.seq.between(first, last)).order_by(Entry.seq)
    yield _line({"format": FORMAT, "contents": True, "from": first, "gaps": gaps})
    for entry in session.scalars(query):
        yield _line(_row(entry, with_content=entry.seq in seqs))


def _row(entry: Entry, *, with_content: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "kind": entry.kind,
        "commitment": entry.commitment,
        "previous": entry.previous,
        "digest": entry.digest,
    }
    if with_content and entry.payload.content is not None and entry.payload.salt is not None:
        row |= {"content": entry.payload.content, "salt": b64encode(entry.payload.salt).decode()}
    return row


def verify(lines: Iterable[str]) -> Verdict:
    """Check an exported log, or an extract of it: every link, and each content that is there against its commitment.

    Raises:
        NotALog: the first line is not that of a log, or a line cannot be read.
    """
    rows = _rows(lines)
    links: list[Link] = []
    broken: list[Broken] = []
    try:
        header = next(rows, {})
        if header.get("format") != FORMAT:
            raise NotALog("ce fichier n'est pas un registre exporté")
        first, gaps = int(header.get("from", 1)), bool(header.get("gaps", False))
        for row in rows:
            moment = datetime.fromisoformat(row["at"])
            links.append(Link(row["seq"], moment, row["kind"], row["commitment"], row["previous"], row["digest"]))
            if "content" in row and commit(row["content"].encode(), b64decode(row["salt"])) != row["commitment"]:
                broken.append(Broken(row["seq"], "le contenu ne correspond pas à l'engagement"))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, NotALog):
            raise
        raise NotALog(f"la ligne {len(links) + 2} est illisible") from error
    broken += verify_links(links, first=first, gaps=gaps)
    head = links[-1].digest if links else GENESIS
    return Verdict(len(links), head, tuple(sorted(broken, key=lambda place: place.seq)))


def _rows(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.strip():
            row = json.loads(line)
            if not row.keys() <= _KEYS:
                raise ValueError("a field that we do not write")  # a content under another name would not be checked
            yield row


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
