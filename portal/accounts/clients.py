"""Clients as staff look for them: by name, by number, by a person."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.accounts.rules import folded

#: Clients shown on one page.
PAGE = 50


@dataclass(frozen=True, slots=True)
class Found:
    """One client of a list; ``person``: who matched, when the name or number did not."""

    id: int
    legal_name: str
    city: str
    number: str
    person: str = ""


def number_of(organisation: Organisation) -> str:
    """The number that an organisation is known by, the most precise one."""
    return (
        organisation.siret or organisation.siren or organisation.vat_number or organisation.swiss_uid or ""
    )  # fmt: skip


def find_clients(session: Session, words: str) -> list[Found]:
    """Clients whose name, numbers or people hold all the words, without regard to capitals and accents; by name.

    A few thousand clients are looked through one by one: both engines fold no accents alike.
    """
    wanted = folded(words).split()
    digits = "".join(words.split()).upper()
    people: dict[int | None, list[tuple[str, str]]] = {}
    if wanted:
        rows = select(Person.organisation_id, Person.name, Person.email).where(
            Person.active, Person.organisation_id.is_not(None)
        )
        for organisation_id, name, email in session.execute(rows):
            people.setdefault(organisation_id, []).append((name, f"{folded(name)} {email}"))
    found = []
    for organisation in session.scalars(select(Organisation)):
        if organisation.left_at is not None and not wanted:
            continue  # it left the file: found by its name alone, for what the law keeps of it
        person = ""
        numbers = [organisation.siret, organisation.siren, organisation.vat_number, organisation.swiss_uid]
        by_number = bool(digits) and any(digits in number for number in numbers if number)
        name = folded(f"{organisation.legal_name} {organisation.city}")
        if wanted and not by_number and not all(word in name for word in wanted):
            person = next((who for who, text in people.get(organisation.id, ()) if all(w in text for w in wanted)), "")
            if not person:
                continue
        found.append(
            Found(organisation.id, organisation.legal_name, organisation.city, number_of(organisation), person)
        )
    return sorted(found, key=lambda one: (folded(one.legal_name), one.id))
