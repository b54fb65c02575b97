"""The room as an application takes it in: its pages, the words its templates use, what it asks of people."""

from datetime import date

from flask import Flask

from portal.quotes import acceptance_views, reading_views  # noqa: F401 - they bind their pages
from portal.quotes import request_views as requests
from portal.quotes.client_pages import quotes_client, quotes_link
from portal.quotes.contract_words import contract_words
from portal.quotes.following_views import quotes_following
from portal.quotes.queue import QUEUE
from portal.quotes.quote_models import Quote
from portal.quotes.quote_queue import queues
from portal.quotes.quote_rules import OFFERED, State
from portal.quotes.request_desk_views import quotes_desk
from portal.quotes.thread_lines import message_lines, request_lines
from portal.quotes.writing_views import quotes_writing
from portal.web import now, services, today

_STAFF, CLIENT_QUEUES = queues(lambda: services().library, now)
STAFF_QUEUES = (QUEUE, *_STAFF)


def register(app: Flask) -> None:
    """Add the room to an application."""
    requests.register(app)
    for blueprint in (quotes_desk, quotes_writing, quotes_following, quotes_client, quotes_link):
        app.register_blueprint(blueprint)
    app.jinja_env.globals["contract_words"] = contract_words
    app.jinja_env.filters.update(message_lines=message_lines, request_lines=request_lines)
    app.jinja_env.filters["state_words"] = lambda quote: state_words(quote, today())
    app.jinja_env.filters["client_state"] = lambda quote: _TO_CLIENT.get(quote.state) or state_words(quote, today())


#: What a client reads of its own acts.
_TO_CLIENT = {State.ACCEPTED: "Accepté, à confirmer par nous", State.REFUSED: "Refusé"}


def state_words(quote: Quote, day: date) -> str:
    """Where a quote stands, in a word: an offer whose last day is over has expired."""
    if quote.state in OFFERED and quote.last_day is not None and quote.last_day < day:
        return "Expiré"
    return quote.state.label
