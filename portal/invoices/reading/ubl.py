"""UBL 2 Invoice and CreditNote, with the ways of EN 16931, XRechnung and Peppol BIS."""

from collections.abc import Iterator
from datetime import date

from portal.invoices.document import CREDIT_NOTES, Nature, ReadAdjustment, ReadInvoice, ReadLine, ReadParty, ReadTax
from portal.invoices.reading import fields
from portal.invoices.reading.checks import Sums, check
from portal.invoices.reading.cii import MOST_LINES
from portal.invoices.reading.fields import Pen
from portal.invoices.reading.parties import party
from portal.invoices.reading.profiles import nature_of, short_profile
from portal.invoices.reading.refusal import FILE, SIZE, Unreadable
from portal.invoices.reading.tree import Node


def read_ubl(root: Node, *, syntax: str, credit: bool, pen: Pen) -> ReadInvoice:
    """The invoice of an Invoice, or of a CreditNote, which is a credit note whatever else it says.

    Raises:
        Unreadable: number, day or gross is missing.
    """
    number = fields.needed_number(root.text("ID"))
    day = root.text("IssueDate")
    issued_on = fields.needed_day(fields.plain_day(day), day)
    currency = pen.currency(root.text("DocumentCurrencyCode"))
    totals = root.either("LegalMonetaryTotal", "RequestedMonetaryTotal")
    gross = totals.text("TaxInclusiveAmount")
    lines = root.all("CreditNoteLine" if credit else "InvoiceLine")
    if len(lines) > MOST_LINES:
        raise Unreadable(SIZE, FILE, f"la facture a {len(lines)} lignes, au plus {MOST_LINES} sont lues")
    process = pen.words(root.text("ProfileID"), "cadre de facturation (BT-23)", 100)
    read = tuple(_line(pen, line, nature_of(process)) for line in lines)
    tax_total = _tax_total(root, currency)
    invoice = ReadInvoice(
        syntax=syntax,
        profile=short_profile(root.text("CustomizationID")),
        business_process=process,
        number=number,
        issued_on=issued_on,
        gross=fields.needed_gross(fields.plain_number(gross), gross),
        type_code=_type(pen, root, credit=credit),
        due_on=_due_on(pen, root),
        currency=currency,
        seller=_party(pen, "vendeur (BG-4)", root.one("AccountingSupplierParty", "Party")),
        buyer=_party(pen, "acheteur (BG-7)", root.one("AccountingCustomerParty", "Party")),
        net=pen.number(totals.text("TaxExclusiveAmount"), fields.NET),
        tax=pen.number(tax_total.text("TaxAmount"), fields.TAX),
        payable=pen.number(totals.text("PayableAmount"), fields.PAYABLE),
        prepaid=pen.number(totals.text("PrepaidAmount"), "acomptes (BT-113)"),
        rounding=pen.number(totals.text("PayableRoundingAmount"), "arrondi (BT-114)"),
        lines_total=pen.number(totals.text("LineExtensionAmount"), "total des lignes (BT-106)"),
        lines=read,
        taxes=tuple(_tax(pen, tax) for tax in tax_total.all("TaxSubtotal")),
        adjustments=tuple(_adjustments(pen, root)),
        purchase_order=pen.words(root.text("OrderReference", "ID"), "commande (BT-13)", 200),
        sales_order=pen.words(root.text("OrderReference", "SalesOrderID"), "commande du vendeur (BT-14)", 200),
        contract=pen.words(root.text("ContractDocumentReference", "ID"), "contrat (BT-12)", 200),
        project=pen.words(root.text("ProjectReference", "ID"), "projet (BT-11)", 200),
        buyer_reference=pen.words(root.text("BuyerReference"), "référence de l'acheteur (BT-10)", 200),
        preceding=tuple(
            filter(
                None,
                (
                    pen.words(
                        each.either("InvoiceDocumentReference", "CreditNoteDocumentReference").text("ID"),
                        "facture antérieure (BT-25)",
                        200,
                    )
                    for each in root.all("BillingReference")
                ),
            )
        ),
        delivered_on=pen.day(root.text("Delivery", "ActualDeliveryDate"), "livraison (BT-72)"),
        period=_period(pen, root),
        notes=tuple(filter(None, (pen.text(note.text(), "note (BT-22)") for note in root.all("Note")))),
        payment_terms="\n".join(
            filter(None, (pen.text(note.text(), "conditions (BT-20)") for note in root.many("PaymentTerms", "Note")))
        ),
    )
    sums = Sums(
        counted=tuple(line.net for line in read),
        allowances=pen.number(totals.text("AllowanceTotalAmount"), "total des remises (BT-107)"),
        charges=pen.number(totals.text("ChargeTotalAmount"), "total des frais (BT-108)"),
    )
    check(pen, invoice, sums)
    return invoice


def _type(pen: Pen, root: Node, *, credit: bool) -> str:
    if not credit:
        return pen.words(root.text("InvoiceTypeCode"), fields.TYPE, 3)
    code = pen.words(root.text("CreditNoteTypeCode"), fields.TYPE, 3)
    return code if code in CREDIT_NOTES else "381"


def _due_on(pen: Pen, root: Node) -> date | None:
    written = (
        root.text("DueDate")
        or root.text("PaymentMeans", "PaymentDueDate")
        or root.text("PaymentTerms", "PaymentDueDate")
    )
    return pen.day(written, fields.DUE)


def _line(pen: Pen, line: Node, nature: Nature) -> ReadLine:
    number = pen.words(line.text("ID"), "ligne (BT-126)", 50)
    field = f"ligne {number}"
    quantity = line.either("InvoicedQuantity", "CreditedQuantity")
    item, price = line.one("Item"), line.one("Price")
    tax = item.one("ClassifiedTaxCategory")
    return ReadLine(
        number=number,
        name=pen.words(item.text("Name"), field),
        net=pen.number(line.text("LineExtensionAmount"), field),
        description=pen.text("\n".join(each.text() for each in item.all("Description")), field),
        note=pen.text("\n".join(each.text() for each in line.all("Note")), field),
        quantity=pen.number(quantity.text(), field),
        unit=quantity.attribute("unitCode")[:20],
        unit_price=pen.number(price.text("PriceAmount"), field),
        price_base=pen.number(price.text("BaseQuantity"), field),
        vat_category=tax.text("ID")[:5],
        vat_rate=pen.number(tax.text("Percent"), field),
        allowances=tuple(_adjustments(pen, line)),
        seller_reference=pen.words(item.text("SellersItemIdentification", "ID"), field, 200),
        order_line=pen.words(line.text("OrderLineReference", "LineID"), field, 50),
        period=_period(pen, line),
        nature=nature,
    )


def _party(pen: Pen, side: str, node: Node) -> ReadParty:
    vat = ""
    for scheme in node.all("PartyTaxScheme"):
        kind = scheme.text("TaxScheme", "ID").upper()
        if kind in {"VAT", "VA", ""}:
            vat = vat or scheme.text("CompanyID")
    legal, address = node.one("PartyLegalEntity", "CompanyID"), node.one("PostalAddress")
    numbers = [(legal.attribute("schemeID"), legal.text())]
    for identification in node.all("PartyIdentification"):
        identifier = identification.one("ID")
        numbers.append((identifier.attribute("schemeID"), identifier.text()))
    endpoint = node.one("EndpointID")
    numbers.append((endpoint.attribute("schemeID") or "none", endpoint.text()))
    place = " ".join(filter(None, (address.text("PostalZone"), address.text("CityName"))))
    return party(
        pen, side,
        name=node.text("PartyLegalEntity", "RegistrationName") or node.text("PartyName", "Name"),
        vat_number=vat,
        numbers=numbers,
        address=(
            address.text("StreetName"), address.text("AdditionalStreetName"), address.text("AddressLine", "Line"), place,
            address.text("Country", "IdentificationCode"),
        ),
    )  # fmt: skip


def _tax_total(root: Node, currency: str) -> Node:
    """The VAT in the invoice's own currency: a second total may be in that of the seller's accounts."""
    found = root.all("TaxTotal")
    for each in found:
        if currency and each.one("TaxAmount").attribute("currencyID").upper() == currency:
            return each
    return root.one("TaxTotal")


def _tax(pen: Pen, tax: Node) -> ReadTax:
    field, category = "ventilation de la TVA (BG-23)", tax.one("TaxCategory")
    return ReadTax(
        category=category.text("ID")[:5],
        rate=pen.number(category.text("Percent") or tax.text("Percent"), field),
        basis=pen.number(tax.text("TaxableAmount"), field),
        amount=pen.number(tax.text("TaxAmount"), field),
        exemption=pen.text(category.text("TaxExemptionReason") or category.text("TaxExemptionReasonCode"), field),
    )


def _adjustments(pen: Pen, node: Node) -> Iterator[ReadAdjustment]:
    for each in node.all("AllowanceCharge"):
        charge = each.text("ChargeIndicator").lower() in {"true", "1"}
        field = "frais (BG-21)" if charge else "remise (BG-20)"
        amount = pen.number(each.text("Amount"), field)
        if amount is not None:
            tax = each.one("TaxCategory")
            yield ReadAdjustment(
                charge=charge, amount=amount, reason=pen.words(each.text("AllowanceChargeReason"), field),
                vat_rate=pen.number(tax.text("Percent"), field), vat_category=tax.text("ID")[:5],
            )  # fmt: skip


def _period(pen: Pen, node: Node) -> tuple[date | None, date | None]:
    period = node.one("InvoicePeriod")
    if not period:
        return (None, None)
    return (pen.day(period.text("StartDate"), "période (BG-14)"), pen.day(period.text("EndDate"), "période (BG-14)"))
