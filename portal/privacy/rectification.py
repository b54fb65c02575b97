"""Rectification: what stands now, what should stand, everywhere it stands; done, and told to whom it was given.

A person's own name and telephone need nobody's judgement: they are corrected at once. An address is corrected
when a link sent to it has been followed. What was signed stays as it was signed, and the page says so.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.accounts.actions import AddressTaken, find_person, normal
from portal.accounts.models import Person
from portal.accounts.rules import ClientRole
from portal.mail.stops import move
from portal.privacy import recipients
from portal.privacy.actions import finish, hold, prove, tell
from portal.privacy.addresses import done_at, is_back, new_addresses
from portal.privacy.letters import Letters
from portal.privacy.models import PrivacyFreeze, PrivacyObjection, PrivacyRequest
from portal.privacy.rules import UNDO_LIFE, PrivacyError, check_open
from portal.registry import Datum, Place

Places = Sequence[Place]
#: What is corrected on the word of who signed in: nobody has anything to weigh.
AT_ONCE = frozenset({Datum.NAME, Datum.PHONE})


class NothingToCorrect(PrivacyError):
    """What was written is what stands already, or the value stands nowhere."""


@dataclass(frozen=True, slots=True)
class Held:
    """Where one value of a person stands: its spellings, the places with how many, what stays as it was signed."""

    datum: Datum
    values: tuple[str, ...]
    places: tuple[tuple[str, int], ...]
    stays: tuple[tuple[str, str], ...]

    @property
    def value(self) -> str:
        """The spelling that stands first: that of the access, where there is one."""
        return self.values[0] if self.values else ""


def held(session: Session, email: str, *, places: Places) -> dict[Datum, Held]:
    """What may be corrected of the person of an address, value by value; what stands nowhere is left out."""
    found = {}
    for datum in Datum:
        values: dict[str, None] = {}
        counts: Counter[str] = Counter()
        stays: dict[str, str] = {}
        for place in places:
            if place.datum is not datum:
                continue
            written = [value for row in place.rows(session, email) if (value := getattr(row, place.column))]
            if place.stays and written:
                stays[place.words] = place.stays
            elif written:
                counts[place.words] += len(written)
                values |= dict.fromkeys(written)
        if counts:
            found[datum] = Held(datum, tuple(values), tuple(counts.items()), tuple(stays.items()))
    return found


def propose(
    session: Session, request: PrivacyRequest, wanted: Mapping[Datum, str], *, places: Places, at: datetime
) -> None:
    """Write down what should stand in place of what does.

    Raises:
        NothingToCorrect: nothing of it would change anything.
    """
    standing = held(session, request.about, places=places)
    changes = [
        {
            "datum": datum.value, "before": list(found.values), "after": value, "places": [list(p) for p in found.places],
            "stays": [list(one) for one in found.stays], "done": False,
        }
        for datum, value in wanted.items()
        if (found := standing.get(datum)) is not None and value and set(found.values) != {value}
    ]  # fmt: skip
    if not changes:
        raise NothingToCorrect
    kept = [one for one in request.changes or [] if one["datum"] not in {change["datum"] for change in changes}]
    request.changes = [*kept, *changes]
    session.flush()
    prove(session, request, "correction_proposed", at, changes=changes)


def waiting(request: PrivacyRequest) -> dict[Datum, str]:
    """What was proposed and is not done yet."""
    return {Datum(one["datum"]): one["after"] for one in request.changes or [] if not one["done"]}


def correct(
    session: Session, request: PrivacyRequest, data: Iterable[Datum], *, places: Places, by: str, letters: Letters,
    at: datetime, back: bool = False,
) -> None:  # fmt: skip
    """Write what was proposed in every place at once, and tell the organisation's administrators, who see it too.

    ``back``: an address that takes its place again, which both are told.

    Raises:
        AlreadyClosed: the request is over.
        AddressTaken: somebody else signs in with the address.
    """
    hold(session, request)
    check_open(request.state)
    # What stands may have changed since it was proposed: what is told is what is replaced.
    standing = held(session, request.about, places=places)
    changes, person = [dict(one) for one in request.changes or []], _person(session, request.about)
    colleagues = _recipients(person) if person is not None else []
    chosen = set(data)
    # An address last: the others find the person by it.
    for change in sorted(changes, key=lambda one: one["datum"] == Datum.EMAIL):
        datum, after = Datum(change["datum"]), change["after"]
        if change["done"] or datum not in chosen:
            continue
        before = request.about
        if datum is Datum.EMAIL:
            after = change["after"] = normal(after)
            other = find_person(session, after)
            if other is not None and other != person:
                raise AddressTaken
        if datum in standing and standing[datum].values != (after,):
            change["before"] = list(standing[datum].values)
        count = write(session, before, datum, after, places=places)
        change["done"], change["at"] = True, at.isoformat()
        tell(request, at, f"Corrigé\u00a0: {datum.label}, {_words(change)} ({_several(count)}).")
        prove(session, request, "corrected", at, by=by, datum=datum.value, before=change["before"], after=after)
        if datum is Datum.EMAIL:
            _follow(session, request, before, after)
            tell_of_address = letters.address_back if back else letters.new_address
            tell_of_address(session, request, after if back else before, before if back else after, at)
            if not back:
                _tell_earlier(session, request, before, after, letters, at)
        for colleague in colleagues:
            letters.corrected(session, request, colleague.email, f"{datum.label}, {_words(change)}", at)
    request.changes = changes
    session.flush()
    recipients.list_for(session, request, library=letters.library, at=at, told=bool(colleagues))


def write(session: Session, email: str, datum: Datum, after: str, *, places: Places) -> int:
    """Write a value wherever it stands; in how many rows. What was signed stays."""
    # Every row is found before the first is changed: some find the person by what is being changed.
    found = [(place, list(place.rows(session, email))) for place in places if place.datum is datum and not place.stays]
    count = 0
    for place, rows in found:
        changed = [row for row in rows if getattr(row, place.column) and getattr(row, place.column) != after]
        for row in changed:
            if place.before is not None:
                place.before(session, row.id, place.column, after)
            setattr(row, place.column, after)
            session.flush()
        if changed:
            place.then(session, changed)
        count += len(changed)
    return count


def close_if_done(
    session: Session, request: PrivacyRequest, *, by: str, letters: Letters, at: datetime, told: bool = False
) -> bool:
    """Close what has nothing left to do: no value waits, and nothing was asked in words or is said to be wrong. ``told``: by another mail."""
    if waiting(request) or request.details or request.mandate or request.notes:
        return False
    finish(session, request, by=by, decision=said(request), letters=letters, at=at, tell=not told)
    return True


def said(request: PrivacyRequest) -> str:
    """What was corrected, in words for the person."""
    lines = [f"{Datum(one['datum']).label}\u00a0: {_words(one)}." for one in request.changes or [] if one["done"]]
    stays = {f"{where} ({why})": None for one in request.changes or [] if one["done"] for where, why in one["stays"]}
    if stays:
        lines.append("Restent comme ils étaient\u00a0: " + "\u00a0; ".join(stays) + ".")
    return "\n".join(lines)


def former_addresses(session: Session, email: str) -> list[str]:
    """The addresses that a person had before, the latest first: what was kept under them is theirs too.

    Not those that somebody else took over since: a mailbox of a post is given to who comes next.
    """
    address = email.strip().lower()
    found: dict[str, None] = {}
    theirs, of_others = {address}, set[str]()
    for request, change in new_addresses(session):
        before, after = {one.strip().lower() for one in change["before"]}, change["after"]
        if after in theirs and request.about in theirs:
            found |= dict.fromkeys(sorted(before - theirs - of_others))
            theirs |= before
        else:
            of_others |= {after, *before}
    held = set(session.scalars(select(Person.email).where(Person.email.in_(found))))
    return [one for one in found if one not in held]


def held_since(session: Session) -> dict[str, datetime]:
    """Since when, at the latest, whoever signs in with an address has it."""
    given = select(Person.email, Person.created_at).where(Person.active)
    since = {row.email: row.created_at for row in session.execute(given)}
    for request, change in new_addresses(session):
        if change["after"] in since:
            since[change["after"]] = max(since[change["after"]], request.closed_at or request.received_at)
    return since


def _tell_earlier(
    session: Session, request: PrivacyRequest, before: str, after: str, letters: Letters, at: datetime
) -> None:
    """Who had the address before the one before, and may still take it again, is told where it has gone."""
    theirs = {before}
    for other, change in new_addresses(session):
        if other.id == request.id or change["after"] not in theirs:
            continue
        since = done_at(other, change)
        if is_back(other) or at >= since + UNDO_LIFE:
            break
        theirs |= set(change["before"])
        letters.new_address(session, other, before, after, at, to=change["before"][0], since=since)


def _follow(session: Session, request: PrivacyRequest, before: str, after: str) -> None:
    """What this room keeps beside the requests goes with the person."""
    if request.subject_email:
        request.subject_email = after
    else:
        request.email = after
    for table in (PrivacyFreeze, PrivacyObjection):
        session.execute(update(table).where(table.email == before).values(email=after))
    move(session, before, after)


def _recipients(person: Person) -> list[Person]:
    """Who else was given the value (GDPR article 19): the administrators of the organisation."""
    if person.organisation is None:
        return []
    return [
        one for one in person.organisation.people
        if one.active and one.id != person.id and ClientRole.ADMINISTRATOR in one.role_names
    ]  # fmt: skip


def _person(session: Session, email: str) -> Person | None:
    return session.scalars(select(Person).where(Person.email == email.strip().lower())).first()


def _words(change: Mapping[str, Any]) -> str:
    before = "\u00a0», «\u00a0".join(change["before"])
    return f"«\u00a0{before}\u00a0» devient «\u00a0{change['after']}\u00a0»"


def _several(count: int) -> str:
    return f"{count}\u00a0endroits" if count > 1 else "1\u00a0endroit"
