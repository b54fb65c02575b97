"""Mentions légales, privacy notice, accessibility statement: what is known, and what is not said to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.publish.citations import Cited
from portal.publish.pages.fixed import FixedPage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from portal.publish.publication import Publication


def _notice(publication: Publication) -> Mapping[str, Any]:
    return {"row": publication.current, "terms": Cited(publication.current)}


def _privacy(publication: Publication) -> Mapping[str, Any]:
    law = publication.library.law
    return {
        "row": publication.current,
        "terms": Cited(publication.current),
        "processing": publication.library.processing,
        "retention": law.retention,
        "sweeps": {sweep.key: sweep for sweep in publication.library.sweeps},
        "gdpr": law.gdpr,
        "gdpr_extended": law.gdpr_extended,
    }


PAGES = (
    FixedPage("/mentions-legales/", "notice.html", ("terms",), _notice),
    FixedPage("/confidentialite/", "privacy.html", ("terms", "processing", "law"), _privacy),
    FixedPage("/accessibilite/", "accessibility.html"),
)
