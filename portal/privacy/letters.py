"""The mails of this room, written into the outbox with the act."""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from portal.mail.actions import post
from portal.mail.letters import Letter, quoted
from portal.mail.letters import Letters as Templates
from portal.privacy.links import Links
from portal.privacy.models import PrivacyRequest
from portal.privacy.rules import LINK_LIFE, UNDO_LIFE
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
        """Say what was done, and that one may ask whom it was told to (GDPR article 19)."""
        values = {"reason": quoted(request.decision or ""), "told": bool(request.recipients)}
        return self._to_person(session, request, "done", at, values)

    def ready(self, session: Session, request: PrivacyRequest, until: date, at: datetime) -> Letter:
        """Say that the file can be fetched."""
        return self._to_person(session, request, "ready", at, {"until": until})

    def prove_address(self, session: Session, request: PrivacyRequest, address: str, at: datetime) -> Letter:
        """Have who asked show that they read a new address. Whose mailbox was mistyped learns next to nothing."""
        link = self.links.address(request.reference, request.link_key)
        values = {"link": link, "until": request.received_at + LINK_LIFE}
        return self._to_person(session, request, "prove_address", at, values, to=address)

    def address_asked(self, session: Session, request: PrivacyRequest, after: str, at: datetime) -> Letter:
        """Tell the address of today that another is to take its place, and how to prevent it."""
        link = self.links.former(request.reference, request.link_key)
        return self._to_person(session, request, "address_asked", at, {"after": after, "link": link}, to=request.about)

    def new_address(
        self, session: Session, request: PrivacyRequest, before: str, after: str, at: datetime, *,
        to: str | None = None, since: datetime | None = None,
    ) -> Letter:  # fmt: skip
        """Tell the old address that another has taken its place, and how to undo it.

        ``to``: one that was replaced earlier, by this request, ``since`` a day: its link still takes its place again.
        """
        values = {
            "before": before, "after": after, "link": self.links.former(request.reference, request.link_key),
            "until": (since or at) + UNDO_LIFE,
        }  # fmt: skip
        return self._to_person(session, request, "new_address", at, values, to=to or before)

    def address_back(self, session: Session, request: PrivacyRequest, before: str, after: str, at: datetime) -> Letter:
        """Tell both that the address of before has its place again."""
        values = {"before": before, "after": after}
        self._to_person(session, request, "address_back", at, values, to=after)
        return self._to_person(session, request, "address_back", at, values, to=before)

    def corrected(self, session: Session, request: PrivacyRequest, to: str, what: str, at: datetime) -> Letter:
        """Tell somebody who was given a value that it was corrected (GDPR article 19)."""
        return self._to_person(session, request, "corrected", at, {"what": what}, to=to)

    def lifting(self, session: Session, request: PrivacyRequest, on: date, reason: str, at: datetime) -> Letter:
        """Tell a person, before it happens, that their data will be used again."""
        return self._to_person(
            session, request, "lifting", at, {"on": on, "reason": quoted(reason)}, to=request.about
        )  # fmt: skip

    def lifted(self, session: Session, request: PrivacyRequest, at: datetime) -> Letter:
        """Tell a person that their data are used again, as they asked."""
        return self._to_person(session, request, "lifted", at, {}, to=request.about)

    def _to_person(
        self, session: Session, request: PrivacyRequest, event: str, at: datetime, values: dict[str, Any],
        to: str | None = None,
    ) -> Letter:  # fmt: skip
        signs_in = request.person_id is not None
        link = (
            self.links.client(request.reference) if signs_in else self.links.follow(request.reference, request.link_key)
        )
        given: dict[str, Any] = {
            "asked": request, "label": request.right.label, "link": link, "company": self.library.company,
            "article": request.right.basis(self.library.in_force(request.received_on)),
        }  # fmt: skip
        letter = TEMPLATES.write(event, **given | values)
        post(
            session, event=f"privacy/{event}", recipient=to or request.email, subject=letter.subject, text=letter.text,
            html=letter.html, domain=self.domain, now=at,
            key=f"privacy.{request.reference}.{event}.{at:%Y%m%d%H%M%S}{to_key(to)}",
        )  # fmt: skip
        return letter


def to_key(to: str | None) -> str:
    """What tells the mails of one event apart, without an address in their number."""
    return f".{sha256(to.lower().encode()).hexdigest()[:8]}" if to else ""
