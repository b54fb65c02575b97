"""The site's Flask application: templates, stylesheet and addresses. Frozen-Flask asks it for every page."""

from __future__ import annotations

import mimetypes
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, abort
from jinja2 import FileSystemBytecodeCache
from markupsafe import Markup
from werkzeug.test import EnvironBuilder

from portal import french
from portal.publish.current import render
from portal.publish.data.version import versions_files
from portal.publish.options import state_folder
from portal.publish.pages.terms import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from flask.ctx import RequestContext
    from jinja2 import Environment

    from portal.publish.pages.fixed import DataFile, FixedPage
    from portal.publish.publication import Publication

NAVIGATION = (
    ("/cgv/", "CGV"),
    ("/tarifs/", "Tarifs"),
    ("/calculateur/", "Calculateur"),
    ("/delais/", "Délais"),
    ("/contact/", "Contact"),
    ("/recherche/", "Recherche"),
)
FOOTER = (
    ("/cgv/versions/", "Versions"),
    ("/glossaire/", "Glossaire"),
    ("/conventions/", "Conventions"),
    ("/references/", "Références"),
    ("/mentions-legales/", "Mentions légales"),
    ("/confidentialite/", "Confidentialité"),
    ("/accessibilite/", "Accessibilité"),
)
# What is inlined in the pages is not published a second time.
INLINED = ".css"


class Site(Flask):
    """Flask, without its tools for tests: Frozen-Flask takes one context from them to list its addresses."""

    def test_request_context(self, *args: Any, **options: Any) -> RequestContext:
        """Return the context of a made-up request; same arguments as Werkzeug's own builder.

        Flask's builder comes with Python's debugger and a terminal's tools, which no build uses.
        """
        builder = EnvironBuilder(*args, **options)
        try:
            return self.request_context(builder.get_environ())
        finally:
            builder.close()


def make_app(
    publication: Publication,
    pages: Sequence[FixedPage],
    files: Sequence[DataFile],
    *,
    with_comparisons: bool,
    with_pdf: bool,
) -> Flask:
    """Wire the site for one publication; `pages` and `files` are those with one address that are asked for."""
    theme = publication.options.theme
    app = Site("portal.publish", static_folder=None, template_folder=str(theme / "templates"))
    app.extensions["publication"] = publication
    _prepare_templates(app, publication, with_pdf=with_pdf)
    app.register_blueprint(terms)
    for page in pages:
        app.add_url_rule(page.url, page.endpoint, _page_view(page, publication))
    for file in files:
        app.add_url_rule(file.url, file.endpoint, _file_view(file, publication))
    app.register_blueprint(versions_files(with_pdf=with_pdf))
    if with_comparisons:
        from portal.publish.pages.history import compare

        app.register_blueprint(compare)
    if static_files(theme):
        app.add_url_rule("/static/<path:name>", "static_file", _static_view(theme))
    return app


def _prepare_templates(app: Flask, publication: Publication, *, with_pdf: bool) -> None:
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    environment = app.jinja_env
    environment.auto_reload = False
    environment.bytecode_cache = _compiled_templates(state_folder(publication.options.output))
    environment.globals.update(
        root=publication.root,
        base=publication.base,
        company=publication.library.company,
        quote_url=publication.quote_url,
        portal_url=publication.options.portal_url,
        navigation=NAVIGATION,
        footer_links=FOOTER,
        css=stylesheets(publication.options.theme),
        nbsp=french.NO_BREAK,
        section="",
        with_pdf=with_pdf,
    )
    environment.globals.update(_landmarks(environment))
    environment.filters.update(
        fr=our_words,
        of=of_whom,
        lower_first=lambda text: text[:1].lower() + text[1:],
        long_date=french.long_date,
        weekday_date=french.weekday_date,
        money=french.money,
        number=french.number,
        points=french.points,
        minutes=french.minutes,
        phone=french.phone,
        phone_link=french.phone_link,
        listing=french.listing,
    )


def _compiled_templates(state: Path) -> FileSystemBytecodeCache:
    # A template is compiled once, not once per build, as Python does with its modules: Jinja compares the
    # source's digest. Gain: 0.2 s of a cold build of the site, which has 24.
    folder = state / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    return FileSystemBytecodeCache(str(folder))


def _landmarks(environment: Environment) -> dict[str, Callable[..., Markup]]:
    # Head and foot are the same on thousands of pages: each is rendered once for each page it
    # leads to, and once for all others. Gain on 2,800 pages: a quarter of the rendering.
    entries = {url for url, _ in (*NAVIGATION, *FOOTER)}

    @cache
    def rendered(name: str, section: str, path: str) -> Markup:
        return Markup(environment.get_template(name).render(section=section, path=path))  # noqa: S704  # escaped there

    def top(section: str, path: str) -> Markup:
        return rendered("components/top.html", section, path if path in entries else "")

    def bottom(path: str) -> Markup:
        return rendered("components/bottom.html", "", path if path in entries else "")

    return {"top": top, "bottom": bottom}


def our_words(text: str) -> str:
    """Set French spaces and apostrophes in a sentence of content/ that is ours: never in the CGV's."""
    return french.fix_spaces(text).replace("'", "’")


def of_whom(name: str) -> str:
    """``d’IMS Partners``, ``de Dupont``: a name after the word that loses its vowel before another."""
    return f"d’{name}" if name[:1].lower() in "aeiouyàâéèêëîïôöùûü" else f"de {name}"


def _page_view(page: FixedPage, publication: Publication) -> Callable[[], str]:
    def view() -> str:
        return render(page.template, path=page.url, section=page.section or page.url, **page.context(publication))

    return view


def _file_view(file: DataFile, publication: Publication) -> Callable[[], Response]:
    def view() -> Response:
        return Response(file.body(publication), mimetype=mimetypes.guess_type(file.url)[0] or file.mimetype)

    return view


def _static_view(theme: Path) -> Callable[[str], Response]:
    def view(name: str) -> Response:
        if name not in static_files(theme):
            abort(404)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response((theme / "static" / name).read_bytes(), mimetype=kind)

    return view


def static_files(theme: Path) -> tuple[str, ...]:
    """Names of the files published under /static/, in order."""
    folder = theme / "static"
    return tuple(
        sorted(
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and path.suffix != INLINED and not path.name.startswith(".")
        )
    )


def stylesheets(theme: Path) -> Mapping[str, Markup]:
    """Every part of the stylesheet, minified, by name; `base` begins with the tokens."""
    parts: dict[str, Any] = {
        path.stem: Markup(minified(path.read_text(encoding="utf-8")))  # noqa: S704  # our own stylesheet
        for path in sorted((theme / "static").glob("*.css"))
    }
    if "tokens" in parts and "base" in parts:
        parts["base"] = parts["tokens"] + parts["base"]
    return parts


def minified(css: str) -> str:
    """Take out of a stylesheet what a browser does not read."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r" ?([{};,]) ?", r"\1", css)
    # After a property, never in a selector ("a :hover") nor in a text ("content").
    css = re.sub(r"(?<=[{;(])([\w-]+): ", r"\1:", css)
    return css.replace(";}", "}").strip()
