"""A quote on paper: the same words as its page, as an accessible PDF."""

from pathlib import Path

from portal.paper import Papers, pdf_of
from portal.quotes.contract_words import contract_words
from portal.quotes.quote_models import Quote
from portal.quotes.shown import Shown
from portal.terms.citing import article_words, cites
from portal.terms.company import Company

PAPERS = Papers(Path(__file__).resolve().parent / "templates")


def quote_html(quote: Quote, shown: Shown, *, company: Company, base_url: str) -> str:
    """What the paper says, as HTML."""
    return PAPERS.html(
        "quotes/paper.html", company=company, quote=quote, shown=shown, root=base_url, contract_words=contract_words,
        cites=cites, article_words=article_words,
    )  # fmt: skip


def quote_pdf(quote: Quote, shown: Shown, *, company: Company, base_url: str) -> bytes:
    """The paper itself. The same quote gives the same bytes.

    Raises:
        PdfUnavailable: what makes PDF is missing on this machine.
    """
    html = quote_html(quote, shown, company=company, base_url=base_url)
    return pdf_of(html, title=f"Devis {quote.reference}", base_url=base_url)
