"""Take a person out of every row that names them: what the law has us keep moves to the archive, word for word.

The archive is written first. A frozen record is then let through by the database itself, for it sees that the archive
holds what stood there (``portal.guards``).
"""

import json
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Text, cast, func, or_, select, text
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import Session

from portal.clock import PARIS
from portal.db import Base
from portal.evidence.actions import erase_payload
from portal.evidence.models import Entry, Payload
from portal.files.actions import forget
from portal.files.models import StoredFile
from portal.privacy.masking import Identity, words
from portal.privacy.models import Archived, ArchivedPiece
from portal.privacy.outbox import mask_mails
from portal.privacy.scope import Subject, Surroundings, in_scope, key, sql, surroundings
from portal.registry import Keep, PersonalData, PersonalRecord, Table
from portal.terms import Library
from portal.terms.law import Law

GONE = "(effacé)"
#: Tables whose rows are looked through in a way of their own.
_APART = frozenset({"outgoing_mail", "evidence_payload", "stored_file"})
#: Rows that one statement reads.
AT_ONCE = 500
#: Acts on the request itself: they go once the person has been told of its end.
OF_REQUESTS = "privacy."
#: Acts of the log that bind a client whatever becomes of the record they speak of; a ticket's only where there is one.
_BINDING = ("contracts.", "orders.")


@dataclass
class Moving:
    """One erasure under way: what it archives, by record, and the rows that it changed."""

    session: Session
    subject: Subject
    library: Library
    at: datetime
    request_id: int | None = None
    records: Mapping[str, PersonalRecord] = field(default_factory=dict)  # what the person was shown, by reference
    begun: Mapping[tuple[str, str], int] = field(default_factory=dict)  # entries that this erasure made before
    archived: dict[tuple[str, str], Archived] = field(default_factory=dict)
    changed: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    waiting: set[str] = field(default_factory=set)  # records that are needed as they stand, for now
    waiting_entries: set[int] = field(default_factory=set)  # what they are proved by, in the log

    @property
    def today(self) -> date:
        """The civil day."""
        return self.at.astimezone(PARIS).date()

    def wait_for(self, reference: str, what: SqlTable, number: Any) -> None:
        """Leave a row as it is: it is needed."""
        self.waiting.add(reference)
        if "evidence" in what.c:
            held = self.session.scalar(select(what.c.evidence).where(key(what) == number))
            self.waiting_entries |= set(held) if isinstance(held, list) else {int(held or 0)}

    def entry(self, room: str, keep: Keep) -> Archived:
        """The archive's entry of a record, made at the first word of it."""
        law = self.library.law.retention[keep.under]
        until = max(law.last_day(keep.since or self.today), self.today)
        held = self.archived.get((keep.reference, keep.under))
        if held is None and (number := self.begun.get((keep.reference, keep.under))) is not None:
            # The same erasure came by before: its rows at once, its files and what had to wait later.
            known = self.session.get(Archived, number)
            held = known if known is not None and known.content is not None else None
        if held is None:
            told = self.records.get(keep.reference)
            held = Archived(
                request_id=self.request_id, room=room, reference=keep.reference, under=law.source, until=until,
                archived_at=self.at, content=[list(pair) for pair in told.values] if told else [],
            )  # fmt: skip
            self.session.add(held)
            self.session.flush()
        self.archived[keep.reference, keep.under] = held
        held.until = max(held.until, until)
        return held

    def put(self, entry: Archived, place: tuple[str, object, str], was: str, becomes: str) -> None:
        """Have the archive vouch for one column of one row."""
        in_table, row, column = place
        self.session.add(
            ArchivedPiece(
                archive_id=entry.id, in_table=in_table, row_key=str(row), in_column=column, was=was, becomes=becomes
            )
        )


def take_out(
    moving: Moving, rooms: Sequence[PersonalData], *, near: Surroundings | None = None, last: bool = False
) -> None:
    """Every row of every room, the outbox, the log. ``last``: what tells of the request itself goes too.

    ``near``: where the caller has gathered it.
    """
    moving.session.flush()
    near = near or surroundings(moving.session, moving.subject, rooms)
    for room in rooms:
        for declared in room.tables:
            if declared.personal and not declared.alone and declared.name not in _APART:
                _table(moving, room, declared)
    mask_mails(moving.session, moving.subject, near, but=moving.waiting, last=last)
    _log(moving, near, last=last)
    moving.session.flush()
    moving.session.expire_all()
    for room in rooms:
        mine = {each.name: moving.changed[each.name] for each in room.tables if each.name in moving.changed}
        if mine:
            room.refresh(moving.session, mine)
    moving.session.flush()


def _table(moving: Moving, room: PersonalData, declared: Table) -> None:
    what, subject = sql(declared.name), moving.subject
    columns = sorted(declared.personal)
    query = select(key(what), *(cast(what.c[each], Text) for each in columns))
    near = in_scope(what, subject)
    own = subject.own.get(declared.name, frozenset())
    # Of somebody of the staff these are all the rows there are: they are known by their keys, and read some at a time.
    numbers = moving.session.scalars(select(key(what)).where(near).order_by(key(what))).all()
    for start in range(0, len(numbers), AT_ONCE):
        some = query.where(key(what).in_(numbers[start : start + AT_ONCE])).order_by(key(what))
        for number, *values in moving.session.execute(some).all():
            row = dict(zip(columns, values, strict=True))
            _row(moving, room, declared, number, _without(subject, declared, row, own=number in own))
    if subject.everywhere:
        return  # there are no others
    said = [func.lower(cast(what.c[each], Text)).contains(one, autoescape=True)
            for each in columns for one in subject.identity.addresses]  # fmt: skip
    for number, *values in moving.session.execute(query.where(or_(*said), ~near)).all():
        row = dict(zip(columns, values, strict=True))
        # The database found the letters, maybe within a longer address: that is somebody else's, the row too.
        sought = subject.sought_in("\n".join(_said(what, row)), near=False)
        masked = {
            name: was if name in declared.own else _mask(what, name, was, sought) for name, was in row.items()
        }  # fmt: skip
        _row(moving, room, declared, number, _differing(row, masked))


def _without(
    subject: Subject, declared: Table, row: Mapping[str, str | None], *, own: bool
) -> dict[str, tuple[str, str]]:
    what = sql(declared.name)
    masked: dict[str, str | None] = {}
    for name, was in row.items():
        json_like = isinstance(what.c[name].type, JSON)
        if was is None:
            masked[name] = None
        elif name in declared.own and not json_like:
            # Whose row it is: an address that is not the person's is somebody else's, whatever it looks like.
            masked[name] = subject.address if subject.identity.owns(was) else was
        elif own and was and name in declared.names:
            masked[name] = subject.identity.label
        elif own and was and name in (*declared.phones, *declared.whole):
            masked[name] = "[]" if json_like else GONE
        else:
            masked[name] = _mask(what, name, was, subject.identity)
    return _differing(row, masked)


def _differing(row: Mapping[str, str | None], masked: Mapping[str, str | None]) -> dict[str, tuple[str, str]]:
    return {
        name: (was, becomes)
        for name, was in row.items()
        if was is not None and (becomes := masked[name]) is not None and becomes != was
    }


def _said(what: SqlTable, row: Mapping[str, str | None]) -> Iterator[str]:
    for name, was in row.items():
        if was is not None:
            yield from words(json.loads(was)) if isinstance(what.c[name].type, JSON) else (was,)


def _mask(what: SqlTable, column: str, was: str | None, identity: Identity) -> str | None:
    if was is None:
        return None
    if not isinstance(what.c[column].type, JSON):
        return identity.mask(was)
    value = json.loads(was)
    masked = identity.mask_all(value)
    return was if masked == value else json.dumps(masked)


def _row(
    moving: Moving, room: PersonalData, declared: Table, number: Any, differing: Mapping[str, tuple[str, str]]
) -> None:
    if not differing:
        return
    what, session = sql(declared.name), moving.session
    keep = declared.keep(session, number, moving.today) if declared.keep is not None else None
    if keep is not None and keep.waits:
        moving.wait_for(keep.reference, what, number)
        return
    limits = {name: getattr(what.c[name].type, "length", None) for name in differing}
    fitted = {name: (was, becomes[: limits[name]]) for name, (was, becomes) in differing.items()}
    if keep is not None:
        entry = moving.entry(room.purpose, keep)
        for name, (was, becomes) in fitted.items():
            moving.put(entry, (declared.name, number, name), was, becomes)
        session.flush()
        for name in declared.files:
            stored = session.scalar(select(what.c[name]).where(key(what) == number))
            if stored is not None:
                archive_file(moving, entry, stored)
    if declared.before is not None:
        for name, (_, becomes) in fitted.items():
            declared.before(session, number, name, becomes)
    postgresql = session.get_bind().dialect.name == "postgresql"
    sets = ", ".join(
        f'"{name}" = CAST(:{name} AS JSON)' if postgresql and isinstance(what.c[name].type, JSON)
        else f'"{name}" = :{name}'
        for name in fitted
    )  # fmt: skip
    session.execute(
        text(f'UPDATE "{declared.name}" SET {sets} WHERE "{key(what).name}" = :row_key_'),  # noqa: S608 - our own tables
        {name: becomes for name, (_, becomes) in fitted.items()} | {"row_key_": number},
    )
    moving.changed[declared.name].add(number)


def archive_file(moving: Moving, entry: Archived, number: int) -> None:
    """Have a stored file leave the daily pages: the archive alone opens it, and it goes with its entry."""
    if moving.subject.everywhere:
        return  # a client's own: it proves what was agreed, whoever of the staff it names
    stored = moving.session.get(StoredFile, number)
    if stored is None or stored.erased_at is not None or stored.archived_at is not None:
        return
    if _of_several(moving.session, number):
        return
    masked = moving.subject.identity.mask(stored.name)
    moving.put(entry, ("stored_file", number, "name"), stored.name, masked)
    stored.name, stored.archived_at = masked, moving.at
    moving.session.flush()


def _of_several(session: Session, number: int) -> bool:
    """Whether a file is several organisations' (one CSV of many invoices): it stays what the others rest on."""
    whose: set[int] = set()
    for what in Base.metadata.tables.values():
        if "organisation_id" not in what.c:
            continue
        for constraint in what.foreign_keys:
            if constraint.column.table.name == "stored_file":
                found = select(what.c.organisation_id).where(
                    constraint.parent == number, what.c.organisation_id.is_not(None)
                )
                whose |= set(session.scalars(found.distinct()))
    return len(whose) > 1


def _log(moving: Moving, near: Surroundings, *, last: bool) -> None:
    """What the log committed to and names the person: to the archive with its salt; the chain stays as it was."""
    session, subject = moving.session, moving.subject
    held = select(Entry, Payload).join(Payload).where(Payload.content.is_not(None)).order_by(Entry.seq)
    for entry, payload in session.execute(held.execution_options(yield_per=500)):
        content = payload.content or ""
        if entry.kind.startswith(OF_REQUESTS) and not last:
            continue
        close = entry.seq in near.entries or near.speaks_of(content)
        if entry.seq in moving.waiting_entries or not subject.sought_in(content, near=close).is_in(content):
            continue
        _forget_act(moving, entry, payload)


def _forget_act(moving: Moving, entry: Entry, payload: Payload) -> None:
    if payload.salt is None or payload.content is None:
        return
    kept = _kept_with(moving, entry, payload.content)
    if kept is not None:
        was = json.dumps({"content": payload.content, "salt": b64encode(payload.salt).decode()}, ensure_ascii=False)
        moving.put(kept, ("evidence_payload", entry.seq, "content"), was, "")
    erase_payload(moving.session, entry, at=moving.at)


def _kept_with(moving: Moving, entry: Entry, content: str) -> Archived | None:
    """The record that an act speaks of, where that is archived too; else the log's own entry, for what binds."""
    for (reference, _), held in moving.archived.items():
        if f'"{reference}"' in content:
            return held
    kind, day = entry.kind, entry.at.astimezone(PARIS).date()
    if kind.startswith("invoices."):
        closed = moving.library.law.retention["accounting"].counts_from(day)
        named = f"Registre des actes, factures de l'exercice {closed.year}"
        return moving.entry("invoicing", Keep(named, "accounting", day))
    theirs = moving.subject.organisation_id is not None or moving.subject.everywhere
    if kind.startswith(_BINDING) or (kind.startswith(("tickets.", "quotes.")) and theirs):
        return moving.entry("contract", Keep("Registre des actes", "contract"))
    return None


def clear(session: Session, entry: Archived, *, at: datetime) -> list[int]:
    """Its day has come: nothing of it is left, the salts of the log neither; the files whose content is to go."""
    files = []
    for piece in entry.pieces:
        if piece.was is not None:
            piece.was, piece.becomes, piece.erased_at = None, None, at
        if piece.in_table == "stored_file":
            stored = session.get(StoredFile, int(piece.row_key))
            if stored is not None:
                forget(session, stored, at=at)
                files.append(stored.id)
    entry.content, entry.subject, entry.erased_at = None, None, at
    return files


def still_needed(
    session: Session, entry: Archived, rooms: Sequence[PersonalData], law: Law, today: date
) -> date | None:
    """A later last day, when what is kept still runs or was taken up again: an order under way, a dispute."""
    keepers = {each.name: each.keep for room in rooms for each in room.tables if each.keep is not None}
    places = {(piece.in_table, piece.row_key) for piece in entry.pieces if piece.in_table in keepers}
    # A file is needed as long as any record that rests on it.
    held = {int(piece.row_key) for piece in entry.pieces if piece.in_table == "stored_file"}
    for declared in (each for room in rooms for each in room.tables if each.name in keepers and held):
        what = sql(declared.name)
        for name in declared.files:
            rows = session.scalars(select(key(what)).where(what.c[name].in_(held)))
            places |= {(declared.name, str(number)) for number in rows}
    days = [entry.until]
    for table, row in places:
        what = sql(table)
        if session.scalar(select(key(what)).where(key(what) == int(row))) is None:
            continue  # the row itself has gone: nothing of it is needed
        keep = keepers[table](session, int(row), today)
        if keep is not None:
            days.append(law.retention[keep.under].last_day(keep.since or today))
    return max(days) if max(days) > entry.until else None
