"""The pages that compute in the browser: what they are handed, and what they show without a script.

What only these pages need is imported when one of them is made: an edit of an article makes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.publish.citations import Cited
from portal.publish.pages.fixed import FixedPage
from portal.publish.search_index import search_entries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from portal.publish.publication import Publication


def _calculator(publication: Publication) -> Mapping[str, Any]:
    from portal.publish import browser_data

    library, options = publication.library, publication.options
    version = publication.current.version
    return {
        "row": publication.current,
        "version": version,
        "terms": Cited(publication.current),
        "coming": publication.coming,
        "data": browser_data.calculator_data(
            library,
            options.today,
            root=publication.root,
            portal_url=options.portal_url,
        ),
        "durations": browser_data.DURATIONS,
        "point_examples": browser_data.point_examples(version.tariff),
        "hour_examples": browser_data.hour_examples(version.tariff),
    }


def _deadlines(publication: Publication) -> Mapping[str, Any]:
    from portal.publish import browser_data

    library, today = publication.library, publication.options.today
    version = publication.current.version
    cited = Cited(publication.current)
    keys = [key for key in browser_data.DEADLINES if cited.figure(key)]
    # The examples and the holidays are the year's, not the day's: the page is made once a year.
    day = max(today.replace(month=1, day=1), version.in_force_from)
    return {
        "row": publication.current,
        "version": version,
        "terms": cited,
        "coming": publication.coming,
        "data": browser_data.deadlines_data(library, day, root=publication.root),
        "deadlines": {key: cited.deadline(key) for key in keys},
        "examples": {key: browser_data.deadline_examples(cited.deadline(key), day) for key in keys},
        "conventions": library.conventions,
        "law": library.law,
    }


def _search(publication: Publication) -> Mapping[str, Any]:
    row = publication.current
    return {"row": row, "version": row.version, "entries": search_entries(row), "synonyms": publication.synonyms}


PAGES = (
    FixedPage("/calculateur/", "calculator.html", ("terms", "history", "coming", "law", "conventions"), _calculator),
    FixedPage("/delais/", "deadlines.html", ("terms", "versions", "law", "conventions", "year"), _deadlines),
    FixedPage("/recherche/", "search.html", ("terms", "synonyms"), _search),
)
