"""The mails about time: what an intervention cost, what was corrected, contested, answered."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from portal import french
from portal.accounts.models import Person
from portal.contracts.links import CHOICE
from portal.contracts.links import CLIENT as CONTRACTS
from portal.contracts.statement import calculation
from portal.contracts.working import restored
from portal.mail.actions import post
from portal.mail.letters import Letters as Templates
from portal.mail.letters import quoted
from portal.terms import Library
from portal.tickets.intervention_models import TimeContest, TimeCorrection, WorkIntervention
from portal.tickets.intervention_rules import hour_label, service_label
from portal.tickets.links import CLIENT, DESK

NOTHING = Decimal(0)
TEMPLATES = Templates(Path(__file__).resolve().parent / "templates" / "tickets" / "mail")


@dataclass(frozen=True, slots=True)
class Balance:
    """The points of all contracts at work, before an intervention and after it."""

    before: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class TimeLetters:
    """Writes these mails into the outbox."""

    library: Library
    base_url: str
    domain: str

    def counted(
        self, session: Session, intervention: WorkIntervention, person: Person, balance: Balance | None, at: datetime
    ) -> None:
        """An intervention is over: its cost, how it was worked out, the balance, how to contest it."""
        values = {
            "cost": self._cost(intervention), "how": self._how(intervention), "written": quoted(_entries(intervention)),
        }  # fmt: skip
        self._cost_mail(session, intervention, person, "time_counted", values, balance, str(intervention.id), at)

    def corrected(
        self, session: Session, intervention: WorkIntervention, correction: TimeCorrection, person: Person,
        balance: Balance | None, at: datetime,
    ) -> None:  # fmt: skip
        """An intervention was counted anew."""
        was, now = (
            (french.points(correction.points_before or NOTHING), french.points(correction.points))
            if correction.points is not None
            else (french.money(correction.net_before or NOTHING), french.money(correction.net or NOTHING))
        )
        values = {"was": was, "cost": now, "reason": quoted(correction.reason), "by": correction.by}
        key = f"{intervention.id}.{correction.id}"
        self._cost_mail(session, intervention, person, "time_corrected", values, balance, key, at)

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

    def _cost(self, intervention: WorkIntervention) -> str:
        if intervention.points_now is not None:
            return french.points(intervention.points_now)
        return f"{french.money(intervention.net or NOTHING)} HT"

    def _how(self, intervention: WorkIntervention) -> str:
        working = restored(intervention.working)
        if working is not None:
            counted = (
                f", {french.minutes(working.counted)} comptées (minimum de {french.minutes(working.minimum)})"
                if working.below_minimum
                else ""
            )
            real = f"{french.minutes(working.worked)} réelles{counted}"
            return f"{real} : {calculation(working)} (CGV, article {working.article})."
        tariff = self.library.version(intervention.terms_slug or intervention.ticket.terms_slug).tariff
        rate = tariff.hour_rate(intervention.hour or "")
        worked = french.minutes(sum(minutes for _, minutes in intervention.worked))
        label = hour_label(intervention.hour or "").lower()
        return f"{worked}, {label} à {french.money(rate.rate)} HT (CGV, article {rate.article}). Ce temps vous sera facturé."

    def _cost_mail(
        self, session: Session, intervention: WorkIntervention, person: Person, event: str, values: dict[str, Any],
        balance: Balance | None, key: str, at: datetime,
    ) -> None:  # fmt: skip
        ticket = intervention.ticket
        clause = self.library.version(intervention.terms_slug or ticket.terms_slug).figures.get("work_recorded")
        letter = TEMPLATES.write(
            event,
            ticket=ticket, company=self.library.company, name=person.name, day=intervention.day,
            before=french.points(balance.before) if balance else "", left=french.points(balance.left) if balance else "",
            article=clause.article if clause else "", link=f"{self.base_url}{CLIENT}/{ticket.reference}/temps",
            choice=f"{self.base_url}{CONTRACTS}/{CHOICE}", subject=ticket.subject, **values,
        )  # fmt: skip
        post(
            session, event=f"tickets/{event}", recipient=person.email, subject=letter.subject, text=letter.text,
            html=letter.html, domain=self.domain, now=at, key=f"ticket.{ticket.reference}.{event}-{key}.{person.id}",
            headers={"References": f"<ticket.{ticket.reference}@{self.domain}>"}, stops_at=self.base_url,
        )  # fmt: skip


def _entries(intervention: WorkIntervention) -> str:
    return "\n".join(
        f"{entry.words} ({service_label(entry.service)}, {french.minutes(entry.counts)}, {entry.technician})"
        for entry in intervention.entries
    )
