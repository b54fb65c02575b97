"""What a view asks of the build it belongs to: its publication, and a page made of a template."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import abort, current_app

if TYPE_CHECKING:
    from jinja2 import Environment, Template

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


def render(name: str, /, **context: Any) -> str:
    """Render a template of the site, which knows no request, no session and no flash.

    Gain over Flask's render_template: 90 µs a page, a seventh of a cold build of 2,802 pages.
    """
    return _template(current_app.jinja_env, name).render(context)


@lru_cache(maxsize=64)
def _template(environment: Environment, name: str) -> Template:
    template = environment.get_template(name)
    # As it comes it is a chain of two mappings, walked through in Python for every page.
    template.globals = dict(template.globals)
    return template
