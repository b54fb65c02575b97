"""Requests from their three ways in to their end, through the pages."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from portal.accounts.actions import add_staff
from portal.accounts.rules import StaffRole
from portal.evidence.models import Entry
from portal.privacy.models import PrivacyRequest, ReferenceChoice
from portal.privacy.rules import Identified, State
from tests.accounts.conftest import CLAIRE, MARC, NOON, OTTO, Portal, Visitor, portal
from tests.quotes.conftest import hidden, signed_in

__all__ = ["portal"]

DPO = "dora@ims.example"


def officer(portal: Portal) -> Visitor:
    with portal.sessions.begin() as session:
        add_staff(session, email=DPO, name="Dora Données", roles=[StaffRole.PRIVACY], now=NOON)
    return signed_in(portal, DPO)


def asked(portal: Portal) -> PrivacyRequest:
    with portal.sessions() as session:
        return session.scalars(select(PrivacyRequest).order_by(PrivacyRequest.id.desc())).first() or PrivacyRequest()


def kinds(portal: Portal) -> list[str]:
    with portal.sessions() as session:
        return [kind for kind in session.scalars(select(Entry.kind).order_by(Entry.seq)) if kind.startswith("privacy.")]


def ask(visitor: Visitor, right: str, status: int = 303, **values: str) -> str:
    address = f"mes-donnees/demander/{right}"
    fields = hidden(visitor.open(address))
    sent: dict[str, Any] = fields | values
    return visitor.send(address, status, on=address, **sent)


def test_a_signed_in_person_asks_follows_and_reads_the_answer(portal: Portal) -> None:
    marc, dora = signed_in(portal, MARC), officer(portal)
    ask(marc, "rectification", details="Je m'appelle Marc Wéber.")
    request = asked(portal)
    assert request.identified_by is Identified.SESSION
    assert "jusqu'au" not in marc.open(marc.location)  # its own sentence
    page = marc.open(f"mes-donnees/{request.reference}")
    assert "mercredi 23 décembre 2026 inclus" in plain(page)
    assert portal.mails(MARC)[-1].subject.startswith(f"Votre demande {request.reference}")
    assert request.reference in dora.open("bureau/")
    desk = f"bureau/donnees/{request.reference}"
    decide(dora, desk, "terminer", "Votre nom est corrigé partout.")
    assert "Votre nom est corrigé partout." in marc.open(f"mes-donnees/{request.reference}")
    assert asked(portal).reply_sha256
    assert kinds(portal) == ["privacy.asked", "privacy.done"]


def test_what_must_be_said_is_asked_for_and_nothing_is_kept(portal: Portal) -> None:
    marc = signed_in(portal, MARC)
    assert "Choisissez un usage" in ask(marc, "objection", 422)
    assert "Écrivez ce que vous demandez" in ask(marc, "restriction", 422)
    assert "rien n'est à corriger" in ask(marc, "rectification", 422, name="Marc Weber")
    assert asked(portal).id is None


def test_the_same_page_sent_twice_is_one_request(portal: Portal) -> None:
    marc = signed_in(portal, MARC)
    address = "mes-donnees/demander/restriction"
    fields: dict[str, Any] = hidden(marc.open(address)) | {"details": "Gelez tout."}
    for _ in range(2):
        marc.send(address, 303, on=address, **fields)
    with portal.sessions() as session:
        assert len(session.scalars(select(PrivacyRequest)).all()) == 1


def test_somebody_elses_request_is_not_there(portal: Portal) -> None:
    ask(signed_in(portal, MARC), "restriction", details="Gelez tout.")
    reference = asked(portal).reference
    for other in (CLAIRE, OTTO):
        visitor = signed_in(portal, other)
        visitor.open(f"mes-donnees/{reference}", 404)
        visitor.send(f"mes-donnees/{reference}/retirer", 404, on="mes-donnees/")
    assert asked(portal).state is State.RECEIVED


def test_the_client_file_is_left_by_who_administers_the_organisation(portal: Portal) -> None:
    ask(signed_in(portal, CLAIRE), "client_file")
    signed_in(portal, MARC).open("mes-donnees/demander/client_file", 404)


def decide(visitor: Visitor, desk: str, act: str, words: str, status: int = 303, on: str = "") -> str:
    values: dict[str, Any] = {f"{act}-words": words}
    return plain(visitor.send(f"{desk}/{act}", status, on=on or desk, **values))


def plain(page: str) -> str:
    return page.replace("\u00a0", " ")


def public(visitor: Visitor, **values: str) -> None:
    sent: dict[str, Any] = hidden(visitor.open("vos-donnees")) | values
    visitor.send("vos-donnees", 303, on="vos-donnees", **sent)


def test_a_stranger_proves_the_address_by_a_link_that_a_scanner_does_not_confirm(portal: Portal) -> None:
    stranger = portal.visitor()
    public(stranger, right="access", name="Zoé Inconnue", email="zoe@ailleurs.example")
    assert asked(portal).state is State.ADDRESS
    link = portal.link("zoe@ailleurs.example")
    assert stranger.client.head(link).status_code == 200
    assert "Confirmer ma demande" in stranger.open(link)
    assert asked(portal).state is State.ADDRESS
    stranger.send(link, on=link)
    assert asked(portal).state is State.RECEIVED
    stranger.send(link)  # twice is once
    assert kinds(portal) == ["privacy.asked", "privacy.address_confirmed"]
    stranger.open(link[:-3] + "abc", 404)


def test_the_answer_is_the_same_for_an_address_that_we_know(portal: Portal) -> None:
    pages = []
    for address in (MARC, "zoe@ailleurs.example"):
        visitor = portal.visitor()
        public(visitor, right="access", name="Quelqu'un", email=address)
        pages.append((visitor.location, visitor.open(visitor.location)))
    assert pages[0] == pages[1]


def test_staff_write_down_what_came_by_phone_ask_for_a_proof_and_the_clock_stops(portal: Portal) -> None:
    dora = officer(portal)
    address = "bureau/donnees/noter"
    fields: dict[str, Any] = hidden(dora.open(address)) | {"right": "erasure", "source": "phone"}
    fields |= {"name": "Marc Weber", "email": MARC, "details": "Tout.", "received_on": "23/11/2026"}
    dora.send(address, on=address, **fields)
    request = asked(portal)
    assert request.identified_by is Identified.STAFF
    desk = f"bureau/donnees/{request.reference}"
    decide(dora, desk, "identite", "L'appel venait d'un autre numéro.")
    assert asked(portal).state is State.IDENTITY
    portal.clock.pass_(days=7)
    dora = signed_in(portal, DPO)
    decide(dora, desk, "identite-etablie", "Rappelé au numéro connu.")
    assert asked(portal).paused_days == 7
    assert "30 décembre 2026 inclus" in plain(dora.open(desk))


def test_an_extension_a_day_late_is_refused_and_the_page_says_so(portal: Portal) -> None:
    ask(signed_in(portal, MARC), "restriction", details="Gelez tout.")
    officer(portal)
    desk = f"bureau/donnees/{asked(portal).reference}"
    portal.clock.pass_(days=31)  # 24 December: the month ended on the 23rd
    late = signed_in(portal, DPO)
    words = "Trois prestataires à interroger."
    assert "qui a fini le 23 décembre 2026" in decide(late, desk, "prolonger", words, 409)
    portal.clock.moment = datetime(2026, 12, 23, 22, 59, tzinfo=UTC)  # a minute before midnight in Paris
    last = signed_in(portal, DPO)
    decide(last, desk, "prolonger", words)
    assert "jusqu'au" not in portal.mails(MARC)[-1].subject
    assert "23 février 2027" in plain(portal.mails(MARC)[-1].subject)


def test_a_refusal_says_its_ground_and_whom_to_turn_to(portal: Portal) -> None:
    marc = signed_in(portal, MARC)
    ask(marc, "restriction", details="Gelez tout.")
    dora = officer(portal)
    desk = f"bureau/donnees/{asked(portal).reference}"
    assert "la personne le lit" in decide(dora, desk, "refuser", " ", 422)
    decide(dora, desk, "refuser", "Une contestation est ouverte (RGPD, article 17).")
    page = marc.open(f"mes-donnees/{asked(portal).reference}")
    assert "Une contestation est ouverte" in page
    assert "TSA 80715" in plain(page)
    assert "CNIL" in portal.mails(MARC)[-1].text
    decide(dora, desk, "terminer", "Fait.", 409, on="bureau/donnees/noter")


def test_who_asked_may_give_it_up_once(portal: Portal) -> None:
    marc = signed_in(portal, MARC)
    ask(marc, "restriction", details="Gelez tout.")
    page = f"mes-donnees/{asked(portal).reference}"
    marc.send(f"{page}/retirer", on=page)
    assert asked(portal).state is State.WITHDRAWN
    marc.send(f"{page}/retirer", 409, on="mes-donnees/demander/erasure")


def test_the_register_is_a_file_without_formulas(portal: Portal) -> None:
    ask(signed_in(portal, MARC), "rectification", details="Un nom.")
    dora = officer(portal)
    desk = f"bureau/donnees/{asked(portal).reference}"
    decide(dora, desk, "terminer", "=1+1")
    rows = dora.open("bureau/donnees/registre.csv").splitlines()
    assert len(rows) == 2
    assert ";'=1+1;" in rows[1]


def test_naming_as_a_reference_is_given_up_and_taken_back_in_one_click(portal: Portal) -> None:
    claire = signed_in(portal, CLAIRE)
    for named, words in (("0", "ne sera plus citée"), ("1", "peut de nouveau être citée")):
        claire.send("mes-donnees/references", on="mes-donnees/", named=named)
        assert words in claire.open("mes-donnees/")
    claire.send("mes-donnees/references", on="mes-donnees/", named="1")  # no change, no row
    with portal.sessions() as session:
        assert [row.named for row in session.scalars(select(ReferenceChoice))] == [False, True]
    signed_in(portal, MARC).send("mes-donnees/references", 403, on="mes-donnees/", named="0")
