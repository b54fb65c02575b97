"""The public form keeps what was typed, tells what it cannot read, and lets no robot in."""

import pytest
from sqlalchemy import select

from portal.quotes.request_models import QuoteRequest, RequestMessage
from portal.quotes.request_rules import State
from tests.accounts.conftest import CLAIRE, MARC, STAFF, Portal, Visitor
from tests.privacy.noting import noted
from tests.quotes.conftest import QUERY, hidden, signed_in

FORM = "/espace-client/demande-de-devis"
DESK = "/espace-client/bureau/demandes-de-devis"
TYPED = {
    "wish": "Remplacer un serveur.",
    "organisation": "Menuiserie Frey",
    "identity": "443 061 841",
    "contact_name": "Jean Frey",
    "mail": "jean@frey.example",
    "phone": "03 89 00 00 00",
    "website": "",
}
NOT_EMPTY = ["wish", "organisation", "identity", "contact_name", "mail"]


class Prospect:
    """Somebody at the form."""

    def __init__(self, portal: Portal, query: str = "") -> None:
        self.portal, self.visitor = portal, portal.visitor()
        self.page = self.visitor.open(f"{FORM}?{query}")
        portal.clock.pass_(seconds=30)

    def submit(self, status: int = 303, **values: str) -> str:
        data = {**TYPED, **hidden(self.page), **values}
        self.visitor.last = self.visitor.client.post(FORM, data=data)
        self.page = self.visitor._page(status)
        return self.page

    def link(self) -> str:
        return self.portal.link(TYPED["mail"])


def requests(portal: Portal) -> list[QuoteRequest]:
    with portal.sessions() as session:
        return list(session.scalars(select(QuoteRequest)))


def test_a_prospect_asks_reads_the_reference_and_follows_the_thread(portal: Portal) -> None:
    prospect = Prospect(portal, QUERY)
    assert "80,01\u00a0points" in prospect.page
    assert "CGV du 1er\u00a0octobre\u00a02018" in prospect.page
    prospect.submit()
    page = prospect.visitor.open(prospect.visitor.location.removeprefix("http://localhost"))
    assert "DEM-2026-0001" in page
    thread = prospect.visitor.open(prospect.link())
    assert "Remplacer un serveur." in thread
    (made,) = requests(portal)
    assert made.estimate_query == QUERY
    assert made.estimate_sha256 == made.terms_sha256


def test_without_an_estimate_a_request_is_as_good(portal: Portal) -> None:
    prospect = Prospect(portal)
    assert "estimation" not in prospect.page
    prospect.submit()
    assert [made.estimate_query for made in requests(portal)] == [None]


@pytest.mark.parametrize("name", NOT_EMPTY)
def test_what_was_typed_is_kept_when_a_field_is_missing(portal: Portal, name: str) -> None:
    page = Prospect(portal, QUERY).submit(422, **{name: ""})
    for other in NOT_EMPTY:
        assert (TYPED[other] in page) == (other != name)
    assert "80,01\u00a0points" in page
    assert requests(portal) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("identity", "443 061 842"), ("mail", "jean@frey"), ("phone", "appelez-moi"), ("wish", "x" * 5001)],
)
def test_a_field_that_cannot_be_right_is_told_and_kept(portal: Portal, name: str, value: str) -> None:
    page = Prospect(portal).submit(422, **{name: value})
    assert value in page
    assert f'id="{name}-error"' in page
    assert requests(portal) == []


def test_an_edited_estimate_is_told_about_and_the_rest_of_it_joined(portal: Portal) -> None:
    prospect = Prospect(portal, f"{QUERY}&ligne=magic:20")
    assert "Une partie de l'estimation n'a pas été lue" in prospect.page
    assert "Intervention 2" in prospect.page
    prospect.submit()
    assert len(requests(portal)) == 1


def test_an_unreadable_estimate_is_told_about_and_the_form_still_works(portal: Portal) -> None:
    prospect = Prospect(portal, "version=1999-01-01&ligne=%FF%FE:<b>")
    assert "n'est pas jointe" in prospect.page
    prospect.submit()
    assert [made.estimate_query for made in requests(portal)] == [None]


def test_an_estimate_changed_on_the_way_is_taken_off_and_the_form_kept(portal: Portal) -> None:
    prospect = Prospect(portal, QUERY)
    page = prospect.submit(422, estimate="ligne=magic:20")
    assert "elle est retirée" in page
    assert TYPED["wish"] in page
    prospect.submit()
    assert [made.estimate_query for made in requests(portal)] == [None]


def test_a_robot_that_fills_the_trap_is_held_up_and_a_person_is_let_through(portal: Portal) -> None:
    prospect = Prospect(portal)
    assert "robot" in prospect.submit(422, website="http://spam.example")
    assert requests(portal) == []
    prospect.submit()
    assert len(requests(portal)) == 1


def test_a_form_filled_in_under_three_seconds_is_sent_again(portal: Portal) -> None:
    prospect = Prospect(portal)
    portal.clock.pass_(seconds=-27.5)
    assert "robot" in prospect.submit(422)
    portal.clock.pass_(seconds=0.5)
    prospect.submit()


def test_a_page_that_was_not_ours_is_sent_again(portal: Portal) -> None:
    prospect = Prospect(portal)
    assert "robot" in prospect.submit(422, opening="forged")
    assert requests(portal) == []


def test_a_forged_token_changes_nothing_and_loses_nothing(portal: Portal) -> None:
    page = Prospect(portal).submit(400, csrf_token="forged")  # noqa: S106
    assert "ouverte depuis trop longtemps" in page
    assert TYPED["wish"] in page
    assert requests(portal) == []
    assert portal.mails() == []


def test_other_terms_than_those_shown_are_read_first(portal: Portal) -> None:
    prospect = Prospect(portal)
    assert "nouvelles conditions" in prospect.submit(422, terms="1999-01-01")
    prospect.submit()
    assert len(requests(portal)) == 1


def test_a_double_click_is_one_request(portal: Portal) -> None:
    prospect = Prospect(portal)
    page = prospect.page
    prospect.submit()
    prospect.page = page
    prospect.submit()
    assert len(requests(portal)) == 1
    assert len(portal.mails(TYPED["mail"])) == 1


def test_a_follow_up_link_that_was_cut_or_guessed_is_404(portal: Portal) -> None:
    prospect = Prospect(portal)
    prospect.submit()
    link = prospect.link()
    for wrong in (link[:-1], f"{FORM}/suivi/x", f"{FORM}/recue/x", f"{FORM}/suivi/{'a' * 3000}"):
        prospect.visitor.open(wrong, 404)


def test_a_scanner_that_opens_the_link_changes_nothing(portal: Portal) -> None:
    prospect = Prospect(portal)
    prospect.submit()
    for method in ("get", "head"):
        assert getattr(portal.visitor().client, method)(prospect.link()).status_code == 200
    assert [made.state for made in requests(portal)] == [State.RECEIVED]


def answer(portal: Portal, staff: Visitor, reference: str = "DEM-2026-0001", status: int = 303, **values: str) -> str:
    page = staff.open(f"{DESK}/{reference}")
    staff.last = staff.client.post(f"{DESK}/{reference}/repondre", data={**hidden(page), **values})
    return staff._page(status)


def test_staff_answer_and_the_requester_replies_by_the_link(portal: Portal) -> None:
    prospect = Prospect(portal, QUERY)
    prospect.submit()
    staff = signed_in(portal, STAFF)
    assert "Menuiserie Frey" in staff.open("bureau/")
    answer(portal, staff, words="Combien de postes ?")
    assert "Rien n'attend" in staff.open("bureau/")
    assert "> Combien de postes" in portal.mails(TYPED["mail"])[-1].text
    page = prospect.visitor.open(prospect.link())
    assert "Combien de postes" in page
    prospect.visitor.last = prospect.visitor.client.post(prospect.link(), data={**hidden(page), "words": "Douze."})
    prospect.visitor._page(303)
    with portal.sessions.begin() as session:
        noted(session, "DEM-2026-0001", "Treize.", portal.clock())
    page = staff.open(f"{DESK}/DEM-2026-0001")
    assert "Douze." in page
    for each in (page, prospect.visitor.open(prospect.link())):
        assert "Treize." in each
    assert "Menuiserie Frey" in staff.open("bureau/?genre=demandes-de-devis")
    staff.open("bureau/?genre=autre", 404)


def test_an_answer_sent_twice_is_one(portal: Portal) -> None:
    Prospect(portal).submit()
    staff = signed_in(portal, STAFF)
    page = staff.open(f"{DESK}/DEM-2026-0001")
    for _ in range(2):
        staff.last = staff.client.post(f"{DESK}/DEM-2026-0001/repondre", data={**hidden(page), "words": "Oui."})
        staff._page(303)
    with portal.sessions() as session:
        assert len(session.scalars(select(RequestMessage)).all()) == 1


def act(staff: Visitor, verb: str, status: int, **values: str) -> str:
    token = hidden(staff.open("compte/appareils"))["csrf_token"]
    staff.last = staff.client.post(f"{DESK}/DEM-2026-0001/{verb}", data={"csrf_token": token, **values})
    return staff._page(status)


def test_what_a_colleague_has_closed_refuses_every_act_and_gives_the_text_back(portal: Portal) -> None:
    Prospect(portal).submit()
    staff = signed_in(portal, STAFF)
    act(staff, "decliner", 303, reason="Trop loin.")
    count = len(portal.mails())
    assert "close entre-temps" in act(staff, "accepter", 409)
    assert "Une autre raison" in act(staff, "decliner", 409, reason="Une autre raison")
    assert "Mon texte" in act(staff, "repondre", 409, words="Mon texte")
    assert len(portal.mails()) == count
    assert "Trop loin." in staff.open(f"{DESK}/DEM-2026-0001")


def test_accepting_opens_a_client_area_that_its_first_person_enters(portal: Portal) -> None:
    Prospect(portal).submit()
    act(signed_in(portal, STAFF), "accepter", 303)
    assert "Menuiserie Frey" in portal.sign_in(TYPED["mail"]).open("")


def test_a_number_that_is_a_clients_already_is_told_to_staff(portal: Portal) -> None:
    Prospect(portal).submit(identity="732 829 320 00074")
    assert "déjà cliente" in act(signed_in(portal, STAFF), "accepter", 409)
    assert [made.state for made in requests(portal)] == [State.RECEIVED]


def test_an_address_that_signs_in_elsewhere_is_told_to_staff(portal: Portal) -> None:
    Prospect(portal).submit(mail=CLAIRE)
    assert "sert déjà" in act(signed_in(portal, STAFF), "accepter", 409)
    assert [made.state for made in requests(portal)] == [State.RECEIVED]


def test_declining_without_a_reason_says_so_by_the_field(portal: Portal) -> None:
    Prospect(portal).submit()
    assert 'id="reason-error"' in act(signed_in(portal, STAFF), "decliner", 422, reason=" ")


@pytest.mark.parametrize("verb", ["repondre", "accepter", "decliner"])
def test_acts_without_a_token_are_refused(portal: Portal, verb: str) -> None:
    Prospect(portal).submit()
    staff = signed_in(portal, STAFF)
    assert staff.client.post(f"{DESK}/DEM-2026-0001/{verb}", data={"words": "x", "reason": "x"}).status_code == 400
    assert [made.state for made in requests(portal)] == [State.RECEIVED]


def test_clients_and_strangers_see_nothing_of_the_desk(portal: Portal) -> None:
    Prospect(portal).submit()
    signed_in(portal, MARC).open(f"{DESK}/DEM-2026-0001", 403)
    signed_in(portal, MARC).open("bureau/", 403)
    assert portal.visitor().client.get(f"{DESK}/DEM-2026-0001").status_code == 303
    signed_in(portal, STAFF).open(f"{DESK}/DEM-2026-9999", 404)


def test_a_clients_start_page_says_what_will_be_there_and_staff_go_to_the_desk(portal: Portal) -> None:
    page = signed_in(portal, CLAIRE).open("")
    assert "Rien ne vous attend" in page
    assert "avec son dernier jour" in page
    staff = signed_in(portal, STAFF)
    staff.open("", 303)
    assert staff.location == "/espace-client/bureau/"
    assert "Rien n'attend" in staff.open("bureau/")


def test_a_twenty_first_request_in_an_hour_waits_and_a_page_may_still_be_looked_at(portal: Portal) -> None:
    prospect = Prospect(portal)
    for _ in range(20):
        prospect.submit(422, wish="")
    assert "Trop d'essais" in prospect.submit(429)
    prospect.visitor.open(FORM)
    assert requests(portal) == []
