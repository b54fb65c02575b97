"""A client opens a ticket on the portal, follows it, writes, closes and reopens; nothing of anybody else's is seen."""

import re
from decimal import Decimal
from io import BytesIO

import pytest
from sqlalchemy import select

from portal.accounts.models import Organisation, Person
from portal.contracts.agreement_actions import open_contract
from portal.contracts.rules import Kind, Overdraft, Policy, SpecialConditions
from portal.evidence.models import Entry
from portal.tickets.models import Ticket, TicketMessage
from portal.tickets.rules import State
from tests.tickets.conftest import CLAIRE, LEA, OTTO, STAFF, Portal, Visitor, hidden, signed_in

PAGES = "/espace-client/tickets"
TYPED = {
    "subject": "Imprimante bloquée",
    "description": "Elle n'imprime plus depuis ce matin.",
    "urgency": "hindered",
    "backup": "done",
    "place": "remote",
    "service": "?",
    "impact": "",
    "beneficiary": "",
    "place_words": "",
    "accepts": "y",
}


def tickets(portal: Portal) -> list[Ticket]:
    with portal.sessions() as session:
        return list(session.scalars(select(Ticket).order_by(Ticket.id)))


def ask(visitor: Visitor, status: int = 303, **values: object) -> str:
    page = visitor.open(f"{PAGES}/nouveau")
    data = {**hidden(page), **TYPED, **values}
    visitor.last = visitor.client.post(f"{PAGES}/nouveau", data={k: v for k, v in data.items() if v is not None})
    return visitor._page(status)


def send(visitor: Visitor, path: str, status: int = 303, on: str = f"{PAGES}/TIC-2026-0001", **values: object) -> str:
    page = visitor.open(on)
    visitor.last = visitor.client.post(f"{PAGES}/{path}", data={**hidden(page), **values})
    return visitor._page(status)


def test_a_client_opens_a_ticket_and_sees_at_once_what_happens_next(portal: Portal) -> None:
    claire = signed_in(portal, CLAIRE)
    form = claire.open(f"{PAGES}/nouveau")
    tariff = portal.app.extensions["portal"].library.in_force(portal.clock().date()).tariff
    for rate in tariff.hourly:
        assert rate.line in form
    for kind in tariff.liberty:
        assert kind.label in form
    ask(claire, files=(BytesIO(b"une capture, en texte"), "ecran.txt"))
    page = claire.open(claire.location)
    for words in ("TIC-2026-0001", "À qualifier", "Nous lisons votre demande", "ecran.txt", "article 6.1"):
        assert words in page
    (ticket,) = tickets(portal)
    assert ticket.terms_accepted_by == "Claire Muller"
    (address,) = re.findall(rf'href="({PAGES}/TIC-2026-0001/fichiers/1-[0-9a-f]{{32}})"', page)
    answer = claire.client.get(address)
    assert answer.data == b"une capture, en texte"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    # An address cannot be guessed, and is nobody else's.
    assert claire.client.get(f"{PAGES}/TIC-2026-0001/fichiers/1-{'0' * 32}").status_code == 404
    assert signed_in(portal, OTTO).client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["subject", "description", "urgency", "backup", "accepts"])
def test_what_was_typed_is_kept_when_something_is_missing(portal: Portal, name: str) -> None:
    page = ask(signed_in(portal, CLAIRE), 422, **{name: None})
    for other in ("subject", "description"):
        assert (TYPED[other] in page) == (other != name)
    assert f'id="{name}-error"' in page
    assert tickets(portal) == []


def test_at_a_third_partys_the_agreement_and_the_place_are_asked_for(portal: Portal) -> None:
    claire = signed_in(portal, CLAIRE)
    page = ask(claire, 422, place="third")
    assert "confirmez que vous avez son accord" in page
    ask(claire, place="third", place_words="Garage Otto, Colmar", third_agreed="y")
    (ticket,) = tickets(portal)
    assert (ticket.third_agreed, ticket.place_words) == (True, "Garage Otto, Colmar")


def test_a_file_that_is_refused_keeps_the_text_and_opens_nothing(portal: Portal) -> None:
    page = ask(signed_in(portal, CLAIRE), 422, files=(BytesIO(b"MZ\x90\x00program"), "outil.exe"))
    assert "n'est pas d'un type accepté" in page
    assert TYPED["description"] in page
    assert tickets(portal) == []


def test_the_page_sent_twice_is_one_ticket(portal: Portal) -> None:
    claire = signed_in(portal, CLAIRE)
    page = claire.open(f"{PAGES}/nouveau")
    for _ in range(2):
        assert claire.client.post(f"{PAGES}/nouveau", data={**hidden(page), **TYPED}).status_code == 303
    assert len(tickets(portal)) == 1


def test_a_page_whose_session_is_another_gives_back_what_was_typed(portal: Portal) -> None:
    page = ask(signed_in(portal, CLAIRE), 400, csrf_token="old")  # noqa: S106
    assert TYPED["description"] in page
    assert "ouverte depuis trop longtemps" in page


def test_a_page_that_showed_other_terms_is_shown_again_and_its_consent_is_not_taken(portal: Portal) -> None:
    page = ask(signed_in(portal, CLAIRE), 422, terms="2000-01-01")
    assert "De nouvelles conditions générales" in page
    assert tickets(portal) == []


def test_the_creator_closes_and_reopens_and_a_colleague_may_not(portal: Portal) -> None:
    claire, lea = signed_in(portal, CLAIRE), signed_in(portal, LEA)
    ask(claire)
    reference = "TIC-2026-0001"
    assert "clore le ticket" not in lea.open(f"{PAGES}/{reference}")
    send(lea, f"{reference}/clore", 403)
    send(claire, f"{reference}/clore")
    assert tickets(portal)[0].state is State.CLOSED
    send(claire, f"{reference}/clore")  # pressed twice, it is closed once
    send(lea, f"{reference}/rouvrir", 403)
    send(claire, f"{reference}/rouvrir")
    assert tickets(portal)[0].state is State.OPEN
    with portal.sessions() as session:
        kinds = list(session.scalars(select(Entry.kind).where(Entry.kind.like("tickets.%")).order_by(Entry.seq)))
    assert kinds == [
        "tickets.opened", "tickets.terms_accepted", "tickets.closing_refused", "tickets.closed",
        "tickets.reopening_refused", "tickets.reopened",
    ]  # fmt: skip


def test_a_message_sent_to_a_ticket_that_was_closed_meanwhile_is_given_back(portal: Portal) -> None:
    claire, lea = signed_in(portal, CLAIRE), signed_in(portal, LEA)
    ask(claire)
    page = lea.open(f"{PAGES}/TIC-2026-0001")
    send(claire, "TIC-2026-0001/clore")
    lea.last = lea.client.post(f"{PAGES}/TIC-2026-0001/repondre", data={**hidden(page), "words": "Encore bloquée"})
    page = lea._page(409)
    assert "Encore bloquée" in page
    assert "n'est pas parti" in page


def test_another_organisation_sees_nothing_of_it(portal: Portal) -> None:
    ask(signed_in(portal, CLAIRE))
    otto = signed_in(portal, OTTO)
    assert "Imprimante" not in otto.open(f"{PAGES}/")
    assert "Imprimante" not in otto.open(f"{PAGES}/?q=imprimante")
    otto.open(f"{PAGES}/TIC-2026-0001", 404)
    token = hidden(otto.open(f"{PAGES}/nouveau"))["csrf_token"]
    for act in ("repondre", "clore", "rouvrir", "accepter-les-conditions"):
        assert otto.client.post(f"{PAGES}/TIC-2026-0001/{act}", data={"csrf_token": token}).status_code == 404


def test_what_is_internal_is_on_no_page_of_a_client_and_is_not_found(portal: Portal) -> None:
    claire, nadia = signed_in(portal, CLAIRE), signed_in(portal, STAFF)
    ask(claire)
    desk = "/espace-client/bureau/tickets"
    page = nadia.open(f"{desk}/TIC-2026-0001")
    values = {**hidden(page), "words": "Contrat douteux, voir Nadia", "kind": "internal"}
    assert nadia.client.post(f"{desk}/TIC-2026-0001/ecrire", data=values).status_code == 303
    assert "douteux" in nadia.open(f"{desk}/TIC-2026-0001")
    assert "TIC-2026-0001" in nadia.open(f"{desk}/?q=douteux")
    assert "douteux" not in claire.open(f"{PAGES}/TIC-2026-0001")
    assert "TIC-2026-0001" not in claire.open(f"{PAGES}/?q=douteux")
    assert all("douteux" not in mail.text + (mail.html or "") for mail in portal.mails())


def test_the_search_forgives_accents_and_endings(portal: Portal) -> None:
    claire = signed_in(portal, CLAIRE)
    ask(claire, subject="Imprimantes bloquées à l'étage")
    for words in ("imprimante", "IMPRIMANTE bloquee", "etage", "TIC-2026-0001", "bloqué etages"):
        assert "TIC-2026-0001" in claire.open(f"{PAGES}/?q={words}"), words
    assert "TIC-2026-0001" not in claire.open(f"{PAGES}/?q=imprimante scanner")


def test_a_list_goes_on_where_the_page_before_ended(portal: Portal) -> None:
    claire = signed_in(portal, CLAIRE)
    for number in range(28):
        portal.clock.pass_(minutes=1)
        ask(claire, subject=f"Sujet {number:02}")
    first = claire.open(f"{PAGES}/")
    assert "Sujet 27" in first
    assert "Sujet 02" not in first
    import re

    (address,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = claire.open(address)
    assert "Sujet 02" in second
    assert "Sujet 03" not in second
    claire.open(f"{PAGES}/?apres=nonsense", 404)


def test_looking_changes_nothing_and_a_reply_reaches_staff(portal: Portal) -> None:
    claire = signed_in(portal, CLAIRE)
    ask(claire)
    send(claire, "TIC-2026-0001/repondre", words="Et le scanner aussi.")
    with portal.sessions() as session:
        texts = [message.text for message in session.scalars(select(TicketMessage).order_by(TicketMessage.id))]
    assert texts == [TYPED["description"], "Et le scanner aussi."]
    assert any(mail.event == "tickets/client_wrote" for mail in portal.mails())


def test_after_a_session_that_ended_the_text_is_shown_and_the_way_back(portal: Portal) -> None:
    claire = signed_in(portal, CLAIRE)
    page = claire.open(f"{PAGES}/nouveau")
    claire.client.delete_cookie("portail")
    claire.last = claire.client.post(f"{PAGES}/nouveau", data={**hidden(page), **TYPED})
    page = claire._page(400)
    assert "Votre session a pris fin" in page
    assert TYPED["description"] in page
    assert "/espace-client/connexion?next=/espace-client/tickets/nouveau" in page.replace("%2F", "/")
    assert tickets(portal) == []


def test_a_colleague_named_as_beneficiary_is_told_too_and_a_stranger_stays_a_name(portal: Portal) -> None:
    claire = signed_in(portal, CLAIRE)
    ask(claire, beneficiary="léa klein")
    ask(claire, beneficiary="Otto Schmitt")
    first, second = tickets(portal)
    assert (first.beneficiary_id, second.beneficiary_id) == (portal.ids[LEA], None)
    assert second.beneficiary == "Otto Schmitt"
    send(claire, "TIC-2026-0001/repondre", words="Elle attend.")
    assert [mail.event for mail in portal.mails(LEA)] == ["tickets/colleague_wrote"]
    assert portal.mails(OTTO) == []


def test_under_a_contract_the_form_tells_what_is_left_and_asks_for_no_acceptance(portal: Portal) -> None:
    library = portal.app.extensions["portal"].library
    terms = library.in_force(portal.clock().date())
    with portal.sessions.begin() as session:
        open_contract(
            session, organisation=session.get_one(Organisation, portal.ids["client"]), kind=Kind.LIBERTY,
            points=Decimal(120), terms_slug=terms.slug, terms_sha256=terms.sha256, special_conditions=SpecialConditions(),
            overdraft=Overdraft(Policy.REFUSE), by=session.get_one(Person, portal.ids[STAFF]), at=portal.clock(),
            reason="signé avant le portail",
        )  # fmt: skip
    claire = signed_in(portal, CLAIRE)
    form = claire.open(f"{PAGES}/nouveau")
    assert "120\u00a0points" in form
    assert "J'accepte" not in form
    ask(claire, accepts=None)
    (ticket,) = tickets(portal)
    assert (ticket.under_contract, ticket.terms_accepted_at, ticket.terms_slug) == (True, None, terms.slug)
    assert "CGV de votre contrat" in claire.open(claire.location)
