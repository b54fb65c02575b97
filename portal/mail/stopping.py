"""Mails that their reader may stop: one link in their head, one press (RFC 2369, RFC 8058), without signing in.

Only those that somebody chose to be told by: what the terms or the law have us tell cannot be stopped.
The mail's own token opens the link: it names one mail, whoever holds that mail holds it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.mail.models import OutgoingMail

PAGE = "/espace-client/courriels"


@dataclass(frozen=True, slots=True)
class Stop:
    """What a room does when somebody wants no more of one kind of its mails; twice is once."""

    words: str  # what will not come any more, after "Vous ne recevrez plus"
    stop: Callable[[Session, OutgoingMail, datetime], None]


def headers(base_url: str, token: str) -> Mapping[str, str]:
    """What mail programs look for."""
    return {
        "List-Unsubscribe": f"<{base_url}{PAGE}/{token}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def find(session: Session, token: str) -> OutgoingMail | None:
    """The mail of a link."""
    return session.scalars(select(OutgoingMail).where(OutgoingMail.token == token)).first()
