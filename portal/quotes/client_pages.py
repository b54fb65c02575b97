"""Who reads a quote, and by which road: the same pages, signed in or from the link of a mail.

A link names its recipient and opens without an account, but a GET of it shows only what a mail
scanner may see; the rest opens with the button "Lire le devis", a POST, and stays open in that browser.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Blueprint, abort, redirect, request, session, url_for
from werkzeug.wrappers import Response

from portal.accounts.guard import current_person, me
from portal.accounts.models import Person
from portal.accounts.refusals import tell_refused
from portal.quotes.acceptance_actions import record_try
from portal.quotes.links import BY_LINK, QUOTES, BrokenLink
from portal.quotes.quote_models import Quote, Recipient
from portal.quotes.quote_rules import UNSEEN, How, NotAllowed, State, may_sign
from portal.quotes.request_views import links
from portal.quotes.sending_actions import Author
from portal.quotes.writing_actions import NoSuchQuote, find_quote
from portal.web import db, now

quotes_client = Blueprint("quotes_client", __name__, url_prefix=QUOTES, template_folder="templates")
quotes_link = Blueprint("quotes_link", __name__, url_prefix=BY_LINK, template_folder="templates")
#: Where this browser keeps which links were opened by their button.
OPENED = "devis_lus"
MOST_OPENED = 40


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody of the client at a quote. ``token`` names them in an address; None: they are signed in."""

    quote: Quote
    person: Person
    recipient: Recipient | None = None
    token: str | None = None

    @property
    def how(self) -> How:
        """How they are known."""
        return How.READ_BY_LINK if self.token else How.READ_SIGNED_IN

    @property
    def opened(self) -> bool:
        """Whether the quote itself may be shown: its button was pressed here, or, signed in, it was received already."""
        if self.recipient is not None and self.token:
            return _mark(self.recipient) in session.get(OPENED, [])
        return self.quote.state is not State.SENT

    @property
    def signs(self) -> bool:
        """Whether they may accept for the client."""
        return may_sign(self.person.role_names)

    def url(self, page: str = "show", **values: Any) -> str:
        """Another page of this quote, by the same road."""
        if self.token:
            return url_for(f"quotes_link.{page}", token=self.token, **values)
        return url_for(f"quotes_client.{page}", reference=self.quote.reference, **values)

    def open(self) -> None:
        """Remember in this browser that the button was pressed."""
        if self.recipient is not None and self.token:
            held = [each for each in session.get(OPENED, []) if each != _mark(self.recipient)]
            session[OPENED] = [*held, _mark(self.recipient)][-MOST_OPENED:]


Page = Callable[..., Any]


def page(rule: str, *, methods: tuple[str, ...] = ("GET",), covered: bool = True) -> Callable[[Page], Page]:
    """Bind a page of a quote to both roads. A ``covered`` one leads to the cover until the quote was opened."""

    def bind(view: Page) -> Page:
        @wraps(view)
        def signed_in(reference: str, **values: Any) -> Any:
            return _through(view, _own(reference), covered, values)

        @wraps(view)
        def by_link(token: str, **values: Any) -> Any:
            reader = _linked(token)
            person = current_person()
            colleague = person is not None and person.organisation_id == reader.quote.organisation_id
            if request.method == "GET" and person is not None and colleague:
                # Signed in: their own page, where they are who they are.
                return redirect(Reader(reader.quote, person).url(view.__name__, **values), 303)
            return _through(view, reader, covered, values)

        quotes_client.add_url_rule(f"/<reference>{rule}", view.__name__, signed_in, methods=list(methods))
        quotes_link.add_url_rule(f"/<token>{rule}", view.__name__, by_link, methods=list(methods))
        return view

    return bind


def author() -> Author:
    """Where a request comes from."""
    return Author(request.remote_addr or "", request.user_agent.string[:400])


def _through(view: Page, reader: Reader, covered: bool, values: dict[str, Any]) -> Any:
    if covered and not reader.opened:
        return redirect(reader.url(), 303)
    return view(reader, **values)


def _own(reference: str) -> Reader:
    try:
        quote = find_quote(db.session, reference)
    except NoSuchQuote:
        abort(404)
    if quote.state in UNSEEN:
        abort(404)
    if quote.organisation_id != me().organisation_id:
        foreign(quote)
        abort(404)
    return Reader(quote, me())


def foreign(quote: Quote) -> None:
    """Somebody of another organisation tries to bind themselves by this quote: they learn nothing, the log keeps it."""
    if request.method != "POST":
        return
    tell_refused(record_try, quote, "foreign", NotAllowed(), by=me(), author=author(), at=now())


def _linked(token: str) -> Reader:
    try:
        number, link_key = links().quote_opened(token)
    except BrokenLink:
        abort(404)
    recipient = db.session.get(Recipient, number)
    if recipient is None or not secrets.compare_digest(recipient.link_key, link_key):
        abort(404)
    quote, person = recipient.quote, recipient.person
    if quote.state in UNSEEN or not person.active or person.organisation_id != quote.organisation_id:
        abort(404)  # whoever left the client reads its quotes no more
    return Reader(quote, person, recipient, token)


def _mark(recipient: Recipient) -> str:
    return f"{recipient.id}.{recipient.link_key[:8]}"


@quotes_client.after_request
@quotes_link.after_request
def never_stored(response: Response) -> Response:
    """What a client reads stays out of caches."""
    response.headers["Cache-Control"] = "private, no-store"
    return response
