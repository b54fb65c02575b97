"""The mails about time: a client contests, staff have answered."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from portal.mail.actions import post
from portal.mail.letters import Letters as Templates
from portal.terms import Library
from portal.tickets.intervention_models import TimeContest
from portal.tickets.intervention_rules import service_label
from portal.tickets.links import CLIENT, DESK

TEMPLATES = Templates(Path(__file__).resolve().parent / "templates" / "tickets" / "mail")


@dataclass(frozen=True, slots=True)
class TimeLetters:
    """Writes these mails into the outbox."""

    library: Library
    base_url: str
    domain: str

    def contested(self, session: Session, contest: TimeContest, at: datetime) -> None:
        """To the company."""
        self._post(session, contest, "time_contested", self.library.company.mail, DESK, contest.reason, at)

    def answered(self, session: Session, contest: TimeContest, at: datetime) -> None:
        """To who contested."""
        self._post(session, contest, "time_answered", contest.by_mail, CLIENT, contest.answer or "", at)

    def _post(
        self, session: Session, contest: TimeContest, event: str, recipient: str, area: str, written: str, at: datetime
    ) -> None:
        ticket = contest.entry.intervention.ticket
        values: dict[str, Any] = {
            "ticket": ticket, "contest": contest, "company": self.library.company,
            "written": "\n".join(f"> {line}".rstrip() for line in written.splitlines()),
            "work": service_label(contest.entry.service), "link": f"{self.base_url}{area}/{ticket.reference}/temps",
        }  # fmt: skip
        letter = TEMPLATES.write(event, **values)
        post(
            session, event=f"tickets/{event}", recipient=recipient, subject=letter.subject, text=letter.text,
            html=letter.html, domain=self.domain, now=at, key=f"time-contest.{contest.id}.{event}",
            headers={"References": f"<ticket.{ticket.reference}@{self.domain}>"},
        )  # fmt: skip
