"""The client's pages: what can be done until when, the sums, the search, the file; nobody else's."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from portal.accounts.actions import add_staff
from portal.accounts.models import Organisation
from portal.accounts.rules import StaffRole
from portal.files.actions import keep
from portal.files.rules import KINDS, Kind
from portal.invoices.actions import add_invoice
from portal.invoices.document import ReadFinding, ReadInvoice
from portal.invoices.letters import Letters
from portal.invoices.links import Links
from portal.invoices.models import Invoice
from portal.invoices.payment_actions import record_payment
from portal.invoices.payment_rules import Means
from portal.invoices.reading.reader import read_file
from tests.accounts.conftest import CLAIRE, LEA, MARC, OTTO, Portal, portal
from tests.invoices.conftest import reading
from tests.quotes.conftest import signed_in

__all__ = ["portal"]

BILLER = "anne@ims.example"
Given = Callable[..., int]


@pytest.fixture
def give(portal: Portal) -> Given:
    """``give(reading(…))``: an invoice of the first client, by its number in the address."""
    services = portal.app.extensions["portal"]

    def given(
        read: ReadInvoice | None = None, *, to: str | None = "client", paid: str = "", content: bytes = b""
    ) -> int:
        read, at = read or reading(), portal.clock()
        with portal.sessions.begin() as session:
            given, kind = content or f"%PDF-1.7 {read.number}".encode(), Kind("csv", KINDS["csv"]) if content else None
            file = keep(
                session, services.store, given, name=f"{read.number}.pdf", kept_for="invoices", now=at, known=kind
            )
            organisation = session.get_one(Organisation, portal.ids[to]) if to else None
            made = add_invoice(
                session, read, file=file, organisation=organisation, matched_by="siren" if to else None,
                library=services.library, letters=Letters(services.library, Links("http://localhost"), "localhost"),
                at=at,
            )  # fmt: skip
            if paid:
                record_payment(
                    session, made, day=read.issued_on, amount=Decimal(paid), means=Means.TRANSFER, reference="VIR",
                    form_key="p", by=None, at=at,
                )  # fmt: skip
            return made.id

    return given


@pytest.fixture
def biller(portal: Portal) -> str:
    with portal.sessions.begin() as session:
        add_staff(session, email=BILLER, name="Anne Klein", roles=[StaffRole.BILLING], now=portal.clock())
    return BILLER


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").replace("\u202f", " ").split())


def test_the_first_line_says_until_when_it_can_be_disputed(portal: Portal, give: Given) -> None:
    number = give()
    page = signed_in(portal, MARC).open(f"factures/{number}")
    assert "Vous pouvez contester cette facture jusqu'au mardi 8 décembre 2026 inclus — il reste 15 jours" in text(page)
    assert 'href="/cgv/2018-10-01/article-7/#art-7-4"' in page
    assert "480,00 €" in text(page)
    assert "Écran 27 pouces" in page


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (14, "il reste 1 jour"),
        (15, "c'est le dernier jour"),
        (16, "s'est achevé le mardi 8 décembre 2026"),
    ],
)
def test_the_countdown_ends_with_its_last_day(portal: Portal, give: Given, days: int, words: str) -> None:
    number = give()
    portal.clock.pass_(days=days)
    page = text(signed_in(portal, MARC).open(f"factures/{number}"))
    assert words in page
    assert ("réclamation hors délai" in page) is (days == 16)


def test_the_list_shows_what_is_due_overdue_and_paid_and_its_sums(portal: Portal, give: Given) -> None:
    give()
    give(reading("F-2", issued_on=date(2026, 9, 1), due_on=date(2026, 10, 1)))
    give(reading("F-3", issued_on=date(2026, 9, 1), due_on=date(2026, 10, 1)), paid="480.00")
    give(reading("A-4", type_code="381"))
    marc = signed_in(portal, MARC)
    page = text(marc.open("factures/"))
    assert "Reste à payer 960,00 €" in page
    assert "dont en retard 480,00 €" in page
    for words, count in (("À payer", 2), ("En retard", 1), ("Payées", 1), ("Avoirs", 1), ("Toutes", 4)):
        assert f"{words} ({count})" in page
    late = marc.open("factures/?etat=en-retard")
    assert "Facture F-2<" in late
    assert "Facture F-3<" not in late
    assert "Facture F-2<" in marc.open("factures/?q=F-2 ecran")
    assert "Aucune facture ne correspond" in marc.open("factures/?q=introuvable")
    marc.open("factures/?etat=inconnu", 404)
    marc.open("factures/?page=2", 404)


def test_an_empty_list_says_what_will_be_there(portal: Portal) -> None:
    assert "Aucune facture pour l'instant" in signed_in(portal, MARC).open("factures/")


def test_the_original_comes_back_byte_for_byte(portal: Portal, give: Given) -> None:
    number = give()
    marc = signed_in(portal, MARC)
    answer = marc.client.get(f"/espace-client/factures/{number}/original")
    assert answer.data == b"%PDF-1.7 F-2026-0042"
    assert answer.headers["Content-Disposition"] == "attachment; filename=F-2026-0042.pdf"


def test_a_spreadsheet_is_given_no_formula(portal: Portal, give: Given) -> None:
    give(reading("=cmd|'/c calc'!A1"))
    give(reading("A-9", type_code="381", gross=Decimal("-10.50"), payable=Decimal("-10.50")))
    answer = signed_in(portal, MARC).client.get("/espace-client/factures/factures.csv")
    lines = answer.get_data(as_text=True).split("\r\n")
    assert lines[0].startswith("\ufeffNuméro;Type")
    assert any(line.startswith("'=cmd|") for line in lines)
    assert any(";-10,50;" in line for line in lines)


def test_nobody_of_another_organisation_sees_anything_of_it(portal: Portal, give: Given) -> None:
    number, nobodys = give(), give(reading("F-9"), to=None)
    otto = signed_in(portal, OTTO)
    for path in (f"factures/{number}", f"factures/{number}/original", f"factures/{nobodys}", "factures/999"):
        otto.open(path, 404)
    assert "Aucune facture pour l'instant" in otto.open("factures/")
    assert f"/factures/{nobodys}" not in signed_in(portal, MARC).open("factures/")


def test_the_technical_role_is_kept_out_and_administrators_see_without_disputing(portal: Portal, give: Given) -> None:
    number = give()
    signed_in(portal, LEA).open("factures/", 403)
    signed_in(portal, LEA).open(f"factures/{number}", 403)
    claire = signed_in(portal, CLAIRE)
    assert "Contester revient à une personne qui a le rôle" in text(claire.open(f"factures/{number}"))
    claire.open(f"factures/{number}/contester", 403)
    assert "Contester revient" not in text(signed_in(portal, MARC).open(f"factures/{number}"))


def test_a_delay_is_worked_out_step_by_step_and_says_what_it_does_not_know(portal: Portal, give: Given) -> None:
    number = give(
        reading(
            issued_on=date(2025, 10, 31),
            due_on=date(2025, 11, 30),
            gross=Decimal("1200.00"),
            payable=Decimal("1200.00"),
        )
    )
    with portal.sessions.begin() as session:
        record_payment(
            session, session.get_one(Invoice, number), day=date(2026, 2, 10), amount=Decimal("1200.00"),
            means=Means.TRANSFER, reference="", form_key="p", by=None, at=portal.clock(),
        )  # fmt: skip
    page = text(signed_in(portal, MARC).open(f"factures/{number}"))
    assert "Estimation : 9,52 € , arrondie une seule fois" in page.replace("9,52 €,", "9,52 € ,")
    assert "IMS Partners ne vous réclame rien à ce jour" in page
    assert "Plancher légal" not in page
    open_ = give(reading("F-7", issued_on=date(2026, 5, 1), due_on=date(2026, 5, 31)))
    page = text(signed_in(portal, MARC).open(f"factures/{open_}"))
    assert "Le taux légal du second semestre 2026 n'est pas dans nos données" in page
    assert "rien n'est calculé après le 30 juin 2026" in page


def test_staff_alone_see_what_the_law_adds(portal: Portal, give: Given, biller: str) -> None:
    number = give(reading(issued_on=date(2026, 5, 1), due_on=date(2026, 5, 31)))
    page = text(signed_in(portal, biller).open(f"bureau/factures/{number}"))
    for words in ("Plancher légal", "Taux légal par défaut : non calculable", "40,00 € par facture en retard"):
        assert words in page, words
    assert "Il se complète dans content/law.toml" in page
    assert "Acheteur public :" not in page


def test_goods_stay_the_sellers_until_they_are_paid(portal: Portal, give: Given) -> None:
    marc = signed_in(portal, MARC)
    assert "reste la propriété d'IMS Partners" in text(marc.open(f"factures/{give()}"))
    assert "reste la propriété" not in text(marc.open(f"factures/{give(reading('F-2'), paid='480.00')}"))


def test_an_invoice_of_a_shared_csv_gives_its_own_rows_and_no_original(portal: Portal, give: Given) -> None:
    rows = (
        "Export\r\nFacture;Date;TTC;Client;Désignation\r\n"
        'F-7;23/11/2026;480,00;Muller;"Intervention\r\nsur site"\r\n'
        "F-8;23/11/2026;12,00;Garage Otto;Secret\r\n;;;Muller;Rien à voir\r\nF-7;23/11/2026;480,00;Muller;Écran"
    )
    number = give(reading("F-7", syntax="csv"), content=rows.encode("cp1252"))
    claire = signed_in(portal, MARC)
    claire.open(f"factures/{number}/original", 404)
    page = text(claire.open(f"factures/{number}"))
    digest = sha256(rows.encode("cp1252")).hexdigest()
    assert f"Empreinte SHA-256 du fichier entier : {digest}" in page
    answer = claire.client.get(f"/espace-client/factures/{number}/extrait.csv")
    given = answer.get_data(as_text=True)
    assert "Secret" not in given
    assert "Rien à voir" not in given
    assert (
        f"Extrait\u00a0: les seules lignes de la facture F-7. Empreinte SHA-256 du fichier entier\u00a0: {digest}"
        in given
    )
    assert given.endswith(
        'Facture;Date;TTC;Client;Désignation\r\nF-7;23/11/2026;480,00;Muller;"Intervention\r\nsur site"\r\n'
        "F-7;23/11/2026;480,00;Muller;Écran\r\n"
    )
    assert [each.number for each in read_file(given.encode()) if isinstance(each, ReadInvoice)] == ["F-7"]
    signed_in(portal, OTTO).open(f"factures/{number}/extrait.csv", 404)
    signed_in(portal, MARC).open(f"factures/{give()}/extrait.csv", 404)


def test_a_penalty_in_another_currency_is_worked_out_in_it_and_says_that_this_is_a_convention(
    portal: Portal, give: Given, biller: str
) -> None:
    late: dict[str, Any] = {"issued_on": date(2026, 4, 1), "due_on": date(2026, 5, 1), "currency": "CHF"}
    number = give(reading(**late))
    page = text(signed_in(portal, MARC).open(f"factures/{number}"))
    assert "estimée sur la somme restant due dans sa monnaie, au même taux et sans conversion" in page
    assert re.search(r"Estimation : \d+,\d\d CHF", page)
    assert "€" not in page[page.index("Retard de paiement") : page.index("Estimation :")]
    desk = text(signed_in(portal, biller).open(f"bureau/factures/{number}"))
    assert "40,00 € par facture en retard" in desk
    assert "Indemnité forfaitaire de recouvrement Un" not in desk  # the claim's form asks for none
    euros = give(reading("F-E", **(late | {"currency": "EUR"})))
    assert "sans conversion" not in text(signed_in(portal, MARC).open(f"factures/{euros}"))


def test_what_is_odd_in_the_file_is_told(portal: Portal, give: Given) -> None:
    odd = ReadFinding("total", "net", "Le total hors taxes n'est pas la somme des lignes.")
    page = signed_in(portal, MARC).open(f"factures/{give(reading(findings=(odd,), due_on=None))}")
    assert odd.words in page
    assert "La facture n'en indique pas" in page


def test_the_start_page_tells_what_to_check_and_to_pay(portal: Portal, give: Given) -> None:
    give()
    page = text(signed_in(portal, MARC).open("/espace-client/"))
    assert "Vérifier la facture F-2026-0042" in page
    assert "Payer la facture F-2026-0042" in page
    assert "F-2026-0042" not in text(signed_in(portal, LEA).open("/espace-client/"))


def test_staff_match_an_invoice_and_its_client_sees_it(portal: Portal, give: Given, biller: str) -> None:
    number, _ = give(to=None), give(reading("F-2026-0043"), to=None)
    anne = signed_in(portal, biller)
    # As long as nobody has said who sells, that is the one thing to do, whatever waits for it.
    desk = text(anne.open("bureau/"))
    assert desk.count("Le SIREN de l'entreprise n'est pas renseigné") == 1
    assert "2 factures attendent" in desk
    assert "à qui est-elle" not in desk
    assert "PORTAL_COMPANY_ID" in anne.open("bureau/factures/a-rattacher")
    known = portal.app.extensions["portal"]
    portal.app.extensions["portal"] = replace(known, settings=replace(known.settings, company_id="404833048"))
    assert text(anne.open("bureau/")).count("à qui est-elle") == 2
    assert "PORTAL_COMPANY_ID" not in anne.open("bureau/factures/a-rattacher")
    assert "F-2026-0042" in anne.open("bureau/factures/a-rattacher")
    page = anne.open(f"bureau/factures/{number}")
    assert "C'est Boulangerie Muller" in page
    path = f"bureau/factures/{number}/rattacher"
    anne.send(path, 422, on=f"bureau/factures/{number}", identity="123")
    anne.send(path, 422, on=f"bureau/factures/{number}", identity="404833048")
    anne.send(path, on=f"bureau/factures/{number}", identity="732 829 320")
    signed_in(portal, MARC).open(f"factures/{number}")
    anne.send(path, 409, on=f"bureau/factures/{number}", identity="732829320")


def test_one_that_came_late_is_told_to_staff_until_they_have_noted_it(portal: Portal, give: Given, biller: str) -> None:
    # Issued on a Friday: available until the end of the second working day after it is not late.
    give(reading("F-1", issued_on=date(2026, 11, 19)))
    number = give(reading("F-2", issued_on=date(2026, 11, 18)))
    anne = signed_in(portal, biller)
    page = text(anne.open("bureau/"))
    assert "F-2, arrivée tard" in page
    assert "F-1, arrivée tard" not in page
    anne.send(f"bureau/factures/{number}/retard-vu", on=f"bureau/factures/{number}")
    assert "arrivée tard" not in text(anne.open("bureau/"))


def test_a_year_of_time_does_not_change_what_was_said(portal: Portal, give: Given) -> None:
    number = give()
    portal.clock.moment += timedelta(days=365)
    assert "dépassée de" in text(signed_in(portal, MARC).open(f"factures/{number}"))
