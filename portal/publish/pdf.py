"""The PDF of a version: the same words as the page, tagged (PDF/UA-1), with bookmarks; same bytes each time.

WeasyPrint needs the system's Pango. It is imported on first use: a build that makes no PDF does not
pay for it, and one on a machine without Pango publishes everything else and says so.
"""

from __future__ import annotations

import ctypes
import logging
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from flask import render_template

from portal.publish.pages.text import article_html, notes_html

if TYPE_CHECKING:
    from portal.publish.publication import Publication, Row

# The names that WeasyPrint itself tries, on each system.
PANGO = ("libpango-1.0.so.0", "libpango-1.0.dylib", "libpango-1.0-0", "pango-1.0")
MISSING = (
    "the PDFs are not published: Pango is missing from this system "
    "(Debian, Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0)"
)


class PdfUnavailable(RuntimeError):
    """No PDF can be made on this machine; the message says what is missing."""


@cache
def why_unavailable() -> str:
    """Say why no PDF can be made, "" when they can. Cheap: WeasyPrint itself is not imported."""
    if find_spec("weasyprint") is None:
        return "the PDFs are not published: the library weasyprint is not installed"
    for name in PANGO:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return ""
    return MISSING


def version_pdf(publication: Publication, row: Row) -> bytes:
    """Make the PDF of a version.

    Raises:
        PdfUnavailable: when WeasyPrint or what it stands on is missing.
    """
    version = row.version
    notes = notes_html(version)
    articles = [article_html(article, level=2, permalink="", notes=notes) for article in version.articles]
    html = render_template("pdf.html", row=row, articles=articles, closing=version.closing, path=row.url)
    if reason := why_unavailable():
        raise PdfUnavailable(reason)
    # Every missing glyph or rule is logged; the pages are tested instead.
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    try:
        from weasyprint import HTML
    except OSError as error:
        raise PdfUnavailable(MISSING) from error
    document = HTML(string=html, base_url=f"{publication.base}{row.url}", url_fetcher=_refuse)
    return bytes(
        document.write_pdf(
            pdf_variant="pdf/ua-1",
            pdf_identifier=bytes.fromhex(version.sha256)[:16],
            custom_metadata=True,
        )
    )


def _refuse(url: str, *_: Any, **__: Any) -> dict[str, Any]:
    raise ValueError(f"a PDF of the terms reads nothing from elsewhere: {url}")
