"""Invoices as invoicing software writes them: one set of values, in every syntax. All of it is invented."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from io import BytesIO
from xml.sax.saxutils import escape

FX = "urn:factur-x.eu:1p0:"
EN = "urn:cen.eu:en16931:2017"
GUIDELINES = {
    "minimum": f"{FX}minimum",
    "basicwl": f"{FX}basicwl",
    "basic": f"{EN}#compliant#{FX}basic",
    "en16931": EN,
    "extended": f"{EN}#conformant#{FX}extended",
}
CII = (
    'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
    'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" '
    'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"'
)
ZUGFERD_1 = (
    'xmlns:rsm="urn:ferd:CrossIndustryDocument:invoice:1p0" '
    'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:12" '
    'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:15"'
)
UBL = "urn:oasis:names:specification:ubl:schema:xsd:"


@dataclass(frozen=True)
class Item:
    """One line."""

    name: str
    quantity: str = "2"
    price: str = "50.00"
    total: str = "100.00"
    rate: str = "20.00"
    unit: str = "HUR"


@dataclass(frozen=True)
class Written:
    """What is written down."""

    number: str = "F-2026-0042"
    type_code: str = "380"
    issued_on: date = date(2026, 11, 12)
    due_on: date | None = date(2026, 12, 12)
    currency: str = "EUR"
    seller: str = "SARL EXEMPLE INFORMATIQUE"
    seller_vat: str = "FR88100000009"
    seller_siren: str = "100000009"
    buyer: str = "Boulangerie Exemple"
    buyer_vat: str = "FR12000000000"
    buyer_siren: str = "000000000"
    net: str = "100.00"
    tax: str = "20.00"
    gross: str = "120.00"
    payable: str = "120.00"
    prepaid: str | None = None
    items: tuple[Item, ...] = (Item("Intervention à distance"),)
    rates: tuple[tuple[str, str, str], ...] = (("20.00", "100.00", "20.00"),)  # rate, base, tax
    note: str = "Merci de votre confiance."

    def but(self, **changes: object) -> "Written":
        return replace(self, **changes)  # type: ignore[arg-type]


def cii(
    what: Written, *, guideline: str = EN, head: str = '<?xml version="1.0" encoding="UTF-8"?>', dated: str = "102"
) -> str:
    """A CII invoice of the profile that the guideline names; what its profile has no place for is left out."""
    profile = next((name for name, urn in GUIDELINES.items() if urn == guideline), "en16931")
    small, lines = profile == "minimum", profile not in {"minimum", "basicwl"}
    parties = _cii_party("Seller", what.seller, what.seller_vat, what.seller_siren, small=small)
    parties += _cii_party(
        "Buyer", what.buyer, None if small else what.buyer_vat, what.buyer_siren, small=small, address=not small
    )
    taxes = "".join(
        f"<ram:ApplicableTradeTax><ram:CalculatedAmount>{tax}</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>"
        f"<ram:BasisAmount>{base}</ram:BasisAmount><ram:CategoryCode>{_category(rate)}</ram:CategoryCode>"
        f"<ram:RateApplicablePercent>{rate}</ram:RateApplicablePercent></ram:ApplicableTradeTax>"
        for rate, base, tax in what.rates
    )
    due = ""
    if what.due_on:
        due = f"<ram:DueDateDateTime>{_cii_day(what.due_on)}</ram:DueDateDateTime>"
    terms = f"<ram:SpecifiedTradePaymentTerms>{due}</ram:SpecifiedTradePaymentTerms>" if due else ""
    paid = f"<ram:TotalPrepaidAmount>{what.prepaid}</ram:TotalPrepaidAmount>" if what.prepaid else ""
    note = "" if small else f"<ram:IncludedNote><ram:Content>{escape(what.note)}</ram:Content></ram:IncludedNote>"
    totals = (
        ("" if small else f"<ram:LineTotalAmount>{what.net}</ram:LineTotalAmount>")
        + f"<ram:TaxBasisTotalAmount>{what.net}</ram:TaxBasisTotalAmount>"
        + f'<ram:TaxTotalAmount currencyID="{what.currency}">{what.tax}</ram:TaxTotalAmount>'
        + f"<ram:GrandTotalAmount>{what.gross}</ram:GrandTotalAmount>{'' if small else paid}"
        + f"<ram:DuePayableAmount>{what.payable}</ram:DuePayableAmount>"
    )
    return f"""{head}
<rsm:CrossIndustryInvoice {CII}>
  <rsm:ExchangedDocumentContext>
    <ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>{guideline}</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter>
  </rsm:ExchangedDocumentContext>
  <rsm:ExchangedDocument>
    <ram:ID>{escape(what.number)}</ram:ID><ram:TypeCode>{what.type_code}</ram:TypeCode>
    <ram:IssueDateTime>{_cii_day(what.issued_on, dated)}</ram:IssueDateTime>{note}
  </rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction>
    {"".join(_cii_line(n, item) for n, item in enumerate(what.items, 1)) if lines else ""}
    <ram:ApplicableHeaderTradeAgreement>{parties}
      <ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>CMD-7</ram:IssuerAssignedID></ram:BuyerOrderReferencedDocument>
    </ram:ApplicableHeaderTradeAgreement>
    <ram:ApplicableHeaderTradeDelivery/>
    <ram:ApplicableHeaderTradeSettlement>
      <ram:InvoiceCurrencyCode>{what.currency}</ram:InvoiceCurrencyCode>
      {"" if small else taxes + terms}
      <ram:SpecifiedTradeSettlementHeaderMonetarySummation>{totals}</ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    </ram:ApplicableHeaderTradeSettlement>
  </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
"""


def zugferd_1(what: Written, *, profile: str = "comfort") -> str:
    """The same as ZUGFeRD 1.0 writes it: other namespaces, other names."""
    xml = cii(what, guideline=EN)
    for new, old in (
        (CII, ZUGFERD_1),
        (EN, f"urn:ferd:CrossIndustryDocument:invoice:1p0:{profile}"),
        ("CrossIndustryInvoice", "CrossIndustryDocument"),
        ("rsm:ExchangedDocumentContext", "rsm:SpecifiedExchangedDocumentContext"),
        ("rsm:ExchangedDocument>", "rsm:HeaderExchangedDocument>"),
        ("rsm:SupplyChainTradeTransaction", "rsm:SpecifiedSupplyChainTradeTransaction"),
        ("ApplicableHeaderTrade", "ApplicableSupplyChainTrade"),
        ("SpecifiedLineTrade", "SpecifiedSupplyChainTrade"),
        ("SpecifiedTradeSettlementHeaderMonetarySummation", "SpecifiedTradeSettlementMonetarySummation"),
        ("SpecifiedTradeSettlementLineMonetarySummation", "SpecifiedTradeSettlementMonetarySummation"),
        ("RateApplicablePercent", "ApplicablePercent"),
        ("IssuerAssignedID", "ID"),
    ):
        xml = xml.replace(new, old)
    return xml


def ubl(
    what: Written,
    *,
    customization: str = EN,
    credit: bool = False,
    head: str = '<?xml version="1.0" encoding="UTF-8"?>',
) -> str:
    """A UBL 2.1 Invoice, or CreditNote."""
    root, code = ("CreditNote", "CreditNoteTypeCode") if credit else ("Invoice", "InvoiceTypeCode")
    due = f"<cbc:DueDate>{what.due_on}</cbc:DueDate>" if what.due_on and not credit else ""
    means = ""
    if credit and what.due_on:
        means = (
            "<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>"
            f"<cbc:PaymentDueDate>{what.due_on}</cbc:PaymentDueDate></cac:PaymentMeans>"
        )
    money = f'currencyID="{what.currency}"'
    taxes = "".join(
        f"<cac:TaxSubtotal><cbc:TaxableAmount {money}>{base}</cbc:TaxableAmount><cbc:TaxAmount {money}>{tax}</cbc:TaxAmount>"
        f"<cac:TaxCategory><cbc:ID>{_category(rate)}</cbc:ID><cbc:Percent>{rate}</cbc:Percent>"
        "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory></cac:TaxSubtotal>"
        for rate, base, tax in what.rates
    )
    paid = f"<cbc:PrepaidAmount {money}>{what.prepaid}</cbc:PrepaidAmount>" if what.prepaid else ""
    return f"""{head}
<{root} xmlns="{UBL}{root}-2" xmlns:cac="{UBL}CommonAggregateComponents-2" xmlns:cbc="{UBL}CommonBasicComponents-2">
  <cbc:CustomizationID>{customization}</cbc:CustomizationID>
  <cbc:ID>{escape(what.number)}</cbc:ID><cbc:IssueDate>{what.issued_on}</cbc:IssueDate>{due}
  <cbc:{code}>{what.type_code}</cbc:{code}><cbc:Note>{escape(what.note)}</cbc:Note>
  <cbc:DocumentCurrencyCode>{what.currency}</cbc:DocumentCurrencyCode>
  <cac:OrderReference><cbc:ID>CMD-7</cbc:ID></cac:OrderReference>
  <cac:AccountingSupplierParty>{_ubl_party(what.seller, what.seller_vat, what.seller_siren)}</cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty>{_ubl_party(what.buyer, what.buyer_vat, what.buyer_siren)}</cac:AccountingCustomerParty>
  {means}<cac:TaxTotal><cbc:TaxAmount {money}>{what.tax}</cbc:TaxAmount>{taxes}</cac:TaxTotal>
  <cac:LegalMonetaryTotal><cbc:LineExtensionAmount {money}>{what.net}</cbc:LineExtensionAmount>
    <cbc:TaxExclusiveAmount {money}>{what.net}</cbc:TaxExclusiveAmount>
    <cbc:TaxInclusiveAmount {money}>{what.gross}</cbc:TaxInclusiveAmount>{paid}
    <cbc:PayableAmount {money}>{what.payable}</cbc:PayableAmount></cac:LegalMonetaryTotal>
  {"".join(_ubl_line(n, item, money, root) for n, item in enumerate(what.items, 1))}
</{root}>
"""


@cache
def blank_pdf() -> bytes:
    """A page with nothing on it."""
    from pypdf import PdfWriter

    writer, out = PdfWriter(), BytesIO()
    writer.add_blank_page(width=595, height=842)
    writer.write(out)
    return out.getvalue()


def factur_x(what: Written, profile: str = "en16931", **options: str) -> bytes:
    """A PDF/A-3 made by factur-x, its XML checked against the profile's schema."""
    import facturx

    made: bytes = facturx.generate_from_binary(
        blank_pdf(), cii(what, guideline=GUIDELINES[profile]).encode(), level=profile, **options
    )
    return made


def pdf_with(*attachments: tuple[str, bytes]) -> bytes:
    """A PDF with these files attached, as pypdf attaches them."""
    from pypdf import PdfReader, PdfWriter

    writer, out = PdfWriter(clone_from=PdfReader(BytesIO(blank_pdf()))), BytesIO()
    for name, content in attachments:
        writer.add_attachment(name, content)
    writer.write(out)
    return out.getvalue()


def totals(items: Iterable[Item]) -> dict[str, object]:
    """The totals that these lines add up to, per rate and in all."""
    items, base = tuple(items), dict[str, Decimal]()
    for item in items:
        base[item.rate] = base.get(item.rate, Decimal(0)) + Decimal(item.total)
    cent = Decimal("0.01")
    rates = [(rate, net, (net * Decimal(rate) / 100).quantize(cent)) for rate, net in base.items()]
    net, tax = sum(b for _, b, _ in rates), sum(t for _, _, t in rates)
    return {
        "items": items, "rates": tuple((r, str(b), str(t)) for r, b, t in rates),
        "net": str(net), "tax": str(tax), "gross": str(net + tax), "payable": str(net + tax),
    }  # fmt: skip


def _category(rate: str) -> str:
    return "S" if Decimal(rate) else "Z"


def _cii_day(day: date, form: str = "102") -> str:
    written = day.strftime("%Y%m%d") if form == "102" else day.isoformat()
    return f'<udt:DateTimeString format="{form}">{written}</udt:DateTimeString>'


def _cii_party(side: str, name: str, vat: str | None, siren: str, *, small: bool, address: bool = True) -> str:
    place = "<ram:CountryID>FR</ram:CountryID>"
    if not small:
        place = f"<ram:PostcodeCode>68100</ram:PostcodeCode><ram:LineOne>1 rue Inventée</ram:LineOne><ram:CityName>Mulhouse</ram:CityName>{place}"
    number = f'<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">{vat}</ram:ID></ram:SpecifiedTaxRegistration>'
    return (
        f"<ram:{side}TradeParty><ram:Name>{escape(name)}</ram:Name>"
        f'<ram:SpecifiedLegalOrganization><ram:ID schemeID="0002">{siren}</ram:ID></ram:SpecifiedLegalOrganization>'
        + (f"<ram:PostalTradeAddress>{place}</ram:PostalTradeAddress>" if address else "")
        + (number if vat else "")
        + f"</ram:{side}TradeParty>"
    )


def _cii_line(number: int, item: Item) -> str:
    return f"""<ram:IncludedSupplyChainTradeLineItem>
      <ram:AssociatedDocumentLineDocument><ram:LineID>{number}</ram:LineID></ram:AssociatedDocumentLineDocument>
      <ram:SpecifiedTradeProduct><ram:Name>{escape(item.name)}</ram:Name></ram:SpecifiedTradeProduct>
      <ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>{item.price}</ram:ChargeAmount></ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
      <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="{item.unit}">{item.quantity}</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
      <ram:SpecifiedLineTradeSettlement><ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>{_category(item.rate)}</ram:CategoryCode><ram:RateApplicablePercent>{item.rate}</ram:RateApplicablePercent></ram:ApplicableTradeTax>
        <ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>{item.total}</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>
    </ram:IncludedSupplyChainTradeLineItem>"""


def _ubl_party(name: str, vat: str, siren: str) -> str:
    return (
        f"<cac:Party><cac:PartyName><cbc:Name>{escape(name)}</cbc:Name></cac:PartyName>"
        "<cac:PostalAddress><cbc:StreetName>1 rue Inventée</cbc:StreetName><cbc:CityName>Mulhouse</cbc:CityName><cbc:PostalZone>68100</cbc:PostalZone><cac:Country><cbc:IdentificationCode>FR</cbc:IdentificationCode></cac:Country></cac:PostalAddress>"
        f"<cac:PartyTaxScheme><cbc:CompanyID>{vat}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>"
        f'<cac:PartyLegalEntity><cbc:RegistrationName>{escape(name)}</cbc:RegistrationName><cbc:CompanyID schemeID="0002">{siren}</cbc:CompanyID></cac:PartyLegalEntity></cac:Party>'
    )


def _ubl_line(number: int, item: Item, money: str, root: str) -> str:
    line, quantity = (
        ("CreditNoteLine", "CreditedQuantity") if root == "CreditNote" else ("InvoiceLine", "InvoicedQuantity")
    )
    return f"""<cac:{line}><cbc:ID>{number}</cbc:ID><cbc:{quantity} unitCode="{item.unit}">{item.quantity}</cbc:{quantity}>
    <cbc:LineExtensionAmount {money}>{item.total}</cbc:LineExtensionAmount>
    <cac:Item><cbc:Name>{escape(item.name)}</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>{_category(item.rate)}</cbc:ID><cbc:Percent>{item.rate}</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory></cac:Item>
    <cac:Price><cbc:PriceAmount {money}>{item.price}</cbc:PriceAmount></cac:Price></cac:{line}>"""
