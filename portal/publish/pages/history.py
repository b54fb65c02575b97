"""The versions through time: timeline, which one on a day, and what changed between two."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, current_app, render_template
from markupsafe import Markup, escape

from portal.publish import browser_data
from portal.publish.pages.fixed import FixedPage
from portal.terms.diff import compare as compare_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from portal.publish.publication import Publication, Row
    from portal.terms.diff import Run
    from portal.terms.text import Clause

NEIGHBOURS = 5
"""Versions at this distance or less have a page of comparison; further ones only with the one in force."""

MARKS = {"del": "del", "ins": "ins"}

compare = Blueprint("compare", __name__)


def pairs(publication: Publication) -> tuple[tuple[Row, Row], ...]:
    """Every published comparison, older version first: grows with the versions, not with their square."""
    rows = publication.rows
    now = rows.index(publication.current)
    found = {(old, new) for old in range(len(rows)) for new in range(old + 1, min(old + NEIGHBOURS + 1, len(rows)))}
    found |= {(min(other, now), max(other, now)) for other in range(len(rows)) if other != now}
    return tuple((rows[old], rows[new]) for old, new in sorted(found))


def _versions(publication: Publication) -> Mapping[str, Any]:
    return {
        "rows": tuple(reversed(publication.rows)),
        "before": {new.slug: old for old, new in pairwise(publication.rows)},
        "data": {
            "root": publication.root,
            "versions": browser_data.versions_data(publication.library, publication.options.today),
        },
        "force_day": publication.library.conventions.get("force_day"),
    }


def _choose(publication: Publication) -> Mapping[str, Any]:
    rows = publication.rows
    successive = tuple(pairwise(rows))
    return {
        "rows": rows,
        "successive": successive[::-1],
        "with_current": tuple(
            pair for pair in reversed(pairs(publication)) if publication.current in pair and pair not in successive
        ),
        "data": {
            "root": publication.root,
            "versions": browser_data.versions_data(publication.library, publication.options.today),
            "pages": [f"{old.slug}/{new.slug}" for old, new in pairs(publication)],
        },
    }


@compare.get("/cgv/comparer/<old_slug>/<new_slug>/")
def comparison(old_slug: str, new_slug: str) -> str:
    """What changed between two versions, side by side and inline."""
    publication: Publication = current_app.extensions["publication"]
    try:
        old, new = publication.row(old_slug), publication.row(new_slug)
    except KeyError:
        abort(404)
    changes = compare_versions(old.version, new.version)
    return render_template(
        "comparison.html",
        old=old,
        new=new,
        changes=changes,
        groups=[
            (unchanged, list(group)) for unchanged, group in groupby(changes.rows, lambda row: row.kind == "unchanged")
        ],
        path=f"/cgv/comparer/{old.slug}/{new.slug}/",
        section="/cgv/",
        marked=marked,
        link=_link,
    )


def _link(row: Row, clause: Clause) -> str:
    # The first article of that number: the check refuses an article number printed twice.
    return f"{row.url}article-{clause.article}/#{clause.anchor}"


@lru_cache(maxsize=4096)
def marked(runs: tuple[Run, ...]) -> Markup:
    """Runs of words as HTML: what went out in <del>, what came in in <ins>."""
    return Markup("").join(_marks(runs))


def _marks(runs: Iterable[Run]) -> Iterable[Markup]:
    for run in runs:
        text = escape(run.text)
        tag = MARKS.get(run.kind)
        yield Markup("<{0}>{1}</{0}>").format(tag, text) if tag else text


PAGES = (
    FixedPage("/cgv/versions/", "versions.html", ("history", "conventions"), _versions, section="/cgv/"),
    FixedPage("/cgv/comparer/", "compare.html", ("history",), _choose, section="/cgv/"),
)
