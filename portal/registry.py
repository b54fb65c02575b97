"""What rooms hand up: the things that wait for somebody, and what they hold on a person.

The desk and the privacy room receive lists of these from ``create_app``; they
do not know the rooms by name.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy.orm import Session

from portal.terms.labelled import Labelled


class Priority(IntEnum):
    """How soon a thing is looked at, among those with the same last day."""

    URGENT = 0
    HIGH = 1
    NORMAL = 2
    LOW = 3


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One thing that waits for a person. ``last_day`` is a legal or contractual one, inclusive; None: none is set.

    ``before_all``: the law's day for it has passed, and it stands before everything else.
    """

    kind: str
    title: str
    detail: str
    url: str
    since: datetime
    last_day: date | None = None
    priority: Priority = Priority.NORMAL
    before_all: bool = False


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a queue: a member of staff with roles, or a person of one organisation with theirs."""

    person_id: int
    roles: frozenset[str]
    organisation_id: int | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """What one room asks of people. ``items`` gives those that this viewer may act on, in any order."""

    kind: str
    label: str  # in the plural: the name of a filter
    items: Callable[[Session, Viewer], Iterable[QueueItem]]


class Fate(StrEnum):
    """What an erasure does to a record."""

    ERASED = "erased"
    ANONYMISED = "anonymised"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class PersonalField:
    """One field that a room holds on a person, and what an erasure does to it."""

    label: str
    erasure: str  # in words, for the person: "effacé", "rendu anonyme", "conservé jusqu'au …"


@dataclass(frozen=True, slots=True)
class PersonalRecord:
    """What is held on one person in one place: its name, its values in the order of the fields, when it was given.

    ``fate`` is what an erasure would do to it now; what is kept says until which day and under which
    key of ``law.toml``'s retention, or in ``because`` why (an open dispute, say). ``files`` are ids of stored files.
    """

    reference: str
    values: tuple[tuple[str, str], ...]
    given_at: datetime
    fate: Fate = Fate.ERASED
    kept_until: date | None = None
    kept_since: date | None = None  # the day that the retention counts from, where it has begun
    under: str = ""
    because: str = ""
    files: tuple[int, ...] = ()
    begins: str = ""  # what the retention will count from, where that has not happened yet
    erased_after: date | None = None  # kept up to this day of an erasure alone: later, nothing has it kept

    def kept(self, keep: "Keep", because: str = "") -> "PersonalRecord":
        """The same, kept: for how long is said by what its rows are archived by."""
        return replace(
            self, fate=Fate.KEPT, under=keep.under, kept_since=keep.since, begins=keep.begins, because=because
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Erasure:
    """What a room did: what is gone, the files still to erase, what leaves the daily pages for the archive."""

    references: tuple[str, ...] = ()
    files: tuple[int, ...] = ()
    archived: tuple[PersonalRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Stale:
    """One thing that was held its time: how a report names it, its key in its table.

    ``about``: the addresses of those it speaks of and the references of the records it belongs to. What has one of
    them needed (a freeze, an open dispute) has this thing spared.
    """

    reference: str
    key: int
    about: tuple[str, ...] = ()


#: Erases what has these keys, at a moment; gives the files whose content is to go.
Clearing = Callable[[Session, Collection[int], datetime], Iterable[int]]


@dataclass(frozen=True, slots=True)
class Sweeper:
    """What a room clears by itself after a time. ``key`` is that of a ``[[sweep]]`` of ``content/processing.toml``.

    ``due`` gives what was last used before a moment, the beginning of a day; ``clear`` erases those of some keys, at a
    moment, and gives the files to erase. ``access``: what is cleared is somebody's access, their address first in
    ``about``: it is left to who acted otherwise since, and what served that access alone goes with it.
    """

    key: str
    due: Callable[[Session, datetime], Iterable[Stale]]
    clear: Clearing
    access: bool = False


@dataclass(frozen=True, slots=True)
class Keep:
    """Why a row that names somebody is kept: the record it belongs to, the key of ``law.toml``'s retention.

    ``since`` is the day that the retention counts from; None while it has not begun: an order that still runs.
    ``waits``: the row is needed as it stands (an open dispute, GDPR 17(3)(e)), and moves once it is not any more.
    """

    reference: str
    under: str
    since: date | None = None
    waits: bool = False
    begins: str = ""  # while it has not begun: what it will count from, in words for the person


Keeper = Callable[[Session, int, date], "Keep | None"]  # of a row, by its key, on a day
#: Told before a column of a row, by its key, says something else: what that would collide with makes room.
Before = Callable[[Session, int, str, str], None]
#: The end of the address that takes the place of an erased person's: reserved (RFC 2606), nothing is ever sent there.
NOBODY = "@efface.invalid"


@dataclass(frozen=True, slots=True)
class Table:
    """What one table holds of people: each column of text, JSON or bytes is in ``personal`` or in ``impersonal``.

    A row is somebody's own by its ``own`` columns: a mail address, or a reference to the person. Such a row loses
    its ``names``, ``phones`` and ``whole`` columns (an IP address) whole; in the others of the same client a name and
    an address are replaced where they stand. ``keep`` says of a row why what it says is kept: the words then move to
    the archive, and with them the ``files`` that the row refers to. ``alone``: the rows are one person's each, the
    room erases them, and nobody else's are touched. ``before`` is told what a column will say, where it says it once.
    """

    name: str
    personal: frozenset[str] = frozenset()
    impersonal: frozenset[str] = frozenset()
    own: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    keep: Keeper | None = None
    alone: bool = False
    before: Before | None = None


def table(
    name: str, *, personal: str = "", impersonal: str = "", own: str = "", names: str = "", phones: str = "",
    whole: str = "", files: str = "", keep: Keeper | None = None, alone: bool = False, before: Before | None = None,
) -> Table:  # fmt: skip
    """Declare a table; the columns of each kind are given in one text, with spaces between them."""
    return Table(
        name, frozenset(personal.split()), frozenset(impersonal.split()), tuple(own.split()), tuple(names.split()),
        tuple(phones.split()), tuple(whole.split()), tuple(files.split()), keep, alone, before,
    )  # fmt: skip


def _nobody(_: Session) -> Iterable[str]:
    return ()


def _none_needed(_: Session, __: Collection[str]) -> Mapping[str, str]:
    return {}


def _none_acted(_: Session, __: Collection[str], ___: datetime) -> Mapping[str, str]:
    return {}


def _nothing_served(_: Session, __: str, ___: datetime) -> Iterable[int]:
    return ()


def _no_refresh(_: Session, __: Mapping[str, Collection[int]]) -> None:
    return None


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What one room holds on people. ``purpose`` is a key of ``content/processing.toml``.

    ``tables`` declares every table of the room, column by column: a test fails on a column that is not.
    ``refresh`` is told which rows an erasure changed, by table: what is worked out from them is worked out anew.
    ``needed`` says of addresses and references why the nightly clearing spares what is about them; ``acted`` of
    addresses what they did since a moment without signing in; ``unserved`` forgets what served an access alone.
    """

    purpose: str
    fields: tuple[PersonalField, ...]
    find: Callable[[Session, str], Iterable[PersonalRecord]]  # of a mail address
    erase: Callable[[Session, str, datetime], "Erasure | Collection[str]"]  # what was erased, or its references alone
    tables: tuple[Table, ...] = ()
    addresses: Callable[[Session], Iterable[str]] = _nobody  # every mail address that the room's rows hold
    sweeps: tuple[Sweeper, ...] = ()
    refresh: Callable[[Session, Mapping[str, Collection[int]]], None] = _no_refresh
    needed: Callable[[Session, Collection[str]], Mapping[str, str]] = _none_needed
    acted: Callable[[Session, Collection[str], datetime], Mapping[str, str]] = _none_acted
    unserved: Callable[[Session, str, datetime], Iterable[int]] = _nothing_served  # the files to erase

    @property
    def columns(self) -> frozenset[str]:
        """The columns, ``table.column``, that can hold personal data."""
        return frozenset(f"{each.name}.{column}" for each in self.tables for column in each.personal)

    @property
    def impersonal(self) -> frozenset[str]:
        """The columns of the room's tables that hold text and none of it."""
        return frozenset(f"{each.name}.{column}" for each in self.tables for column in each.impersonal)


class Datum(Labelled):
    """What a person may have corrected by saying what is right."""

    NAME = "name", "Nom et prénom"
    EMAIL = "email", "Adresse électronique"
    PHONE = "phone", "Téléphone"
    STREET = "street", "Adresse postale, rue"
    POSTAL_CODE = "postal_code", "Adresse postale, code"
    CITY = "city", "Adresse postale, ville"


def _nothing(_: Session, __: Collection[Any]) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """A column of one room's table in which a value of a person stands: what a correction has to reach.

    ``rows`` gives the rows that hold it for the person of a mail address. ``stays`` says why such a value is left
    as it was: it was signed, or agreed, so. ``before`` is told what a row will say, where that stands once; ``then``
    brings up to date what is made from the rows (an index, say).
    """

    datum: Datum
    words: str  # where it is, in the plural, for the person
    rows: Callable[[Session, str], Iterable[Any]]
    column: str
    stays: str = ""
    then: Callable[[Session, Collection[Any]], None] = _nothing
    before: Before | None = None


@dataclass(frozen=True, slots=True)
class SectionRow:
    """One line of a client's page: what it is, where it leads, and a word on where it stands."""

    title: str
    detail: str = ""
    url: str | None = None
    tag: str = ""


@dataclass(frozen=True, slots=True)
class ClientSection:
    """What one room shows of a client on the staff's page of it.

    ``rows`` gives what this member of staff may see, the latest first; the page shows the first few.
    ``all_at`` gives the address of the whole list; ``add_at`` and ``add_words`` a button that begins a new one,
    shown to who may call the route ``add_endpoint``.
    """

    key: str
    title: str
    rows: Callable[[Session, int, Viewer], Iterable[SectionRow]]  # session, organisation's id, who looks
    empty: str  # a sentence in place of the list
    all_at: Callable[[int], str] | None = None
    add_at: Callable[[int], str] | None = None
    add_words: str = ""
    add_endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a room above proposes to do with a thing of a room below: that form opens with these words, a person decides.

    ``act`` is "suspension" or "formal_notice"; ``url`` is where the proposal stands.
    """

    act: str
    words: str
    url: str


#: The proposal of a number, for things of one organisation: (session, organisation's id, number).
Proposals = Callable[[Session, int, int], Proposed | None]


def nothing_proposed(_: Session, __: int, ___: int) -> Proposed | None:
    """Where no room above proposes anything."""
    return None


@dataclass(frozen=True, slots=True)
class Offer:
    """What a room above can do with a thing of a room below: a button of its page on the desk."""

    words: str
    url: str


def in_order(items: Iterable[QueueItem]) -> list[QueueItem]:
    """Put things in the order they are to be looked at: what is before all, last day, then priority, then age.

    What has a last day comes before what has none: a promise of the law before a wish.
    """
    return sorted(
        items, key=lambda item: (not item.before_all, item.last_day or date.max, item.priority, item.since, item.url)
    )
