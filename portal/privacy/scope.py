"""Which rows an erasure looks into: the person's own, and those of the threads and the client they belong to.

Everything follows from the declared tables and their foreign keys: no room is known by name. A namesake of another
client is never reached; an address, which is one person's alone, is looked for everywhere.

Somebody of the staff worked for every client: their whole name and their address are looked for in every row, never a
part of their name. The files that clients were given stay what they are: they prove what was agreed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select, true
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.db import Base
from portal.numbers.actions import running_number
from portal.privacy.masking import LAST_DIGITS, Identity, alike, parts
from portal.registry import NOBODY, PersonalData, Table

SERIES = "EFFACE"
#: These lead from a row to what is not its thread.
_NO_ROAD = frozenset({"person", "organisation", "stored_file", "outgoing_mail", "privacy_request"})
ORGANISATION = "organisation_id"
_TITLES = frozenset({"m", "mr", "mme", "mlle", "monsieur", "madame", "mademoiselle"})


@dataclass(frozen=True)
class Subject:
    """The person of an address: how they are named, their client, the rows that are their own by table."""

    identity: Identity
    address: str  # what takes the place of theirs; nothing is ever sent there
    person_ids: frozenset[int] = frozenset()
    organisation_id: int | None = None
    own: Mapping[str, frozenset[int]] = field(default_factory=dict)
    everywhere: bool = False  # somebody of the staff

    @cached_property
    def _address(self) -> Identity:
        return Identity(self.identity.label, self.identity.addresses)

    def sought_in(self, text: str, *, near: bool) -> Identity:
        """What is looked for in a text: the name too where it is of the same client or thread, or has the address."""
        return self.identity if near or self._address.is_in(text) else self._address


def find_subject(session: Session, email: str, rooms: Sequence[PersonalData], former: Iterable[str] = ()) -> Subject:
    """Who an address is: gathered from every room before the first of them forgets it."""
    address = email.strip().lower()
    person = session.scalars(select(Person).where(Person.email == address)).first()
    ids = frozenset({person.id} if person is not None else ())
    organisation = person.organisation_id if person is not None else None
    number = running_number(session, SERIES)
    addresses = frozenset({address, *(each.strip().lower() for each in former)})
    names, phones, own = _gathered(session, addresses, ids, rooms)
    if person is not None:
        names.add(person.name)
    # Rows are found before it is known whose names are in them.
    subject = Subject(
        Identity(f"Personne effacée {number}", addresses, frozenset(names), frozenset(phones)),
        f"efface-{number}{NOBODY}", ids, organisation, own, everywhere=person is not None and person.staff,
    )  # fmt: skip
    others, mails, legal = _people(session, subject, rooms)
    whole = {tuple(sorted(parts(name))) for name in others | legal}
    # Who bears the very name of somebody else there is found by their own rows alone.
    usable = {name for name in names if parts(name) and tuple(sorted(parts(name))) not in whole and "@" not in name}
    named, reached = _named(session, subject, rooms)
    # A part of a name is looked for among the people of one client, where others who bear it are known.
    known = others | legal | named | (names if subject.everywhere else set())
    spared = frozenset(part for name in known for part in parts(name))
    near = alike(others | mails | named | reached, usable, addresses)
    subject = replace(
        subject, identity=replace(subject.identity, names=frozenset(usable), spared=spared, others=near)
    )  # fmt: skip
    shared = _phones_of_others(session, subject, rooms)
    mine = frozenset(phone for phone in phones if _digits(phone) not in shared)
    return replace(subject, identity=replace(subject.identity, phones=mine))


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)[-LAST_DIGITS:]


def _phones_of_others(session: Session, subject: Subject, rooms: Sequence[PersonalData]) -> set[str]:
    """Numbers that others of the same client give too: a switchboard is nobody's alone."""
    found: set[str] = set()
    for declared in tables(rooms):
        what = sql(declared.name)
        for name in declared.phones:
            mine = subject.own.get(declared.name, frozenset())
            rows = select(what.c[name]).where(
                in_scope(what, subject), key(what).not_in(mine), what.c[name].is_not(None)
            )  # fmt: skip
            found |= {_digits(each) for each in session.scalars(rows)}
    return found


def stored(subject: Subject) -> dict[str, Any]:
    """A person as the archive keeps who an erasure was about, for what of it is still to be done."""
    identity = subject.identity
    return {
        "label": identity.label, "addresses": sorted(identity.addresses), "names": sorted(identity.names),
        "phones": sorted(identity.phones), "spared": sorted(identity.spared), "others": sorted(identity.others),
        "address": subject.address, "person_ids": sorted(subject.person_ids), "organisation_id": subject.organisation_id,
        "everywhere": subject.everywhere,
    }  # fmt: skip


def restored(session: Session, held: Mapping[str, Any], rooms: Sequence[PersonalData]) -> Subject:
    """The same again, with the rows that are still their own."""
    ids = frozenset(held["person_ids"])
    identity = Identity(
        held["label"], frozenset(held["addresses"]), frozenset(held["names"]), frozenset(held["phones"]),
        frozenset(held["spared"]), frozenset(held.get("others", ())),
    )  # fmt: skip
    own = _gathered(session, identity.addresses, ids, rooms)[2]
    return Subject(identity, held["address"], ids, held["organisation_id"], own, held["everywhere"])


def _gathered(
    session: Session, addresses: frozenset[str], ids: frozenset[int], rooms: Sequence[PersonalData]
) -> tuple[set[str], set[str], dict[str, frozenset[int]]]:
    """The names and telephones of a person's own rows, and the keys of these."""
    names: set[str] = set()
    phones: set[str] = set()
    own: dict[str, frozenset[int]] = {}
    for declared in tables(rooms):
        if not declared.own:
            continue
        what = sql(declared.name)
        told = [*declared.names, *declared.phones]
        rows = session.execute(
            select(key(what), *(what.c[each] for each in told)).where(_is_own(what, declared, addresses, ids))
        )
        found = set()
        for number, *values in rows:
            found.add(number)
            given = dict(zip(told, values, strict=True))
            names |= {str(given[each]) for each in declared.names if given[each]}
            phones |= {str(given[each]) for each in declared.phones if given[each]}
        own[declared.name] = frozenset(found)
    return names, phones, own


def _people(session: Session, subject: Subject, rooms: Sequence[PersonalData]) -> tuple[set[str], set[str], set[str]]:
    """The names and addresses of the staff and of everybody else at each client in scope; the names of these clients."""
    clients = {subject.organisation_id}
    for declared in tables(rooms):
        what = sql(declared.name)
        if ORGANISATION in what.c:
            clients |= set(session.scalars(select(what.c[ORGANISATION]).where(in_scope(what, subject)).distinct()))
    held = clients - {None}
    near = or_(Person.staff.is_(True), Person.organisation_id.in_(held)) if not subject.everywhere else true()
    people = session.execute(select(Person.name, Person.email).where(near, Person.id.not_in(subject.person_ids))).all()
    legal = set(session.scalars(select(Organisation.legal_name).where(Organisation.id.in_(held))))
    return {name for name, _ in people}, {mail for _, mail in people}, legal


def _named(session: Session, subject: Subject, rooms: Sequence[PersonalData]) -> tuple[set[str], set[str]]:
    """The names and addresses of others that rows in scope give, without an account too.

    A row that bears this very name, or a part of it and says of nobody whose it is, tells of nobody else.
    """
    names: set[str] = set()
    mails: set[str] = set()
    mine = {frozenset(parts(name)) for name in subject.identity.names}
    for declared in tables(rooms):
        what = sql(declared.name)
        if not declared.names:
            continue
        told = [*declared.names, *declared.own]
        rows = select(*(what.c[each] for each in told)).where(
            in_scope(what, subject), key(what).not_in(subject.own.get(declared.name, frozenset()))
        )  # fmt: skip
        for values in session.execute(rows.distinct()):
            given = dict(zip(told, values, strict=True))
            whose = [given[each] for each in declared.own if given[each]]
            mails |= {each for each in whose if isinstance(each, str) and "@" in each}
            for name in (str(given[each]) for each in declared.names if given[each]):
                said = frozenset(parts(name))
                if said not in mine and (whose or not any(said - _TITLES <= one for one in mine)):
                    names.add(name)
    return names, mails


def tables(rooms: Sequence[PersonalData]) -> Iterator[Table]:
    """Every declared table that an erasure looks into."""
    for room in rooms:
        yield from (each for each in room.tables if not each.alone)


def sql(name: str) -> SqlTable:
    """A table as it is declared to the database."""
    return Base.metadata.tables[name]


def key(what: SqlTable) -> ColumnElement[Any]:
    """The one column that names a row."""
    return next(iter(what.primary_key.columns))


def _is_own(what: SqlTable, declared: Table, addresses: frozenset[str], ids: frozenset[int]) -> ColumnElement[bool]:
    ways: list[ColumnElement[bool]] = []
    for name in declared.own:
        column = what.c[name]
        if any(each.column.table.name == "person" for each in column.foreign_keys):
            ways.append(column.in_(ids))
        else:
            ways.append(func.lower(column).in_(addresses))
    return or_(false(), *ways)


def in_scope(what: SqlTable, subject: Subject, seen: tuple[str, ...] = ()) -> ColumnElement[bool]:
    """Whether a row belongs to the person's client, or to a thread that holds a row of theirs."""
    if subject.everywhere:
        return true()
    ways: list[ColumnElement[bool]] = []
    if subject.own.get(what.name):
        ways.append(key(what).in_(subject.own[what.name]))
    if ORGANISATION in what.c and subject.organisation_id is not None:
        ways.append(what.c[ORGANISATION] == subject.organisation_id)
    if ORGANISATION in what.c:
        # The head of a thread: its rows are in when one of them is the person's own.
        ways += [key(what).in_(heads) for heads in _heads(what, subject)]
    for constraint in what.foreign_keys:
        to = constraint.column.table
        if to.name in _NO_ROAD or to.name == what.name or to.name in seen:
            continue
        ways.append(constraint.parent.in_(select(constraint.column).where(in_scope(to, subject, (*seen, what.name)))))
    return or_(false(), *ways)


def _heads(what: SqlTable, subject: Subject) -> Iterator[Any]:
    """The rows of this table that a row of the person's own leads to."""
    for name, numbers in subject.own.items():
        if not numbers or name == what.name:
            continue
        for road in _roads(sql(name), what.name):
            yield _along(road, numbers)


def _roads(start: SqlTable, end: str, seen: tuple[str, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The chains of foreign keys from one table to another, over tables of its thread only."""
    for constraint in sorted(start.foreign_keys, key=lambda each: each.parent.name):
        to = constraint.column.table
        if to.name in _NO_ROAD or to.name == start.name or to.name in seen:
            continue
        if to.name == end:
            yield (constraint,)
        elif ORGANISATION not in to.c:
            yield from ((constraint, *rest) for rest in _roads(to, end, (*seen, start.name)))


def _along(road: tuple[Any, ...], numbers: frozenset[int]) -> Any:
    first, *rest = road
    query = select(first.parent).where(key(first.parent.table).in_(numbers), first.parent.is_not(None))
    for constraint in rest:
        query = select(constraint.parent).where(key(constraint.parent.table).in_(query), constraint.parent.is_not(None))
    return query


@dataclass(frozen=True)
class Surroundings:
    """By what a mail or an act of the log is known to speak of the person's client or thread."""

    references: frozenset[str]
    entries: frozenset[int]  # numbers in the log
    people: frozenset[str]  # addresses of the client's people
    everywhere: bool = False  # everything does: of somebody of the staff

    def speaks_of(self, text: str) -> bool:
        """Whether a text holds one of the references."""
        return self.everywhere or (bool(self.references) and self._references.search(text) is not None)

    @cached_property
    def _references(self) -> re.Pattern[str]:
        said = "|".join(re.escape(each) for each in sorted(self.references, key=lambda each: (-len(each), each)))
        return re.compile(rf"(?<![\w\-])(?:{said})(?![\w\-])")


def surroundings(session: Session, subject: Subject, rooms: Sequence[PersonalData]) -> Surroundings:
    """Gathered over every declared table."""
    if subject.everywhere:
        return Surroundings(frozenset(), frozenset(), frozenset(), everywhere=True)
    references: set[str] = set()
    entries: set[int] = set()
    for declared in tables(rooms):
        what = sql(declared.name)
        for name in ("reference", "number", "evidence", "entry"):
            # The number of an invoice names it; that of one of its lines names nothing.
            if name not in what.c or (name == "number" and ORGANISATION not in what.c):
                continue
            for value in session.scalars(select(what.c[name]).where(in_scope(what, subject))):
                if isinstance(value, str):
                    references.add(value)
                elif value is not None:
                    entries |= set(value) if isinstance(value, list) else {value}
    people: set[str] = set()
    if subject.organisation_id is not None:
        people = set(session.scalars(select(Person.email).where(Person.organisation_id == subject.organisation_id)))
        legal = session.get_one(Organisation, subject.organisation_id).legal_name
        references.add(legal)
    return Surroundings(frozenset(references - {""}), frozenset(entries), frozenset(people))
