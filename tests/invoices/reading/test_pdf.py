"""Factur-X and ZUGFeRD: the invoice inside a PDF/A-3, of every profile and under every name."""

from pathlib import Path

import facturx
import pytest
from pypdf import PdfReader, PdfWriter

from portal.invoices.reading.pdf import attachments, read_pdf
from portal.invoices.reading.refusal import Unreadable
from tests.invoices.reading.written import GUIDELINES, Written, blank_pdf, cii, factur_x, pdf_with, ubl, zugferd_1


@pytest.mark.parametrize("profile", GUIDELINES)
def test_every_profile_that_factur_x_writes_is_read(profile: str) -> None:
    made = factur_x(Written(), profile)
    invoice = read_pdf(made)
    assert (invoice.syntax, invoice.profile, invoice.number) == ("factur-x", profile, "F-2026-0042")
    assert str(invoice.gross) == "120.00"
    assert len(invoice.lines) == (0 if profile in {"minimum", "basicwl"} else 1)
    name, content = facturx.get_xml_from_pdf(made, check_xsd=False)
    assert (name, content) in attachments(made)


@pytest.mark.parametrize(
    "name",
    [
        "factur-x.xml",
        "zugferd-invoice.xml",
        "ZUGFeRD-invoice.xml",
        "xrechnung.xml",
        "XRechnung.XML",
        "facture é.xml",
        "donnees.bin",
    ],
)
def test_whichever_name_the_attachment_has(name: str) -> None:
    noise = (("aaa.xml", b"<other/>"), ("photo.png", b"\x89PNG"))
    assert read_pdf(pdf_with(*noise, (name, cii(Written()).encode()))).number == "F-2026-0042"


def test_the_older_standard_and_ubl_are_named_for_what_they_are() -> None:
    assert read_pdf(pdf_with(("ZUGFeRD-invoice.xml", zugferd_1(Written()).encode()))).syntax == "zugferd"
    assert read_pdf(pdf_with(("facture.xml", ubl(Written()).encode()))).syntax == "ubl"


def test_an_order_is_no_invoice() -> None:
    order = b'<x:SCRDMCCBDACIOMessageStructure xmlns:x="urn:un:unece:uncefact:data:SCRDMCCBDACIOMessageStructure:100"/>'
    with pytest.raises(Unreadable, match="Order-X"):
        read_pdf(pdf_with(("order-x.xml", order)))


def test_a_pdf_without_an_invoice_says_so() -> None:
    with pytest.raises(Unreadable, match="ne contient pas de facture"):
        read_pdf(blank_pdf())
    with pytest.raises(Unreadable, match="aucune pièce jointe"):
        read_pdf(pdf_with(("notice.txt", b"bonjour")))


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_an_encrypted_pdf_is_refused(algorithm: str, tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(blank_pdf_file(tmp_path)))
    writer.encrypt("secret", algorithm=algorithm)
    with (tmp_path / "secret.pdf").open("wb") as out:
        writer.write(out)
    with pytest.raises(Unreadable, match="chiffré"):
        read_pdf((tmp_path / "secret.pdf").read_bytes())


def blank_pdf_file(folder: Path) -> Path:
    path = folder / "blank.pdf"
    path.write_bytes(factur_x(Written()))
    return path


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # WeasyPrint leaves its colour profile open
@pytest.mark.parametrize("variant", ["pdf/a-3b", None])
@pytest.mark.parametrize("uncompressed", [True, False])
def test_tables_and_objects_in_streams_are_followed(variant: str | None, *, uncompressed: bool) -> None:
    from weasyprint import HTML, Attachment

    attached = Attachment(string=cii(Written()), name="factur-x.xml", relationship="Data")
    made = HTML(string="<p>Facture" * 50).write_pdf(
        attachments=[attached], pdf_variant=variant, uncompressed_pdf=uncompressed
    )
    assert read_pdf(made).number == "F-2026-0042"


def test_a_file_whose_table_is_lost_is_still_read() -> None:
    made = factur_x(Written())
    assert read_pdf(made[: made.rindex(b"startxref")]).number == "F-2026-0042"
    assert read_pdf(made.replace(b"startxref", b"startxxxx")).number == "F-2026-0042"
    assert read_pdf(b"Content-Type: application/pdf\r\n\r\n" + made).number == "F-2026-0042"


def test_a_later_revision_is_what_counts(tmp_path: Path) -> None:
    writer = PdfWriter(blank_pdf_file(tmp_path), incremental=True)
    writer.add_metadata({"/Title": "Relue"})
    with (tmp_path / "later.pdf").open("wb") as out:
        writer.write(out)
    assert read_pdf((tmp_path / "later.pdf").read_bytes()).number == "F-2026-0042"
