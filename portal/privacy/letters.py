"""The mails of this room, written into the outbox with the act."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from portal.mail.actions import post
from portal.mail.letters import Letter, quoted
from portal.mail.letters import Letters as Templates
from portal.privacy.links import Links
from portal.privacy.models import PrivacyRequest
from portal.terms import Library

TEMPLATES = Templates(Path(__file__).resolve().parent / "templates" / "privacy" / "mail")


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes the mails of this room. ``library`` gives the company and the law."""

    library: Library
    links: Links
    domain: str

    def confirm(self, session: Session, request: PrivacyRequest, at: datetime) -> Letter:
        """Ask a stranger to show that the address is theirs."""
        return self._to_person(session, request, "confirm", at, {})

    def received(self, session: Session, request: PrivacyRequest, last_day: date, at: datetime) -> Letter:
        """Acknowledge, with the last day of the answer."""
        return self._to_person(session, request, "received", at, {"last_day": last_day})

    def identity(self, session: Session, request: PrivacyRequest, reason: str, at: datetime) -> Letter:
        """Ask for a proof of identity, and say why."""
        return self._to_person(session, request, "identity", at, {"reason": quoted(reason)})

    def extended(self, session: Session, request: PrivacyRequest, last_day: date, at: datetime) -> Letter:
        """Say that two more months are needed, and why."""
        reason = quoted(request.extension_reason or "")
        return self._to_person(session, request, "extended", at, {"last_day": last_day, "reason": reason})

    def refused(self, session: Session, request: PrivacyRequest, at: datetime) -> Letter:
        """Refuse, with the ground and whom to turn to."""
        return self._to_person(session, request, "refused", at, {"reason": quoted(request.decision or "")})

    def done(self, session: Session, request: PrivacyRequest, at: datetime) -> Letter:
        """Say what was done."""
        return self._to_person(session, request, "done", at, {"reason": quoted(request.decision or "")})

    def ready(self, session: Session, request: PrivacyRequest, until: date, at: datetime) -> Letter:
        """Say that the file can be fetched."""
        return self._to_person(session, request, "ready", at, {"until": until})

    def _to_person(
        self, session: Session, request: PrivacyRequest, event: str, at: datetime, values: dict[str, Any]
    ) -> Letter:
        signs_in = request.person_id is not None
        link = (
            self.links.client(request.reference) if signs_in else self.links.follow(request.reference, request.link_key)
        )
        letter = TEMPLATES.write(
            event, asked=request, label=request.right.label, article=request.right.article, link=link,
            company=self.library.company, **values,
        )  # fmt: skip
        post(
            session, event=f"privacy/{event}", recipient=request.email, subject=letter.subject, text=letter.text,
            html=letter.html, domain=self.domain, now=at,
            key=f"privacy.{request.reference}.{event}.{at:%Y%m%d%H%M%S}",
        )  # fmt: skip
        return letter
