"""What the pages of the disagreements share: their mails, how a request came, the files that came with a form."""

import secrets
from typing import Any

from flask import request

from portal.files.models import StoredFile
from portal.invoices.dispute_actions import Trace
from portal.invoices.dispute_letters import DisputeLetters
from portal.invoices.views import letters
from portal.web import db, now, store

KEY_BYTES = 24
KEPT_FOR = "invoices"


def dispute_letters() -> DisputeLetters:
    """The mails of the disagreements of this installation."""
    return DisputeLetters(letters())


def trace() -> Trace:
    """How this request came."""
    return Trace(request.remote_addr or "", request.user_agent.string[:400], "session")


def new_key() -> str:
    """What tells one page from another."""
    return secrets.token_urlsafe(KEY_BYTES)


def kept_files(field: Any) -> list[StoredFile]:
    """The files that came with a form, written down.

    Raises:
        FileRefused: the field says which one is not taken, and why.
    """
    kept: list[StoredFile] = field.keep(db.session, store(), kept_for=KEPT_FOR, now=now())
    return kept
