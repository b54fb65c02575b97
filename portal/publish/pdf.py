"""The PDF of a version: the same words as the page, tagged (PDF/UA-1), with bookmarks; same bytes each time.

A build on a machine without Pango publishes everything else and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal import paper
from portal.publish.current import render
from portal.publish.pages.text import article_html, notes_html

if TYPE_CHECKING:
    from portal.publish.publication import Publication, Row

MISSING = f"the PDFs are not published: {paper.NO_PANGO}"


def why_unavailable() -> str:
    """Say why no PDF can be made, "" when they can."""
    reason = paper.why_unavailable()
    return f"the PDFs are not published: {reason}" if reason else ""


def version_pdf(publication: Publication, row: Row) -> bytes:
    """Make the PDF of a version.

    Raises:
        PdfUnavailable: when WeasyPrint or what it stands on is missing.
    """
    version = row.version
    notes = notes_html(version)
    articles = [article_html(article, level=2, permalink="", notes=notes) for article in version.articles]
    html = render("pdf.html", row=row, articles=articles, closing=version.closing, path=row.url)
    return paper.pdf_of(
        html,
        title=f"{version.title} – {row.name}",
        identifier=bytes.fromhex(version.sha256),
        base_url=f"{publication.base}{row.url}",
    )
