"""What an unpaid invoice proposes: the forms of orders and contracts open with its words, and a person records them."""

import re
from decimal import Decimal

from sqlalchemy import select

from portal.accounts.models import Organisation
from portal.contracts.agreement_actions import open_contract
from portal.contracts.rules import Kind, Overdraft, SpecialConditions
from portal.invoices.letters import Letters
from portal.invoices.links import Links
from portal.invoices.models import Invoice
from portal.invoices.reminder_actions import begin_ladder, ladder, open_proposals, remind
from portal.invoices.reminder_letters import ReminderLetters
from portal.orders.actions import place_order
from portal.orders.models import Order
from portal.orders.progress_actions import progress_of
from tests.accounts.conftest import STAFF, Portal, portal
from tests.invoices.conftest import NOON
from tests.invoices.test_reminders import at
from tests.invoices.test_views import Given, give, text
from tests.invoices.test_views import biller as biller_address
from tests.orders.test_orders import GOODS, WORK
from tests.quotes.conftest import signed_in

__all__ = ["biller_address", "give", "portal"]


def test_a_proposal_leads_to_the_form_of_each_order_and_contract_and_a_person_records_it(
    portal: Portal, give: Given, biller_address: str
) -> None:
    number, services = give(), portal.app.extensions["portal"]
    version = services.library.in_force(NOON.date())
    with portal.sessions.begin() as session:
        by, client = session.merge(portal.person(biller_address)), session.get_one(Organisation, portal.ids["client"])
        orders = [
            place_order(
                session, organisation=session.get_one(Organisation, portal.ids[whose]), lines=(WORK, GOODS),
                quote_reference=f"DEV-2026-000{index}", terms_slug=version.slug, terms_sha256=version.sha256, special_conditions=SpecialConditions(""),
                accepted_client_at=NOON, accepted_provider_at=NOON, by=by, at=NOON,
            ).reference for index, whose in enumerate(("client", "other"), 1)
        ]  # fmt: skip
        contract = open_contract(
            session, organisation=client, kind=Kind.LIBERTY, points=Decimal(100), terms_slug=version.slug,
            terms_sha256=version.sha256, special_conditions=SpecialConditions(""), overdraft=Overdraft(), by=by, at=NOON,
            reason="Signé.", signed_on=NOON.date(), form_key="c",
        ).reference  # fmt: skip
        begin_ladder(session, by=by, at=NOON)
        mails = ReminderLetters(Letters(services.library, Links("http://localhost"), "localhost"))
        remind(session, session.get_one(Invoice, number), ladder(session), letters=mails, at=at(45))
    portal.clock.moment = at(45)
    with portal.sessions() as session:
        suspend, warn = (each.id for each in open_proposals(session))
    mine, theirs = orders
    anne, chief = signed_in(portal, biller_address), signed_in(portal, STAFF)
    path = f"bureau/factures/propositions/{suspend}"
    # Billing sees what is proposed; suspending binds the company, and is for who may sign.
    assert "Revient à un commercial ou à un administrateur" in text(anne.open(path))
    shown = chief.open(path)
    assert f"/bureau/commandes/{mine}?proposition={suspend}" in shown
    assert theirs not in shown
    form = chief.open(f"bureau/commandes/{mine}?proposition={suspend}")
    words = "Facture F-2026-0042 du 23 novembre 2026, à payer le 23 décembre 2026 : 480,00 € restent dus."
    assert words in text(form)
    assert "Un impayé propose cet acte" in text(form)
    assert 'selected value="late_payment"' in form
    assert words not in text(chief.open(f"bureau/commandes/{theirs}?proposition={suspend}"))
    assert words not in text(chief.open(f"bureau/commandes/{mine}?proposition=999"))
    with portal.sessions() as session:  # looking changed nothing
        assert (
            progress_of(session, session.scalars(select(Order).where(Order.reference == mine)).one()).suspension is None
        )
    today = f"{at(45):%d/%m/%Y}"
    act: dict[str, object] = {
        "suspendre-day": today,
        "suspendre-ground": "late_payment",
        "suspendre-words": words,
        "suspendre-key": "k",
    }
    chief.send(f"bureau/commandes/{mine}/actes/suspendre", 303, f"bureau/commandes/{mine}", **act)
    shown = anne.open(path)
    assert "suspendue le 6 février 2027" in text(shown)
    assert re.search(r'<input[^>]*checked[^>]*value="fait"', shown)
    warning = f"bureau/factures/propositions/{warn}"
    assert "Revient à un commercial ou à un administrateur" in text(anne.open(warning))
    assert f"/bureau/contrats/{contract}?proposition={warn}" in chief.open(warning)
    notice = text(chief.open(f"bureau/contrats/{contract}?proposition={warn}"))
    assert f"{words} Nous vous mettons en demeure de payer cette somme." in notice
    assert "mettons en demeure" in text(chief.open(f"bureau/commandes/{mine}?proposition={warn}"))
    anne.send(path, on=path, decision="fait")
    shown = text(chief.open(f"bureau/commandes/{mine}?proposition={suspend}"))
    assert "Un impayé propose cet acte" not in shown  # it is decided
