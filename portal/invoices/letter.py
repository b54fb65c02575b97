"""The registered letter of 7.4, ready to post: the client's words to the company, in a French window envelope."""

from datetime import date
from pathlib import Path

from portal.french import amount
from portal.invoices.dispute_models import Dispute
from portal.invoices.governing import DISPUTE, version_of
from portal.invoices.parts import clause
from portal.paper import Papers, pdf_of
from portal.terms import Library

PAPERS = Papers(Path(__file__).resolve().parent / "templates")


def letter_pdf(dispute: Dispute, library: Library, today: date) -> bytes:
    """The letter as a PDF, to print, sign and send with an acknowledgement of receipt.

    Raises:
        PdfUnavailable: no PDF can be made on this machine.
    """
    invoice = dispute.invoice
    names = {line.id: f"{line.number or line.position}. {line.name}" for line in invoice.lines}
    html = PAPERS.html(
        "invoices/letter.html", titled=invoice.the, reason=_lower(dispute.reason.label), company=library.company, dispute=dispute, invoice=invoice, today=today,
        organisation=dispute.organisation, clause=clause(version_of(library, dispute.terms_slug), DISPUTE),
        disputed=amount(dispute.amount, invoice.currency), sum=amount(invoice.payable, invoice.currency),
        lines=[(names.get(line.line_id, ""), amount(line.amount, invoice.currency)) for line in dispute.lines],
    )  # fmt: skip
    return pdf_of(html, title=f"{dispute.title} {dispute.reference}")


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
