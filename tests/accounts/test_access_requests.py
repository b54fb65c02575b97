"""A request for an access on the desk, and what is held on a person."""

import pytest
from sqlalchemy import select

from portal.accounts import actions
from portal.accounts.models import AccessRequest, Invitation, Organisation, Person
from portal.accounts.personal_data import ERASED, PERSONAL_DATA
from portal.accounts.queue import QUEUE
from portal.evidence.actions import verify_log
from portal.registry import Viewer
from tests.accounts.conftest import CLAIRE, MARC, NOON, STAFF, Portal, Visitor
from tests.accounts.test_colleagues import ASKED, NEW
from tests.accounts.test_second_factors import first_staff_sign_in
from tests.accounts.test_sign_in import everything


def ask(portal: Portal, **other: object) -> int:
    portal.visitor().send("demander-un-acces", 303, on="demander-un-acces", **{**ASKED, **other})
    with portal.sessions() as session:
        return session.scalars(select(AccessRequest.id).order_by(AccessRequest.id.desc())).first() or 0


def nadia(portal: Portal) -> Visitor:
    return first_staff_sign_in(portal)[0]


def test_a_request_waits_on_the_desk_for_those_who_answer_it(portal: Portal) -> None:
    number = ask(portal)
    with portal.sessions() as session:
        (item,) = QUEUE.items(session, Viewer(1, frozenset({"sales"})))
        assert (item.title, item.url) == ("Roth SARL", f"/espace-client/bureau/demandes-d-acces/{number}")
        assert list(QUEUE.items(session, Viewer(1, frozenset({"adviser"})))) == []
        assert list(QUEUE.items(session, Viewer(1, frozenset({"administrator"}), organisation_id=1))) == []


def test_granting_to_a_newcomer_makes_a_client_and_invites_its_administrator(portal: Portal) -> None:
    number = ask(portal, identity="DE136695976")
    staff = nadia(portal)
    assert "Pas encore" in staff.open(f"bureau/demandes-d-acces/{number}")
    staff.send(f"bureau/demandes-d-acces/{number}/ouvrir", 303, on=f"bureau/demandes-d-acces/{number}")
    link = portal.link(NEW)
    jean = portal.visitor()
    jean.send(link, 303, on=link)
    person = portal.person(NEW)
    assert person.role_names == {"administrator", "signatory"}
    with portal.sessions() as session:
        assert session.get_one(Organisation, person.organisation_id).legal_name == "Roth SARL"
        assert list(QUEUE.items(session, Viewer(1, frozenset({"sales"})))) == []


def test_granting_into_a_client_with_an_administrator_gives_the_least_role(portal: Portal) -> None:
    number = ask(portal)  # the SIREN of Boulangerie Muller
    staff = nadia(portal)
    assert "Boulangerie Muller" in staff.open(f"bureau/demandes-d-acces/{number}")
    staff.send(f"bureau/demandes-d-acces/{number}/ouvrir", 303, on=f"bureau/demandes-d-acces/{number}")
    with portal.sessions() as session:
        invitation = session.scalars(select(Invitation)).one()
    assert (invitation.organisation_id, invitation.roles) == (portal.ids["client"], ["technical"])


@pytest.mark.parametrize("verb", ["ouvrir", "classer"])
def test_a_request_is_answered_once(portal: Portal, verb: str) -> None:
    number = ask(portal)
    staff = nadia(portal)
    page = f"bureau/demandes-d-acces/{number}"
    staff.send(f"{page}/classer", 303, on=page)
    assert "Demande traitée" in staff.open(page)
    before = everything(portal)
    staff.send(f"{page}/{verb}", 409, on="compte/appareils")
    assert everything(portal) == before


def test_somebody_who_lost_their_phone_starts_again(portal: Portal) -> None:
    visitor = nadia(portal)
    with portal.sessions.begin() as session:
        actions.reset_second_factor(session, session.get_one(Person, portal.ids[STAFF]), by=None, now=NOON)
    assert not visitor.is_signed_in()
    again = nadia(portal)
    assert again.is_signed_in()


def test_what_is_held_on_a_person_is_told_and_forgotten_and_the_log_still_holds(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    claire.send(
        "collegues/inviter", 303, on="collegues/inviter", name="Marc", email="m2@client.example", roles="billing"
    )
    marc = portal.sign_in(MARC)
    ask(portal, email=MARC)
    with portal.sessions.begin() as session:
        account, asked = PERSONAL_DATA.find(session, MARC.upper())
        assert dict(account.values)["Organisation et rôles"] == "Boulangerie Muller\u00a0: Comptabilité"
        assert dict(asked.values)["Organisation et rôles"] == "Roth SARL, 732 829 320"
        erased = PERSONAL_DATA.erase(session, MARC, NOON)
        assert isinstance(erased, list)
        assert len(erased) == 2
    assert not marc.is_signed_in()
    with portal.sessions() as session:
        assert list(PERSONAL_DATA.find(session, MARC)) == []
        assert list(verify_log(session)) == []
        assert session.get_one(Person, portal.ids[MARC]).name == ERASED
    assert MARC not in str(everything(portal))
    assert claire.is_signed_in()
