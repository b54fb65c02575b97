"""The pages of time: staff note, count and answer; the client sees and contests."""

from decimal import Decimal

import pytest

from portal.accounts.models import Person
from portal.contracts.rules import Overdraft, Policy
from portal.tickets.intervention_models import TimeContest, TimeEntry, WorkIntervention
from portal.tickets.intervention_rules import Step
from tests.accounts.conftest import CLAIRE, LEA, OTTO, STAFF, Portal, Visitor, portal
from tests.contracts.test_views import balance, open_one
from tests.quotes.conftest import hidden, signed_in
from tests.tickets.test_interventions import a_ticket

__all__ = ["portal"]
REF = "TIC-2026-0001"
CLIENT, DESK = f"/espace-client/tickets/{REF}/temps", f"/espace-client/bureau/tickets/{REF}/temps"
WORK = f"/espace-client/bureau/tickets/{REF}"


@pytest.fixture
def ticket(portal: Portal) -> str:
    with portal.sessions.begin() as session:
        return a_ticket(session, portal.ids["client"]).reference


@pytest.fixture
def nadia(portal: Portal, ticket: str) -> Visitor:
    return signed_in(portal, STAFF)


@pytest.fixture
def lea(portal: Portal, ticket: str) -> Visitor:
    return signed_in(portal, LEA)


def note(portal: Portal, nadia: Visitor, service: str, minutes: str, status: int = 303, **more: str) -> str:
    page = nadia.open(DESK)
    given = {
        "service": service, "minutes": minutes, "words": "Imprimante remise en route", "day": "23/11/2026",
        "technician": str(portal.ids[STAFF]), "intervention": "nouvelle", "key": hidden(page)["key"],
    }  # fmt: skip
    return nadia.send(DESK, status, DESK, **given | more)


def the_intervention(portal: Portal) -> WorkIntervention:
    with portal.sessions() as session:
        found = session.query(WorkIntervention).order_by(WorkIntervention.id.desc()).first()
        assert found is not None
        return found


def test_time_is_noted_seen_before_counted_and_charged(portal: Portal, nadia: Visitor, lea: Visitor) -> None:
    reference = open_one(portal, ago=1)
    assert "Aucun temps noté" in lea.open(CLIENT)
    note(portal, nadia, "remote-desktop", "7")
    page = nadia.open(DESK)
    assert "15\u00a0points, il resterait 85\u00a0points" in page.replace("</b>", "")
    assert "7\u00a0min réelles, 15\u00a0min comptées (minimum de 15\u00a0min)" in page
    assert "en cours" in lea.open(CLIENT)
    assert balance(portal, reference) == 100
    nadia.send(f"{WORK}/interventions/1/decompter", on=DESK)
    assert balance(portal, reference) == 85
    shown = lea.open(CLIENT)
    assert "15\u00a0points" in shown
    assert "Il vous reste 85\u00a0points" in shown
    assert "Article 7.1.2" in shown
    assert "TIC-2026-0001, Imprimante en panne" in signed_in(portal, CLAIRE).open(
        f"/espace-client/contrats/{reference}"
    )


def test_who_follows_the_ticket_is_told_what_an_intervention_cost_and_may_stop_that(
    portal: Portal, nadia: Visitor, lea: Visitor
) -> None:
    open_one(portal, ago=1)
    choice = "/espace-client/contrats/"
    # Nobody of the client follows this ticket yet: its administrator is told.
    note(portal, nadia, "remote-desktop", "7")
    nadia.send(f"{WORK}/interventions/1/decompter", on=DESK)
    (told,) = [mail for mail in portal.mails() if mail.event == "tickets/time_counted"]
    assert told.recipient == CLAIRE
    assert told.subject == "TIC-2026-0001\u00a0: intervention décomptée, 15\u00a0points"
    for words in (
        "Avant\u00a0: 100\u00a0points. Il reste 85\u00a0points.",
        "7\u00a0min réelles, 15\u00a0min comptées (minimum de 15\u00a0min)\u00a0: 15\u00a0min (dont 8\u00a0min pour atteindre le minimum) à 60\u00a0points par heure (CGV, article 7.1.2).",
        "> Imprimante remise en route (Téléassistance - PC et bureautique, 7\u00a0min, Nadia Conseil)",
        "Chaque temps se conteste sur cette page (CGV, article 7.2)",
        f"http://localhost{CLIENT}",
        "http://localhost/espace-client/contrats/#courriels",
    ):
        assert words in told.text
    assert "Ne plus les recevoir" in portal.visitor().open(f"courriels/{told.token}")  # where its head leads
    # From now on Léa follows it. Two clicks are one mail; a correction is told with its reason.
    lea.send(f"/espace-client/tickets/{REF}/repondre", on=f"/espace-client/tickets/{REF}", words="Merci", key="k")
    note(portal, nadia, "remote-server", "20")
    nadia.send(f"{WORK}/interventions/2/decompter", on=DESK)
    nadia.send(f"{WORK}/interventions/2/decompter", on=DESK)
    counted = [mail for mail in portal.mails(LEA) if mail.event == "tickets/time_counted"]
    assert len(counted) == 1
    assert "Il reste 58,33\u00a0points" in counted[0].text
    given: dict[str, object] = {"reason": "Le client a attendu.", "key": "c", "minutes-2": "0"}
    nadia.send(f"{WORK}/interventions/2/corriger", 303, DESK, **given)
    (corrected,) = [mail for mail in portal.mails(LEA) if mail.event == "tickets/time_corrected"]
    assert "Ne plus les recevoir" in portal.visitor().open(f"courriels/{corrected.token}")
    assert "0\u00a0point, au lieu de 26,67\u00a0points" in corrected.text
    assert "> Le client a attendu." in corrected.text
    assert "Avant\u00a0: 58,33\u00a0points. Il reste 85\u00a0points." in corrected.text
    # She stops them; somebody else's choice is theirs.
    assert 'name="movements" type="checkbox" value="y" checked' in lea.open(choice) or "checked" in lea.open(choice)
    lea.send(f"{choice}courriels", on=choice, monthly="y")
    before = len(portal.mails(LEA))
    note(portal, nadia, "remote-desktop", "15")
    nadia.send(f"{WORK}/interventions/3/decompter", on=DESK)
    assert len(portal.mails(LEA)) == before
    lea.send(f"{choice}courriels", on=choice, movements="y")
    note(portal, nadia, "remote-desktop", "15")
    nadia.send(f"{WORK}/interventions/4/decompter", on=DESK)
    assert portal.mails(LEA)[-1].event == "tickets/time_counted"


def test_who_contested_reads_the_correction_in_the_answer_alone(portal: Portal, nadia: Visitor, lea: Visitor) -> None:
    open_one(portal, ago=1)
    for key, visitor in (("lea", lea), ("claire", signed_in(portal, CLAIRE))):
        visitor.send(f"/espace-client/tickets/{REF}/repondre", on=f"/espace-client/tickets/{REF}", words="Oui", key=key)
    note(portal, nadia, "remote-desktop", "30")
    nadia.send(f"{WORK}/interventions/1/decompter", on=DESK)
    lea.send(f"{CLIENT}/1/contester", on=f"{CLIENT}/1/contester", reason="Trop long", key="x")
    page = f"{WORK}/contestations/1"
    given: dict[str, object] = {"outcome": "corrected", "reason": "Pardon.", "key": "y", "minutes-1": "15"}
    nadia.send(page, 303, page, **given)
    assert [mail.event for mail in portal.mails(LEA)][-1] == "tickets/time_answered"
    assert [mail.event for mail in portal.mails(CLAIRE)][-1] == "tickets/time_corrected"


def test_a_balance_goes_below_zero_only_by_its_contracts_rule_and_never_in_silence(
    portal: Portal, nadia: Visitor
) -> None:
    open_one(portal, "10", Overdraft(Policy.LIMIT, Decimal(5)), ago=1)
    choice = "/espace-client/contrats/"
    signed_in(portal, CLAIRE).send(f"{choice}courriels", on=choice)  # she wants none of these mails
    query = "service=remote-desktop&minutes=7&intervention=nouvelle"
    seen = nadia.client.get(f"{DESK}/calcul?{query}").get_json()
    assert "passerait à \u22125\u00a0points" in seen["words"]
    assert not seen["wrong"]
    note(portal, nadia, "remote-desktop", "7")
    assert "sous zéro" in nadia.open(DESK)
    for _ in range(2):
        nadia.send(f"{WORK}/interventions/1/decompter", on=DESK)
    (told,) = [mail for mail in portal.mails(CLAIRE) if mail.event == "contracts/below"]
    assert "\u22125\u00a0points" in told.subject
    assert "Avant\u00a0: 10\u00a0points" in told.text
    assert [mail for mail in portal.mails(CLAIRE) if mail.event == "tickets/time_counted"] == []


def test_without_scripts_the_working_is_shown_before_anything_is_noted(portal: Portal, nadia: Visitor) -> None:
    open_one(portal, ago=1)
    page = note(portal, nadia, "remote-desktop", "7", 200, faire="calculer", words="")
    assert "Il resterait 85\u00a0points." in page
    assert 'value="7"' in page
    assert "Écrivez en quelques mots" not in page
    assert "écrivez les minutes" in note(portal, nadia, "", "", 200, faire="calculer")
    with portal.sessions() as session:
        assert session.query(TimeEntry).count() == 0


def test_a_charge_tells_who_chose_a_threshold_at_once(portal: Portal, nadia: Visitor, lea: Visitor) -> None:
    page = f"/espace-client/contrats/{open_one(portal, ago=1)}"
    lea.send(f"{page}/seuils", on=page, threshold="90")
    note(portal, nadia, "remote-desktop", "7")
    nadia.send(f"{WORK}/interventions/1/decompter", on=DESK)
    (told,) = [mail for mail in portal.mails(LEA) if mail.event == "contracts/threshold"]
    assert "Il reste 85\u00a0points" in told.subject


def test_the_tickets_own_pages_lead_to_its_time(portal: Portal, nadia: Visitor, lea: Visitor) -> None:
    open_one(portal, ago=1)
    note(portal, nadia, "remote-desktop", "7")
    assert "Une intervention est en cours" in lea.open(f"/espace-client/tickets/{REF}")
    nadia.send(f"{WORK}/interventions/1/decompter", on=DESK)
    assert "7\u00a0min de travail, 15\u00a0points" in lea.open(f"/espace-client/tickets/{REF}")
    assert f'href="{DESK}"' in nadia.open(WORK)
    assert "heures-a-facturer.csv" in nadia.open("/espace-client/bureau/tickets/")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("service=remote-desktop&minutes=7&intervention=nouvelle", "Il resterait 85\u00a0points."),
        ("service=remote-desktop&minutes=7", "dont 8\u00a0min pour atteindre le minimum"),
        ("service=remote-desktop&minutes=101", "Il ne reste que 100\u00a0points"),
        ("service=remote-desktop&minutes=-1", "Une durée se compte en minutes entières"),
        ("service=x&minutes=5", "n'est pas une prestation du tarif"),
    ],
)
def test_the_preview_is_the_servers_own_calculation(portal: Portal, nadia: Visitor, query: str, words: str) -> None:
    open_one(portal, ago=1)
    answer = nadia.client.get(f"{DESK}/calcul?{query}").get_json()
    assert words in answer["words"]
    assert nadia.client.get(f"{DESK}/calcul?service=&minutes=").get_json() == {"words": ""}


def test_a_second_entry_joins_an_intervention_and_the_other_mode_is_refused_with_what_was_typed(
    portal: Portal, nadia: Visitor
) -> None:
    open_one(portal, ago=1)
    note(portal, nadia, "remote-server", "3")
    note(portal, nadia, "remote-desktop", "2", intervention="1")
    assert "16\u00a0points" in nadia.open(DESK)
    refused = note(portal, nadia, "onsite-desktop", "20", 422, intervention="1", words="Câble changé")
    assert "à distance ou sur site" in refused
    assert 'value="Câble changé"' in refused
    nadia.send(f"{DESK}/2/retirer", on=DESK)
    assert "10,67\u00a0points" in nadia.open(DESK) or "points" in nadia.open(DESK)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"minutes": "0"}, "minutes entières"),
        ({"words": ""}, "Écrivez en quelques mots"),
        ({"day": "24/11/2026"}, "pas encore passé"),
        ({"service": ""}, "Choisissez la nature"),
    ],
)
def test_what_is_wrong_is_said(portal: Portal, nadia: Visitor, changed: dict[str, str], words: str) -> None:
    given = {"service": "remote-desktop", "minutes": "20"} | changed
    page = note(portal, nadia, given.pop("service"), given.pop("minutes"), 422, **given)
    assert words in page


def test_a_contract_that_refuses_stops_the_charge_and_nothing_typed_is_lost(portal: Portal, nadia: Visitor) -> None:
    reference = open_one(portal, "10", ago=1)
    note(portal, nadia, "remote-desktop", "7")
    refused = nadia.send(f"{WORK}/interventions/1/decompter", 409, on=DESK)
    assert "rien n'est décompté, tous les temps notés sont gardés" in refused
    assert "Imprimante remise en route" in refused
    assert balance(portal, reference) == 10
    assert the_intervention(portal).step is Step.OPEN
    from sqlalchemy import select

    from portal.evidence.models import Entry

    with portal.sessions() as session:
        kinds = session.scalars(select(Entry.kind)).all()
    assert "tickets.charge_refused" in kinds


def test_without_a_contract_hours_are_counted_and_handed_on(portal: Portal, nadia: Visitor, lea: Visitor) -> None:
    note(portal, nadia, "onsite-server", "40", words="=1+1")
    assert "pas de contrat" in nadia.open(DESK)
    nadia.send(f"{WORK}/interventions/1/decompter", 409, on=DESK)
    assert "Choisissez l'heure" in nadia.send(f"{WORK}/interventions/1/heures", 422, on=DESK, km="0")
    nadia.send(f"{WORK}/interventions/1/heures", on=DESK, hour="technical", km="12,5")
    assert "HT" in lea.open(CLIENT)
    told = portal.mails(CLAIRE)[-1]
    assert told.event == "tickets/time_counted"
    assert "40\u00a0min, heure technique à 88,00\u00a0€ HT (CGV, article 7.1.1)" in told.text
    assert "Il reste" not in told.text
    csv = nadia.client.get("/espace-client/bureau/tickets/heures-a-facturer.csv").get_data(as_text=True)
    assert csv.startswith("\ufeffClient;Ticket;")
    assert (
        "Boulangerie Muller;TIC-2026-0001;Imprimante en panne;23/11/2026;Heure technique;40;88,00;12,50;0,60;66,17;"
        in csv
    )
    rows = nadia.client.get("/espace-client/bureau/tickets/heures-a-facturer.json").get_json()
    assert rows["interventions"][0]["Montant HT"] == "66,17"
    nadia.open("/espace-client/bureau/tickets/heures-a-facturer.xml", 404)


def contested(portal: Portal, nadia: Visitor, lea: Visitor) -> str:
    reference = open_one(portal, ago=1)
    note(portal, nadia, "remote-desktop", "40")
    nadia.send(f"{WORK}/interventions/1/decompter", on=DESK)
    page = lea.open(f"{CLIENT}/1/contester")
    assert "il ne les compte pas" in page
    assert "Écrivez ce qui ne va pas" in lea.send(f"{CLIENT}/1/contester", 422, on=f"{CLIENT}/1/contester", reason="")
    given = {"reason": "Vingt minutes, pas quarante", "key": hidden(page)["key"]}
    for _ in range(2):
        lea.send(f"{CLIENT}/1/contester", 303, f"{CLIENT}/1/contester", **given)
    again = lea.send(f"{CLIENT}/1/contester", 409, f"{CLIENT}/1/contester", reason="Encore")
    assert "attend déjà sa réponse" in again
    assert "Encore" in again
    return reference


def test_a_client_contests_and_staff_correct(portal: Portal, nadia: Visitor, lea: Visitor) -> None:
    reference = contested(portal, nadia, lea)
    assert "Léa Klein conteste un temps" in nadia.open("/espace-client/bureau/")
    path = f"{WORK}/contestations/1"
    assert "Vingt minutes, pas quarante" in nadia.open(path)
    assert "Choisissez" in nadia.send(path, 422, on=path, reason="Oui")
    more = nadia.send(path, 409, path, reason="Oui", outcome="corrected", **{"minutes-1": "50"})
    assert "aucune n'augmente" in more
    assert 'value="50"' in more
    nadia.send(path, 303, path, reason="Vous avez raison", outcome="corrected", **{"minutes-1": "20"})
    assert balance(portal, reference) == 80
    shown = lea.open(CLIENT)
    assert "Vous avez raison" in shown
    assert "Corrigé" in shown
    assert "40\u00a0points avant correction" in shown
    assert "Vous avez raison" in portal.mails(LEA)[-1].text


def test_a_client_contests_and_staff_maintain(portal: Portal, nadia: Visitor, lea: Visitor) -> None:
    reference = contested(portal, nadia, lea)
    path = f"{WORK}/contestations/1"
    nadia.send(path, 303, path, reason="Le journal le montre", outcome="maintained")
    assert balance(portal, reference) == 60
    assert "Maintenu" in lea.open(CLIENT)
    page = nadia.open(path)
    assert "<textarea" not in page  # answered once
    token = nadia.token(DESK)
    assert (
        nadia.client.post(path, data={"csrf_token": token, "reason": "x", "outcome": "maintained"}).status_code == 409
    )


def test_staff_correct_by_themselves(portal: Portal, nadia: Visitor, lea: Visitor) -> None:
    reference = open_one(portal, ago=1)
    note(portal, nadia, "remote-desktop", "40")
    nadia.open(f"{WORK}/interventions/1/corriger", 404)  # not counted yet: it can still be changed
    nadia.send(f"{WORK}/interventions/1/decompter", on=DESK)
    path = f"{WORK}/interventions/1/corriger"
    assert "minutes entières" in nadia.send(path, 422, path, reason="Oubli", **{"minutes-1": "vingt"})
    nadia.send(path, 303, path, reason="Pause oubliée", **{"minutes-1": "30"})
    assert balance(portal, reference) == 70
    assert "Pause oubliée" in lea.open(CLIENT)


def test_a_timer_fills_the_minutes_in(portal: Portal, nadia: Visitor) -> None:
    nadia.send(f"{DESK}/minuteur", on=DESK, faire="demarrer")
    portal.clock.pass_(minutes=12, seconds=40)
    page = nadia.open(DESK)
    assert "Le minuteur tourne depuis 12\u00a0min" in page
    assert 'name="minutes" required type="number" value="12"' in page or 'value="12"' in page
    nadia.send(f"{DESK}/minuteur", on=DESK, faire="arreter")
    assert "Démarrer le minuteur" in nadia.open(DESK)


def test_another_organisation_sees_and_contests_nothing(portal: Portal, nadia: Visitor) -> None:
    open_one(portal, ago=1)
    note(portal, nadia, "remote-desktop", "40")
    nadia.send(f"{WORK}/interventions/1/decompter", on=DESK)
    otto = signed_in(portal, OTTO)
    otto.open(CLIENT, 404)
    otto.open(f"{CLIENT}/1/contester", 404)
    token = otto.token("compte/appareils")
    otto.send(f"{CLIENT}/1/contester", 404, reason="x", csrf_token=token)
    with portal.sessions() as session:
        assert session.query(TimeContest).count() == 0


def test_who_only_reads_tickets_sees_time_and_notes_none(portal: Portal, nadia: Visitor) -> None:
    note(portal, nadia, "remote-desktop", "40")
    with portal.sessions.begin() as session:
        from portal.accounts.models import Grant

        person = session.get_one(Person, portal.ids[STAFF])
        person.roles[:] = []
        session.flush()
        person.roles.append(Grant(name="sales"))
    page = nadia.open(DESK)
    assert "Noter du temps" not in page
    with portal.sessions() as session:
        assert session.query(TimeEntry).one().minutes == 40
        assert Decimal(session.query(TimeEntry).one().counts) == 40
