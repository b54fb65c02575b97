"""Each version for programs: JSON, the Markdown as it is, the PDF; and the list of versions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response

from portal.publish.citations import printed_number
from portal.publish.current import current_publication, row_or_404
from portal.publish.pages.fixed import DataFile

if TYPE_CHECKING:
    from portal.publish.publication import Publication, Row
    from portal.terms.text import Article


def dumped(value: Any) -> str:
    """JSON as it is published: French letters as they are, one line per two spaces of depth."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def versions_files(*, with_pdf: bool) -> Blueprint:
    """Routes of the files of each version."""
    files = Blueprint("files", __name__)
    files.add_url_rule("/cgv/<slug>.json", "json", _json)
    files.add_url_rule("/cgv/<slug>.md", "markdown", _markdown)
    if with_pdf:
        files.add_url_rule("/cgv/<slug>.pdf", "pdf", _pdf)
    return files


def _json(slug: str) -> Response:
    return Response(dumped(version_json(current_publication(), row_or_404(slug))), mimetype="application/json")


def _markdown(slug: str) -> Response:
    # The very bytes whose hash is published: anybody can check them with sha256sum.
    return Response(row_or_404(slug).version.raw, content_type="text/markdown; charset=utf-8")


def _pdf(slug: str) -> Response:
    from portal.publish.pdf import version_pdf

    return Response(version_pdf(current_publication(), row_or_404(slug)), mimetype="application/pdf")


def version_json(publication: Publication, row: Row) -> dict[str, Any]:
    """Give a version whole: its days, its hash, its articles and clauses with anchors, its tariff."""
    from portal.publish.browser_data import tariff_data

    version = row.version
    return {
        **_header(publication, row),
        "articles": [_article(row, article) for article in version.articles],
        "closing": version.closing,
        "tariff": tariff_data(version),
    }


def _header(publication: Publication, row: Row) -> dict[str, Any]:
    address = f"{publication.base}/cgv/{row.slug}"
    return {
        "slug": row.slug,
        "title": row.version.title,
        "draft": row.version.draft,
        "from": row.version.in_force_from.isoformat(),
        "to": row.last_day.isoformat() if row.last_day else None,
        "sha256": row.version.sha256,
        "url": f"{address}/",
        "markdown": f"{address}.md",
    }


def _article(row: Row, article: Article) -> dict[str, Any]:
    return {
        "number": article.number,
        "anchor": article.anchor,
        "url": f"{row.url}{article.slug}/",
        "heading": article.heading,
        "title": article.title,
        "clauses": [
            {
                "number": clause.number,
                "name": printed_number(clause, article.clauses),
                "anchor": clause.anchor,
                "depth": clause.depth,
                "heading": clause.heading,
                "title": clause.title,
                "text": clause.text,
                "blocks": [
                    {"anchor": block.anchor, "kind": block.kind, "items": list(block.items)} for block in clause.blocks
                ],
            }
            for clause in article.clauses
        ],
    }


def _index(publication: Publication) -> str:
    return dumped(
        {
            "in_force": publication.current.slug,
            "versions": [
                _header(publication, row) | {"status": row.status, "json": f"{publication.base}/cgv/{row.slug}.json"}
                for row in publication.rows
            ],
        }
    )


FILES = (DataFile("/cgv/index.json", "application/json", ("terms", "history"), _index),)
