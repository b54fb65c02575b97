"""What was sent, or waits to be sent, and names an erased person: to them it says nothing any more, to others no name."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.mail.models import OutgoingMail
from portal.privacy.scope import Subject, Surroundings

GONE = "(effacé)"
_WORDS = ("subject", "text", "html", "calendar", "last_error", "bounced_why")
#: Mails about the request itself: they go once they have told the person of its end.
_OF_REQUESTS = "privacy/"


def mask_mails(
    session: Session, subject: Subject, near: Surroundings, *, but: Collection[str] = (), last: bool = False
) -> None:
    """Go through the outbox once, page by page: all of it ``but`` the mails of some records.

    ``last``: the mails about the request go too.
    """
    identity = subject.identity
    for sent in session.scalars(select(OutgoingMail).order_by(OutgoingMail.id).execution_options(yield_per=200)):
        if (sent.event.startswith(_OF_REQUESTS) and not last) or any(each in sent.message_id for each in but):
            continue
        if identity.owns(sent.recipient):
            _empty(sent)
            continue
        said = f"{sent.message_id}\n{sent.subject}\n{sent.text}"
        close = sent.recipient in near.people or near.speaks_of(said)
        looked_for = subject.sought_in(f"{said}\n{sent.html or ''}", near=close)
        for name in _WORDS:
            was = getattr(sent, name)
            if was and looked_for.is_in(was):
                setattr(sent, name, _fitted(name, looked_for.mask(was)))
        masked: Any = looked_for.mask_all(sent.headers)
        if masked != sent.headers:
            sent.headers = masked
    session.flush()


def mask_proving(session: Session, reference: str) -> None:
    """What was sent to an address that a request wanted to take over: nobody ever said it was the person's."""
    sent = select(OutgoingMail).where(
        OutgoingMail.event == "privacy/prove_address",
        OutgoingMail.message_id.contains(f".{reference}.prove_address.", autoescape=True),
    )  # fmt: skip
    for one in session.scalars(sent).all():
        _empty(one)
    session.flush()


def _empty(sent: OutgoingMail) -> None:
    # What has not left yet never leaves: the worker takes a sent mail for done.
    sent.sent_at = sent.sent_at or sent.created_at
    sent.recipient, sent.subject, sent.text, sent.html, sent.calendar = GONE, GONE, GONE, None, None
    sent.headers, sent.last_error, sent.bounced_why = {}, None, None


def _fitted(name: str, words: str) -> str:
    limit = getattr(OutgoingMail.__table__.c[name].type, "length", None)
    return words[:limit]
