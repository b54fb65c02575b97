"""A dispute through its pages: draft, recap, filed, answered; late, replayed, by the wrong person."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from portal.evidence.models import Entry
from portal.invoices.dispute_models import Dispute, DisputeDraft
from portal.invoices.dispute_rules import DisputeState
from tests.accounts.conftest import CLAIRE, MARC, OTTO, Portal, Visitor, portal
from tests.invoices.conftest import reading
from tests.invoices.test_views import Given, biller, give, text
from tests.quotes.conftest import hidden, signed_in

__all__ = ["biller", "give", "portal"]

TYPED = {"scope": "facture", "reason": "PU_ERR", "words": "Le prix convenu était 90 €."}


def write(visitor: Visitor, number: int, status: Any = 303, **typed: Any) -> str:
    """Send the form of a dispute, by its button "continuer" unless ``faire`` says another."""
    path = f"factures/{number}/contester"
    key = hidden(visitor.open(path))["key"]
    return visitor.send(path, status, on=path, **{"key": key, "faire": "continuer", **TYPED, **typed})


def confirm(visitor: Visitor, number: int, status: int = 303) -> str:
    recap = f"factures/{number}/contester/recapitulatif"
    fields = hidden(visitor.open(recap))
    visitor.send(
        f"factures/{number}/contester/envoyer", status, on=recap, key=fields["key"], revision=fields["revision"]
    )
    return visitor.location.rpartition("/")[2]


def only(portal: Portal) -> Dispute:
    with portal.sessions() as session:
        return session.scalars(select(Dispute)).one()


def test_a_dispute_is_written_reread_and_filed(portal: Portal, give: Given) -> None:
    number = give()
    marc = signed_in(portal, MARC)
    write(marc, number)
    recap = text(marc.open(f"factures/{number}/contester/recapitulatif"))
    assert "un courriel part à contact@ims-partners.fr et à vous, comme le demande l' article 7.4" in recap
    assert "Contesté 480,00 € , sur toute la facture" in recap
    reference = confirm(marc, number)
    page = text(marc.open(f"factures/contestations/{reference}"))
    assert "C'est à IMS Partners de répondre" in page
    assert "Le prix convenu était 90 €." in page
    assert [mail.recipient for mail in portal.mails() if mail.event == "invoices/dispute_notice"] == [
        MARC,
        "contact@ims-partners.fr",
    ]
    assert "Vous avez contesté cette facture" in text(marc.open(f"factures/{number}"))
    with portal.sessions() as session:
        assert session.scalars(select(DisputeDraft)).all() == []
        (kind,) = session.scalars(select(Entry.kind).where(Entry.kind.like("invoices.dispute%")))
        assert kind == "invoices.dispute_filed"


def test_what_is_missing_is_told_by_its_field_and_what_is_typed_is_kept(portal: Portal, give: Given) -> None:
    number = give()
    marc = signed_in(portal, MARC)
    page = write(marc, number, 422, scope="", reason="", words="Trop cher")
    assert "Choisissez une raison." in page
    assert "Trop cher" in page
    # A draft survives the session.
    assert "Trop cher" in signed_in(portal, MARC).open(f"factures/{number}/contester")
    page = write(marc, number, 422, amount="480,01")
    assert "Écrivez un montant entre 0,01 et 480,00" in page
    assert "Cochez au moins une ligne" in write(marc, number, 422, scope="lignes")
    marc.open(f"factures/{number}/contester/recapitulatif", 303)


def test_a_draft_is_saved_as_it_is_typed_and_forgotten_on_demand(portal: Portal, give: Given) -> None:
    number = give()
    marc = signed_in(portal, MARC)
    write(marc, number, 200, faire="auto", words="À moitié")
    assert marc.last is not None
    assert marc.last.get_json()["saved"]
    assert "À moitié" in marc.open(f"factures/{number}/contester")
    assert "Reprendre ma contestation" in marc.open(f"factures/{number}")
    marc.send(f"factures/{number}/contester/abandonner", on=f"factures/{number}/contester")
    assert "À moitié" not in marc.open(f"factures/{number}/contester")


def test_a_page_that_was_open_for_too_long_gives_back_what_was_typed(portal: Portal, give: Given) -> None:
    number = give()
    marc = signed_in(portal, MARC)
    page = write(marc, number, 400, words="Long texte", csrf_token="x")  # noqa: S106 - a token of nobody
    assert "Long texte" in page
    assert "ouverte depuis trop longtemps" in page


def test_lines_are_disputed_with_their_vat(portal: Portal, give: Given) -> None:
    number = give()
    marc = signed_in(portal, MARC)
    page = marc.open(f"factures/{number}/contester")
    hour, screen = re.findall(r'name="ligne_(\d+)"', page)
    write(marc, number, scope="lignes", **{f"ligne_{hour}": "y", f"ligne_{screen}": "y", f"montant_{screen}": "12,50"})
    confirm(marc, number)
    dispute = only(portal)
    assert f"{dispute.amount:f}" == "192.50"
    assert "192,50 € contestés" in text(marc.open(f"factures/{number}"))
    assert "Contestée en partie" in text(marc.open("factures/"))


def test_the_same_confirmation_twice_is_one_dispute(portal: Portal, give: Given) -> None:
    number = give()
    marc = signed_in(portal, MARC)
    write(marc, number)
    recap = f"factures/{number}/contester/recapitulatif"
    fields = hidden(marc.open(recap))
    for _ in range(2):
        marc.send(
            f"factures/{number}/contester/envoyer", on=f"factures/{number}/contester", key=fields["key"],
            revision=fields["revision"],
        )  # fmt: skip
        assert marc.location.endswith(only(portal).reference)


def test_what_was_changed_after_the_recap_is_reread_first(portal: Portal, give: Given) -> None:
    number = give()
    marc = signed_in(portal, MARC)
    write(marc, number)
    fields = hidden(marc.open(f"factures/{number}/contester/recapitulatif"))
    write(marc, number, words="Autre chose.")
    marc.send(
        f"factures/{number}/contester/envoyer", on=f"factures/{number}/contester", key=fields["key"],
        revision=fields["revision"],
    )  # fmt: skip
    assert marc.location.endswith("recapitulatif")
    with portal.sessions() as session:
        assert session.scalars(select(Dispute)).all() == []


def test_one_sent_after_the_last_day_becomes_a_late_claim_even_from_a_page_of_the_day_before(
    portal: Portal, give: Given
) -> None:
    number = give()
    marc = signed_in(portal, MARC)
    write(marc, number)
    fields = hidden(marc.open(f"factures/{number}/contester/recapitulatif"))
    portal.clock.pass_(days=16)
    marc = signed_in(portal, MARC)
    marc.send(
        f"factures/{number}/contester/envoyer", on=f"factures/{number}/contester", key=fields["key"],
        revision=fields["revision"],
    )  # fmt: skip
    assert only(portal).late
    page = text(marc.open(f"factures/contestations/{only(portal).reference}"))
    assert "Réclamation hors délai" in page
    assert "elle ne suspend rien tant qu'IMS Partners n'a pas décidé" in page


def test_a_point_that_a_colleague_disputes_already_is_refused_and_the_draft_kept(portal: Portal, give: Given) -> None:
    number = give()
    marc = signed_in(portal, MARC)
    write(marc, number)
    confirm(marc, number)
    write(marc, number)
    confirm(marc, number, 409)
    assert marc.last is not None
    page = marc.last.get_data(as_text=True)
    assert only(portal).reference in page
    assert "votre brouillon est gardé" in page
    with portal.sessions() as session:
        kinds = session.scalars(select(Entry.kind).where(Entry.kind.like("invoices.dispute%")).order_by(Entry.seq))
        assert list(kinds) == ["invoices.dispute_filed", "invoices.dispute_refused"]


def test_files_are_joined_taken_off_and_read_by_both_sides(portal: Portal, give: Given, biller: str) -> None:
    number = give()
    marc = signed_in(portal, MARC)
    write(marc, number, files=[(BytesIO(b"%PDF-1.7 bon"), "bon.pdf"), (BytesIO(b"%PDF-1.7 x"), "autre.pdf")])
    page = marc.open(f"factures/{number}/contester")
    second = re.findall(r'name="retirer" value="(\d+)"', page)[1]
    write(marc, number, faire="", retirer=second)
    page = write(marc, number, 422, files=[(BytesIO(b"MZ\x90\x00"), "virus.exe")])
    assert "virus.exe" in page
    write(marc, number)
    reference = confirm(marc, number)
    for visitor, path in (
        (marc, "factures/contestations"),
        (signed_in(portal, biller), "bureau/factures/contestations"),
    ):
        page = visitor.open(f"{path}/{reference}")
        (attached,) = re.findall(r'href="([^"]+/fichiers/\d+)"', page)
        assert visitor.client.get(attached).data == b"%PDF-1.7 bon"
    signed_in(portal, OTTO).open(f"factures/contestations/{reference}", 404)
    signed_in(portal, OTTO).open(attached.replace("/bureau", ""), 404)


def test_staff_answer_and_the_client_accepts(portal: Portal, give: Given, biller: str) -> None:
    number = give()
    marc, anne = signed_in(portal, MARC), signed_in(portal, biller)
    write(marc, number)
    reference = confirm(marc, number)
    desk = f"bureau/factures/contestations/{reference}"
    assert reference in text(anne.open("bureau/"))
    anne.send(f"{desk}/examiner", on=desk)
    anne.send(f"{desk}/maintenir", 422, on=desk, words="")
    anne.send(f"{desk}/avoir", on=desk, words="Le prix était bien 90 €.", amount="48,00")
    page = text(marc.open(f"factures/contestations/{reference}"))
    assert "vous accorde un avoir de 48,00 €" in page
    assert "à vous de répondre" in text(marc.open("/espace-client/"))
    marc.send(f"factures/contestations/{reference}/accepter", on=f"factures/contestations/{reference}")
    assert only(portal).state is DisputeState.ACCEPTED
    marc.send(
        f"factures/contestations/{reference}/maintenir", 409, on=f"factures/contestations/{reference}"
    )  # its page has no such button any more
    assert "Vous avez accepté l'issue" in text(marc.open(f"factures/contestations/{reference}"))
    assert [mail.event for mail in portal.mails(MARC)].count("invoices/dispute_answer") == 3


def test_a_client_that_maintains_reads_what_remains(portal: Portal, give: Given, biller: str) -> None:
    number = give()
    marc, anne = signed_in(portal, MARC), signed_in(portal, biller)
    write(marc, number)
    reference = confirm(marc, number)
    page, desk = f"factures/contestations/{reference}", f"bureau/factures/contestations/{reference}"
    anne.send(f"{desk}/maintenir", on=desk, words="Le prix est celui du devis.")
    marc.send(f"{page}/maintenir", on=page)
    shown = text(marc.open(page))
    for words in ("Continuer à en discuter", "médiation", "tribunal", "ne désignent ni médiateur ni tribunal"):
        assert words in shown
    marc.send(f"{page}/repondre", on=page, words="Voici le devis.")
    assert "le client maintient son désaccord" in text(anne.open("bureau/"))


def test_staff_record_a_letter_by_its_sending_day(portal: Portal, give: Given, biller: str) -> None:
    number = give()
    portal.clock.pass_(days=20)
    anne = signed_in(portal, biller)
    path = f"bureau/factures/{number}/contestation"
    given: dict[str, Any] = {
        **TYPED, "key": "k", "channel": "letter", "author": "Marc Weber", "mail": MARC, "sent_on": "08/12/2026",
    }  # fmt: skip
    anne.send(path, 422, on=path, **{**given, "sent_on": "hier"})
    anne.send(path, 409, on=path, **{**given, "sent_on": "01/01/2020"})
    for _ in range(2):
        anne.send(path, on=path, **given)
    dispute = only(portal)
    assert (dispute.late, dispute.recorded_by) == (False, "Anne Klein")
    page = text(signed_in(portal, MARC).open(f"factures/contestations/{dispute.reference}"))
    assert "8 décembre 2026, par lettre recommandée avec accusé de réception" in page


def test_staff_admit_a_late_claim(portal: Portal, give: Given, biller: str) -> None:
    number = give()
    portal.clock.pass_(days=20)
    marc, anne = signed_in(portal, MARC), signed_in(portal, biller)
    write(marc, number)
    reference = confirm(marc, number)
    desk = f"bureau/factures/contestations/{reference}"
    assert "Admettre cette réclamation" in anne.open(desk)
    anne.send(f"{desk}/admettre", on=desk, words="La facture est arrivée tard.")
    page = text(marc.open(f"factures/contestations/{reference}"))
    assert "Envoyée hors délai, admise comme contestation" in page
    anne.send(f"{desk}/admettre", 409, on=desk, words="Encore.")


def test_the_status_207_is_exported_and_the_page_says_who_issues_it(portal: Portal, give: Given, biller: str) -> None:
    number = give()
    marc, anne = signed_in(portal, MARC), signed_in(portal, biller)
    write(marc, number)
    reference = confirm(marc, number)
    desk = f"bureau/factures/contestations/{reference}"
    assert "Ce portail n'émet pas ce statut" in text(anne.open(desk))
    found = anne.client.get(f"/espace-client/{desk}/statut-207.json").get_json()
    assert found["status"] == {"code": "207", "label": "En litige"}
    assert found["reason"]["code"] == "PU_ERR"
    assert found["issued_by_this_portal"] is False
    assert found["dispute"]["amount"] == "480.00"


def test_the_registered_letter_is_ready_to_post(portal: Portal, give: Given) -> None:
    number = give()
    marc = signed_in(portal, MARC)
    write(marc, number)
    reference = confirm(marc, number)
    answer = marc.client.get(f"/espace-client/factures/contestations/{reference}/lettre.pdf")
    assert answer.mimetype == "application/pdf"
    words = PdfReader(BytesIO(answer.data)).pages[0].extract_text()
    assert "SARL IMS PARTNERS" in words
    assert "Boulangerie Muller" in words
    assert "7.4" in words


@pytest.mark.parametrize("act", ["repondre", "accepter", "maintenir", "retirer"])
def test_administrators_without_the_role_look_on(portal: Portal, give: Given, act: str) -> None:
    number = give()
    marc, claire = signed_in(portal, MARC), signed_in(portal, CLAIRE)
    write(marc, number)
    page = f"factures/contestations/{confirm(marc, number)}"
    claire.open(page)
    claire.send(f"{page}/{act}", 403, on="compte/securite", words="x", csrf_token=claire.token("compte/securite"))


def test_the_client_area_forgets_nothing_over_time(portal: Portal, give: Given) -> None:
    number = give(reading())
    marc = signed_in(portal, MARC)
    write(marc, number)
    reference = confirm(marc, number)
    portal.clock.moment += timedelta(days=400)
    assert reference in signed_in(portal, MARC).open(f"factures/{number}")
