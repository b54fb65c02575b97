"""An importer from what an installation is: for the command, the desk and the worker alike."""

from typing import TYPE_CHECKING

from portal.config import Settings
from portal.files.store import Store, open_store
from portal.invoices.csv_content import csv_sources
from portal.invoices.import_actions import COMMAND, Importer
from portal.invoices.issuer import issuer_of
from portal.invoices.letters import Letters
from portal.invoices.links import Links
from portal.terms import load_library
from portal.web import domain_of

if TYPE_CHECKING:
    from portal.terms import Library


def importer_of(
    settings: Settings, *, library: "Library | None" = None, store: Store | None = None, origin: str = COMMAND,
    by: int | None = None, announce: bool = True,
) -> Importer:  # fmt: skip
    """What an import stands on here.

    Raises:
        BadSource: the sources of CSV cannot be used.
    """
    terms = library or load_library(settings.content_dir)
    return Importer(
        store=store or open_store(settings), library=terms, letters=Letters(terms, Links(settings.base_url), domain_of(settings.base_url)),
        issuer=issuer_of(settings, terms.company), sources=csv_sources(settings.content_dir), origin=origin, by=by,
        announce=announce,
    )  # fmt: skip
