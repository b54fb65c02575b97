"""How long things are held when nothing has them kept: one table (``content/processing.toml``), cleared every night."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.evidence.actions import record
from portal.files.actions import erase
from portal.files.models import StoredFile
from portal.files.store import Store
from portal.registry import PersonalData, Sweeper
from portal.terms import Library
from portal.terms.company import Sweep


@dataclass(frozen=True, slots=True)
class Due:
    """What one line of the table would clear."""

    sweep: Sweep
    before: datetime
    references: tuple[str, ...]


def months_before(at: datetime, months: int) -> datetime:
    """The same moment that many calendar months earlier, on the last day of a month that is shorter."""
    years, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    return at.replace(year=years, month=month + 1, day=min(at.day, monthrange(years, month + 1)[1]))


def report(session: Session, library: Library, *, rooms: Sequence[PersonalData], at: datetime) -> list[Due]:
    """What would be cleared now, line by line of the table; nothing is."""
    return [
        Due(sweep, before, tuple(reference for sweeper in sweepers for reference in sweeper.due(session, before)))
        for sweep, before, sweepers in _lines(library, rooms, at)
    ]


def sweep(session: Session, store: Store, library: Library, *, rooms: Sequence[PersonalData], at: datetime) -> int:
    """Clear what is due; how many records. What was done is written down by count, nobody is named."""
    whole = 0
    for line, before, sweepers in _lines(library, rooms, at):
        count = 0
        for sweeper in sweepers:
            count += sum(1 for _ in sweeper.due(session, before))
            for number in sweeper.clear(session, before, at):
                if (file := session.get(StoredFile, number)) is not None:
                    erase(session, store, file, at=at)
        if count:
            record(session, "privacy.swept", {"key": line.key, "months": line.months, "count": count}, at=at)
        whole += count
    session.flush()
    return whole


def _lines(
    library: Library, rooms: Sequence[PersonalData], at: datetime
) -> Iterator[tuple[Sweep, datetime, list[Sweeper]]]:
    for line in library.sweeps:
        yield (
            line, months_before(at, line.months),
            [sweeper for room in rooms for sweeper in room.sweeps if sweeper.key == line.key],
        )  # fmt: skip
