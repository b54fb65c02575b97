"""From the bytes of one file to what is in it, by what the bytes are: never by its name."""

from collections.abc import Iterator, Sequence

from portal.invoices.document import ReadInvoice
from portal.invoices.reading.csv_file import Refused, read_csv
from portal.invoices.reading.csv_sources import CsvSource
from portal.invoices.reading.pdf import LARGEST_PDF, read_pdf
from portal.invoices.reading.refusal import FILE, KIND, SIZE, STRUCTURE, Unreadable
from portal.invoices.reading.xml import read_xml

#: A larger file is not even opened.
LARGEST_FILE = LARGEST_PDF
_PDF_HEAD = 1024
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
#: Files that people send with invoices, by their first bytes.
_KNOWN = (
    (b"PK\x03\x04", "c'est une archive ou un document de bureau, pas une facture"),
    (b"\x89PNG", "c'est une image, pas une facture"), (b"\xff\xd8\xff", "c'est une image, pas une facture"),
    (b"GIF8", "c'est une image, pas une facture"), (b"II*\0", "c'est une image, pas une facture"),
    (b"MM\0*", "c'est une image, pas une facture"), (b"\xd0\xcf\x11\xe0", "c'est un ancien document de bureau, pas une facture"),
    (b"\x1f\x8b", "c'est un fichier compressé (gzip), pas une facture"),
    (b"7z\xbc\xaf", "c'est une archive 7z, qui n'est pas ouverte"), (b"Rar!", "c'est une archive RAR, qui n'est pas ouverte"),
    (b"MZ", "c'est un programme, pas une facture"), (b"\x7fELF", "c'est un programme, pas une facture"),
)  # fmt: skip
#: What broken bytes may make a reader stumble over beside what it refuses by itself.
_STUMBLES = (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError, MemoryError)


def read_file(data: bytes, sources: Sequence[CsvSource] = ()) -> Iterator[ReadInvoice | Refused]:
    """What is in a file: one invoice, or those of a CSV, each read or refused.

    Raises:
        Unreadable: the file as a whole is refused.
    """
    try:
        yield from _read(data, sources)
    except _STUMBLES as error:
        raise Unreadable(STRUCTURE, FILE, f"le contenu est endommagé ({type(error).__name__})") from error


def _read(data: bytes, sources: Sequence[CsvSource]) -> Iterator[ReadInvoice | Refused]:
    if len(data) > LARGEST_FILE:
        raise too_large(len(data))
    if not data.strip(b" \t\r\n\0"):
        raise Unreadable(KIND, FILE, "il est vide" if not data.strip() else "il n'y a que des octets nuls")
    if b"%PDF-" in data[:_PDF_HEAD]:
        yield read_pdf(data)
        return
    for mark, words in _KNOWN:
        if data.startswith(mark):
            raise Unreadable(KIND, FILE, words)
    if _begins_as_xml(data):
        yield read_xml(data)
        return
    yield from read_csv(data, sources)


def too_large(size: int) -> Unreadable:
    """Why a file of that size is not read."""
    return Unreadable(SIZE, FILE, f"il fait {size // 2**20} Mo, au plus {LARGEST_FILE // 2**20} Mo sont lus")


def _begins_as_xml(data: bytes) -> bool:
    head = data[:256]
    if head.startswith(_UTF_16) or b"<\0" in head[:8] or b"\0<" in head[:8]:
        head = head.replace(b"\0", b"")
    return head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<")
