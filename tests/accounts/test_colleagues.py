"""Colleagues: invited, let in, given roles, removed at once; each act on record."""

import json

import pytest
from sqlalchemy import select

from portal.accounts.models import AccessRequest, Invitation
from portal.accounts.rules import FRESHNESS
from portal.evidence.actions import verify_log
from portal.evidence.models import Entry
from tests.accounts.conftest import CLAIRE, LEA, MARC, OTTO, STAFF, Portal, Visitor
from tests.accounts.test_sign_in import everything

NEW = "jean@client.example"


def invite(portal: Portal, by: Visitor, email: str = NEW, *roles: str) -> str:
    """The path of the link in the invitation's mail."""
    by.send(
        "collegues/inviter",
        303,
        on="collegues/inviter",
        name="Jean Roth",
        email=email,
        roles=list(roles) or ["technical"],
    )
    return portal.link(email)


def kinds(portal: Portal) -> list[str]:
    with portal.sessions() as session:
        assert list(verify_log(session)) == []
        return list(session.scalars(select(Entry.kind).order_by(Entry.seq)))


def test_a_colleague_is_invited_accepts_by_post_and_is_signed_in(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    link = invite(portal, claire, NEW, "technical", "billing")
    jean = portal.visitor()
    assert "Claire Muller vous invite" in jean.open(link)
    jean.send(link, 303, on=link)
    assert jean.location.endswith("/compte/securite")
    assert "Jean Roth" in claire.open("collegues")
    assert jean.is_signed_in()
    assert portal.person(NEW).role_names == {"technical", "billing"}
    assert kinds(portal)[-2:] == ["accounts.invited", "accounts.joined"]


def test_opening_an_invitation_changes_nothing_whoever_opens_it(portal: Portal) -> None:
    link = invite(portal, portal.sign_in(CLAIRE))
    before = everything(portal)
    scanner = portal.app.test_client()
    for method in ("GET", "HEAD", "GET"):
        assert scanner.open(link, method=method).status_code == 200
    assert everything(portal) == before


def test_an_invitation_works_once_for_seven_days_and_not_after_it_is_withdrawn(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    link = invite(portal, claire)
    portal.visitor().send(link, 303, on=link)
    assert "ne vaut plus" in portal.visitor().open(link, 404)
    for email, span, status in (
        ("a@client.example", {"days": 7, "seconds": -1}, 200),
        ("b@client.example", {"days": 7}, 404),
    ):
        claire = portal.sign_in(CLAIRE)
        link = invite(portal, claire, email)
        portal.clock.pass_(**span)
        portal.visitor().open(link, status)
    claire = portal.sign_in(CLAIRE)
    link = invite(portal, claire, "c@client.example")
    with portal.sessions() as session:
        number = session.scalars(select(Invitation.id).where(Invitation.email == "c@client.example")).one()
    claire.send(f"collegues/invitations/{number}/retirer", 303, on="collegues")
    portal.visitor().open(link, 404)


def test_inviting_again_takes_the_place_of_the_earlier_invitation(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    earlier, later = invite(portal, claire), invite(portal, claire)
    portal.visitor().open(earlier, 404)
    portal.visitor().open(later)


def test_inviting_an_address_that_signs_in_elsewhere_tells_its_owner_alone(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    claire.send("collegues/inviter", 303, on="collegues/inviter", name="Otto", email=OTTO, roles="billing")
    link = portal.link(OTTO)
    before = everything(portal)
    otto = portal.visitor()
    assert "Cette adresse a déjà un accès" in otto.send(link, 409, on=link)
    assert everything(portal) == before
    assert portal.person(OTTO).organisation_id == portal.ids["other"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "Écrivez le nom"),
        ("email", "pas une adresse", "n'est pas complète"),
        ("roles", "", "Choisissez"),
        ("roles", "director", "Choisissez"),
    ],
)
def test_a_form_badly_filled_says_what_is_wrong_and_keeps_what_was_typed(
    portal: Portal, field: str, value: str, words: str
) -> None:
    claire = portal.sign_in(CLAIRE)
    values: dict[str, object] = {"name": "Jean Roth", "email": NEW, "roles": "billing", field: value}
    page = claire.send("collegues/inviter", 422, on="collegues/inviter", **values)
    assert words in page
    assert field == "email" or f'value="{NEW}"' in page
    assert portal.mails(NEW) == []


def test_somebody_removed_is_signed_out_at_once_everywhere_and_comes_in_no_more(portal: Portal) -> None:
    claire, phone, laptop = portal.sign_in(CLAIRE), portal.sign_in(MARC), portal.sign_in(MARC)
    claire.send(f"collegues/{portal.ids[MARC]}/retirer", 303, on="collegues")
    assert not phone.is_signed_in()
    assert not laptop.is_signed_in()
    visitor = portal.visitor()
    mails = len(portal.mails(MARC))
    visitor.send("connexion/code", 200, identity=MARC, chosen_method="email")
    assert len(portal.mails(MARC)) == mails
    assert kinds(portal)[-1] == "accounts.removed"


def test_somebody_removed_may_be_invited_again(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    claire.send(f"collegues/{portal.ids[MARC]}/retirer", 303, on="collegues")
    link = invite(portal, claire, MARC, "technical")
    marc = portal.visitor()
    marc.send(link, 303, on=link)
    assert portal.person(MARC).id == portal.ids[MARC]
    assert portal.person(MARC).role_names == {"technical"}


def test_roles_change_at_once_and_are_on_record(portal: Portal) -> None:
    claire, marc = portal.sign_in(CLAIRE), portal.sign_in(MARC)
    marc.open("collegues/inviter", 403)
    claire.send(f"collegues/{portal.ids[MARC]}/roles", 303, on="collegues", roles=["administrator", "billing"])
    marc.open("collegues/inviter")
    with portal.sessions() as session:
        entry = session.scalars(select(Entry).order_by(Entry.seq.desc()).limit(1)).one()
        recorded = json.loads(entry.payload.content or "")
    assert entry.kind == "accounts.roles_changed"
    assert (recorded["before"], recorded["after"]) == (["billing"], ["administrator", "billing"])


def test_the_last_administrator_can_neither_step_down_nor_be_removed_and_one_of_two_can(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    number = portal.ids[CLAIRE]
    before = everything(portal)
    assert "au moins un administrateur" in claire.send(
        f"collegues/{number}/roles", 422, on="collegues", roles="billing"
    )
    claire.send(f"collegues/{number}/retirer", 303, on="collegues")
    assert everything(portal) == before
    claire.send(f"collegues/{portal.ids[MARC]}/roles", 303, on="collegues", roles=["administrator"])
    claire.send(f"collegues/{number}/roles", 303, on="collegues", roles="billing")


def test_what_belongs_to_another_organisation_is_404_and_is_left_alone(portal: Portal) -> None:
    claire, otto = portal.sign_in(CLAIRE), portal.sign_in(OTTO)
    invite(portal, claire)
    with portal.sessions() as session:
        number = session.scalars(select(Invitation.id)).one()
    before = everything(portal)
    otto.open(f"collegues/{portal.ids[MARC]}/roles", 404)
    otto.send(f"collegues/{portal.ids[MARC]}/roles", 404, on="collegues/inviter", roles="administrator")
    otto.send(f"collegues/{portal.ids[MARC]}/retirer", 404, on="collegues/inviter")
    otto.send(f"collegues/{portal.ids[STAFF]}/retirer", 404, on="collegues/inviter")
    otto.send(f"collegues/invitations/{number}/retirer", 404, on="collegues/inviter")
    assert everything(portal) == before
    assert "Marc Weber" not in otto.open("collegues")


def test_without_the_role_a_colleague_sees_the_list_and_changes_nothing(portal: Portal) -> None:
    lea = portal.sign_in(LEA)
    page = lea.open("collegues")
    assert "Claire Muller" in page
    assert "Retirer" not in page
    before = everything(portal)
    for path in ("inviter", f"{portal.ids[MARC]}/roles", f"{portal.ids[MARC]}/retirer", "invitations/1/retirer"):
        page = lea.send(f"collegues/{path}", 403, on="compte/appareils", roles="administrator", name="x", email=NEW)
        assert "Votre rôle ne permet pas" in page
    assert everything(portal) == before


def test_what_matters_asks_again_who_is_there_when_the_sign_in_is_old(portal: Portal) -> None:
    claire = portal.sign_in(CLAIRE)
    with claire.client.session_transaction() as held:
        held["fs_paa"] -= FRESHNESS.total_seconds() + 1  # the library reads the real time
    claire.open("collegues")
    claire.open("collegues/inviter", 303)
    assert "/confirmer?next=" in claire.location
    claire.open(claire.location)
    claire.send("confirmer/code?next=/espace-client/collegues/inviter", 200, on="confirmer", chosen_method="email")
    claire.send("confirmer?next=/espace-client/collegues/inviter", 302, on="confirmer", passcode=portal.code(CLAIRE))
    assert claire.location.endswith("/collegues/inviter")
    claire.open("collegues/inviter")


# --- Asking for an access ------------------------------------------------------------------------

ASKED: dict[str, object] = {
    "name": "Jean Roth", "email": NEW, "organisation_name": "Roth SARL", "identity": "732 829 320", "message": "Bonjour",
}  # fmt: skip


def test_anybody_may_ask_for_an_access_and_the_answer_is_the_same_for_all(portal: Portal) -> None:
    for email in (NEW, CLAIRE):
        visitor = portal.visitor()
        visitor.send("demander-un-acces", 303, on="demander-un-acces", **{**ASKED, "email": email})
        assert "Votre demande est reçue" in visitor.open(visitor.location)
    with portal.sessions() as session:
        assert [row.email for row in session.scalars(select(AccessRequest).order_by(AccessRequest.id))] == [NEW, CLAIRE]


def test_a_robot_that_fills_the_hidden_field_is_thanked_and_forgotten(portal: Portal) -> None:
    before = everything(portal)
    portal.visitor().send("demander-un-acces", 303, on="demander-un-acces", **ASKED, website="https://spam.example")
    assert everything(portal) == before


def test_a_private_person_is_not_a_client(portal: Portal) -> None:
    visitor = portal.visitor()
    page = visitor.send("demander-un-acces", 422, on="demander-un-acces", **{**ASKED, "identity": "123456789"})
    assert "n'est ni un SIREN" in page
    assert 'value="Roth SARL"' in page
