"""An erasure of one person leaves those whose name or address looks like theirs what they are."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from portal import schema
from portal.accounts.models import AccessRequest, Organisation, Person
from portal.privacy.forgetting import forget_rows
from portal.privacy.rooms import declared
from portal.terms import Library
from portal.tickets.models import Ticket, TicketParticipant
from portal.tickets.rules import Channel, State

AT = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture
def session() -> Iterator[Session]:
    """An empty base."""
    engine = create_engine("sqlite://")
    schema.declared().create_all(engine)
    with Session(engine) as opened:
        yield opened
    engine.dispose()


def client(session: Session, name: str) -> int:
    made = Organisation(legal_name=name, created_at=AT, siren=f"{len(name):09}", country="FR")
    session.add(made)
    session.flush()
    return made.id


def person(session: Session, organisation: int, name: str, email: str) -> Person:
    made = Person(
        email=email, name=name, organisation_id=organisation, active=True, created_at=AT, fs_uniquifier=email
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def ticket(session: Session, by: Person, subject: str, *participants: tuple[str, str]) -> Ticket:
    """A ticket of somebody's, and who else takes part in it."""
    made = Ticket(
        reference="TIC-2026-0001", form_key="k", link_key="k", organisation_id=by.organisation_id, portal_rank=0,
        opened_at=AT, changed_at=AT, subject=subject, creator_id=by.id, creator_name=by.name, creator_mail=by.email,
        terms_slug="a", terms_sha256="b", channel=Channel.WEB, state=State.OPEN,
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.add(TicketParticipant(ticket_id=made.id, person_id=by.id, mail=by.email, name=by.name))
    session.add_all(TicketParticipant(ticket_id=made.id, mail=mail, name=name) for mail, name in participants)
    session.flush()
    return made


def erase(session: Session, library: Library, address: str) -> None:
    forget_rows(session, address, rooms=declared(), library=library, at=AT)
    session.expire_all()


@pytest.mark.parametrize(
    ("gone", "address", "stays", "theirs"),
    [
        ("Marc Dupont", "marc.dupont@x.fr", "Jean-Marc Dupont", "jean-marc.dupont@x.fr"),
        ("Marie Durand", "marie.durand@x.fr", "Anne Marie Durand", "anne.marie.durand@x.fr"),
        ("Marc Dupont", "marc.dupont@x.fr", "Marcel Weber", "marc.dupont@ailleurs.fr"),
    ],
)
def test_a_colleague_whose_name_holds_this_one_keeps_theirs(
    session: Session, library: Library, gone: str, address: str, stays: str, theirs: str
) -> None:
    at = client(session, "Client")
    person(session, at, gone, address)
    colleague = person(session, at, stays, theirs)
    held = ticket(session, colleague, f"{gone} puis {stays} <{theirs}>")
    erase(session, library, address)
    assert (held.creator_name, held.creator_mail) == (stays, theirs)
    assert [(each.name, each.mail) for each in held.participants] == [(stays, theirs)]
    assert held.subject == f"Personne effacée 1 puis {stays} <{theirs}>"


def test_at_another_client_a_longer_address_is_not_this_one(session: Session, library: Library) -> None:
    person(session, client(session, "Client"), "Marc Dupont", "marc.dupont@orange.fr")
    stranger = person(session, client(session, "Autre client"), "Jean-Marc Dupont", "jean-marc.dupont@orange.fr")
    held = ticket(session, stranger, "Poste de Mme Dupont", ("voisin@x.fr", "Luc Voisin"))
    asked = AccessRequest(
        email=stranger.email, name=stranger.name, organisation_name="Dupont SA", identity="1", created_at=AT
    )  # fmt: skip
    session.add(asked)
    session.flush()
    erase(session, library, "marc.dupont@orange.fr")
    assert held.subject == "Poste de Mme Dupont"
    assert (held.creator_name, held.creator_mail) == ("Jean-Marc Dupont", "jean-marc.dupont@orange.fr")
    assert (asked.email, asked.name) == ("jean-marc.dupont@orange.fr", "Jean-Marc Dupont")
    assert asked.organisation_name == "Dupont SA"


def test_at_another_client_their_very_address_is_still_taken_out(session: Session, library: Library) -> None:
    person(session, client(session, "Client"), "Marc Dupont", "marc.dupont@orange.fr")
    stranger = person(session, client(session, "Autre client"), "Luc Voisin", "luc@voisin.fr")
    held = ticket(session, stranger, "Vu avec Marc Dupont (Marc.Dupont@orange.fr)")
    held.place_words = "Bureau de Marc Dupont"
    session.flush()
    erase(session, library, "marc.dupont@orange.fr")
    assert held.subject == "Vu avec Personne effacée 1"
    assert held.place_words == "Bureau de Personne effacée 1"
    assert (held.creator_name, held.creator_mail) == ("Luc Voisin", "luc@voisin.fr")


def test_who_took_part_without_an_account_leaves_the_people_of_that_client_their_names(
    session: Session, library: Library
) -> None:
    at = client(session, "Client")
    jean = person(session, at, "Jean Martin", "jean@x.fr")
    person(session, at, "Luce Bernard", "luce@x.fr")  # has written nothing there
    held = ticket(
        session, jean, "Poste de Jean Martin, voir Mme Bernard ou Claire Martin", ("claire@ailleurs.fr", "Claire Martin"),
        ("paule@ailleurs.fr", "Paule Claire"), ("b@ailleurs.fr", "Claire Bernard"),
    )  # fmt: skip
    erase(session, library, "claire@ailleurs.fr")
    assert held.subject == "Poste de Jean Martin, voir Mme Bernard ou Personne effacée 1"
    assert held.creator_name == "Jean Martin"
    named = {each.name for each in held.participants}
    assert named == {"Jean Martin", "Paule Claire", "Claire Bernard"}


def test_a_row_that_bears_their_name_and_nobodys_address_tells_of_nobody_else(
    session: Session, library: Library
) -> None:
    at = client(session, "Client")
    jean = person(session, at, "Jean Weber", "jean@x.fr")
    person(session, at, "Claire Martin", "claire@x.fr")
    held = ticket(session, jean, "Mme Martin est absente")
    held.creator_id, held.creator_mail, held.creator_name = None, None, "Mme Martin"
    session.flush()
    erase(session, library, "claire@x.fr")
    assert held.subject == "Mme Personne effacée 1 est absente"
