"""Paper: a page of HTML as a PDF that a screen reader can read, the same bytes each time; nothing is fetched.

A room writes a template that extends ``paper.html`` and asks ``Papers`` for its HTML, with or without a request.
WeasyPrint needs the system's Pango: it is imported on first use, and a machine without it is told so.
"""

from __future__ import annotations

import ctypes
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, select_autoescape

from portal import french
from portal.clock import PARIS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import BaseLoader

    from portal.terms.company import Company

TEMPLATES = Path(__file__).resolve().parent / "templates"
SITE = Path(__file__).resolve().parent.parent / "site"
# The names that WeasyPrint itself tries, on each system.
PANGO = ("libpango-1.0.so.0", "libpango-1.0.dylib", "libpango-1.0-0", "pango-1.0")
NO_PANGO = (
    "Pango is missing from this system (Debian, Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
    "libharfbuzz-subset0)"
)
IDENTIFIER = 16
#: A file inside a PDF must have a date; the paper itself says when things happened.
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)


class PdfUnavailable(RuntimeError):
    """No PDF can be made on this machine; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file carried inside a PDF."""

    name: str
    content: bytes
    description: str = ""


@cache
def why_unavailable() -> str:
    """Say why no PDF can be made, "" when they can. Cheap: WeasyPrint itself is not imported."""
    if find_spec("weasyprint") is None:
        return "the library weasyprint is not installed"
    for name in PANGO:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return ""
    return NO_PANGO


def pdf_of(
    html: str, *, title: str, attachments: Sequence[Attachment] = (), identifier: bytes = b"", base_url: str = ""
) -> bytes:
    """Make a PDF of a page: tagged, PDF/UA-1; with files inside it, PDF/A-3a, which allows them.

    The same page gives the same bytes: no time is read, and the identifier is a digest of what goes in
    unless ``identifier`` gives one.

    Raises:
        PdfUnavailable: when WeasyPrint or what it stands on is missing.
    """
    if reason := why_unavailable():
        raise PdfUnavailable(reason)
    # Every missing glyph or rule is logged; the pages are tested instead.
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    try:
        from weasyprint import HTML
        from weasyprint import Attachment as Inside
        from weasyprint.urls import URLFetcher
    except OSError as error:
        raise PdfUnavailable(NO_PANGO) from error
    nothing = URLFetcher(allowed_protocols=())  # a picture, a stylesheet, a file of this machine: none is read
    document = HTML(string=html, base_url=base_url or None, url_fetcher=nothing).render()
    document.metadata.title = title
    document.metadata.attachments = [
        Inside(
            string=each.content, name=each.name, description=each.description, url_fetcher=nothing,
            created=_NO_DATE, modified=_NO_DATE, relationship="Source",
        )
        for each in attachments
    ]  # fmt: skip
    return bytes(
        document.write_pdf(
            pdf_variant="pdf/a-3a" if attachments else "pdf/ua-1",
            pdf_identifier=(identifier or _digest(html, title, attachments))[:IDENTIFIER],
            custom_metadata=True,
        )
    )


def _digest(html: str, title: str, attachments: Sequence[Attachment]) -> bytes:
    files = [part for each in attachments for part in (each.name.encode(), each.content)]
    whole = sha256()
    for part in (html.encode(), title.encode(), *files):
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.digest()


# --- Templates -----------------------------------------------------------------------------------


def theme() -> BaseLoader:
    """What papers share with pages: the site's macros under ``components/``, its tokens under ``theme/``."""
    return PrefixLoader(
        {
            "components": FileSystemLoader(SITE / "templates" / "components"),
            "theme": FileSystemLoader(SITE / "static"),
        }
    )


def moment(value: datetime) -> str:
    """``3 décembre 2026 à 14 h 30``, the hour of Paris."""
    return french.moment(value.astimezone(PARIS))


def utc(value: datetime) -> str:
    """``2026-12-03 13:30:05``, of a moment in UTC."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


class Papers:
    """The papers of a room: templates in ``folder`` that extend ``paper.html``. They need no request."""

    def __init__(self, folder: Path) -> None:
        self._env = Environment(
            loader=ChoiceLoader([FileSystemLoader([folder, TEMPLATES]), theme()]),
            undefined=StrictUndefined, autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self._env.filters.update(
            money=french.money, long_date=french.long_date, weekday_date=french.weekday_date, phone=french.phone,
            number=french.number, points=french.points, counted=french.counted, moment=moment, utc=utc,
        )  # fmt: skip
        self._env.globals["nbsp"] = french.NO_BREAK

    def html(self, name: str, *, company: Company, **values: Any) -> str:
        """The HTML of a paper, for ``pdf_of``."""
        return self._env.get_template(name).render(company=company, **values)
