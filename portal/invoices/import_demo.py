"""What an import leaves to do, for the demo: an invoice of nobody that is known, and a file that is refused."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.accounts.rules import vat_of
from portal.files.store import Store
from portal.invoices.import_actions import FOLDER, Importer, take_in
from portal.invoices.import_report import found_in
from portal.invoices.issuer import DEMO_SIREN, Issuer
from portal.invoices.letters import Letters
from portal.invoices.reading.files import Brought

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="{ubl}Invoice-2" xmlns:cac="{ubl}CommonAggregateComponents-2" xmlns:cbc="{ubl}CommonBasicComponents-2">
  <cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>
  <cbc:ID>{number}</cbc:ID>{day}<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
  <cbc:Note>Facture de démonstration : émetteur, acheteur, numéros et montants sont inventés.</cbc:Note>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cac:AccountingSupplierParty><cac:Party>
    <cac:PartyTaxScheme><cbc:CompanyID>{vat}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
    <cac:PartyLegalEntity><cbc:RegistrationName>IMS Partners (démonstration)</cbc:RegistrationName></cac:PartyLegalEntity>
  </cac:Party></cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty><cac:Party>
    <cac:PartyLegalEntity><cbc:RegistrationName>Atelier Exemple</cbc:RegistrationName></cac:PartyLegalEntity>
  </cac:Party></cac:AccountingCustomerParty>
  <cac:PaymentTerms><cbc:Note>À réception</cbc:Note></cac:PaymentTerms>
  <cac:TaxTotal><cbc:TaxAmount currencyID="EUR">18.00</cbc:TaxAmount></cac:TaxTotal>
  <cac:LegalMonetaryTotal>
    <cbc:LineExtensionAmount currencyID="EUR">90.00</cbc:LineExtensionAmount>
    <cbc:TaxExclusiveAmount currencyID="EUR">90.00</cbc:TaxExclusiveAmount>
    <cbc:TaxInclusiveAmount currencyID="EUR">108.00</cbc:TaxInclusiveAmount>
    <cbc:PayableAmount currencyID="EUR">108.00</cbc:PayableAmount>
  </cac:LegalMonetaryTotal>
  <cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity unitCode="C62">1</cbc:InvoicedQuantity>
    <cbc:LineExtensionAmount currencyID="EUR">90.00</cbc:LineExtensionAmount>
    <cac:Item><cbc:Name>Clavier</cbc:Name></cac:Item>
    <cac:Price><cbc:PriceAmount currencyID="EUR">90.00</cbc:PriceAmount></cac:Price></cac:InvoiceLine>
</Invoice>
"""


def load(session: Session, *, store: Store, letters: Letters, now: datetime) -> None:
    """Two files, as if the invoicing software had just dropped them."""
    issuer = Issuer(DEMO_SIREN, vat_of(DEMO_SIREN), invented=True)
    importer = Importer(store, letters.library, letters, issuer, origin=FOLDER)
    day = f"<cbc:IssueDate>{(now - timedelta(days=1)).date()}</cbc:IssueDate>"
    for number, issued in (("DEMO-2026-102", day), ("DEMO-2026-103", "")):
        xml = _INVOICE.format(ubl=_UBL, number=number, day=issued, vat=vat_of(DEMO_SIREN))
        brought = Brought(f"{number}.xml", xml.encode())
        take_in(session, brought, list(found_in(brought)), importer, at=now)
