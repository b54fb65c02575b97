"""A mail of this room into the outbox, in the thread its reader knows it by."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from portal.mail.actions import post
from portal.mail.letters import Letters
from portal.mail.models import OutgoingMail

TEMPLATES = Letters(Path(__file__).resolve().parent / "templates" / "quotes" / "mail")
#: How many earlier mails a header names: servers refuse lines that never end.
REFERENCES = 10


def post_in_thread(
    session: Session, event: str, values: Mapping[str, Any], *, key: str, earlier: Sequence[str], recipient: str,
    domain: str, at: datetime, headers: Mapping[str, str] | None = None,
) -> OutgoingMail:  # fmt: skip
    """Write the mail of an event; ``key`` names it (the same again is the same mail), ``earlier`` those before it."""
    letter = TEMPLATES.write(event, **values)
    before = [f"<{each}@{domain}>" for each in earlier if each != key]
    own = dict(headers or {})
    if before:
        # The first names the thread, the last ones place the mail in it.
        known = before if len(before) <= REFERENCES else [before[0], *before[1 - REFERENCES :]]
        own |= {"In-Reply-To": before[-1], "References": " ".join(known)}
    return post(
        session, event=f"quotes/{event}", recipient=recipient, subject=letter.subject, text=letter.text,
        html=letter.html, domain=domain, now=at, key=key, headers=own,
    )  # fmt: skip
