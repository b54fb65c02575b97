"""Where a quote stands, in a word: for staff, and for the client whose own acts some of them are."""

from datetime import date

from portal.quotes.quote_models import Quote
from portal.quotes.quote_rules import OFFERED, State

_TO_CLIENT = {State.ACCEPTED: "Accepté, à confirmer par nous", State.REFUSED: "Refusé"}


def state_words(quote: Quote, day: date) -> str:
    """The word of staff; an offer whose last day is over has expired."""
    if quote.state in OFFERED and quote.last_day is not None and quote.last_day < day:
        return "Expiré"
    return quote.state.label


def client_state(quote: Quote, day: date) -> str:
    """The word of the client."""
    return _TO_CLIENT.get(quote.state) or state_words(quote, day)
