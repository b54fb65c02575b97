"""Find who calls: people and organisations by a few letters of any of their words."""

import re
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.models import Organisation, Person
from portal.tickets.stems import fold

MOST = 20
_SEPARATORS = re.compile(r"[(),]")


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody who may be calling; ``words`` is what the field shows, and what it is known again by."""

    person: Person

    @property
    def words(self) -> str:
        """``Claire Muller, Boulangerie Muller (claire@…)``."""
        organisation = self.person.organisation
        return f"{self.person.name}, {organisation.legal_name if organisation else ''} ({self.person.email})"


def matching(session: Session, typed: str, *, most: int = MOST) -> list[Match]:
    """People of clients in whose name, address or organisation every word typed is found, by name.

    Accents and case are forgiven, on both engines alike: a name heard on the phone is typed as it sounds.
    """
    query = (
        select(Person.id, Person.name, Person.email, Organisation.legal_name)
        .join(Organisation, Person.organisation_id == Organisation.id)
        .where(Person.active, Person.staff.is_(False))
        .order_by(Organisation.legal_name, Person.name)
    )
    wanted = _SEPARATORS.sub(" ", fold(typed)).split()
    found: list[int] = []
    for number, name, mail, organisation in session.execute(query):
        names, address = fold(f"{name} {organisation}"), mail.lower()
        if all(word in names or address.startswith(word) for word in wanted):
            found.append(number)
            if len(found) == most:
                break
    people = select(Person).where(Person.id.in_(found)).options(joinedload(Person.organisation))
    held = {person.id: person for person in session.scalars(people)}
    return [Match(held[number]) for number in found]


def organisations(session: Session, typed: str = "", *, most: int = 200) -> list[Organisation]:
    """Organisations by their name."""
    query = select(Organisation).order_by(Organisation.legal_name).limit(most)
    for word in typed.lower().split():
        query = query.where(func.lower(Organisation.legal_name).contains(word, autoescape=True))
    return list(session.scalars(query))


def advisers(session: Session) -> list[Person]:
    """Staff who may see to a ticket, by name."""
    from portal.tickets.rules import may_handle

    query = select(Person).where(Person.staff, Person.active).order_by(Person.name)
    return [person for person in session.scalars(query) if may_handle(person.role_names)]
