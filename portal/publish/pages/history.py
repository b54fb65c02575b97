"""The versions through time: timeline, which one on a day, and what changed between two."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, current_app
from markupsafe import Markup, escape

from portal.publish.current import render
from portal.publish.pages.fixed import FixedPage
from portal.publish.pages.text import whole_quotes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from portal.publish.publication import Publication, Row
    from portal.terms.diff import Run
    from portal.terms.text import Clause

NEIGHBOURS = 5
"""Versions at this distance or less have a page of comparison; further ones only with the one in force."""

MARKS = {"del": "supprimé", "ins": "ajouté"}
"""Elements that mark a change, and the word that says it where no colour and no line is seen: read aloud, copied."""

UNNUMBERED = {"titre": "titre", "date": "dernière ligne"}
"""What a comparison calls the two lines of a text that have no number, by their anchors."""

compare = Blueprint("compare", __name__)


def pairs(publication: Publication) -> tuple[tuple[Row, Row], ...]:
    """Every published comparison, older version first: grows with the versions, not with their square."""
    rows = publication.rows
    now = rows.index(publication.current)
    found = {(old, new) for old in range(len(rows)) for new in range(old + 1, min(old + NEIGHBOURS + 1, len(rows)))}
    found |= {(min(other, now), max(other, now)) for other in range(len(rows)) if other != now}
    return tuple((rows[old], rows[new]) for old, new in sorted(found))


def _versions(publication: Publication) -> Mapping[str, Any]:
    from portal.publish import browser_data

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
    from portal.publish import browser_data

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
    from portal.terms.diff import compare as compare_versions

    publication: Publication = current_app.extensions["publication"]
    try:
        old, new = publication.row(old_slug), publication.row(new_slug)
    except KeyError:
        abort(404)
    changes = compare_versions(old.version, new.version)
    # Title and last line have no number: unchanged, there is nothing to say of them.
    rows = [row for row in changes.rows if row.clause.number or row.kind != "unchanged"]
    return render(
        "comparison.html",
        old=old,
        new=new,
        changes=changes,
        counts=Counter(row.kind for row in rows if row.clause.number),
        beside=[(UNNUMBERED[row.clause.anchor], row.kind) for row in rows if not row.clause.number],
        groups=[(unchanged, list(group)) for unchanged, group in groupby(rows, lambda row: row.kind == "unchanged")],
        path=f"/cgv/comparer/{old.slug}/{new.slug}/",
        section="/cgv/",
        marked=marked,
        name=_name,
        link=_link,
    )


def _name(clause: Clause) -> str:
    return clause.number or UNNUMBERED[clause.anchor]


def _link(row: Row, clause: Clause) -> str:
    if not clause.number:
        return row.url + ("" if clause.anchor == "titre" else "#fin")
    # The first article of that number: the check refuses an article number printed twice.
    return f"{row.url}article-{clause.article}/#{clause.anchor}"


_MARKED = Markup('<{0}><i class="vh">[{1}\u00a0: </i>{2}<i class="vh">]</i></{0}>')


@lru_cache(maxsize=4096)
def marked(runs: tuple[Run, ...]) -> Markup:
    """Runs of words as HTML: what went out in <del>, what came in in <ins>."""
    return Markup("").join(_marks(runs))


def _kept(text: str) -> Markup:
    return Markup(whole_quotes(str(escape(text))))  # noqa: S704  # escaped before


def _marks(runs: Iterable[Run]) -> Iterable[Markup]:
    for run in runs:
        word = MARKS.get(run.kind)
        yield _MARKED.format(run.kind, word, run.text) if word else _kept(run.text)


PAGES = (
    FixedPage("/cgv/versions/", "versions.html", ("history", "conventions"), _versions, section="/cgv/"),
    FixedPage("/cgv/comparer/", "compare.html", ("history",), _choose, section="/cgv/"),
)
