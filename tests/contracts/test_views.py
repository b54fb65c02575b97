"""The pages of contracts: a client's own, and the desk's."""

from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from io import BytesIO

import pytest

from portal.accounts.models import Organisation, Person
from portal.contracts import actions, agreement_actions
from portal.contracts.models import Contract
from portal.contracts.rules import Derogation, Kind, Overdraft, Policy, SpecialConditions
from portal.contracts.working import working_of
from portal.mail.message import compose
from portal.terms.points import intervention_points
from portal.web import services
from tests.accounts.conftest import CLAIRE, OTTO, STAFF, Portal, Visitor, portal
from tests.quotes.conftest import hidden, signed_in

__all__ = ["portal"]
LIST, DESK = "/espace-client/contrats/", "/espace-client/bureau/contrats/"


def open_one(portal: Portal, points: str = "100", overdraft: Overdraft | None = None, *, ago: int = 200) -> str:
    with portal.sessions.begin() as session:
        version = services(portal.app).library.version("2018-10-01")
        contract = agreement_actions.open_contract(
            session, organisation=session.get_one(Organisation, portal.ids["client"]), kind=Kind.LIBERTY,
            points=Decimal(points), terms_slug=version.slug, terms_sha256=version.sha256,
            special_conditions=SpecialConditions(
                "Astreinte le samedi.", derogations=(Derogation(portal.clock().date(), "Au lieu de 7.1.2 …"),)
            ),
            overdraft=overdraft or Overdraft(), by=session.get_one(Person, portal.ids[STAFF]), reason="Papier",
            at=portal.clock() - timedelta(days=ago),
        )  # fmt: skip
        return contract.reference


def charge(portal: Portal, service: str, minutes: int, source: str, *, ago: int = 1) -> None:
    with portal.sessions.begin() as session:
        version = services(portal.app).library.version("2018-10-01")
        worked, at = intervention_points(version.tariff, [(service, minutes)]), portal.clock() - timedelta(days=ago)
        actions.charge(
            session, session.get_one(Organisation, portal.ids["client"]), points=worked.points, source=source,
            by=session.get_one(Person, portal.ids[STAFF]), at=at, words="Imprimante en panne",
            working=working_of(worked, version, day=at.date(), ticket="TIC-2026-0001"),
        )  # fmt: skip


def balance(portal: Portal, reference: str) -> Decimal:
    with portal.sessions() as session:
        contract = actions.find_contract(session, reference)
        assert contract is not None
        return actions.balance(session, contract)


@pytest.fixture
def claire(portal: Portal) -> Visitor:
    return signed_in(portal, CLAIRE)


@pytest.fixture
def nadia(portal: Portal) -> Visitor:
    return signed_in(portal, STAFF)


# --- The client ----------------------------------------------------------------------------------


def test_without_a_contract_the_page_says_how_one_begins(claire: Visitor) -> None:
    page = claire.open(LIST)
    assert "Aucun contrat de points" in page
    assert "7.1.1" in page


def test_a_client_sees_what_is_left_and_what_each_intervention_cost_and_why(portal: Portal, claire: Visitor) -> None:
    reference = open_one(portal)
    charge(portal, "remote-desktop", 7, "i1")
    assert "85\u00a0points" in claire.open(LIST)
    page = claire.open(LIST + reference)
    assert "7\u00a0min réelles, 15\u00a0min comptées (minimum de 15\u00a0min)" in page
    assert "à 60\u00a0points par heure" in page
    assert 'href="/cgv/2018-10-01/article-7/#art-7-1-2"' in page
    assert "100,00" in page
    assert "\u221215,00" in page
    assert "Rien n'est décompté au-delà des points restants." in page
    assert page.index("Dérogation écrite") < page.index("acceptées avec ce contrat")
    assert "Ce que les CGV ne précisent pas" in page


def test_the_forecast_says_what_it_is_worked_out_from_or_that_there_is_too_little(
    portal: Portal, claire: Visitor
) -> None:
    reference = open_one(portal)
    charge(portal, "remote-desktop", 20, "a", ago=60)
    assert "trop peu d'interventions" in claire.open(LIST + reference)
    charge(portal, "remote-desktop", 20, "b", ago=40)
    charge(portal, "remote-desktop", 20, "c", ago=20)
    page = claire.open(LIST + reference)
    assert (
        "60\u00a0points ont été décomptés en 3\u00a0interventions" in page
        or "60\u00a0points ont été décomptés en 3 interventions" in page
    )
    # 60 points in 91 days: 40 last 60 days from 23 November 2026.
    assert "vendredi 22\u00a0janvier\u00a02027" in page


def test_older_movements_are_a_page_away(portal: Portal, claire: Visitor) -> None:
    reference = open_one(portal, "10000")
    for number in range(51):
        charge(portal, "remote-desktop", 15, f"i{number}")
    page = claire.open(LIST + reference)
    assert 'id="mouvement-52"' in page
    assert 'id="mouvement-2"' not in page
    older = claire.open(f"{LIST}{reference}?avant=3")
    assert 'id="mouvement-1"' in older
    assert "Revenir aux plus récents" in older


def test_another_organisations_contract_is_nowhere(portal: Portal) -> None:
    reference = open_one(portal)
    otto = signed_in(portal, OTTO)
    for path in ("", "/releve.csv", "/releve.pdf"):
        otto.open(f"{LIST}{reference}{path}", 404)
    otto.send(f"{LIST}{reference}/seuils", 404, on=LIST, threshold="10", csrf_token=otto.token("compte/appareils"))
    assert "Aucun contrat" in otto.open(LIST)


def test_a_threshold_is_chosen_kept_and_taken_away(portal: Portal, claire: Visitor) -> None:
    reference = open_one(portal)
    page = LIST + reference
    claire.send(f"{page}/seuils", on=page, threshold="50,5")
    assert "50,5\u00a0points ou moins" in claire.open(page)
    wrong = claire.send(f"{page}/seuils", 422, on=page, threshold="beaucoup")
    assert 'value="beaucoup"' in wrong
    assert "Écrivez un nombre de points" in wrong
    claire.send(f"{page}/seuils/1/retirer", on=page)
    assert "Choisissez un seuil" in claire.open(page)


def test_a_reached_threshold_waits_on_the_clients_start_page(portal: Portal, claire: Visitor) -> None:
    reference = open_one(portal, "20")
    page = LIST + reference
    claire.send(f"{page}/seuils", on=page, threshold="20")
    assert "sous votre seuil de 20\u00a0points" in claire.open("/espace-client/")


def test_the_worker_tells_of_a_threshold_once(portal: Portal, claire: Visitor) -> None:
    from portal.contracts.jobs import ALERTS, HANDLERS
    from portal.jobs.actions import enqueue, lease

    page = LIST + open_one(portal)
    claire.send(f"{page}/seuils", on=page, threshold="90")
    charge(portal, "remote-desktop", 20, "i1")
    for turn in range(2):
        with portal.sessions.begin() as session:
            enqueue(session, ALERTS, {}, key=f"turn-{turn}", now=portal.clock() - timedelta(days=400))
            job = lease(session, now=portal.clock())
        assert job is not None
        HANDLERS[ALERTS](portal.sessions, job, portal.clock(), services(portal.app))
    (mail,) = [mail for mail in portal.mails(CLAIRE) if mail.event == "contracts/threshold"]
    # It may be stopped: by the page that its link opens, and by one press of a mail program (RFC 8058).
    sent = compose(mail, sender="IMS <portail@ims.example>", now=portal.clock())
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(sent["List-Unsubscribe"]).strip("<>").removeprefix("http://localhost")
    assert str(mail.token) in link
    assert "Ne plus les recevoir" in portal.visitor().open(link)
    assert "90\u00a0points ou moins" in claire.open(page)  # opening it changes nothing
    portal.ask_code(portal.visitor(), CLAIRE)  # what must be told cannot be stopped
    portal.visitor().open(link.replace(str(mail.token), str(portal.mails(CLAIRE)[-1].token)), 404)
    for _ in range(2):
        program = portal.app.test_client()  # has no cookie and no token of ours
        assert program.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        assert "Choisissez un seuil" in claire.open(page)


def test_the_statement_comes_as_csv_and_pdf(portal: Portal, claire: Visitor) -> None:
    reference = open_one(portal)
    charge(portal, "onsite-server", 40, "i1")
    csv = claire.client.get(f"{LIST}{reference}/releve.csv")
    assert csv.mimetype == "text/csv"
    assert "-63,33;100,00;36,67;40;40;" in csv.get_data(as_text=True)
    pdf = claire.client.get(f"{LIST}{reference}/releve.pdf")
    assert pdf.status_code == 503 or pdf.data.startswith(b"%PDF")
    charge(portal, "remote-desktop", 30, "i2", ago=40)
    page = claire.open(LIST + reference)
    assert ">Octobre 2026<" in page.replace("\u00a0", " ")
    assert ">Année 2026<" in page.replace("\u00a0", " ")
    for period, held, not_held in (("2026-10", "-30,00", "-63,33"), ("2026-11", "-63,33", "-30,00")):
        month = claire.client.get(f"{LIST}{reference}/releve.csv?periode={period}")
        assert month.headers["Content-Disposition"].endswith(f'-{period}.csv"')
        text = month.get_data(as_text=True)
        assert (held in text, not_held in text) == (True, False)
    assert claire.client.get(f"{LIST}{reference}/releve.csv?periode=2026-13").status_code == 404


def test_a_statement_of_a_month_tells_the_balance_before_and_after_it(
    portal: Portal, claire: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers: list[str] = []

    def kept(html: str, **_: object) -> bytes:
        papers.append(html)
        return b"%PDF"

    monkeypatch.setattr("portal.contracts.statement_views.pdf_of", kept)
    reference = open_one(portal)
    charge(portal, "remote-desktop", 60, "i1", ago=40)
    for period in ("2026-10", "2026-11"):
        claire.client.get(f"{LIST}{reference}/releve.pdf?periode={period}")
    assert "au début de la période\u00a0: 100\u00a0points\u00a0; à la fin\u00a0: <b>40\u00a0points</b>" in papers[0]
    assert "au début de la période\u00a0: 40\u00a0points\u00a0; à la fin\u00a0: <b>40\u00a0points</b>" in papers[1]
    assert "Aucun mouvement sur cette période" in papers[1]


def test_adding_points_and_renewing_are_quote_requests(portal: Portal, claire: Visitor) -> None:
    reference = open_one(portal)
    page = claire.open(LIST + reference)
    assert f'href="/espace-client/demande-de-devis?contrat={reference}"' in page
    asked = claire.open(f"/espace-client/demande-de-devis?contrat={reference}")
    assert f"ajouter des points à notre contrat Liberty {reference}" in asked
    assert 'value="Boulangerie Muller"' in asked
    assert 'value="Claire Muller"' in asked
    renewed = claire.open(f"/espace-client/demande-de-devis?contrat={reference}&demande=renouvellement")
    assert f"renouveler notre contrat Liberty {reference}" in renewed


def test_who_is_not_of_the_contracts_organisation_gets_the_form_as_it_is(portal: Portal) -> None:
    reference = open_one(portal)
    for visitor in (portal.visitor(), signed_in(portal, OTTO), signed_in(portal, STAFF)):
        asked = visitor.open(f"/espace-client/demande-de-devis?contrat={reference}")
        assert reference not in asked
        assert "Boulangerie Muller" not in asked


# --- The desk ------------------------------------------------------------------------------------

OPENING = {
    "kind": "liberty", "signed_on": "12/03/2025", "points": "1 234,5", "terms": "2018-10-01",
    "conditions": "Astreinte.", "derogation": "", "derogation_day": "", "policy": "limit", "limit": "50",
    "reason": "Signé sur papier avant le portail.",
}  # fmt: skip


def test_staff_type_in_a_contract_signed_before_the_portal_once(portal: Portal, nadia: Visitor) -> None:
    page = nadia.open(f"{DESK}nouveau?client={portal.ids['client']}")
    given = OPENING | {"organisation": str(portal.ids["client"]), "key": hidden(page)["key"]}
    nadia.send(f"{DESK}nouveau", 303, f"{DESK}nouveau", **given)
    nadia.send(f"{DESK}nouveau", 303, f"{DESK}nouveau", **given)
    shown = nadia.open(f"{DESK}CTR-2026-0001")
    assert "Signé sur papier avant le portail." in shown
    assert "12\u00a0mars\u00a02025" in shown
    assert "50\u00a0points sous zéro" in shown
    with portal.sessions() as session:
        contract = session.query(Contract).one()
        assert contract.overdraft == Overdraft(Policy.LIMIT, Decimal(50))
        assert actions.balance(session, contract) == Decimal("1234.5")


def test_a_scan_is_kept_with_the_contract_and_read_by_both(portal: Portal, claire: Visitor, nadia: Visitor) -> None:
    scan = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
    given = OPENING | {"organisation": str(portal.ids["client"]), "csrf_token": nadia.token(f"{DESK}nouveau")}
    sent = nadia.client.post(f"{DESK}nouveau", data=given | {"files": (BytesIO(scan), "contrat.pdf")})
    assert sent.status_code == 303, sent.get_data(as_text=True)
    page = claire.open(f"{LIST}CTR-2026-0001")
    assert "contrat.pdf" in page
    assert sha256(scan).hexdigest() in page
    assert claire.client.get(f"{LIST}CTR-2026-0001/pieces/1").data == scan
    assert nadia.client.get(f"{DESK}CTR-2026-0001/pieces/1").data == scan
    claire.open(f"{LIST}CTR-2026-0001/pieces/2", 404)
    signed_in(portal, OTTO).open(f"{LIST}CTR-2026-0001/pieces/1", 404)
    refused = nadia.client.post(f"{DESK}nouveau", data=given | {"files": (BytesIO(b"MZ\x90\x00"), "contrat.pdf")})
    assert refused.status_code == 422
    assert "Astreinte." in refused.get_data(as_text=True)


def test_staff_see_contracts_on_the_clients_own_page(portal: Portal, nadia: Visitor) -> None:
    reference = open_one(portal)
    page = nadia.open(f"/espace-client/bureau/clients/{portal.ids['client']}")
    assert f"Liberty {reference}" in page
    assert f"/espace-client/bureau/contrats/nouveau?client={portal.ids['client']}" in page


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"signed_on": "24/11/2026"}, "pas encore passé"),
        ({"limit": ""}, "Écrivez la limite"),
        ({"derogation": "Au lieu de …"}, "Écrivez le jour de la dérogation"),
        ({"points": "0"}, "nombre de points"),
        ({"reason": " "}, "Écrivez la raison"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    portal: Portal, nadia: Visitor, changed: dict[str, str], words: str
) -> None:
    page = nadia.send(
        f"{DESK}nouveau", 422, on=f"{DESK}nouveau", **OPENING | changed, organisation=portal.ids["client"]
    )
    assert words in page
    assert "Astreinte." in page


def test_staff_add_points_with_a_reason_that_the_client_reads(portal: Portal, claire: Visitor, nadia: Visitor) -> None:
    reference = open_one(portal)
    page = nadia.open(DESK + reference)
    key = hidden(page)["key"]
    for _ in range(2):
        nadia.send(f"{DESK}{reference}/points", on=DESK + reference, points="20", reason="Geste commercial", key=key)
    assert balance(portal, reference) == 120
    assert "Geste commercial" in claire.open(LIST + reference)
    wrong = nadia.send(f"{DESK}{reference}/points", 422, on=DESK + reference, points="20", reason="")
    assert "Écrivez la raison" in wrong


def test_staff_correct_a_movement_by_a_counter_entry(portal: Portal, claire: Visitor, nadia: Visitor) -> None:
    reference = open_one(portal)
    charge(portal, "onsite-server", 40, "i1")
    path = f"{DESK}{reference}/mouvements/2/corriger"
    assert "63,33\u00a0points" in nadia.open(path)
    refused = nadia.send(path, 409, on=path, points="63,34", reason="Trop compté")
    assert "ne compte plus que pour 63,33\u00a0points" in refused
    assert "Trop compté" in refused
    nadia.send(path, on=path, points="13,33", reason="Trop compté")
    assert balance(portal, reference) == 50
    assert "Trop compté" in claire.open(LIST + reference)
    nadia.open(f"{DESK}{reference}/mouvements/3/corriger", 404)  # a correction is corrected at its movement
    nadia.open(f"{DESK}{reference}/mouvements/9/corriger", 404)


def test_taking_back_more_than_the_rule_allows_is_refused(portal: Portal, nadia: Visitor) -> None:
    reference = open_one(portal)
    charge(portal, "onsite-server", 40, "i1")
    path = f"{DESK}{reference}/mouvements/1/corriger"
    assert "36,67\u00a0points au plus" in nadia.send(path, 409, on=path, points="40", reason="Saisi deux fois")
    assert balance(portal, reference) == Decimal("36.67")


def test_the_rule_changes_and_the_contract_ends_with_a_reason(portal: Portal, claire: Visitor, nadia: Visitor) -> None:
    reference = open_one(portal)
    nadia.send(f"{DESK}{reference}/regle", on=DESK + reference, policy="warn", reason="Accord du 3 mars")
    assert "Le décompte continue sous zéro, et vous en êtes prévenu." in claire.open(LIST + reference)
    nadia.send(f"{DESK}{reference}/fin", on=DESK + reference, reason="Réunion du 3 mars", ground="agreement")
    assert "D'un commun accord\u00a0: Réunion du 3 mars" in claire.open(LIST + reference)
    token = nadia.token("compte/appareils")
    nadia.send(f"{DESK}{reference}/points", 409, points="20", reason="x", csrf_token=token)
    nadia.send(f"{DESK}{reference}/fin", 409, reason="encore", ground="other", csrf_token=token)
    assert balance(portal, reference) == 100


def test_what_runs_out_is_first_on_the_list_and_on_the_desk(portal: Portal, nadia: Visitor) -> None:
    open_one(portal, "100")
    assert "Bientôt épuisés" not in nadia.open(DESK)
    charge(portal, "remote-desktop", 100, "i1")
    assert "Bientôt épuisés" in nadia.open(DESK)
    assert "points épuisés" in nadia.open("/espace-client/bureau/")
