"""What the search page looks through: one entry per clause of the version in force.

    {"url": "/cgv/2018-10-01/article-7/#art-7-1-2",   without the site's prefix
     "number": "7.1.2", "heading": "7.1.2 Clients …", "article": "ARTICLE 7. …",
     "text": "plain text of the clause, its own alinéas only"}

Folding accents and plurals is the script's matter: the index holds the words as printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.publish.citations import printed_number

if TYPE_CHECKING:
    from portal.publish.publication import Row


def search_entries(row: Row) -> list[dict[str, Any]]:
    """One entry per clause, in the order of the text."""
    return [
        {
            "url": f"{row.url}{article.slug}/#{clause.anchor}",
            "number": printed_number(clause, article.clauses),
            "heading": clause.heading,
            "article": article.heading,
            "text": clause.text,
        }
        for article in row.version.articles
        for clause in article.clauses
    ]
