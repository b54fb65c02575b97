"""Staff type a call in seconds, qualify, answer, plan, merge and split; two of them never overwrite each other."""

import re
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.actions import add_staff
from portal.accounts.rules import StaffRole
from portal.tickets.appointment_models import TicketAppointment
from portal.tickets.models import Ticket
from portal.tickets.rules import Priority, State
from tests.tickets.conftest import CLAIRE, LEA, NOON, STAFF, Portal, Visitor, hidden, signed_in
from tests.tickets.test_client_pages import PAGES, ask, tickets

DESK = "/espace-client/bureau/tickets"
ANNE, PAUL = "anne@ims.example", "paul@ims.example"


@pytest.fixture
def nadia(portal: Portal) -> Visitor:
    """An adviser who also administers; Anne is one too, Paul sells."""
    with portal.sessions.begin() as session:
        add_staff(session, email=ANNE, name="Anne Klein", roles=[StaffRole.ADVISER], now=NOON)
        add_staff(session, email=PAUL, name="Paul Weber", roles=[StaffRole.SALES], now=NOON)
    return signed_in(portal, STAFF)


def call(visitor: Visitor, status: int = 303, **values: object) -> str:
    page = visitor.open(f"{DESK}/saisir")
    typed = {
        "who": "lea",
        "subject": "Plus de réseau",
        "channel": "phone",
        "call_back": "y",
        "description": "",
        "urgency": "",
    }
    visitor.last = visitor.client.post(f"{DESK}/saisir", data={**hidden(page), **typed, **values})
    return visitor._page(status)


def act(visitor: Visitor, what: str, status: int = 303, reference: str = "TIC-2026-0001", **values: object) -> str:
    page = visitor.open(f"{DESK}/{reference}")
    visitor.last = visitor.client.post(f"{DESK}/{reference}/{what}", data={**hidden(page), **values})
    return visitor._page(status)


def seen_messages(page: str) -> dict[str, str]:
    """The hidden fields of the form of a message: another form of the page has a "seen" of its own."""
    found = re.search(r'id="message-seen"[^>]*value="(\d+)"', page)
    assert found
    return {**hidden(page), "seen": found[1]}


def decide(visitor: Visitor, status: int = 303, *, seen: str = "1", **values: object) -> str:
    given: dict[str, Any] = {
        "subject": "Réseau coupé", "service": "remote-server", "priority": "0", "adviser": "", "state": "open",
        "seen": seen,
    }  # fmt: skip
    return act(visitor, "qualifier", status, **{**given, **values})


def test_a_call_is_typed_with_a_few_letters_and_a_line(portal: Portal, nadia: Visitor) -> None:
    call(nadia)
    page = nadia.open(nadia.location)
    assert "Léa Klein" in page
    assert "À rappeler" in page
    (ticket,) = tickets(portal)
    assert ticket.creator_id == portal.ids[LEA]
    assert ticket.typed_by_id == portal.ids[STAFF]
    assert "Rappeler Léa Klein" in nadia.open("bureau/")


def test_several_people_are_offered_and_one_of_them_chosen(portal: Portal, nadia: Visitor) -> None:
    page = call(nadia, 422, who="muller")
    assert "Plusieurs personnes correspondent" in page
    assert "Marc Weber" in page
    call(nadia, who="muller", chosen=str(portal.ids[CLAIRE]))
    assert tickets(portal)[0].creator_name == "Claire Muller"


def test_a_stranger_is_typed_by_name_and_waits_for_a_client(portal: Portal, nadia: Visitor) -> None:
    call(nadia, who="Jean Inconnu", phone="03 89 11 22 33")
    page = nadia.open(nadia.location)
    assert "Rattacher à un client" in page
    act(nadia, "rattacher", organisation="garage", creator="")
    (ticket,) = tickets(portal)
    assert ticket.organisation_id == portal.ids["other"]
    act(nadia, "rattacher", 409, organisation="garage", creator="")


def test_who_calls_is_looked_for_as_one_types(nadia: Visitor) -> None:
    answer = nadia.client.get(f"{DESK}/interlocuteurs?q=mull léa").json
    assert answer == {"people": ["Léa Klein, Boulangerie Muller (lea@client.example)"]}
    # As it sounds, without its accent.
    assert nadia.client.get(f"{DESK}/interlocuteurs?q=LEA KLEIN").json == answer


def test_a_call_back_that_was_not_answered_stays_to_do(portal: Portal, nadia: Visitor) -> None:
    call(nadia)
    act(nadia, "rappel", joint="non")
    assert tickets(portal)[0].call_back_since is not None
    act(nadia, "rappel", joint="oui")
    assert tickets(portal)[0].call_back_since is None
    assert "Rappel tenté, sans réponse" in nadia.open(f"{DESK}/TIC-2026-0001")


def test_a_ticket_is_qualified_in_one_go_and_the_client_told_once_of_what_changed(
    portal: Portal, nadia: Visitor
) -> None:
    ask(signed_in(portal, CLAIRE))
    decide(nadia, adviser=str(portal.ids[STAFF]))
    (ticket,) = tickets(portal)
    assert (ticket.subject, ticket.service, ticket.priority, ticket.state) == (
        "Réseau coupé", "remote-server", Priority.URGENT, State.OPEN,
    )  # fmt: skip
    (told,) = [mail for mail in portal.mails(CLAIRE) if mail.event == "tickets/changed"]
    for words in ("- Objet modifié", "- Priorité urgente", "- Conseiller\u00a0: Nadia Conseil", "- État\u00a0: Ouvert"):
        assert words in told.text
    # Nothing changed is nothing told; a priority alone is told too.
    decide(nadia, seen="2", adviser=str(portal.ids[STAFF]))
    assert portal.mails(CLAIRE)[-1].id == told.id
    decide(nadia, seen="3", adviser=str(portal.ids[STAFF]), priority="1")
    assert "- Priorité haute" in portal.mails(CLAIRE)[-1].text
    decide(nadia, seen="4", adviser=str(portal.ids[STAFF]))
    page = signed_in(portal, CLAIRE).open(f"{PAGES}/TIC-2026-0001")
    assert "Nadia Conseil" in page
    assert "Nous y travaillons" in page


def test_of_two_advisers_the_second_is_shown_both_choices(portal: Portal, nadia: Visitor) -> None:
    ask(signed_in(portal, CLAIRE))
    anne = signed_in(portal, ANNE)
    decide(nadia)
    page = decide(anne, 409, subject="Mon objet à moi", priority="3")
    assert "Mon objet à moi" in page
    assert "Réseau coupé" in page
    assert tickets(portal)[0].priority == Priority.URGENT


def test_of_two_answers_the_second_is_kept_beside_the_first(portal: Portal, nadia: Visitor) -> None:
    ask(signed_in(portal, CLAIRE))
    anne = signed_in(portal, ANNE)
    seen = seen_messages(anne.open(f"{DESK}/TIC-2026-0001"))
    act(nadia, "ecrire", words="Je m'en occupe.", kind="public")
    anne.last = anne.client.post(
        f"{DESK}/TIC-2026-0001/ecrire", data={**seen, "words": "Redémarrez-la.", "kind": "public"}
    )
    page = anne._page(409)
    assert "Je m'en occupe." in page
    assert "Redémarrez-la." in page
    anne.client.post(
        f"{DESK}/TIC-2026-0001/ecrire", data={**seen_messages(page), "words": "Redémarrez-la.", "kind": "public"}
    )
    with portal.sessions() as session:
        texts = [message.text for message in session.scalars(select(Ticket)).one().messages]
    assert texts[1:] == ["Je m'en occupe.", "Redémarrez-la."]


def test_a_question_waits_for_the_client_who_finds_it_on_the_start_page(portal: Portal, nadia: Visitor) -> None:
    claire = signed_in(portal, CLAIRE)
    ask(claire)
    act(nadia, "ecrire", words="Quel modèle ?", kind="asks")
    assert "nous attendons votre réponse" in claire.open("")
    assert "Quel modèle" in portal.mails(CLAIRE)[-1].text


def test_tickets_come_by_priority_then_the_portal_first_then_the_oldest(portal: Portal, nadia: Visitor) -> None:
    call(nadia, subject="Appel ancien")
    portal.clock.pass_(minutes=5)
    ask(signed_in(portal, CLAIRE), subject="Portail récent")
    portal.clock.pass_(minutes=5)
    call(nadia, subject="Appel urgent")
    act(
        nadia, "qualifier", reference="TIC-2026-0003", subject="Appel urgent", service="?", priority="0", adviser="",
        state="open", seen="1",
    )  # fmt: skip
    page = nadia.open(f"{DESK}/")
    order = [page.index(subject) for subject in ("Appel urgent", "Portail récent", "Appel ancien")]
    assert order == sorted(order)


@pytest.mark.parametrize("view", ["les-miens", "sans-conseiller", "a-qualifier", "a-rappeler", "a-repondre", "tous"])
def test_each_view_shows_its_own(portal: Portal, nadia: Visitor, view: str) -> None:
    call(nadia)
    page = nadia.open(f"{DESK}/?vue={view}")
    assert ("Plus de réseau" in page) is (view != "les-miens")
    assert "Rien ici" in nadia.open(f"{DESK}/?vue=clos")
    nadia.open(f"{DESK}/?vue=nonsense", 404)


def test_an_appointment_reaches_the_client_as_a_calendar_entry_and_moves_and_leaves(
    portal: Portal, nadia: Visitor
) -> None:
    claire = signed_in(portal, CLAIRE)
    ask(claire)
    when: dict[str, Any] = {
        "day": "2026-12-03",
        "starts": "09:00",
        "ends": "10:30",
        "place": "own",
        "place_words": "Rue 1",
    }
    act(nadia, "rendez-vous", **when, adviser=str(portal.ids[STAFF]))
    mail = portal.mails(CLAIRE)[-1]
    assert "METHOD:REQUEST" in (mail.calendar or "")
    assert "SEQUENCE:0" in (mail.calendar or "")
    assert "sauvegardez vos données" in mail.text
    page = claire.open(f"{PAGES}/TIC-2026-0001")
    assert "jeudi 3\u00a0décembre\u00a02026, de 9\u00a0h\u00a000 à 10\u00a0h\u00a030, sur site" in page
    with portal.sessions() as session:
        number = session.scalars(select(TicketAppointment.id)).one()
    claire.last = claire.client.post(
        f"{PAGES}/TIC-2026-0001/rendez-vous/{number}/sauvegarde", data={**hidden(page), "backup": "to_do"}
    )
    claire._page(303)
    assert "non, pas encore" in nadia.open(f"{DESK}/TIC-2026-0001")
    assert claire.client.get(f"{PAGES}/TIC-2026-0001/rendez-vous/{number}.ics").mimetype == "text/calendar"
    moving = hidden(nadia.open(f"{DESK}/TIC-2026-0001/rendez-vous/{number}"))
    nadia.last = nadia.client.post(
        f"{DESK}/TIC-2026-0001/rendez-vous/{number}",
        data={**moving, **when, "starts": "14:00", "ends": "15:00", "adviser": ""},
    )
    nadia._page(303)
    moved = portal.mails(CLAIRE)[-1].calendar or ""
    assert "SEQUENCE:1" in moved
    assert mail.calendar
    uid = next(line for line in mail.calendar.splitlines() if line.startswith("UID:"))
    assert uid in moved
    act(nadia, f"rendez-vous/{number}/annuler", 409, reason="Trop tôt", seen="0")
    act(nadia, f"rendez-vous/{number}/annuler", reason="Le client est absent", seen="1")
    assert "METHOD:CANCEL" in (portal.mails(CLAIRE)[-1].calendar or "")
    assert tickets(portal)[0].state is State.OPEN


@pytest.mark.parametrize(
    "wrong", [{"ends": "08:00"}, {"day": "2020-01-01"}, {"day": ""}, {"starts": "nonsense"}, {"place": "moon"}]
)
def test_an_appointment_that_cannot_be_is_told_and_kept(portal: Portal, nadia: Visitor, wrong: dict[str, str]) -> None:
    ask(signed_in(portal, CLAIRE))
    when: dict[str, Any] = {
        "day": "2026-12-03",
        "starts": "09:00",
        "ends": "10:30",
        "place": "own",
        "place_words": "Rue du Moulin",
    }
    page = act(nadia, "rendez-vous", 422, **{**when, **wrong})
    assert "Rue du Moulin" in page
    with portal.sessions() as session:
        assert session.scalars(select(TicketAppointment)).all() == []


def test_two_tickets_are_merged_and_the_first_leads_to_the_second(portal: Portal, nadia: Visitor) -> None:
    claire = signed_in(portal, CLAIRE)
    ask(claire, subject="Premier", files=(BytesIO(b"texte"), "a.txt"))
    ask(claire, subject="Second")
    page = nadia.open(f"{DESK}/TIC-2026-0001")
    nadia.last = nadia.client.post(f"{DESK}/TIC-2026-0001/reunir", data={**hidden(page), "reference": "tic-2026-0002"})
    nadia._page(303)
    first, second = tickets(portal)
    assert (first.state, first.merged_into_id) == (State.CLOSED, second.id)
    page = claire.open(f"{PAGES}/TIC-2026-0002")
    assert "a.txt" in page
    assert "TIC-2026-0002" in claire.open(f"{PAGES}/TIC-2026-0001")
    assert [mail.event for mail in portal.mails(CLAIRE)].count("tickets/merged") == 1


def test_messages_are_split_into_a_ticket_of_their_own(portal: Portal, nadia: Visitor) -> None:
    claire = signed_in(portal, CLAIRE)
    ask(claire)
    page = claire.open(f"{PAGES}/TIC-2026-0001")
    claire.client.post(f"{PAGES}/TIC-2026-0001/repondre", data={**hidden(page), "words": "Et le scanner est en panne."})
    with portal.sessions() as session:
        numbers = [message.id for message in session.scalars(select(Ticket)).one().messages]
    act(nadia, "separer", 422, subject="Scanner", messages=[str(number) for number in numbers])
    act(nadia, "separer", subject="Scanner", messages=str(numbers[1]))
    first, second = tickets(portal)
    assert (second.subject, second.split_from_id, second.creator_id) == ("Scanner", first.id, portal.ids[CLAIRE])
    assert "scanner est en panne" in claire.open(f"{PAGES}/TIC-2026-0002")
    assert "scanner est en panne" not in claire.open(f"{PAGES}/TIC-2026-0001")


def test_sales_read_and_type_calls_and_decide_nothing(portal: Portal, nadia: Visitor) -> None:
    ask(signed_in(portal, CLAIRE))
    paul = signed_in(portal, PAUL)
    assert "Décider" not in paul.open(f"{DESK}/TIC-2026-0001")
    call(paul)
    token = hidden(paul.open(f"{DESK}/saisir"))["csrf_token"]
    for what in ("qualifier", "ecrire", "clore", "reunir", "rendez-vous", "rattacher"):
        assert paul.client.post(f"{DESK}/TIC-2026-0001/{what}", data={"csrf_token": token}).status_code == 403


def test_a_technician_closes_and_reopens_at_the_creators_wish(portal: Portal, nadia: Visitor) -> None:
    ask(signed_in(portal, CLAIRE))
    act(nadia, "clore")
    assert tickets(portal)[0].state is State.CLOSED
    act(nadia, "clore", 409)
    act(nadia, "rouvrir")
    assert "Rouvert à la demande de Claire Muller" in nadia.open(f"{DESK}/TIC-2026-0001")


def test_a_ready_answer_is_put_into_the_message_and_sent_only_by_hand(portal: Portal, nadia: Visitor) -> None:
    ask(signed_in(portal, CLAIRE))
    canned = f"{DESK}/reponses-types/"
    token = hidden(nadia.open(canned))
    nadia.last = nadia.client.post(canned, data={**token, "title": "Prise en main", "text": ""})
    assert "Écrivez la réponse." in nadia._page(422)
    for text in ("Ouvrez le site.", "Ouvrez notre site d'assistance."):
        nadia.client.post(canned, data={**token, "title": "Prise en main", "text": text})
    page = nadia.open(canned)
    assert page.count("Prise en main</b>") == 1
    before = len(portal.mails())
    page = nadia.open(f"{DESK}/TIC-2026-0001?reponse=1")
    assert "Ouvrez notre site d'assistance.</textarea>" in page
    assert len(portal.mails()) == before
    nadia.client.post(f"{canned}1/retirer", data=token)
    assert "Aucune réponse type" in nadia.open(canned)
    nadia.last = nadia.client.post(f"{canned}1/retirer", data=token)
    nadia._page(404)
