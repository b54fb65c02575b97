"""The invoice that a PDF carries (Factur-X, ZUGFeRD): the one of its attached files that is an invoice."""

from portal.invoices.document import ReadInvoice
from portal.invoices.reading.pdf_document import Document
from portal.invoices.reading.pdf_objects import Malformed
from portal.invoices.reading.refusal import FILE, KIND, SIZE, STRUCTURE, Unreadable
from portal.invoices.reading.xml import read_xml

LARGEST_PDF = 64 * 2**20
#: The names that the standards give, the present one first. Any other name is tried after them.
NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
_ORDER = "order-x.xml"


def read_pdf(data: bytes) -> ReadInvoice:
    """The invoice inside a PDF.

    Raises:
        Unreadable: none inside, or the PDF is encrypted, cut short or not safe to read.
    """
    found = sorted(attachments(data), key=lambda attached: _rank(attached[0]))
    refused: Unreadable | None = None
    for name, content in found:
        if name.lower() == _ORDER:
            refused = refused or Unreadable(KIND, FILE, "c'est une commande (Order-X), pas une facture")
            continue
        if not _looks_like_xml(content):
            continue
        try:
            return read_xml(content, in_pdf=True)
        except Unreadable as error:
            # A name of the standard says which reason matters; otherwise the first one does.
            if name.lower() in NAMES:
                raise
            refused = refused or error
    if refused is not None:
        raise refused
    if found:
        raise Unreadable(KIND, FILE, "aucune pièce jointe du PDF n'est une facture structurée")
    raise Unreadable(KIND, FILE, "le PDF ne contient pas de facture structurée (Factur-X, ZUGFeRD)")


def attachments(data: bytes) -> list[tuple[str, bytes]]:
    """The files attached to a PDF, by name, each once.

    Raises:
        Unreadable: the PDF is encrypted, damaged or too much.
    """
    if len(data) > LARGEST_PDF:
        raise Unreadable(SIZE, FILE, f"un PDF de plus de {LARGEST_PDF // 2**20} Mo n'est pas lu")
    document = Document(data)
    try:
        document.open()
        return list(document.attachments())
    except Malformed:
        pass
    # The table is lost or leads nowhere: look for the objects themselves.
    document.search()
    try:
        found = list(document.attachments())
    except Malformed as error:
        raise Unreadable(STRUCTURE, FILE, "le PDF est endommagé ou tronqué") from error
    if not found:
        raise Unreadable(STRUCTURE, FILE, "le PDF est endommagé ou tronqué, et rien de lisible n'y est joint")
    return found


def _rank(name: str) -> int:
    return NAMES.index(name.lower()) if name.lower() in NAMES else len(NAMES) + (not name.lower().endswith(".xml"))


def _looks_like_xml(content: bytes) -> bool:
    head = content[:64].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return head.startswith(b"<")
