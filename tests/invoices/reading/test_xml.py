"""CII, ZUGFeRD 1, UBL: the same invoice in every syntax, dialect and profile."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.invoices.document import Nature, ReadInvoice
from portal.invoices.reading.profiles import short_profile
from portal.invoices.reading.refusal import Unreadable
from portal.invoices.reading.xml import read_xml
from tests.invoices.reading.written import EN, GUIDELINES, UBL, Item, Written, cii, totals, ubl, zugferd_1

WRITERS: dict[str, Callable[..., str]] = {"cii": cii, "zugferd": zugferd_1, "ubl": ubl}


def read(xml: str) -> ReadInvoice:
    return read_xml(xml.encode())


@pytest.mark.parametrize("syntax", WRITERS)
def test_every_field_is_read_from_every_syntax(syntax: str) -> None:
    invoice = read(WRITERS[syntax](Written()))
    assert invoice.syntax == syntax
    assert (invoice.number, invoice.type_code, invoice.currency) == ("F-2026-0042", "380", "EUR")
    assert (invoice.issued_on, invoice.due_on) == (date(2026, 11, 12), date(2026, 12, 12))
    assert [str(each) for each in (invoice.net, invoice.tax, invoice.gross, invoice.payable)] == [
        "100.00", "20.00", "120.00", "120.00",
    ]  # fmt: skip
    assert (invoice.seller.name, invoice.seller.vat_number, invoice.seller.siren) == (
        "SARL EXEMPLE INFORMATIQUE", "FR88100000009", "100000009",
    )  # fmt: skip
    assert (invoice.buyer.name, invoice.buyer.vat_number, invoice.buyer.siren) == (
        "Boulangerie Exemple", "FR12000000000", "000000000",
    )  # fmt: skip
    assert invoice.buyer.address == ("1 rue Inventée", "68100 Mulhouse", "FR")
    assert invoice.purchase_order == "CMD-7"
    assert invoice.notes == ("Merci de votre confiance.",)
    (line,) = invoice.lines
    assert (line.name, str(line.quantity), line.unit, str(line.unit_price), str(line.net), str(line.vat_rate)) == (
        "Intervention à distance", "2", "HUR", "50.00", "100.00", "20.00",
    )  # fmt: skip
    (tax,) = invoice.taxes
    assert (tax.category, tax.rate, tax.basis, tax.amount) == ("S", Decimal(20), Decimal(100), Decimal(20))
    assert invoice.findings == ()


NUMBERS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=30)
NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=60)
CENTS = st.decimals(Decimal(-99999), Decimal(999999), places=2)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


ITEMS = st.lists(
    st.builds(
        Item, name=NAMES, quantity=st.sampled_from(("1", "2.5", "-1", "0.333")), price=CENTS.map(str), total=CENTS.map(str),
        rate=st.sampled_from(("20.00", "10", "5.5", "0", "8.1")), unit=st.sampled_from(("HUR", "C62", "KMT", "DAY", "XPK", "MTQ")),
    ),
    min_size=1, max_size=5,
)  # fmt: skip
WRITTEN = st.builds(
    lambda what, items: what.but(**totals(items)),
    st.builds(
        Written, number=NUMBERS, seller=NAMES, buyer=NAMES, issued_on=DAYS, due_on=st.none() | DAYS, note=NAMES,
        type_code=st.sampled_from(("380", "381", "384", "386", "389", "393", "751")),
        currency=st.sampled_from(("EUR", "CHF", "USD", "GBP", "JPY")),
    ),
    ITEMS,
)  # fmt: skip


@given(what=WRITTEN, syntax=st.sampled_from(sorted(WRITERS)))
def test_whatever_is_written_is_read_back(what: Written, syntax: str) -> None:
    invoice = read(WRITERS[syntax](what))
    assert invoice.number == " ".join(what.number.split())
    assert (invoice.seller.name, invoice.buyer.name) == (" ".join(what.seller.split()), " ".join(what.buyer.split()))
    assert (invoice.issued_on, invoice.due_on, invoice.type_code) == (what.issued_on, what.due_on, what.type_code)
    assert invoice.currency == what.currency
    assert (invoice.net, invoice.tax, invoice.gross) == (Decimal(what.net), Decimal(what.tax), Decimal(what.gross))
    assert [(line.name, line.unit, line.net) for line in invoice.lines] == [
        (" ".join(item.name.split()), item.unit, Decimal(item.total)) for item in what.items
    ]
    assert not [each for each in invoice.findings if each.code.startswith("BR-CO-")]


def test_a_credit_note_of_ubl_is_one_by_its_root() -> None:
    credit = read(ubl(Written(type_code="381"), credit=True))
    assert credit.type_code == "381"
    assert credit.is_credit
    assert credit.due_on == date(2026, 12, 12)  # where UBL puts it in a credit note
    assert len(credit.lines) == 1
    assert read(ubl(Written(type_code="380"), credit=True)).type_code == "381"
    assert read(ubl(Written(type_code="396"), credit=True)).type_code == "396"


@pytest.mark.parametrize(
    ("identifier", "short"),
    [
        *((urn, name) for name, urn in GUIDELINES.items()),
        (f"{EN}#conformant#urn.cpro.gouv.fr:1p0:extended-ctc-fr", "extended-ctc-fr"),
        (f"{EN}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0", "xrechnung-3.0"),
        (f"{EN}#compliant#urn:xoev-de:kosit:standard:xrechnung_2.3", "xrechnung-2.3"),
        (f"{EN}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "peppol-bis-3"),
        ("urn:zugferd.de:2p0:minimum", "minimum"),
        (f"{EN}#compliant#urn:zugferd.de:2p0:basic", "basic"),
        ("urn:ferd:CrossIndustryDocument:invoice:1p0:comfort", "comfort"),
        ("urn:ferd:CrossIndustryDocument:invoice:1p0:extended", "extended"),
        ("", ""),
        ("urn:exemple:maison#1.2", "1.2"),
    ],
)
def test_a_profile_has_a_short_and_stable_name(identifier: str, short: str) -> None:
    assert short_profile(identifier) == short


def test_the_prefix_is_the_writer_s_own() -> None:
    xml = cii(Written())
    for prefix, other in (("rsm", "a"), ("udt", "b")):
        xml = xml.replace(f"{prefix}:", f"{other}:").replace(f"xmlns:{prefix}=", f"xmlns:{other}=")
    xml = xml.replace("<ram:", "<").replace("</ram:", "</").replace("xmlns:ram=", "xmlns=")
    assert read(xml).number == "F-2026-0042"


def test_a_peppol_envelope_is_opened() -> None:
    inner = ubl(Written(), head="")
    assert read(f'<StandardBusinessDocument xmlns="urn:x"><Head/>{inner}</StandardBusinessDocument>').syntax == "ubl"


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("2026-11-12", True), ("20261112", True), ("202611121030", True), ("2026-11-12T10:30:00+01:00", True), ("2026-02-30", False),
     ("12/11/2026", False), ("0001-01-01", False), ("demain", False)],
)  # fmt: skip
def test_a_day_is_read_in_the_ways_that_norms_have(written: str, *, read_as: bool) -> None:
    xml = cii(Written()).replace(">20261112<", f">{written}<")
    if read_as:
        assert read(xml).issued_on == date(2026, 11, 12)
    else:
        with pytest.raises(Unreadable, match="date d'émission") as caught:
            read(xml)
        assert caught.value.rule == "BR-03"


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("120.00", "120.00"), ("-120.00", "-120.00"), ("+120.00", "120.00"), ("120,00", "120.00"), ("1 234,50", "1234.50"),
     ("1.234,50", "1234.50"), ("1,234.50", "1234.50"), ("0.00", "0.00"), ("-0.00", "0.00"), (".5", "0.5"),
     ("1,234", None), ("1e3", None), ("NaN", None), ("INF", None), ("cent", None), ("9" * 30, None), ("१२०", None)],
)  # fmt: skip
def test_an_amount_is_read_when_it_can_only_be_one(written: str, read_as: str | None) -> None:
    xml = cii(Written()).replace("<ram:GrandTotalAmount>120.00<", f"<ram:GrandTotalAmount>{written}<")
    if read_as is None:
        with pytest.raises(Unreadable, match="total TTC") as caught:
            read(xml)
        assert caught.value.rule == "BR-14"
    else:
        assert str(read(xml).gross) == read_as


@pytest.mark.parametrize(
    ("element", "rule"), [("ID", "BR-02"), ("IssueDate", "BR-03"), ("TaxInclusiveAmount", "BR-14")]
)
def test_number_day_and_gross_are_needed(element: str, rule: str) -> None:
    xml = ubl(Written())
    start = xml.index(f"<cbc:{element}")
    end = xml.index(f"</cbc:{element}>") + len(f"</cbc:{element}>")
    with pytest.raises(Unreadable) as caught:
        read(xml[:start] + xml[end:])
    assert caught.value.rule == rule


def test_number_day_and_gross_are_enough() -> None:
    invoice = read(
        f'<Invoice xmlns="{UBL}Invoice-2"><ID>7</ID><IssueDate>2026-11-12</IssueDate>'
        "<LegalMonetaryTotal><TaxInclusiveAmount>12</TaxInclusiveAmount></LegalMonetaryTotal></Invoice>"
    )
    assert (invoice.number, invoice.gross, invoice.net, invoice.currency, invoice.type_code) == (
        "7",
        Decimal(12),
        None,
        "",
        "",
    )
    missing = {each.field for each in invoice.findings if each.code == "missing"}
    assert missing == {
        "type (BT-3)", "devise (BT-5)", "total HT (BT-109)", "total de TVA (BT-110)", "net à payer (BT-115)",
        "vendeur (BT-27)", "acheteur (BT-44)",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"items": (Item("a", total="90.00", price="45.00"),)}, "BR-CO-10"),
        ({"net": "100.00", "gross": "121.00", "payable": "121.00"}, "BR-CO-15"),
        ({"payable": "100.00"}, "BR-CO-16"),
        ({"prepaid": "20.00"}, "BR-CO-16"),
        ({"rates": (("20.00", "100.00", "19.00"),)}, "BR-CO-14"),
        ({"rates": (("20.00", "100.00", "19.00"),)}, "BR-CO-17"),
        ({"items": (Item("a", quantity="3"),)}, "R120"),
    ],
)
@pytest.mark.parametrize("syntax", WRITERS)
def test_what_does_not_add_up_is_imported_and_named(syntax: str, changes: dict[str, object], rule: str) -> None:
    invoice = read(WRITERS[syntax](Written().but(**changes)))
    assert rule in {each.code for each in invoice.findings}
    assert invoice.gross == Decimal(str(changes.get("gross", "120.00")))  # never corrected


def test_what_adds_up_names_nothing() -> None:
    assert read(ubl(Written(prepaid="20.00", payable="100.00"))).findings == ()
    several = Written().but(
        **totals([Item("a"), Item("b", rate="5.50"), Item("c", rate="0"), Item("d", price="-5.00", total="-10.00")])
    )
    assert read(cii(several)).findings == ()


def test_allowances_and_charges_are_read_and_counted() -> None:
    taken = (
        "<ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>{}</udt:Indicator></ram:ChargeIndicator>"
        "<ram:ActualAmount>{}</ram:ActualAmount><ram:Reason>{}</ram:Reason></ram:SpecifiedTradeAllowanceCharge>"
    )
    xml = cii(Written(net="95.00", tax="19.00", gross="114.00", payable="114.00", rates=(("20.00", "95.00", "19.00"),)))
    xml = xml.replace("<ram:LineTotalAmount>95.00<", "<ram:LineTotalAmount>100.00<")
    xml = xml.replace(
        "<ram:SpecifiedTradePaymentTerms>", taken.format("false", "10.00", "Remise") + taken.format("true", "5.00", "Port") + "<ram:SpecifiedTradePaymentTerms>"
    )  # fmt: skip
    told = "<ram:ChargeTotalAmount>{}</ram:ChargeTotalAmount><ram:AllowanceTotalAmount>10.00</ram:AllowanceTotalAmount><ram:TaxBasisTotalAmount>"
    right = read(xml.replace("<ram:TaxBasisTotalAmount>", told.format("5.00")))
    assert [(each.charge, str(each.amount), each.reason) for each in right.adjustments] == [
        (False, "10.00", "Remise"), (True, "5.00", "Port"),
    ]  # fmt: skip
    assert right.findings == ()
    wrong = read(xml.replace("<ram:TaxBasisTotalAmount>", told.format("6.00")))
    assert {each.code for each in wrong.findings} == {"BR-CO-12", "BR-CO-13"}


def test_a_heading_line_is_shown_and_not_counted() -> None:
    xml = cii(Written(items=(Item("Groupe", total="100.00"), Item("Détail"))))
    xml = xml.replace(
        "<ram:LineID>1</ram:LineID>",
        "<ram:LineID>1</ram:LineID><ram:LineStatusReasonCode>GROUP</ram:LineStatusReasonCode>",
    )
    invoice = read(xml)
    assert len(invoice.lines) == 2
    assert invoice.findings == ()


def test_the_vat_of_the_accounts_currency_is_not_taken_for_the_invoice_s() -> None:
    xml = cii(Written()).replace(
        '<ram:TaxTotalAmount currencyID="EUR">20.00</ram:TaxTotalAmount>',
        '<ram:TaxTotalAmount currencyID="CHF">18.70</ram:TaxTotalAmount><ram:TaxTotalAmount currencyID="EUR">20.00</ram:TaxTotalAmount>',
    )
    assert read(xml).tax == Decimal("20.00")


def test_of_several_instalments_the_last_is_kept_and_said() -> None:
    xml = cii(Written()).replace(
        "<ram:SpecifiedTradePaymentTerms>",
        '<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime><udt:DateTimeString format="102">20270112</udt:DateTimeString>'
        "</ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms><ram:SpecifiedTradePaymentTerms>",
    )
    invoice = read(xml)
    assert invoice.due_on == date(2027, 1, 12)
    assert [each.code for each in invoice.findings] == ["instalments"]


@pytest.mark.parametrize(("scheme", "number", "siren", "siret"), [
    ("0002", "000000018", "000000018", ""), ("0009", "00000001800017", "000000018", "00000001800017"),
    ("", "000 000 018", "000000018", ""), ("0088", "000000018", "", ""),
])  # fmt: skip
def test_siren_and_siret_are_told_by_their_scheme(scheme: str, number: str, siren: str, siret: str) -> None:
    given = f' schemeID="{scheme}"' if scheme else ""
    xml = ubl(Written()).replace('<cbc:CompanyID schemeID="0002">000000000<', f"<cbc:CompanyID{given}>{number}<")
    buyer = read(xml).buyer
    assert (buyer.siren, buyer.siret) == (siren, siret)


def test_a_swiss_client_has_its_own_number() -> None:
    buyer = read(ubl(Written(buyer_vat="CHE-123.456.788 MWST"))).buyer
    assert (buyer.swiss_uid, buyer.vat_number) == ("CHE123456788", "")


def test_a_number_that_misses_its_key_is_kept_and_said() -> None:
    invoice = read(ubl(Written(buyer_vat="FR99 000 000 000")))
    assert invoice.buyer.vat_number == "FR99000000000"
    assert [each.code for each in invoice.findings] == ["identity"]


def test_the_french_process_tells_goods_from_services() -> None:
    told = "<cbc:ProfileID>{}</cbc:ProfileID><cbc:ID>F"
    natures = [
        read(ubl(Written()).replace("<cbc:ID>F", told.format(code))).lines[0].nature for code in ("B1", "S1", "M1")
    ]
    assert natures == [Nature.GOODS, Nature.SERVICES, Nature.UNKNOWN]


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        ('<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>', "une commande"),
        (
            '<x:SCRDMCCBDACIOMessageStructure xmlns:x="urn:un:unece:uncefact:data:SCRDMCCBDACIOMessageStructure:100"/>',
            "Order-X",
        ),
        ("<Invoice><ID>1</ID></Invoice>", "racine"),
        ('<Invoice xmlns="urn:autre"><ID>1</ID></Invoice>', "racine"),
        ("<html><body/></html>", "HTML"),
    ],
)
def test_what_is_no_invoice_is_named(xml: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(xml)


def test_long_texts_are_cut_and_said_and_a_long_number_is_refused() -> None:
    invoice = read(ubl(Written(note="x" * 30_000, items=(Item("y" * 900),))))
    assert (len(invoice.notes[0]), len(invoice.lines[0].name)) == (20_000, 500)
    assert [each.code for each in invoice.findings] == ["length", "length"]
    with pytest.raises(Unreadable, match="BR-02"):
        read(ubl(Written(number="9" * 101)))
