"""Which mails about points somebody wants, and who is told when points move."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.accounts.rules import ClientRole
from portal.contracts.actions import balances, contracts_of
from portal.contracts.letters import Letters
from portal.contracts.mail_models import PointsMails
from portal.contracts.models import Contract, LedgerEntry
from portal.contracts.period import Month
from portal.contracts.rules import NOTHING


def choice_of(session: Session, person: Person) -> tuple[bool, bool]:
    """Whether somebody is written to at each movement, and each month: the first, where nothing was chosen."""
    held = session.get(PointsMails, person.id)
    return (held.movements, held.monthly_since is not None) if held else (True, False)


def choose(session: Session, person: Person, *, movements: bool, monthly: bool, at: datetime) -> PointsMails:
    """Keep what somebody chose."""
    choice = session.get(PointsMails, person.id) or PointsMails(person_id=person.id)
    choice.movements, choice.chosen_at = movements, at
    choice.monthly_since = (choice.monthly_since or at) if monthly else None
    session.add(choice)
    session.flush()
    return choice


def who_wants(session: Session, people: Iterable[Person]) -> list[Person]:
    """Those of them who are written to when points move."""
    found = {person.id: person for person in people if person.active}
    silent = select(PointsMails.person_id).where(PointsMails.person_id.in_(found), PointsMails.movements.is_(False))
    quiet = set(session.scalars(silent))
    return [person for number, person in found.items() if number not in quiet]


def administrators(session: Session, organisation_id: int) -> list[Person]:
    """Who administers an organisation."""
    query = select(Person).where(Person.organisation_id == organisation_id, Person.active).order_by(Person.id)
    return [person for person in session.scalars(query) if ClientRole.ADMINISTRATOR in person.role_names]


def points_left(session: Session, organisation_id: int) -> Decimal:
    """The points of every contract at work of an organisation."""
    return sum(balances(session, contracts_of(session, organisation_id, ended=False)).values(), NOTHING)


def tell_moved(session: Session, entry: LedgerEntry, *, letters: Letters, at: datetime) -> int:
    """Mail the administrators what staff added or took back on a contract itself; how many mails."""
    people = who_wants(session, administrators(session, entry.contract.organisation_id))
    for person in people:
        letters.moved(session, entry, person, at)
    return len(people)


def tell_below(session: Session, entries: Iterable[LedgerEntry], *, letters: Letters, at: datetime) -> int:
    """Mail every administrator what went below zero, whatever they chose: no balance does so in silence."""
    told = 0
    for entry in entries:
        if entry.balance < 0:
            for person in administrators(session, entry.contract.organisation_id):
                letters.below(session, entry, person, at)
                told += 1
    return told


def tell_month(session: Session, month: Month, *, letters: Letters, at: datetime) -> int:
    """Mail the statement of a month that is over to who asked for it before it ended. Again is once.

    The mail is named after person and month: the outbox holds it once.
    """
    wanted = (
        select(PointsMails)
        .join(PointsMails.person)
        .where(PointsMails.monthly_since < month.ends, Person.active, Person.organisation_id.is_not(None))
        .order_by(PointsMails.person_id)
    )
    told = 0
    for choice in session.scalars(wanted):
        held = contracts_of(session, choice.person.organisation_id or 0)
        lines = [(contract, *summed(session, contract, month)) for contract in held if _lived(contract, month)]
        if lines:
            letters.month(session, choice.person, month, lines, at)
            told += 1
    return told


def summed(session: Session, contract: Contract, month: Month) -> tuple[Decimal, Decimal, Decimal]:
    """What came, what went, and what was left at the end of a month."""
    query = select(LedgerEntry.at, LedgerEntry.points).where(LedgerEntry.contract_id == contract.id)
    found = [(at, points) for at, points in session.execute(query) if at < month.ends]
    within = [points for at, points in found if at >= month.begins]
    came = sum((points for points in within if points > 0), NOTHING)
    went = -sum((points for points in within if points < 0), NOTHING)
    return came, went, sum((points for _, points in found), NOTHING)


def _lived(contract: Contract, month: Month) -> bool:
    return contract.opened_at < month.ends and (contract.ended_at is None or contract.ended_at >= month.begins)
