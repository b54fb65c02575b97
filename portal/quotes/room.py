"""The room as an application takes it in: its pages, the words its templates use, what it asks of people."""

from flask import Flask

from portal.quotes import acceptance_views, answer_views, binding_views, reading_views, sending_views  # noqa: F401 - they bind their pages
from portal.quotes import request_views as requests
from portal.quotes.client_pages import quotes_client, quotes_link
from portal.quotes.client_section import section
from portal.quotes.contract_words import contract_words
from portal.quotes.following_views import quotes_following
from portal.quotes.queue import QUEUE
from portal.quotes.quote_queue import queues
from portal.quotes.quote_words import client_state, state_words
from portal.quotes.request_desk_views import quotes_desk
from portal.quotes.thread_lines import message_lines, request_lines
from portal.quotes.writing_views import quotes_writing
from portal.web import now, services, today

_STAFF, CLIENT_QUEUES = queues(lambda: services().library, now)
STAFF_QUEUES = (QUEUE, *_STAFF)
SECTION = section(today)


def register(app: Flask) -> None:
    """Add the room to an application."""
    requests.register(app)
    for blueprint in (quotes_desk, quotes_writing, quotes_following, quotes_client, quotes_link):
        app.register_blueprint(blueprint)
    app.jinja_env.globals["contract_words"] = contract_words
    app.jinja_env.filters.update(message_lines=message_lines, request_lines=request_lines)
    app.jinja_env.filters["state_words"] = lambda quote: state_words(quote, today())
    app.jinja_env.filters["client_state"] = lambda quote: client_state(quote, today())
