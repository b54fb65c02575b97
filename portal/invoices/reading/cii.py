"""Cross Industry Invoice (D16B, D22B): the XML of Factur-X and ZUGFeRD 2, and ZUGFeRD 1 under its older names."""

from collections.abc import Iterator, Sequence
from datetime import date

from portal.invoices.document import Nature, ReadAdjustment, ReadInvoice, ReadLine, ReadParty, ReadTax
from portal.invoices.reading import fields
from portal.invoices.reading.checks import Sums, check
from portal.invoices.reading.fields import Pen
from portal.invoices.reading.parties import party
from portal.invoices.reading.profiles import nature_of, short_profile
from portal.invoices.reading.refusal import FILE, SIZE, Unreadable
from portal.invoices.reading.tree import Node

MOST_LINES = 10_000
#: Lines that head a group or inform: their amounts are in other lines already.
_UNCOUNTED = {"GROUP", "INFORMATION"}


def read_cii(root: Node, *, syntax: str, pen: Pen) -> ReadInvoice:
    """The invoice of a CrossIndustryInvoice, or of a CrossIndustryDocument.

    Raises:
        Unreadable: number, day or gross is missing.
    """
    context = root.either("ExchangedDocumentContext", "SpecifiedExchangedDocumentContext")
    document = root.either("ExchangedDocument", "HeaderExchangedDocument")
    trade = root.either("SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction")
    agreement = trade.either("ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement")
    delivery = trade.either("ApplicableHeaderTradeDelivery", "ApplicableSupplyChainTradeDelivery")
    settlement = trade.either("ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
    totals = settlement.either(
        "SpecifiedTradeSettlementHeaderMonetarySummation", "SpecifiedTradeSettlementMonetarySummation"
    )
    number = fields.needed_number(document.text("ID"))
    day = _moment(document.one("IssueDateTime"))
    issued_on = fields.needed_day(fields.plain_day(day), day)
    currency = pen.currency(settlement.text("InvoiceCurrencyCode"))
    gross = totals.text("GrandTotalAmount")
    terms = settlement.all("SpecifiedTradePaymentTerms")
    lines = trade.all("IncludedSupplyChainTradeLineItem")
    if len(lines) > MOST_LINES:
        raise Unreadable(SIZE, FILE, f"la facture a {len(lines)} lignes, au plus {MOST_LINES} sont lues")
    process = pen.words(
        context.text("BusinessProcessSpecifiedDocumentContextParameter", "ID"), "cadre de facturation (BT-23)", 100
    )
    read = [_line(pen, line, nature_of(process)) for line in lines]
    invoice = ReadInvoice(
        syntax=syntax,
        profile=short_profile(context.text("GuidelineSpecifiedDocumentContextParameter", "ID")),
        business_process=process,
        number=number,
        issued_on=issued_on,
        gross=fields.needed_gross(fields.plain_number(gross), gross),
        type_code=pen.words(document.text("TypeCode"), fields.TYPE, 3),
        due_on=_due_on(pen, terms),
        currency=currency,
        seller=_party(pen, "vendeur (BG-4)", agreement.one("SellerTradeParty")),
        buyer=_party(pen, "acheteur (BG-7)", agreement.one("BuyerTradeParty")),
        net=pen.number(totals.text("TaxBasisTotalAmount"), fields.NET),
        tax=pen.number(_in_currency(totals, "TaxTotalAmount", currency), fields.TAX),
        payable=pen.number(totals.text("DuePayableAmount"), fields.PAYABLE),
        prepaid=pen.number(totals.text("TotalPrepaidAmount"), "acomptes (BT-113)"),
        rounding=pen.number(totals.text("RoundingAmount"), "arrondi (BT-114)"),
        lines_total=pen.number(totals.text("LineTotalAmount"), "total des lignes (BT-106)"),
        lines=tuple(line for line, _ in read),
        taxes=tuple(_tax(pen, tax) for tax in settlement.all("ApplicableTradeTax")),
        adjustments=tuple(_adjustments(pen, settlement)),
        purchase_order=_reference(pen, agreement, "BuyerOrderReferencedDocument", "commande (BT-13)"),
        sales_order=_reference(pen, agreement, "SellerOrderReferencedDocument", "commande du vendeur (BT-14)"),
        contract=_reference(pen, agreement, "ContractReferencedDocument", "contrat (BT-12)"),
        project=pen.words(agreement.text("SpecifiedProcuringProject", "ID"), "projet (BT-11)", 200),
        buyer_reference=pen.words(agreement.text("BuyerReference"), "référence de l'acheteur (BT-10)", 200),
        preceding=tuple(
            filter(
                None,
                (_id(pen, each, "facture antérieure (BT-25)") for each in settlement.all("InvoiceReferencedDocument")),
            )
        ),
        delivered_on=pen.day(
            _moment(delivery.one("ActualDeliverySupplyChainEvent", "OccurrenceDateTime")), "livraison (BT-72)"
        ),
        period=_period(pen, settlement),
        notes=tuple(
            filter(None, (pen.text(note.text("Content"), "note (BT-22)") for note in document.all("IncludedNote")))
        ),
        payment_terms="\n".join(
            filter(None, (pen.text(each.text("Description"), "conditions (BT-20)") for each in terms))
        ),
    )
    sums = Sums(
        counted=tuple(line.net for line, counted in read if counted),
        allowances=pen.number(totals.text("AllowanceTotalAmount"), "total des remises (BT-107)"),
        charges=pen.number(totals.text("ChargeTotalAmount"), "total des frais (BT-108)"),
    )
    check(pen, invoice, sums)
    return invoice


def _line(pen: Pen, line: Node, nature: Nature) -> tuple[ReadLine, bool]:
    document = line.one("AssociatedDocumentLineDocument")
    agreement = line.either("SpecifiedLineTradeAgreement", "SpecifiedSupplyChainTradeAgreement")
    delivery = line.either("SpecifiedLineTradeDelivery", "SpecifiedSupplyChainTradeDelivery")
    settlement = line.either("SpecifiedLineTradeSettlement", "SpecifiedSupplyChainTradeSettlement")
    totals = settlement.either(
        "SpecifiedTradeSettlementLineMonetarySummation", "SpecifiedTradeSettlementMonetarySummation"
    )
    product = line.one("SpecifiedTradeProduct")
    quantity = delivery.one("BilledQuantity")
    price = agreement.one("NetPriceProductTradePrice")
    tax = settlement.one("ApplicableTradeTax")
    number = pen.words(document.text("LineID"), "ligne (BT-126)", 50)
    field = f"ligne {number}"
    read = ReadLine(
        number=number,
        name=pen.words(product.text("Name"), field),
        net=pen.number(totals.text("LineTotalAmount"), field),
        description=pen.text(product.text("Description"), field),
        note="\n".join(filter(None, (pen.text(each.text("Content"), field) for each in document.all("IncludedNote")))),
        quantity=pen.number(quantity.text(), field),
        unit=quantity.attribute("unitCode")[:20],
        unit_price=pen.number(price.text("ChargeAmount"), field),
        price_base=pen.number(price.text("BasisQuantity"), field),
        vat_category=tax.text("CategoryCode")[:5],
        vat_rate=pen.number(_rate(tax), field),
        allowances=tuple(_adjustments(pen, settlement)),
        seller_reference=pen.words(product.text("SellerAssignedID"), field, 200),
        order_line=pen.words(agreement.text("BuyerOrderReferencedDocument", "LineID"), field, 50),
        period=_period(pen, settlement),
        nature=nature,
    )
    return read, document.text("LineStatusReasonCode").upper() not in _UNCOUNTED


def _party(pen: Pen, side: str, node: Node) -> ReadParty:
    vat, other = "", ""
    for registration in node.all("SpecifiedTaxRegistration"):
        identifier = registration.one("ID")
        if identifier.attribute("schemeID").upper() in {"VA", "VAT"}:
            vat = vat or identifier.text()
        else:
            other = other or identifier.text()
    legal, address = node.one("SpecifiedLegalOrganization", "ID"), node.one("PostalTradeAddress")
    numbers = [(legal.attribute("schemeID"), legal.text())]
    numbers += [(each.attribute("schemeID"), each.text()) for each in node.all("GlobalID")]
    numbers += [("", each.text()) for each in node.all("ID")]
    electronic = node.one("URIUniversalCommunication", "URIID")
    numbers += [(electronic.attribute("schemeID") or "none", electronic.text()), ("", other)]
    place = " ".join(filter(None, (address.text("PostcodeCode"), address.text("CityName"))))
    return party(
        pen, side,
        name=node.text("Name") or node.text("SpecifiedLegalOrganization", "TradingBusinessName"),
        vat_number=vat,
        numbers=numbers,
        address=(*(address.text(line) for line in ("LineOne", "LineTwo", "LineThree")), place, address.text("CountryID")),
    )  # fmt: skip


def _tax(pen: Pen, tax: Node) -> ReadTax:
    field = "ventilation de la TVA (BG-23)"
    return ReadTax(
        category=tax.text("CategoryCode")[:5],
        rate=pen.number(_rate(tax), field),
        basis=pen.number(tax.text("BasisAmount"), field),
        amount=pen.number(tax.text("CalculatedAmount"), field),
        exemption=pen.text(tax.text("ExemptionReason") or tax.text("ExemptionReasonCode"), field),
    )


def _rate(tax: Node) -> str:
    return tax.text("RateApplicablePercent") or tax.text("ApplicablePercent")


def _adjustments(pen: Pen, settlement: Node) -> Iterator[ReadAdjustment]:
    for each in settlement.all("SpecifiedTradeAllowanceCharge"):
        charge = each.text("ChargeIndicator", "Indicator").lower() in {"true", "1"}
        field = "frais (BG-21)" if charge else "remise (BG-20)"
        amount = pen.number(each.text("ActualAmount"), field)
        if amount is None:
            continue
        tax = each.one("CategoryTradeTax")
        yield ReadAdjustment(
            charge=charge, amount=amount, reason=pen.words(each.text("Reason"), field),
            vat_rate=pen.number(_rate(tax), field), vat_category=tax.text("CategoryCode")[:5],
        )  # fmt: skip
    for each in settlement.all("SpecifiedLogisticsServiceCharge"):  # carriage, in the extended profile
        field, tax = "frais (BG-21)", each.one("AppliedTradeTax")
        amount = pen.number(each.text("AppliedAmount"), field)
        if amount is not None:
            yield ReadAdjustment(
                charge=True, amount=amount, reason=pen.words(each.text("Description"), field),
                vat_rate=pen.number(_rate(tax), field), vat_category=tax.text("CategoryCode")[:5],
            )  # fmt: skip


def _due_on(pen: Pen, terms: Sequence[Node]) -> date | None:
    days = sorted(
        day for each in terms if (day := pen.day(_moment(each.one("DueDateDateTime")), fields.DUE)) is not None
    )
    if len(days) > 1:
        listed = ", ".join(day.strftime("%d/%m/%Y") for day in days)
        pen.note("instalments", fields.DUE, f"Plusieurs échéances ({listed})\u00a0: la dernière est retenue.")
    return days[-1] if days else None


def _period(pen: Pen, settlement: Node) -> tuple[date | None, date | None]:
    period = settlement.one("BillingSpecifiedPeriod")
    if not period:
        return (None, None)
    field = "période (BG-14)"
    return (pen.day(_moment(period.one("StartDateTime")), field), pen.day(_moment(period.one("EndDateTime")), field))


def _moment(node: Node) -> str:
    return node.text("DateTimeString") or node.text("DateTime") or node.text("Date") or node.text()


def _in_currency(totals: Node, name: str, currency: str) -> str:
    """The total in the invoice's own currency: a second one may be in that of the seller's accounts."""
    found = totals.all(name)
    for each in found:
        if currency and each.attribute("currencyID").upper() == currency:
            return each.text()
    return found[0].text() if found else ""


def _reference(pen: Pen, agreement: Node, name: str, field: str) -> str:
    return _id(pen, agreement.one(name), field)


def _id(pen: Pen, node: Node, field: str) -> str:
    return pen.words(node.text("IssuerAssignedID") or node.text("ID"), field, 200)
