"""The pages of orders: a client reads, proposes, answers, ends; staff note what happens; strangers get 404."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from portal.accounts.actions import add_staff, find_person
from portal.accounts.models import Grant, Organisation, Person
from portal.accounts.refusals import OF_ONE
from portal.accounts.rules import StaffRole
from portal.contracts.rules import SpecialConditions
from portal.evidence.models import Entry
from portal.orders.actions import place_order
from portal.orders.clauses import clause
from portal.orders.progress_models import Amendment, Decision, OrderEvent
from tests.accounts.conftest import CLAIRE, MARC, NOON, OTTO, Portal, Visitor, portal
from tests.orders.test_orders import BOOK, GOODS, WORK
from tests.privacy.noting import noted
from tests.quotes.conftest import hidden, signed_in

if TYPE_CHECKING:
    from portal.terms import Library

__all__ = ["portal"]
SELLER = "paul@ims.example"
WORDS = "Un troisième jour d'installation le samedi."
#: The rows of the form as they come, and a third one: a line that is added.
ROWS = {
    "lines-0-label": "Remplacement du serveur", "lines-0-kind": "service", "lines-0-quantity": "1,5",
    "lines-0-unit": "jour", "lines-0-price": "640,55", "lines-0-vat": "20",
    "lines-1-label": "Serveur", "lines-1-description": "8 cœurs, 64 Go", "lines-1-kind": "goods", "lines-1-quantity": "1",
    "lines-1-unit": "unité", "lines-1-price": "2190,00", "lines-1-vat": "20",
}  # fmt: skip
SATURDAY = {
    "lines-2-label": "Un samedi", "lines-2-kind": "service", "lines-2-quantity": "1", "lines-2-unit": "jour",
    "lines-2-price": "640", "lines-2-vat": "20",
}  # fmt: skip


@dataclass
class House:
    """A portal with an order of Claire's organisation, and a seller."""

    portal: Portal
    reference: str

    @property
    def client(self) -> str:
        return f"/espace-client/commandes/{self.reference}"

    @property
    def desk(self) -> str:
        return f"/espace-client/bureau/commandes/{self.reference}"

    def count(self, table: type) -> int:
        with self.portal.sessions() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def last_kind(self) -> str:
        with self.portal.sessions() as session:
            return session.scalars(select(Entry.kind).order_by(Entry.seq.desc()).limit(1)).one()


@pytest.fixture
def house(portal: Portal, library: "Library") -> House:
    terms = library.in_force(NOON.date())
    with portal.sessions.begin() as session:
        seller = add_staff(session, email=SELLER, name="Paul Weber", roles=[StaffRole.SALES], now=NOON)
        order = place_order(
            session, organisation=session.get_one(Organisation, portal.ids["client"]), quote_reference="DEV-2026-0001",
            lines=(WORK, GOODS), terms_slug=terms.slug, terms_sha256=terms.sha256,
            special_conditions=SpecialConditions("Le samedi."), accepted_client_at=NOON - timedelta(hours=1),
            accepted_provider_at=NOON, by=session.merge(seller), at=NOON,
        )  # fmt: skip
        return House(portal, order.reference)


def send(visitor: Visitor, page: str, path: str, status: int = 303, **values: Any) -> str:
    """POST with the hidden fields of a page."""
    fields: dict[str, Any] = hidden(visitor.open(page)) | values
    return visitor.send(path, status, **fields)


def propose(house: House, visitor: Visitor, base: str, **values: Any) -> str:
    given: dict[str, Any] = {"kind": "change", "words": WORDS, "capacity": "gérante"} | ROWS | SATURDAY | values
    send(visitor, f"{base}/avenants/nouveau", f"{base}/avenants/nouveau", **given)
    return visitor.location.rpartition("/")[2]


def act(house: House, visitor: Visitor, name: str, status: int = 303, **values: Any) -> str:
    given: dict[str, Any] = {f"{name}-{key}": value for key, value in values.items()}
    token = hidden(visitor.open(house.desk))["csrf_token"]
    return visitor.send(f"{house.desk}/actes/{name}", status, csrf_token=token, **{f"{name}-key": name, **given})


def test_a_client_reads_what_is_ordered_and_whose_the_goods_are(house: House) -> None:
    with house.portal.sessions.begin() as session:
        noted(session, house.reference, "Le dimanche.", NOON)
    claire = signed_in(house.portal, CLAIRE)
    assert "Remplacement du serveur" in claire.open("/espace-client/commandes/")
    page = claire.open(house.client)
    for words in (
        "Remplacement du serveur",
        "Serveur",
        "3 781,00",
        "Le samedi.",
        "DEV-2026-0001",
        "article 7.6",
        "En cours",
    ):
        assert words in page.replace("\u202f", " "), words
    assert "jusqu'au paiement complet" in page
    # It came from no quote that was accepted here: no file is promised that nobody makes.
    for side in (page, signed_in(house.portal, SELLER).open(house.desk)):
        assert "n'a pas de dossier de preuve" in side
        assert "se lit «\u00a0Le dimanche.\u00a0»" in side
        assert "en préparation" not in side


def test_another_organisations_order_is_404_and_nothing_is_changed(house: House) -> None:
    otto = signed_in(house.portal, OTTO)
    otto.open("/espace-client/commandes/")
    for path in (house.client, f"{house.client}/preuve", f"{house.client}/avenants/AVN-2026-0001"):
        otto.open(path, 404)
    assert "Aucune commande" in otto.open("/espace-client/commandes/")


def test_the_client_proposes_staff_refuse_and_both_read_why(house: House) -> None:
    claire, paul = signed_in(house.portal, CLAIRE), signed_in(house.portal, SELLER)
    number = propose(house, claire, house.client)
    assert "attend la réponse" in claire.open(f"{house.client}/avenants/{number}")
    assert "Le client propose un avenant" in paul.open(house.desk)
    assert number in paul.open("/espace-client/bureau/")
    at = f"{house.desk}/avenants/{number}"
    send(paul, at, f"{at}/refuser", 422, capacity="commercial", reason="")
    send(paul, at, f"{at}/refuser", capacity="commercial", reason="Le samedi est déjà pris.")
    assert "Le samedi est déjà pris." in claire.open(f"{house.client}/avenants/{number}")
    assert "Le samedi est déjà pris." in house.portal.mails(CLAIRE)[-1].text
    assert house.last_kind() == "orders.amendment_refused"


def test_staff_propose_the_client_accepts_in_two_steps_and_no_box_is_ticked(house: House) -> None:
    claire, paul = signed_in(house.portal, CLAIRE), signed_in(house.portal, SELLER)
    number = propose(house, paul, house.desk)
    at = f"{house.client}/avenants/{number}"
    assert number in claire.open("/espace-client/")
    page = claire.open(f"{at}/accepter")
    assert WORDS in page
    assert not re.search(r"<input[^>]*checked", page)
    assert house.count(Decision) == 0
    typed = {"name": "Claire Muller", "capacity": "gérante"}
    again = send(claire, f"{at}/accepter", f"{at}/accepter", 422, **typed)
    assert "Cochez la case" in again
    fields: dict[str, Any] = hidden(claire.open(f"{at}/accepter")) | typed | {"amendment": "y", "terms": "y"}
    claire.send(f"{at}/accepter", **fields)
    claire.send(f"{at}/accepter", **fields)  # a double click
    assert house.count(Decision) == 1
    assert "Les deux parties l'ont accepté" in claire.open(at)
    assert "en préparation" in claire.open(at)
    claire.open(f"{at}/preuve", 404)


def test_a_line_of_points_says_why_it_stays_and_where_more_are_had(house: House, library: "Library") -> None:
    terms = library.in_force(NOON.date())
    with house.portal.sessions.begin() as session:
        seller = find_person(session, SELLER)
        assert seller is not None
        order = place_order(
            session, organisation=session.get_one(Organisation, house.portal.ids["client"]), quote_reference="DEV-2026-0002",
            lines=(WORK, BOOK), terms_slug=terms.slug, terms_sha256=terms.sha256, special_conditions=SpecialConditions(""),
            accepted_client_at=NOON, accepted_provider_at=NOON, by=seller, at=NOON,
        )  # fmt: skip
        reference = order.reference
    article = clause(terms, "extra_work")
    assert article is not None
    for who, path, words in (
        (CLAIRE, f"/espace-client/commandes/{reference}", "Demander un devis complémentaire"),
        (SELLER, f"/espace-client/bureau/commandes/{reference}", "Écrire un devis complémentaire"),
    ):
        page = signed_in(house.portal, who).open(f"{path}/avenants/nouveau")
        assert page.count("Cette ligne ne change pas par un avenant") == 1
        assert f'<a href="{article.path}">article {article.article}</a>' in page
        assert words in page
    assert "Cette ligne ne change pas" not in signed_in(house.portal, CLAIRE).open(f"{house.client}/avenants/nouveau")


def test_looking_accepts_nothing_and_who_may_not_sign_is_told_who_may(house: House) -> None:
    paul, marc = signed_in(house.portal, SELLER), signed_in(house.portal, MARC)
    number = propose(house, paul, house.desk)
    at = f"{house.client}/avenants/{number}"
    assert "Claire Muller" in marc.open(at)
    for name in ("accepter", "refuser", "retirer"):
        token = hidden(marc.open(at))["csrf_token"]
        marc.send(f"{at}/{name}", 403, csrf_token=token)
        assert paul.client.get(f"{house.desk}/avenants/{number}/{name}").status_code in {303, 405}
        assert paul.client.head(f"{house.desk}/avenants/{number}/{name}").status_code in {303, 405}
    assert house.count(Decision) == 0


def test_one_does_not_accept_ones_own_proposal_and_it_stays_told(house: House) -> None:
    paul = signed_in(house.portal, SELLER)
    number = propose(house, paul, house.desk)
    at = f"{house.desk}/avenants/{number}"
    fields: dict[str, Any] = {"name": "Paul", "capacity": "commercial", "amendment": "y", "terms": "y", "key": "k"}
    page = paul.send(f"{at}/accepter", 409, csrf_token=hidden(paul.open(at))["csrf_token"], **fields)
    assert "C'est à l'autre partie" in page
    assert house.last_kind() == "orders.refused"
    send(paul, at, f"{at}/retirer")
    assert "Retiré par" in paul.open(at)


def test_a_second_proposal_waits_and_what_was_typed_is_kept(house: House) -> None:
    claire = signed_in(house.portal, CLAIRE)
    first = propose(house, claire, house.client)
    at = f"{house.client}/avenants/nouveau"
    page = send(claire, at, at, 409, kind="change", words="Encore autre chose.", capacity="gérante", **ROWS)
    assert first in page
    assert "Encore autre chose." in page
    assert house.count(Amendment) == 1


def test_staff_note_what_happens_and_the_client_is_told(house: House) -> None:
    claire, paul = signed_in(house.portal, CLAIRE), signed_in(house.portal, SELLER)
    act(house, paul, "realiser", line="1", day="23/11/2026", words="")
    act(house, paul, "livrer", line="2", day="23/11/2026", words="")
    page = claire.open(house.client)
    assert "Livré le 23 novembre 2026" in page.replace("\u00a0", " ")
    assert "Tout ce qui était commandé est réalisé." in page
    assert "Livraison" in house.portal.mails(CLAIRE)[-1].subject
    again = act(house, paul, "suspendre", 422, ground="other", day="24/11/2026", words="Un essai de trop.")
    assert "dans l'avenir" in again
    assert house.count(OrderEvent) == 2


def test_the_next_line_can_be_told_done_after_one_that_was_done_is_dropped(house: House) -> None:
    claire, paul = signed_in(house.portal, CLAIRE), signed_in(house.portal, SELLER)
    act(house, paul, "realiser", line="2", day="23/11/2026", words="")
    drop: dict[str, Any] = {"kind": "change", "words": WORDS, "capacity": "commercial", "lines-1-drop": "y"}
    send(paul, f"{house.desk}/avenants/nouveau", f"{house.desk}/avenants/nouveau", **(ROWS | drop))
    at = f"{house.client}/avenants/{paul.location.rpartition('/')[2]}"
    yes: dict[str, Any] = {"name": "Claire Muller", "capacity": "gérante", "amendment": "y", "terms": "y"}
    send(claire, f"{at}/accepter", f"{at}/accepter", **yes)
    assert "Une ligne est réalisée" in paul.open(house.desk)
    act(house, paul, "realiser", line="1", day="23/11/2026", words="", key="another")
    assert "Une ligne est réalisée" not in paul.open(house.desk)
    assert "Tout ce qui était commandé est réalisé." in claire.open(house.client)


def test_force_majeure_from_1_december_lets_both_sides_end_the_order_on_the_16th(house: House) -> None:
    def on(day: int) -> tuple[Visitor, Visitor]:
        house.portal.clock.moment = datetime(2026, 12, day, 9, tzinfo=UTC)
        return signed_in(house.portal, CLAIRE), signed_in(house.portal, SELLER)

    claire, paul = on(1)
    act(house, paul, "suspendre", ground="force_majeure", day="01/12/2026", words="L'atelier est inondé.")
    assert "suspendue" in house.portal.mails(CLAIRE)[-1].subject
    end: dict[str, Any] = {"words": "Un jour de travail sur deux.", "lines": "1", "key": "end"}
    claire, paul = on(15)
    for visitor, page in ((claire, house.client), (paul, house.desk)):
        assert "possible à partir du mercredi 16 décembre 2026" in visitor.open(page).replace("\u00a0", " ")
        token = hidden(visitor.open(page))["csrf_token"]
        answer = visitor.send(f"{page}/resilier/force_majeure", 409, csrf_token=token, **end)
        assert "n'est pas ouvert" in answer
    claire, paul = on(16)
    assert "chaque partie peut résilier" in paul.open(house.desk)
    page = claire.open(house.client)
    assert "chaque partie peut résilier" in page
    claire.send(f"{house.client}/resilier/force_majeure", csrf_token=hidden(page)["csrf_token"], **end)
    page = claire.open(house.client)
    assert "résiliée depuis le 16 décembre 2026" in page.replace("\u00a0", " ")
    assert "Un jour de travail sur deux." in page
    assert ">Réalisé</td>" in page
    assert house.last_kind() == "orders.terminated"
    assert any("résiliée" in mail.subject for mail in house.portal.mails(CLAIRE))


def test_a_formal_notice_runs_from_the_reception_that_is_proved(house: House) -> None:
    paul = signed_in(house.portal, SELLER)
    house.portal.clock.moment = datetime(2026, 12, 10, 9, tzinfo=UTC)
    paul = signed_in(house.portal, SELLER)
    act(house, paul, "mettre-en-demeure", side="provider", day="08/12/2026", words="Les factures sont impayées.")
    act(house, paul, "reception", 422, side="provider", day="10/12/2026", words="")
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    act(
        house, paul, "reception", side="provider", day="10/12/2026", words="",
        proof=(BytesIO(png + b"\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00\x00IEND\xaeB`\x82"), "ar.png"),
    )  # fmt: skip
    page = paul.open(house.desk).replace("\u00a0", " ")
    assert "jusqu'au lundi 28 décembre 2026 inclus" in page
    assert "possible à partir du mardi 29 décembre 2026" in page
    letter = re.search(r'href="([^"]+lettre\.pdf)"', page)
    assert letter
    answer = paul.client.get(letter.group(1))
    assert answer.status_code == 503 or answer.data.startswith(b"%PDF")
    proof = re.search(r'href="([^"]+/evenements/\d+/preuve)"', page)
    assert proof
    assert paul.client.get(proof.group(1)).data.startswith(b"\x89PNG")
    house.portal.clock.moment = datetime(2026, 12, 29, 9, tzinfo=UTC)
    paul = signed_in(house.portal, SELLER)
    end: dict[str, Any] = {"words": "Aucune.", "key": "end", "csrf_token": hidden(paul.open(house.desk))["csrf_token"]}
    paul.send(f"{house.desk}/resilier/formal_notice", **end)
    assert "Résiliée" in paul.open(house.desk)


def test_a_role_that_may_not_sign_is_refused_by_the_route(house: House) -> None:
    marc = signed_in(house.portal, MARC)
    marc.open(house.client)
    marc.open(f"{house.client}/avenants/nouveau", 403)
    with house.portal.sessions() as session:
        assert session.scalars(select(Person).where(Person.email == MARC)).one().role_names == {"billing"}


def test_an_adviser_tells_what_is_done_and_never_binds_the_company(house: House) -> None:
    with house.portal.sessions.begin() as session:
        add_staff(session, email="anne@ims.example", name="Anne Klein", roles=[StaffRole.ADVISER], now=NOON)
    anne = signed_in(house.portal, "anne@ims.example")
    page = anne.open(house.desk)
    assert "Suspendre la commande" not in page
    assert "Mettre" not in page
    for name, values in (
        ("suspendre", {"ground": "other", "words": "Un essai."}),
        ("mettre-en-demeure", {"side": "provider", "words": "Un essai."}),
        ("suivie-d-effet", {"side": "provider", "words": ""}),
    ):
        assert "ne permet pas d'engager" in act(house, anne, name, 403, day="23/11/2026", **values)
        assert house.last_kind() == "orders.refused"
    act(house, anne, "realiser", line="1", day="23/11/2026", words="")
    assert house.count(OrderEvent) == 1


def test_a_try_at_another_organisations_order_is_404_and_kept_in_the_log(house: House) -> None:
    with house.portal.sessions.begin() as session:
        person = session.get_one(Person, house.portal.ids[OTTO])
        person.roles.append(Grant(name="signatory"))
    otto = signed_in(house.portal, OTTO)
    token = otto.token("/espace-client/demande-de-devis")
    otto.send(f"{house.client}/resilier/force_majeure", 404, csrf_token=token, words="À nous.", key="k")
    assert house.last_kind() == "orders.refused"
    assert house.count(OrderEvent) == 0
    otto.open(house.client, 404)  # looking is no act
    with house.portal.sessions() as session:
        kinds = session.scalars(select(Entry.kind)).all()
    assert kinds.count("orders.refused") == 1
    for _ in range(OF_ONE + 2):
        otto.send(f"{house.client}/resilier/force_majeure", 404, csrf_token=token, words="À nous.", key="k")
    with house.portal.sessions() as session:
        kinds = session.scalars(select(Entry.kind).where(Entry.kind.endswith(".refused"))).all()
    assert kinds == ["orders.refused"] * OF_ONE  # and nothing that tells of the others in their place


def test_lines_are_changed_on_the_page_and_both_states_are_seen_by_both_sides(house: House) -> None:
    claire, paul = signed_in(house.portal, CLAIRE), signed_in(house.portal, SELLER)
    at = f"{house.desk}/avenants/nouveau"
    page = paul.open(at)
    assert 'value="640,55"' in page
    fields: dict[str, Any] = hidden(page) | {"kind": "change", "words": WORDS, "capacity": "commercial"}
    page = paul.send(at, 200, **fields, do="line")
    assert 'id="lines-2-label"' in page
    wrong = paul.send(at, 422, **(fields | ROWS | {"lines-0-quantity": "zéro"}), do="send")
    assert 'id="lines-0-quantity-error"' in wrong
    assert WORDS in wrong
    change: dict[str, Any] = fields | ROWS | {"lines-0-quantity": "2,5", "lines-1-drop": "y"} | SATURDAY
    page = paul.send(at, 200, **change, do="look").replace("\u202f", " ")
    for words in ("Changée", "Retirée", "Ajoutée", "3 781,00", "2 689,66"):
        assert words in page, words
    assert house.count(Amendment) == 0
    paul.send(at, **change, do="send")
    number = paul.location.rpartition("/")[2]
    mail = house.portal.mails(CLAIRE)[-1].text.replace("\u202f", " ").replace("\u00a0", " ")
    assert "Total : 2 689,66 € TTC au lieu de 3 781,00 €" in mail
    page = claire.open(f"{house.client}/avenants/{number}").replace("\u202f", " ")
    assert page.index("3 781,00") < page.index("2 689,66")
    assert "3 781,00" in claire.open(house.client).replace("\u202f", " ")
    there = f"{house.client}/avenants/{number}/accepter"
    send(claire, there, there, name="Claire Muller", capacity="gérante", amendment="y", terms="y")
    page = claire.open(house.client).replace("\u202f", " ")
    assert "2 689,66" in page
    assert "3 781,00" not in page
    assert "Un samedi" in page
    assert "2 689,66" in claire.open("/espace-client/commandes/").replace("\u202f", " ")
    act(house, paul, "realiser", line="3", day="23/11/2026", words="")  # the line that was added can be done
    assert house.count(OrderEvent) == 1


def test_a_signatory_puts_the_company_on_notice_and_may_end_the_order_once_it_ran_out(house: House) -> None:
    house.portal.clock.moment = datetime(2026, 12, 10, 9, tzinfo=UTC)
    claire, path = signed_in(house.portal, CLAIRE), f"{house.client}/mise-en-demeure"
    fields: dict[str, Any] = hidden(claire.open(house.client))
    given: dict[str, Any] = fields | {"notice-words": "Le serveur n'est pas livré."}
    assert "Écrivez ce qui" in claire.send(path, 422, **(given | {"notice-words": ""}))
    for _ in range(2):
        claire.send(path, **given)
    assert house.count(OrderEvent) == 2  # sent, and received: the client area is the company's
    page = claire.open(house.client).replace("\u00a0", " ")
    assert "jusqu'au lundi 28 décembre 2026 inclus" in page
    assert "possible à partir du mardi 29 décembre 2026" in page
    assert "en demeure</summary>" not in page
    again: dict[str, Any] = fields | {"notice-key": "another", "notice-words": "Encore."}
    assert "déjà en cours" in claire.send(path, 409, **again)
    assert house.last_kind() == "orders.refused"
    told = [mail for mail in house.portal.mails() if "Mise en demeure" in mail.subject]
    assert {mail.recipient for mail in told} == {CLAIRE, house.portal.app.extensions["portal"].library.company.mail}
    assert all("28 décembre 2026 inclus" in mail.text.replace("\u00a0", " ") for mail in told)
    house.portal.clock.moment = datetime(2026, 12, 29, 9, tzinfo=UTC)
    claire = signed_in(house.portal, CLAIRE)
    end: dict[str, Any] = {
        "words": "Aucune.",
        "key": "end",
        "csrf_token": hidden(claire.open(house.client))["csrf_token"],
    }
    claire.send(f"{house.client}/resilier/formal_notice", **end)
    assert "résiliée" in claire.open(house.client)
