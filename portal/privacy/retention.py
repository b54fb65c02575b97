"""How long things are held when nothing has them kept: one table (``content/processing.toml``), cleared every night.

What somebody needs is spared and told so: data that are frozen (GDPR article 18), or that an open request or a dispute
rests on (article 17, paragraph 3, e). It goes with the night that follows its end.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import PARIS
from portal.evidence.actions import record
from portal.files.actions import erase
from portal.files.models import StoredFile
from portal.files.store import Store
from portal.privacy.scope import ORGANISATION, key, sql
from portal.registry import Keep, PersonalData, Stale, Sweeper
from portal.terms import Library
from portal.terms.company import Sweep
from portal.terms.days import months_after
from portal.terms.law import Law

T = TypeVar("T")
#: Names that one statement asks for.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Due:
    """What one line of the table would clear, and what it spares with the reason of each."""

    sweep: Sweep
    before: datetime
    references: tuple[str, ...]
    spared: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """What one sweeper would clear, and what it spares."""

    sweeper: Sweeper
    gone: tuple[Stale, ...]
    spared: tuple[tuple[Stale, str], ...]


def first_kept(line: Sweep, law: Law, at: datetime) -> datetime:
    """The beginning of the first day in Paris that is still kept: its last day has not passed.

    Used on 23 November 2023 and kept 36 months: through 23 November 2026, gone in the night that follows. Where the
    law counts from the end of a financial year, so does the line that takes its time.
    """
    today, kept = at.astimezone(PARIS).date(), law.retention.get(line.retention)
    day = months_after(today, -line.months)
    if kept is not None and kept.closing is not None:
        day = months_after(day, -12)
    while (kept.last_day(day) if kept is not None else months_after(day, line.months)) < today:
        day += timedelta(days=1)
    return datetime.combine(day, time.min, PARIS)


def report(session: Session, library: Library, *, rooms: Sequence[PersonalData], at: datetime) -> list[Due]:
    """What would be cleared now, line by line of the table; nothing is."""
    return [
        Due(
            line, before, tuple(each.reference for one in found for each in one.gone),
            tuple((each.reference, why) for one in found for each, why in one.spared),
        )
        for line, before, found in _lines(session, library, rooms, at)
    ]  # fmt: skip


def sweep(session: Session, store: Store, library: Library, *, rooms: Sequence[PersonalData], at: datetime) -> int:
    """Clear what is due; how many records. What was done is written down by count, nobody is named."""
    whole = 0
    for line, _, found in _lines(session, library, rooms, at):
        files: list[int] = []
        for one in found:
            if one.sweeper.access:
                files += [
                    number for each in one.gone for room in rooms
                    for number in room.unserved(session, each.about[0], at)
                ]  # fmt: skip
            for some in _some([each.key for each in one.gone]):
                files += one.sweeper.clear(session, some, at)
        for number in files:
            if (file := session.get(StoredFile, number)) is not None:
                erase(session, store, file, at=at)
        count, spared = sum(len(one.gone) for one in found), sum(len(one.spared) for one in found)
        if count:
            told = {"key": line.key, "months": line.months, "count": count, "spared": spared}
            record(session, "privacy.swept", told, at=at)
        whole += count
    session.flush()
    return whole


def _lines(
    session: Session, library: Library, rooms: Sequence[PersonalData], at: datetime
) -> Iterator[tuple[Sweep, datetime, list[_Found]]]:
    for line in library.sweeps:
        before = first_kept(line, library.law, at)
        sweepers = [sweeper for room in rooms for sweeper in room.sweeps if sweeper.key == line.key]
        # What takes its time from the law stays as long as the record that it speaks of does.
        kept = Kept(library.law, at.astimezone(PARIS).date()) if line.retention else None
        yield line, before, [_found(session, sweeper, rooms, before, kept) for sweeper in sweepers]


@dataclass(frozen=True, slots=True)
class Kept:
    """By which records something is kept on a day: those that still run, or whose last day has not passed."""

    law: Law
    today: date

    def why(self, session: Session, rooms: Sequence[PersonalData], names: Collection[str]) -> dict[str, str]:
        """Of those that some references name."""
        found: dict[str, str] = {}
        for declared in (each for room in rooms for each in room.tables):
            what = sql(declared.name)
            # The number of an invoice names it; that of one of its lines names nothing.
            name = "reference" if "reference" in what.c else "number" if ORGANISATION in what.c else ""
            if declared.keep is None or name not in what.c:
                continue
            named = select(key(what), what.c[name]).where(what.c[name].in_(names))
            for number, reference in session.execute(named).all():
                keep = declared.keep(session, number, self.today)
                if keep is None or (keep.since is not None and self._last_day(keep, keep.since) < self.today):
                    continue
                found[reference] = f"va avec {reference}, encore conservé"
        return found

    def _last_day(self, keep: Keep, since: date) -> date:
        return self.law.retention[keep.under].last_day(since)


def _found(
    session: Session, sweeper: Sweeper, rooms: Sequence[PersonalData], before: datetime, kept_by: "Kept | None"
) -> _Found:
    due = list(sweeper.due(session, before))
    named = {_plain(name) for each in due for name in each.about}
    why: dict[str, str] = {}
    for some in _some(sorted(named)):
        why |= _why(session, rooms, some, before if sweeper.access else None)
        if kept_by is not None:
            why = kept_by.why(session, rooms, some) | why
    spared = tuple(
        (each, next(why[_plain(name)] for name in each.about if _plain(name) in why))
        for each in due
        if any(_plain(name) in why for name in each.about)
    )
    kept = {each for each, _ in spared}
    return _Found(sweeper, tuple(each for each in due if each not in kept), spared)


def _why(
    session: Session, rooms: Sequence[PersonalData], names: Collection[str], since: datetime | None
) -> dict[str, str]:
    found: dict[str, str] = {}
    for room in rooms:
        told = room.needed(session, names)
        found = {_plain(name): words for name, words in told.items()} | found
        if since is not None:
            found |= {name: words for name, words in room.acted(session, names, since).items() if name not in found}
    return found


def _plain(name: str) -> str:
    # An address whatever its capitals; a reference has none but capitals.
    return name.strip().lower() if "@" in name else name


def _some(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]
