"""The page of a quote: a scanner sees its cover, its reader the quote, another organisation nothing."""

import re

import pytest

from portal.quotes.quote_rules import State
from portal.quotes.writing_actions import find_quote
from tests.accounts.conftest import CLAIRE, LEA, MARC, OTTO
from tests.accounts.test_sign_in import everything
from tests.quotes.conftest import signed_in
from tests.quotes.quoting import DESK, MINE, PDF, Room, press

FIRST = f"{MINE}/DEV-2026-0001"


def state(room: Room) -> State:
    found: State = room.see("DEV-2026-0001", lambda quote: quote.state)
    return found


def test_a_mail_scanner_sees_who_sends_what_and_changes_nothing(room: Room) -> None:
    room.sent(conditions="Conditions secrètes")
    link, before = room.link(), everything(room.portal)
    scanner = room.portal.visitor()
    page = scanner.open(link)
    for shown in ("IMS Partners", "DEV-2026-0001", "Remplacement du serveur", "Lire le devis"):
        assert shown in page
    for hidden in ("2 802", "3 362", "Installation", "secrètes", "88,00"):
        assert hidden not in page.replace("\u202f", " ")
    for path in ("", "/accepter", "/confirmer", "/devis.pdf", "/fichier/0", "/preuve"):
        for verb in ("get", "head"):
            answer = getattr(scanner.client, verb)(f"{link}{path}")
            assert answer.status_code in ({200} if not path else {303, 404}), path
    for path in ("/lire", "/question", "/transmettre", "/nouveau-devis", "/code", "/refuser", "/reprendre"):
        for verb in ("get", "head"):
            assert getattr(scanner.client, verb)(f"{link}{path}").status_code == 405, path
    assert everything(room.portal) == before


def test_its_reader_presses_the_button_and_reads_it_all(room: Room) -> None:
    room.sent(conditions="Formation comprise.", delivery="mars 2027", deposit="30 %",
              derogations=[{"article": "7.4", "words": "Trente jours.", "day": "20/11/2026"}])  # fmt: skip
    reader, link = room.opened()
    assert state(room) is State.RECEIVED
    page = reader.open(link)
    for words in (
        "jeudi 3\u00a0décembre\u00a02026", "inclus", "il reste 10\u00a0jours", "Formation comprise.", "mars 2027",
        "2\u202f802,00\u00a0€", "560,40\u00a0€", "3\u202f362,40\u00a0€", "1\u202f008,72\u00a0€", "Trente jours.",
        "Accepter le devis", "Refuser", "reste la propriété",
    ):  # fmt: skip
        assert words in page, words
    version = room.library.in_force(room.at.date())
    assert version.sha256 in page
    for number in ("5.1", "5.2", "7.3", "7.4", "7.5", "7.6"):
        assert version.permalink(version.clause(number).anchor) in page
    assert page.index("Trente jours.") < page.index("Les conditions générales qui régissent")


def test_another_browser_with_the_same_link_sees_the_cover_again(room: Room) -> None:
    room.sent()
    _, link = room.opened()
    assert "2 802" not in room.portal.visitor().open(link).replace("\u202f", " ")


def test_links_that_were_cut_guessed_or_whose_reader_left_open_nothing(room: Room) -> None:
    room.sent()
    link = room.link()
    stranger = room.portal.visitor()
    for wrong in (link[:-1], f"{MINE}/lien/x", f"{MINE}/lien/{'a' * 3000}"):
        stranger.open(wrong, 404)
    with room.portal.sessions.begin() as session:
        room.person(session, CLAIRE).active = False
    stranger.open(link, 404)


def test_signed_in_it_is_read_from_the_list_and_received_by_that(room: Room) -> None:
    room.sent()
    claire = signed_in(room.portal, CLAIRE)
    page = claire.open(f"{MINE}/")
    assert "Lire le devis" in page
    assert "Lire le devis" in claire.open(FIRST)
    assert state(room) is State.SENT
    press(claire, f"{FIRST}/lire", on=f"{MINE}/")
    assert state(room) is State.RECEIVED
    assert "3\u202f362,40" in claire.open(FIRST)
    assert "Remplacement du serveur" in claire.open("/espace-client/")
    claire.open(room.link(), 303)
    assert claire.location == FIRST


def test_another_organisation_finds_nothing_at_any_address(room: Room) -> None:
    room.sent()
    otto = signed_in(room.portal, OTTO)
    assert "Aucun devis" in otto.open(f"{MINE}/")
    token = re.search(r'name="csrf_token" value="([^"]+)"', otto.open("/espace-client/compte/appareils"))
    assert token
    for path in ("", "/accepter", "/confirmer", "/devis.pdf", "/fichier/0", "/preuve"):
        otto.open(f"{FIRST}{path}", 404)
    for path in (
        "lire",
        "question",
        "transmettre",
        "nouveau-devis",
        "accepter",
        "confirmer",
        "code",
        "refuser",
        "reprendre",
    ):
        otto.last = otto.client.post(f"{FIRST}/{path}", data={"csrf_token": token[1], "reason": "x", "words": "x"})
        otto._page(404)
    assert state(room) is State.SENT
    assert set(room.kinds()) == {"quotes.sent", "quotes.foreign_denied"}


def test_who_may_not_sign_gives_it_to_who_may(room: Room) -> None:
    room.sent(to=(MARC,))
    marc, link = room.opened(MARC)
    page = marc.open(link)
    assert "Transmettre au signataire" in page
    assert "Refuser" not in page
    assert "Claire Muller" in page
    press(marc, f"{link}/transmettre", on=link, person=room.portal.ids[CLAIRE])
    assert "Claire Muller" in marc.open(link)
    reader, own = room.opened(CLAIRE)
    assert own != link
    assert "Accepter le devis" in reader.open(own)


def test_where_nobody_may_sign_the_page_says_who_can_help(room: Room) -> None:
    room.sent(to=(MARC,))
    with room.portal.sessions.begin() as session:
        person = room.person(session, CLAIRE)
        person.roles[:] = [grant for grant in person.roles if grant.name != "signatory"]
    marc, link = room.opened(MARC)
    assert "Personne n'est encore signataire" in marc.open(link)


def test_questions_and_answers_show_on_both_sides(room: Room) -> None:
    room.sent()
    reader, link = room.opened()
    assert 'id="words-error"' in press(reader, f"{link}/question", on=link, status=422, words=" ")
    press(reader, f"{link}/question", on=link, words="Et la garantie ?")
    staff = room.staff()
    assert "Claire Muller a écrit" in staff.open("/espace-client/bureau/?genre=devis-questions")
    press(staff, f"{DESK}/DEV-2026-0001/repondre", on=f"{DESK}/DEV-2026-0001", words="Trois ans.")
    assert "Trois ans." in reader.open(link)
    assert "devis-questions" not in staff.open("/espace-client/bureau/").replace("genre=devis-questions", "")


def test_a_file_of_the_conditions_is_given_to_its_readers_only(room: Room) -> None:
    from portal.files.actions import keep
    from portal.quotes.writing_actions import attach

    with room.portal.sessions.begin() as session:
        quote = room.draft(session)
        store = room.portal.app.extensions["portal"].store
        file = keep(session, store, PDF, name="CP.pdf", kept_for="quotes", now=room.at)
        attach(session, quote, file, by=room.person(session, "nadia@ims.example"), at=room.at)
        room.send(session, quote)
    reader, link = room.opened()
    assert "CP.pdf" in reader.open(link)
    answer = reader.client.get(f"{link}/fichier/0")
    assert answer.data == PDF
    assert "attachment" in answer.headers["Content-Disposition"]
    assert reader.client.get(f"{link}/fichier/1").status_code == 404
    assert room.portal.visitor().client.get(f"{link}/fichier/0").status_code == 303
    assert signed_in(room.portal, OTTO).client.get(f"{FIRST}/fichier/0").status_code == 404


def test_the_paper_says_what_the_page_says(room: Room) -> None:
    from io import BytesIO

    import pypdf

    room.sent(delivery="mars 2027")
    reader, link = room.opened()
    answer = reader.client.get(f"{link}/devis.pdf")
    assert answer.mimetype == "application/pdf"
    words = " ".join("\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(answer.data)).pages).split())
    words = words.replace("\u202f", " ").replace("\xa0", " ")
    for said in (
        "DEV-2026-0001",
        "Boulangerie Muller",
        "ferme pendant 10 jours",
        "2 802,00 €",
        "3 362,40 €",
        "mars 2027",
    ):
        assert said in words, said
    assert room.library.in_force(room.at.date()).sha256 in words.replace(" ", "")
    staff = room.staff().client.get(f"{DESK}/DEV-2026-0001/devis.pdf")
    assert staff.data == answer.data


def test_the_list_searches_and_says_what_will_be_there(room: Room) -> None:
    claire = signed_in(room.portal, CLAIRE)
    assert "Demander un devis" in claire.open(f"{MINE}/")
    room.sent()
    room.sent(subject="Téléphones")
    assert "2\u00a0devis attendent votre réponse" in claire.open(f"{MINE}/")
    assert "Téléphones" not in claire.open(f"{MINE}/?q=serveur")
    assert "Aucun devis ne contient" in claire.open(f"{MINE}/?q=zzz")


def test_an_expired_quote_offers_to_ask_for_a_new_one(room: Room) -> None:
    room.sent()
    reader, link = room.opened()
    room.portal.clock.pass_(days=11)
    page = reader.open(link)
    assert "son prix n'est plus promis" in page
    assert "Accepter le devis" not in page
    assert "Expiré" in page
    press(reader, f"{link}/nouveau-devis", on=link)
    assert "Un nouveau devis est demandé" in reader.open(link)
    staff = room.staff()
    assert "le client demande un nouveau devis" in staff.open("/espace-client/bureau/?genre=devis-a-renouveler")
    press(staff, f"{DESK}/DEV-2026-0001/renouveler", on=f"{DESK}/DEV-2026-0001")
    assert staff.location == f"{DESK}/DEV-2026-0002/rediger"


@pytest.mark.parametrize(("days", "told"), [(4, False), (5, True)])
def test_a_quote_not_received_after_some_days_shows_on_the_desk(room: Room, days: int, told: bool) -> None:
    room.sent()
    room.portal.clock.pass_(days=days)
    assert ("réception inconnue" in room.staff().open("/espace-client/bureau/")) is told
    assert ("n'est toujours pas connue" in room.staff().open(f"{DESK}/DEV-2026-0001")) is told


def test_staff_record_a_reception_with_a_file(room: Room) -> None:
    room.sent()
    staff, path, page = room.staff(), f"{DESK}/DEV-2026-0001/reception", f"{DESK}/DEV-2026-0001"
    assert "c'est lui qui fait preuve" in press(staff, path, on=page, status=422, day="2026-11-23", words="AR")
    press(staff, path, on=page, day="2026-11-23", words="Accusé de réception", files={"proof": (PDF, "ar.pdf")})
    assert state(room) is State.RECEIVED
    assert "ar.pdf" in staff.open(page)
    number = room.see("DEV-2026-0001", lambda quote: quote.receptions[0].proof_id)
    assert staff.client.get(f"{page}/piece/{number}").data == PDF
    assert staff.client.get(f"{page}/piece/{number + 1}").status_code == 404
    assert "avant l'envoi" in press(
        staff, path, on=page, status=422, day="2026-11-01", words="x", files={"proof": (PDF, "ar.pdf")}
    )


def test_withdrawing_a_received_quote_warns_and_asks_why(room: Room) -> None:
    room.sent()
    reader, link = room.opened()
    staff, page = room.staff(), f"{DESK}/DEV-2026-0001"
    assert "Code civil, articles 1115 et 1116" in staff.open(page)
    assert "Rien n'a été fait" in press(staff, f"{page}/retirer", on=page, status=422)
    press(staff, f"{page}/retirer", on=page, ground="agreement", words="Mme Muller, par téléphone")
    assert state(room) is State.WITHDRAWN
    assert "a été retiré" in reader.open(link)


def test_a_quote_that_was_replaced_names_the_one_that_counts(room: Room) -> None:
    room.sent()
    staff, page = room.staff(), f"{DESK}/DEV-2026-0001"
    press(staff, f"{page}/corriger", on=page)
    assert staff.location == f"{DESK}/DEV-2026-0002/rediger"
    link = room.link()
    with room.portal.sessions.begin() as session:
        room.send(session, find_quote(session, "DEV-2026-0002"))
    reader = room.portal.visitor()
    press(reader, f"{link}/lire", on=link)
    assert "remplacé par le devis DEV-2026-0002" in reader.open(link)


def test_technicians_of_the_client_may_read_and_not_sign(room: Room) -> None:
    room.sent()
    lea = signed_in(room.portal, LEA)
    press(lea, f"{FIRST}/lire", on=f"{MINE}/")
    assert "Transmettre au signataire" in lea.open(FIRST)


def test_a_clients_page_on_the_desk_shows_its_quotes_and_begins_one(room: Room) -> None:
    room.sent()
    with room.portal.sessions.begin() as session:
        room.draft(session, subject="Téléphones")
    staff, client = room.staff(), room.portal.ids["client"]
    page = staff.open(f"/espace-client/bureau/clients/{client}")
    assert "Remplacement du serveur" in page
    assert "Téléphones" in page
    assert f"{DESK}/nouveau?client={client}" in page
    assert "Remplacement" in staff.open(f"{DESK}/?client={client}")
    assert "Remplacement" not in staff.open(f"{DESK}/?client={room.portal.ids['other']}")
    assert "Aucun devis pour ce client" in staff.open(f"/espace-client/bureau/clients/{room.portal.ids['other']}")
