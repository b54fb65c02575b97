"""A mail as its sender laid it out: its sanitised HTML in a page of its own that runs nothing and fetches nothing."""

from base64 import b64encode
from hashlib import sha256

from flask import Response, abort, g, render_template

from portal.tickets.models import Ticket
from portal.tickets.thread import is_shown

#: Written into the page, which may load no file.
STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:46rem;padding:1rem;"
    "overflow-wrap:anywhere}header{border-bottom:1px solid;margin-bottom:1rem;padding-bottom:.5rem}h1{font-size:1.1rem}"
    "table{border-collapse:collapse;max-width:100%}td,th{padding:.2rem .5rem;vertical-align:top;text-align:left}"
    "blockquote{border-left:3px solid;margin:.5rem 0;padding-left:1rem}pre{white-space:pre-wrap}"
)
#: Nothing is loaded and nothing runs, whatever was let through; links open, as somebody's own click.
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


def formatted(ticket: Ticket, number: int, *, staff: bool) -> Response:
    """The page of one message, or 404 where there is none for this reader, or none that has a layout."""
    message = next((each for each in ticket.messages if each.id == number), None)
    if message is None or not message.html or not is_shown(message, staff=staff):
        abort(404)
    page = render_template("tickets/formatted.html", ticket=ticket, message=message, style=STYLE)
    response = Response(page, content_type="text/html; charset=utf-8")
    g.own_policy = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "private, no-store"
    return response
