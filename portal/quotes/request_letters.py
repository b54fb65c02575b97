"""The mails of this room: who gets which, in which thread, written into the outbox with the act."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.mail.letters import quoted
from portal.quotes.estimate import Estimate, restored
from portal.quotes.links import Links
from portal.quotes.request_models import QuoteRequest, RequestMessage
from portal.quotes.request_rules import Side, identity_words
from portal.quotes.threads import post_in_thread
from portal.terms import Library


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


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes the mails of this room into the outbox."""

    library: Library
    links: Links
    domain: str

    def received(self, session: Session, request: QuoteRequest, at: datetime, *, acknowledge: bool = True) -> None:
        """Tell the company, and acknowledge to the requester; to them without a word of what was typed.

        Nobody has shown yet that the address is theirs: a stranger's words would travel to it under our name.
        """
        estimate = estimate_of(request)
        values = {
            "wish": quoted(request.wish),
            "identity": identity_words(request.identity),
            "estimate": estimate,
            "estimate_from": self.library.version(estimate.version).in_force_from if estimate else None,
            "terms_from": self.library.version(request.terms_slug).in_force_from,
            "terms_link": self.links.terms(request.terms_slug),
        }
        if acknowledge:
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
        """Keys of what this reader was sent before, oldest first."""
        sent = [message for message in request.messages if message.side is side and message is not before]
        return [self._key(request, key) for key in (first, *(f"message-{message.id}" for message in sent))]

    def _key(self, request: QuoteRequest, key: str) -> str:
        return f"quote-request.{request.reference}.{key}"

    def _post(
        self, session: Session, request: QuoteRequest, event: str, values: Mapping[str, Any], at: datetime,
        key: str, recipient: str, thread: list[str],
    ) -> None:  # fmt: skip
        post_in_thread(
            session, event, {"request": request, "company": self.library.company} | dict(values),
            key=self._key(request, key), earlier=thread, recipient=recipient, domain=self.domain, at=at,
        )  # fmt: skip
