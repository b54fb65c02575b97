"""Staff write a quote in a page that loses nothing, look at it as the client will, send it once."""

import re
from typing import Any

import pytest

from portal.quotes.quote_rules import State
from portal.quotes.request_actions import accept_request, submit_request
from portal.quotes.request_letters import Letters
from portal.quotes.writing_actions import find_quote
from tests.accounts.conftest import CLAIRE, MARC, OTTO, STAFF, Visitor
from tests.quotes.conftest import ASKED, hidden, signed_in
from tests.quotes.quoting import DESK, PDF, Room, press

FIRST = f"{DESK}/DEV-2026-0001"
TYPED = {
    "subject": "Remplacement du serveur",
    "lines-0-kind": "service",
    "lines-0-description": "Installation",
    "lines-0-quantity": "4",
    "lines-0-unit": "heure",
    "lines-0-price": "88",
    "lines-0-vat": "20",
    "lines-0-contract": "",
    "conditions": "Formation comprise.",
}


def begin(room: Room) -> Visitor:
    staff = room.staff()
    page = staff.open(f"{DESK}/nouveau?client={room.portal.ids['client']}")
    assert "Boulangerie Muller" in page
    press(staff, f"{DESK}/nouveau", on=f"{DESK}/nouveau", organisation=room.portal.ids["client"], template=0)
    assert staff.location == f"{FIRST}/rediger"
    return staff


def save(staff: Visitor, do: str, status: Any = 303, **values: Any) -> str:
    return press(staff, f"{FIRST}/rediger", on=f"{FIRST}/rediger", status=status, do=do, **{**TYPED, **values})


def test_a_quote_is_begun_written_looked_at_and_sent(room: Room) -> None:
    staff = begin(room)
    save(staff, "line", recipients=room.portal.ids[CLAIRE])
    page = staff.open(f"{FIRST}/rediger")
    assert "Installation" in page
    assert 'id="lines-1-price"' in page
    assert "422,40" in page
    save(staff, "preview", recipients=room.portal.ids[CLAIRE])
    assert staff.location == f"{FIRST}/apercu"
    page = staff.open(f"{FIRST}/apercu")
    assert "ferme pendant 10\u00a0jours" in page
    assert "Formation comprise." in page
    press(staff, f"{FIRST}/envoyer", on=f"{FIRST}/apercu")
    assert room.see("DEV-2026-0001", lambda quote: quote.state) is State.SENT
    page = staff.open(FIRST)
    assert "Le devis part à Claire Muller." in page
    assert "Sa réception n'est pas encore connue" in page
    staff.open(f"{FIRST}/rediger", 303)
    assert len(room.mails("quote_sent")) == 1


def test_sent_twice_is_sent_once(room: Room) -> None:
    staff = begin(room)
    save(staff, "preview", recipients=room.portal.ids[CLAIRE])
    token = hidden(staff.open(f"{FIRST}/apercu"))["csrf_token"]
    for _ in range(2):
        staff.last = staff.client.post(f"{FIRST}/envoyer", data={"csrf_token": token})
        staff._page(303)
    assert len(room.mails("quote_sent")) == 1


def test_what_keeps_it_from_leaving_is_told_and_nothing_leaves(room: Room) -> None:
    staff = begin(room)
    save(staff, "preview", **{"lines-0-price": "douze"})
    page = staff.open(f"{FIRST}/apercu")
    assert "ne peut pas encore partir" in page
    assert "Écrivez le prix unitaire en chiffres" in page
    assert "Envoyer le devis" not in page
    token = hidden(staff.open(f"{FIRST}/rediger"))["csrf_token"]
    staff.last = staff.client.post(f"{FIRST}/envoyer", data={"csrf_token": token})
    staff._page(422)
    assert room.portal.mails() == []
    assert "douze" in staff.open(f"{FIRST}/rediger")


def test_the_page_keeps_what_is_typed_by_itself_and_tells_its_revision(room: Room) -> None:
    staff = begin(room)
    held = hidden(staff.open(f"{FIRST}/rediger"))
    answer = staff.client.post(f"{FIRST}/rediger", data={**held, **TYPED, "do": "autosave", "subject": "Mot à mot"})
    assert answer.status_code == 200
    assert answer.json == {"revision": int(held["revision"]) + 1}
    assert "Mot à mot" in staff.open(f"{FIRST}/rediger")
    late = staff.client.post(f"{FIRST}/rediger", data={**held, **TYPED, "do": "autosave"})
    assert late.status_code == 409


def test_who_was_overtaken_keeps_their_words_and_sees_who_was_faster(room: Room) -> None:
    staff = begin(room)
    old = hidden(staff.open(f"{FIRST}/rediger"))
    save(staff, "save", subject="La première")
    staff.last = staff.client.post(f"{FIRST}/rediger", data={**old, **TYPED, "subject": "La seconde", "do": "save"})
    page = staff._page(409)
    assert "La seconde" in page
    assert "Nadia Conseil a enregistré ce brouillon entre-temps" in page
    assert room.see("DEV-2026-0001", lambda quote: quote.draft["subject"]) == "La première"
    staff.last = staff.client.post(
        f"{FIRST}/rediger", data={**hidden(page), **TYPED, "subject": "La seconde", "do": "save"}
    )
    staff._page(303)
    assert room.see("DEV-2026-0001", lambda quote: quote.draft["subject"]) == "La seconde"


def test_lines_and_derogations_come_and_go_without_any_script(room: Room) -> None:
    staff = begin(room)
    save(staff, "derogation")
    save(staff, "line", **{"derogations-0-words": "Trente jours"})
    save(staff, "remove-lines-0", **{"lines-1-description": "La seconde", "derogations-0-words": "Trente jours"})
    assert room.see("DEV-2026-0001", lambda quote: [line["description"] for line in quote.draft["lines"]]) == [
        "La seconde"
    ]
    save(staff, "remove-derogations-0", **{"derogations-0-words": "Trente jours"})
    assert room.see("DEV-2026-0001", lambda quote: quote.draft["derogations"]) == []
    for nothing in ("remove-lines-9", "remove-evil-0", "remove-lines-x", "explode"):
        save(staff, nothing)


def test_files_of_the_conditions_are_kept_shown_and_taken_off(room: Room) -> None:
    staff = begin(room)
    press(
        staff, f"{FIRST}/rediger", on=f"{FIRST}/rediger", do="save", files={"files": (PDF, "CP serveur.pdf")}, **TYPED
    )  # fmt: skip
    (held,) = room.see("DEV-2026-0001", lambda quote: quote.attached)
    assert held["name"] == "CP serveur.pdf"
    page = staff.open(f"{FIRST}/rediger")
    assert "CP serveur.pdf" in page
    assert staff.client.get(f"{FIRST}/fichier/{held['id']}").data == PDF
    assert staff.client.get(f"{FIRST}/fichier/{held['id'] + 1}").status_code == 404
    page = press(
        staff, f"{FIRST}/rediger", on=f"{FIRST}/rediger", status=422, do="save",
        files={"files": (b"MZ\x90\x00" * 50, "virus.exe")}, **TYPED,
    )  # fmt: skip
    assert "Installation" in page
    save(staff, f"detach-{held['id']}")
    assert room.see("DEV-2026-0001", lambda quote: quote.attached) == []


def test_texts_become_a_template_that_the_next_quote_begins_with(room: Room) -> None:
    staff = begin(room)
    assert 'id="template_name-error"' in save(staff, "template", 422)
    save(staff, "template", template_name="Serveur standard")
    assert "Serveur standard" in staff.open(f"{DESK}/modeles")
    page = staff.open(f"{DESK}/nouveau")
    number = re.search(r'value="(\d+)">Modèle\u00a0: Serveur standard', page)
    assert number
    press(
        staff, f"{DESK}/nouveau", on=f"{DESK}/nouveau", organisation=room.portal.ids["client"], template=number[1]
    )  # fmt: skip
    assert "Formation comprise." in staff.open(f"{DESK}/DEV-2026-0002/rediger")
    press(staff, f"{DESK}/modeles/{number[1]}/supprimer", on=f"{DESK}/modeles")
    assert "Aucun modèle" in staff.open(f"{DESK}/modeles")


def test_a_request_that_became_a_client_leads_to_its_quote(room: Room) -> None:
    from dataclasses import replace

    letters = Letters(room.library, room.letters.links, "localhost")
    with room.portal.sessions.begin() as session:
        asked = submit_request(
            session, replace(ASKED, identity="443061841"), terms=room.library.in_force(room.at.date()), estimate=None,
            form_key="x", letters=letters, at=room.at,
        )  # fmt: skip
        accept_request(session, asked, by=room.person(session, STAFF), letters=letters, at=room.at)
        organisation = asked.organisation_id
    staff = room.staff()
    page = staff.open("/espace-client/bureau/demandes-de-devis/DEM-2026-0001")
    assert f"{DESK}/nouveau?demande=DEM-2026-0001" in page
    page = staff.open(f"{DESK}/nouveau?demande=DEM-2026-0001")
    assert re.search(rf'<option selected value="{organisation}"', page)
    press(
        staff, f"{DESK}/nouveau", on=f"{DESK}/nouveau?demande=DEM-2026-0001", organisation=organisation, template=0
    )  # fmt: skip
    assert room.see("DEV-2026-0001", lambda quote: (quote.request_id is not None, len(quote.draft_recipients))) == (
        True,
        1,
    )


def test_the_list_narrows_and_searches(room: Room) -> None:
    room.sent()
    with room.portal.sessions.begin() as session:
        room.draft(session, subject="Téléphones")
    staff = room.staff()
    page = staff.open(f"{DESK}/")
    assert "Remplacement du serveur" in page
    assert "Téléphones" in page
    assert "Remplacement" not in staff.open(f"{DESK}/?etat=brouillons")
    assert "Téléphones" not in staff.open(f"{DESK}/?etat=attente")
    assert "DEV-2026-0001" in staff.open(f"{DESK}/?q=muller")
    assert "Aucun devis ne répond" in staff.open(f"{DESK}/?q=100%25")
    for kind in ("a-confirmer", "expires", "commandes", "clos"):
        assert "Aucun devis ne répond" in staff.open(f"{DESK}/?etat={kind}")
    staff.open(f"{DESK}/?etat=tout", 404)


def test_a_draft_is_given_up_and_taken_up_again(room: Room) -> None:
    staff = begin(room)
    press(staff, f"{FIRST}/abandonner", on=f"{FIRST}/rediger")
    assert "Ce brouillon est abandonné" in staff.open(FIRST)
    press(staff, f"{FIRST}/reprendre", on=FIRST)
    staff.open(f"{FIRST}/rediger")


@pytest.mark.parametrize("email", [CLAIRE, MARC, OTTO])
def test_clients_see_nothing_of_the_desk_nor_of_a_draft(room: Room, email: str) -> None:
    with room.portal.sessions.begin() as session:
        find_quote(session, room.draft(session).reference)
    client = signed_in(room.portal, email)
    for path in (f"{DESK}/", FIRST, f"{FIRST}/rediger", f"{FIRST}/apercu", f"{DESK}/modeles", f"{DESK}/nouveau"):
        client.open(path, 403)
    client.open("/espace-client/devis/DEV-2026-0001", 404)
