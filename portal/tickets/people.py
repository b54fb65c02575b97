"""Find who calls: people and organisations by a few letters of any of their words."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.models import Organisation, Person

MOST = 20


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
    """People of clients in whose name, address or organisation every word typed is found, by name."""
    query = (
        select(Person)
        .join(Organisation, Person.organisation_id == Organisation.id)
        .where(Person.active, Person.staff.is_(False))
        .options(joinedload(Person.organisation))
        .order_by(Organisation.legal_name, Person.name)
        .limit(most)
    )
    for word in typed.lower().replace("(", " ").replace(")", " ").replace(",", " ").split():
        query = query.where(
            or_(
                func.lower(Person.name).contains(word, autoescape=True),
                Person.email.startswith(word, autoescape=True),
                func.lower(Organisation.legal_name).contains(word, autoescape=True),
            )
        )
    return [Match(person) for person in session.scalars(query)]


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
