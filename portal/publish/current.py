"""What a view asks of the build it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import abort, current_app

if TYPE_CHECKING:
    from portal.publish.publication import Publication, Row


def current_publication() -> Publication:
    """The publication that the application was made for."""
    publication: Publication = current_app.extensions["publication"]
    return publication


def row_or_404(slug: str) -> Row:
    """The version of an address; 404 when there is none."""
    try:
        return current_publication().row(slug)
    except KeyError:
        abort(404)
