"""Messages of this room as the macro of threads shows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from portal.quotes.quote_models import QuoteMessage
from portal.quotes.request_models import QuoteRequest, RequestMessage
from portal.quotes.request_rules import Side


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """One message: what ``macros/thread.html`` asks of it."""

    number: int
    author: str
    of_company: bool
    mine: bool
    at: datetime
    text: str
    folded: str = ""
    files: tuple[object, ...] = ()
    by: str = ""
    internal: bool = False
    quarantined: bool = False


def message_lines(messages: Iterable[QuoteMessage | RequestMessage], mine: str) -> list[ThreadLine]:
    """A thread as one side sees it; ``mine`` is that side."""
    return [
        ThreadLine(number, each.author, each.side is Side.STAFF, each.side.value == mine, each.written_at, each.text)
        for number, each in enumerate(messages, start=1)
    ]


def request_lines(asked: QuoteRequest, mine: str) -> list[ThreadLine]:
    """The thread of a request: what was asked opens it."""
    opens = ThreadLine(
        0, asked.contact_name, of_company=False, mine=mine == Side.REQUESTER.value, at=asked.submitted_at,
        text=asked.wish,
    )  # fmt: skip
    return [opens, *message_lines(asked.messages, mine)]
