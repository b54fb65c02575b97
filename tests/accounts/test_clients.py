"""Clients as staff keep them: found, written down, changed with evidence, their people let in and out."""

import json
from typing import Any

import pytest
from sqlalchemy import select
from stdnum import luhn

from portal.accounts.models import Grant, Invitation, Organisation, Person
from portal.accounts.rules import StaffRole
from portal.evidence.models import Entry, Payload
from portal.registry import ClientSection, SectionRow
from tests.accounts.conftest import CLAIRE, MARC, OTTO, STAFF, Portal, Visitor
from tests.accounts.test_sign_in import everything
from tests.test_routes import staff_visitor

NEW: dict[str, Any] = {"legal_name": "Mairie de Colmar", "identity": "216 800 664", "city": "Colmar", "country": "FR"}


def staff(portal: Portal, role: StaffRole = StaffRole.SALES) -> Visitor:
    with portal.sessions.begin() as session:
        person = session.get_one(Person, portal.ids[STAFF])
        person.roles[:] = [Grant(name=role.value)]
    return staff_visitor(portal)


def siren_of(number: int) -> str:
    """A number whose check digit is right."""
    return f"{number:08}{luhn.calc_check_digit(f'{number:08}')}"


def acts(portal: Portal, kind: str) -> list[dict[str, Any]]:
    with portal.sessions() as session:
        rows = session.scalars(select(Payload.content).join(Entry).where(Entry.kind == kind).order_by(Entry.seq))
        return [json.loads(row or "") for row in rows]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ["Boulangerie Muller", "Garage Otto"]),
        ("mull boul", ["Boulangerie Muller"]),
        ("BOULÀNGERIE", ["Boulangerie Muller"]),
        ("732 829", ["Boulangerie Muller"]),
        ("léa klein", ["Boulangerie Muller"]),
        ("otto@autre", ["Garage Otto"]),
        ("%", []),
        ("personne", []),
    ],
)
def test_a_client_is_found_by_name_number_or_person(portal: Portal, words: str, found: list[str]) -> None:
    page = staff(portal).open(f"bureau/clients/?q={words.replace('%', '%25')}")
    assert [name for name in ("Boulangerie Muller", "Garage Otto") if f"<b>{name}</b>" in page] == found
    assert ("Aucun client ne correspond" in page) is (not found)


def test_a_page_that_needs_a_client_is_led_back_to_with_one_and_nowhere_else(portal: Portal) -> None:
    visitor = staff(portal)
    page = visitor.open("bureau/clients/?vers=/espace-client/bureau/devis/nouveau")
    assert f'href="/espace-client/bureau/devis/nouveau?client={portal.ids["client"]}"' in page
    for elsewhere in ("https://mechant.example/", "//mechant.example/espace-client/bureau/", "/espace-client/"):
        visitor.open(f"bureau/clients/?vers={elsewhere}", 404)


def test_a_clients_page_tells_who_it_is_and_who_signs_in(portal: Portal) -> None:
    page = staff(portal, StaffRole.ADVISER).open(f"bureau/clients/{portal.ids['client']}")
    for words in (
        "732\xa0829\xa0320",
        "FR44732829320",
        "calculée d'après le SIREN",
        "Claire Muller",
        MARC,
        "à compléter",
    ):
        assert words in page, words
    assert "Retirer l'accès" not in page
    assert "Modifier la fiche" not in page


def test_each_room_adds_its_section(portal: Portal) -> None:
    def rows(_: Any, organisation: int, viewer: Any) -> list[SectionRow]:
        assert viewer.organisation_id is None
        return [SectionRow(f"Devis {number} de {organisation}", url="/x", tag="Envoyé") for number in range(7)]

    portal.app.extensions["client_sections"] = [
        ClientSection("devis", "Devis", rows, "Aucun.", all_at=lambda number: f"/tous?client={number}",
                      add_at=lambda number: f"/nouveau?client={number}", add_words="Écrire un devis",
                      add_endpoint="clients_desk.edit"),
        ClientSection("tickets", "Tickets", lambda *_: [], "Aucun ticket pour l'instant."),
    ]  # fmt: skip
    number = portal.ids["client"]
    page = staff(portal).open(f"bureau/clients/{number}")
    assert page.count("Devis ") == 5
    assert f'<a href="/tous?client={number}">Tout voir (7)</a>' in page
    assert "Écrire un devis" in page
    assert "Aucun ticket pour l'instant." in page
    assert "Écrire un devis" not in staff(portal, StaffRole.ADVISER).open(f"bureau/clients/{number}")


@pytest.mark.parametrize("identity", ["216800664", "21680066400015", "DE136695976", "CHE-116.281.271"])
def test_staff_write_a_client_down_with_a_number_that_is_checked(portal: Portal, identity: str) -> None:
    visitor = staff(portal)
    visitor.send("bureau/clients/nouveau", 303, on="bureau/clients/nouveau", **{**NEW, "identity": identity})
    page = visitor.open(visitor.location)
    assert "Mairie de Colmar est cliente" in page
    assert "Inviter la première personne" in page
    assert acts(portal, "accounts.organisation_created")[-1]["by"] == STAFF


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"identity": "216800665"}, "vérifiez ses chiffres"),
        ({"identity": ""}, "Écrivez le SIREN"),
        ({"legal_name": " "}, "Écrivez le nom"),
        ({"country": "XX"}, "Choisissez une réponse"),
        ({"city": "x" * 101}, "100 caractères au plus"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(portal: Portal, change: dict[str, str], words: str) -> None:
    visitor = staff(portal)
    before = everything(portal)
    page = visitor.send(
        "bureau/clients/nouveau", 422, on="bureau/clients/nouveau", **{**NEW, "street": "2 rue X", **change}
    )
    assert words in page
    assert "2 rue X" in page
    assert everything(portal) == before


def test_a_number_that_is_a_clients_already_leads_to_it(portal: Portal) -> None:
    visitor = staff(portal)
    page = visitor.send("bureau/clients/nouveau", 409, on="bureau/clients/nouveau", **{**NEW, "identity": "732829320"})
    assert f'href="/espace-client/bureau/clients/{portal.ids["client"]}"' in page
    place = f"bureau/clients/{portal.ids['other']}/modifier"
    assert "est déjà cliente" in visitor.send(place, 409, on=place, **{**NEW, "identity": "73282932000074"})


def test_a_change_is_recorded_with_what_it_was_and_what_it_is(portal: Portal) -> None:
    visitor, place = staff(portal), f"bureau/clients/{portal.ids['other']}/modifier"
    assert 'value="356000000"' in visitor.open(place)
    given = {"legal_name": "Garage Otto", "identity": "356000000", "country": "FR"}
    visitor.send(place, 303, on=place, **given, city="Mulhouse", public_body="y")
    assert acts(portal, "accounts.organisation_changed") == [
        {
            "organisation": portal.ids["other"], "by": STAFF,
            "before": {"city": "", "public_body": False}, "after": {"city": "Mulhouse", "public_body": True},
        }
    ]  # fmt: skip
    visitor.send(place, 303, on=place, **given, city="Mulhouse", public_body="y")
    assert "Rien n'a changé" in visitor.open(visitor.location)
    assert len(acts(portal, "accounts.organisation_changed")) == 1


def test_the_first_person_is_invited_as_administrator(portal: Portal) -> None:
    visitor = staff(portal)
    visitor.send("bureau/clients/nouveau", 303, on="bureau/clients/nouveau", **NEW)
    place = f"{visitor.location}/inviter"
    page = visitor.open(place)
    assert page.count("checked") == 2
    visitor.send(place, 303, on=place, name="Léo Maire", email="leo@colmar.example", roles=["administrator"])
    page = visitor.open(visitor.location)
    assert "invitation en attente" in page
    link = portal.link("leo@colmar.example")
    leo = portal.visitor()
    leo.send(link, 303, on=link)
    assert leo.is_signed_in()
    assert portal.person("leo@colmar.example").role_names == {"administrator"}


def test_an_invitation_and_an_access_are_taken_back_and_only_of_that_client(portal: Portal) -> None:
    visitor, mine, other = staff(portal), portal.ids["client"], portal.ids["other"]
    place = f"bureau/clients/{mine}/inviter"
    visitor.send(place, 303, on=place, name="Léo", email="leo@client.example", roles=["technical"])
    with portal.sessions() as session:
        invitation = session.scalars(select(Invitation.id)).one()
    page = f"bureau/clients/{mine}"
    visitor.send(f"bureau/clients/{other}/invitations/{invitation}/retirer", 404, on=page)
    visitor.send(f"{page}/invitations/{invitation}/retirer", 303, on=page)
    visitor.send(f"{page}/invitations/{invitation}/retirer", 404, on=page)
    visitor.send(f"{page}/personnes/{portal.ids[OTTO]}/retirer", 404, on=page)
    marc = portal.sign_in(MARC)
    visitor.send(f"{page}/personnes/{portal.ids[MARC]}/retirer", 303, on=page)
    assert not marc.is_signed_in()
    visitor.send(f"{page}/personnes/{portal.ids[CLAIRE]}/retirer", 303, on=page)
    assert "seul administrateur" in visitor.open(page)
    assert portal.person(CLAIRE).active


def test_many_clients_come_page_by_page(portal: Portal) -> None:
    with portal.sessions.begin() as session:
        session.add_all(
            Organisation(legal_name=f"Client {number:03}", siren=siren_of(number), created_at=portal.clock())
            for number in range(60)
        )
    visitor = staff(portal)
    first, second = visitor.open("bureau/clients/?q=client"), visitor.open("bureau/clients/?q=client&page=2")
    assert (first.count("<b>Client"), second.count("<b>Client")) == (
        49,
        11,
    )  # who writes from client.example is found too
    assert "Page 2 sur 2" in second
    for odd in ("0", "-1", "x", "9" * 30, "²"):
        visitor.open(f"bureau/clients/?page={odd}")


def test_the_rooms_of_the_house_show_what_they_hold_of_a_client_to_whom_may_see_it(portal: Portal) -> None:
    pages = {
        role: staff(portal, role).open(f"bureau/clients/{portal.ids['client']}")
        for role in (StaffRole.ADMINISTRATOR, StaffRole.PRIVACY)
    }
    for section in portal.app.extensions["client_sections"]:
        for page in pages.values():
            assert f'<h2 id="{section.key}">' in page, section.key
