"""The mails of this room: who gets which, in which thread, written into the outbox with the act."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from portal.mail.actions import post
from portal.mail.letters import Letters as Templates
from portal.quotes.estimate import Estimate, restored
from portal.quotes.links import Links
from portal.quotes.request_models import QuoteRequest, RequestMessage
from portal.quotes.request_rules import Side, identity_words
from portal.terms import Library

TEMPLATES = Templates(Path(__file__).resolve().parent / "templates" / "quotes" / "mail")
#: How many earlier mails a header names: servers refuse lines that never end.
REFERENCES = 10


def estimate_of(request: QuoteRequest) -> Estimate | None:
    """The estimate that a request holds, as it was shown."""
    if (
        request.estimate_query is None
        or request.estimate_slug is None
        or request.estimate_sha256 is None
        or request.estimate_shown is None
    ):
        return None
    return restored(request.estimate_query, request.estimate_slug, request.estimate_sha256, request.estimate_shown)


def quoted(text: str) -> str:
    """What somebody wrote, each line marked: it cannot pass for our own words, nor for one of our buttons."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes the mails of this room into the outbox."""

    library: Library
    links: Links
    domain: str

    def received(self, session: Session, request: QuoteRequest, at: datetime) -> None:
        """Acknowledge to the requester, and tell the company."""
        estimate = estimate_of(request)
        values = {
            "wish": quoted(request.wish),
            "identity": identity_words(request.identity),
            "estimate": estimate,
            "estimate_from": self.library.version(estimate.version).in_force_from if estimate else None,
            "terms_from": self.library.version(request.terms_slug).in_force_from,
            "terms_link": self.links.terms(request.terms_slug),
        }
        self._to_requester(session, request, "received", values, at, key="received")
        self._to_company(session, request, "to_handle", values, at, key="to-handle")

    def wrote(self, session: Session, request: QuoteRequest, message: RequestMessage, at: datetime) -> None:
        """Tell the other side what one side wrote."""
        values, key = {"message": message, "written": quoted(message.text)}, f"message-{message.id}"
        if message.side is Side.STAFF:
            self._to_requester(session, request, "answer", values, at, key=key, before=message)
        else:
            self._to_company(session, request, "requester_wrote", values, at, key=key, before=message)

    def accepted(self, session: Session, request: QuoteRequest, at: datetime) -> None:
        """Tell the requester that its client area is open."""
        values = {"link": self.links.client}
        self._to_requester(session, request, "accepted", values, at, key="accepted")

    def declined(self, session: Session, request: QuoteRequest, at: datetime) -> None:
        """Tell the requester that nothing follows, and why."""
        values = {"link": self.links.form, "reason": quoted(request.decline_reason or "")}
        self._to_requester(session, request, "declined", values, at, key="declined")

    def _to_requester(
        self, session: Session, request: QuoteRequest, event: str, values: Mapping[str, Any], at: datetime,
        *, key: str, before: RequestMessage | None = None,
    ) -> None:  # fmt: skip
        thread = self._thread(request, "received", Side.STAFF, before)
        link = {"link": self.links.follow(request.reference, request.link_key)}
        self._post(session, request, event, link | dict(values), at, key, request.mail, thread)

    def _to_company(
        self, session: Session, request: QuoteRequest, event: str, values: Mapping[str, Any], at: datetime,
        *, key: str, before: RequestMessage | None = None,
    ) -> None:  # fmt: skip
        thread = self._thread(request, "to-handle", Side.REQUESTER, before)
        link = {"link": self.links.desk(request.reference)}
        self._post(session, request, event, link | dict(values), at, key, self.library.company.mail, thread)

    def _thread(self, request: QuoteRequest, first: str, side: Side, before: RequestMessage | None) -> list[str]:
        """Message-IDs of what this reader was sent before, oldest first."""
        sent = [message for message in request.messages if message.side is side and message is not before]
        keys = [first, *(f"message-{message.id}" for message in sent)]
        return [self._message_id(request, key) for key in keys]

    def _key(self, request: QuoteRequest, key: str) -> str:
        return f"quote-request.{request.reference}.{key}"

    def _message_id(self, request: QuoteRequest, key: str) -> str:
        return f"<{self._key(request, key)}@{self.domain}>"

    def _post(
        self, session: Session, request: QuoteRequest, event: str, values: Mapping[str, Any], at: datetime,
        key: str, recipient: str, thread: list[str],
    ) -> None:  # fmt: skip
        letter = TEMPLATES.write(event, request=request, company=self.library.company, **values)
        own = self._message_id(request, key)
        earlier = [each for each in thread if each != own]
        headers = {}
        if earlier:
            # The first names the thread, the last ones place the mail in it.
            known = earlier if len(earlier) <= REFERENCES else [earlier[0], *earlier[1 - REFERENCES :]]
            headers = {"In-Reply-To": earlier[-1], "References": " ".join(known)}
        post(
            session,
            event=f"quotes/{event}",
            recipient=recipient,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            domain=self.domain,
            now=at,
            key=self._key(request, key),
            headers=headers,
        )
