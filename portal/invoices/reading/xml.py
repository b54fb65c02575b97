"""Which invoice an XML is, and the reader for it."""

from dataclasses import replace

from lxml import etree

from portal.invoices.document import ReadInvoice
from portal.invoices.reading.cii import read_cii
from portal.invoices.reading.fields import Pen
from portal.invoices.reading.refusal import FILE, KIND, Unreadable
from portal.invoices.reading.tree import Node, local_name, namespace
from portal.invoices.reading.ubl import read_ubl
from portal.invoices.reading.xml_source import root_of

FACTUR_X, ZUGFERD, CII, UBL, CSV = "factur-x", "zugferd", "cii", "ubl", "csv"
_CII_NAMESPACE = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:"
_ZUGFERD_NAMESPACE = "urn:ferd:CrossIndustryDocument:"
_UBL_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"
_UBL_ROOTS = {f"{_UBL_NAMESPACE}Invoice-2": False, f"{_UBL_NAMESPACE}CreditNote-2": True}
_ENVELOPE = "StandardBusinessDocument"
#: What is sent like an invoice and is none.
_OTHERS = {
    "SCRDMCCBDACIOMessageStructure": "c'est une commande (Order-X), pas une facture",
    "Order": "c'est une commande (UBL Order), pas une facture",
    "OrderResponse": "c'est une réponse à une commande, pas une facture",
    "DespatchAdvice": "c'est un avis d'expédition, pas une facture",
    "CrossDomainAcknowledgementAndResponse": "c'est un message de statut, pas une facture",
    "ApplicationResponse": "c'est un message de statut, pas une facture",
    "Facturae": "le format espagnol Facturae n'est pas lu",
    "FatturaElettronica": "le format italien FatturaPA n'est pas lu",
    "html": "c'est une page HTML, pas une facture",
    "svg": "c'est une image SVG, pas une facture",
}


def read_xml(data: bytes, *, in_pdf: bool = False) -> ReadInvoice:
    """The invoice of an XML document.

    Raises:
        Unreadable: it is no invoice, not safe to read, or lacks number, day or gross.
    """
    root, odd = root_of(data)
    pen = Pen()
    pen.findings.extend(odd)
    invoice = _read(_opened(root), pen, in_pdf=in_pdf)
    return replace(invoice, findings=tuple(pen.findings)) if pen.findings else invoice


def _read(root: etree._Element, pen: Pen, *, in_pdf: bool) -> ReadInvoice:
    name, space = local_name(root), namespace(root)
    if name == "CrossIndustryInvoice" and space.startswith(_CII_NAMESPACE):
        return read_cii(Node(root), syntax=FACTUR_X if in_pdf else CII, pen=pen)
    if name == "CrossIndustryDocument" and space.startswith(_ZUGFERD_NAMESPACE):
        return read_cii(Node(root), syntax=ZUGFERD, pen=pen)
    if space in _UBL_ROOTS and name == ("CreditNote" if _UBL_ROOTS[space] else "Invoice"):
        return read_ubl(Node(root), syntax=UBL, credit=_UBL_ROOTS[space], pen=pen)
    words = _OTHERS.get(name, f"sa racine est « {name[:60]} », qui n'est d'aucune facture CII, UBL 2 ou ZUGFeRD connue")
    raise Unreadable(KIND, FILE, words)


def _opened(root: etree._Element) -> etree._Element:
    """The document inside a Peppol envelope."""
    if local_name(root) == _ENVELOPE:
        for child in root:
            if local_name(child) in {"Invoice", "CreditNote", "CrossIndustryInvoice"}:
                return child
    return root
