"""The mails of this room: who gets which, written into the outbox with the act."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.accounts.rules import ClientRole
from portal.clock import PARIS
from portal.french import amount
from portal.invoices.governing import DISPUTE, dispute_clock, version_of
from portal.invoices.links import Links
from portal.invoices.models import Invoice
from portal.invoices.payment_models import Claim, Deferral
from portal.mail.actions import post
from portal.mail.letters import Letters as Templates
from portal.mail.letters import quoted
from portal.terms import Library

TEMPLATES = Templates(Path(__file__).resolve().parent / "templates" / "invoices" / "mail")


def readers(session: Session, organisation_id: int) -> list[Person]:
    """Who is written to about an organisation's invoices: its billing role, or its administrators without one."""
    people = list(
        session.scalars(
            select(Person).where(Person.organisation_id == organisation_id, Person.active).order_by(Person.id)
        )
    )
    for role in (ClientRole.BILLING, ClientRole.ADMINISTRATOR):
        if found := [person for person in people if role in person.role_names]:
            return found
    return []


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes the mails of this room into the outbox."""

    library: Library
    links: Links
    domain: str

    def announced(self, session: Session, invoice: Invoice, at: datetime) -> None:
        """A new invoice is there: until when it may be disputed, and how (7.4)."""
        if invoice.organisation_id is None:
            return
        clock = dispute_clock(version_of(self.library, invoice.terms_slug), invoice.issued_on)
        open_ = clock is not None and clock.in_time(at.astimezone(PARIS).date())
        values = {"sum": amount(invoice.payable, invoice.currency), "clock": clock, "open": open_}
        self.to_client(session, "announced", invoice, values | self.clause(invoice, DISPUTE), at, key="announced")

    def deferred(self, session: Session, invoice: Invoice, deferral: Deferral, at: datetime) -> None:
        """A deferral is granted: the day that counts from now on (7.4)."""
        values = {"deferral": deferral, **self.clause(invoice, "deferral")}
        self.to_client(session, "deferred", invoice, values, at, key=f"deferral-{deferral.id}")

    def claimed(self, session: Session, invoice: Invoice, claim: Claim, at: datetime) -> None:
        """The company claims for the delay: how much, under which text."""
        values = {
            "claim": claim,
            "penalty": amount(claim.penalty, invoice.currency),
            "indemnity": amount(claim.indemnity, invoice.currency) if claim.indemnity else None,
            "written": quoted(claim.words),
            **self.clause(invoice, "late_penalty"),
        }
        self.to_client(session, "claimed", invoice, values, at, key=f"claim-{claim.id}")

    def cancelled(self, session: Session, invoice: Invoice, row: Deferral | Claim, at: datetime) -> None:
        """What the client was told does not hold any more."""
        values = {"row": row, "is_claim": isinstance(row, Claim), "reason": quoted(row.cancel_reason or "")}
        key = f"{type(row).__name__.lower()}-{row.id}-cancelled"
        self.to_client(session, "cancelled", invoice, values, at, key=key)

    def clause(self, invoice: Invoice, figure: str) -> dict[str, str | None]:
        """The address and the number of a clause in the version that governs an invoice; None where there is none."""
        version = version_of(self.library, invoice.terms_slug)
        held = version.figures.get(figure) if version else None
        if version is None or held is None:
            return {"clause": None, "article": None}
        return {"clause": self.links.clause(version.permalink(held.anchor)), "article": held.article}

    def to_client(
        self, session: Session, event: str, invoice: Invoice, values: dict[str, Any], at: datetime, *, key: str
    ) -> None:
        """One mail to each person of the client who reads its invoices."""
        if invoice.organisation_id is None:
            return
        values = {"invoice": invoice, "link": self.links.invoice(invoice.id), **values}
        for person in readers(session, invoice.organisation_id):
            self.post(session, event, f"{invoice.id}.{key}.{person.id}", person.email, values, at)

    def post(
        self, session: Session, event: str, key: str, recipient: str, values: dict[str, Any], at: datetime,
        headers: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        """One mail of this room; the same key again is the same mail."""
        letter = TEMPLATES.write(event, company=self.library.company, **values)
        post(
            session, event=f"invoices/{event}", recipient=recipient, subject=letter.subject, text=letter.text,
            html=letter.html, domain=self.domain, now=at, key=f"invoice.{key}", headers=headers,
        )  # fmt: skip
