"""The mails of this room, written into the outbox with the act."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from portal import french
from portal.contracts.links import ASK, CHOICE, CLIENT
from portal.mail.actions import post
from portal.mail.letters import Letters as Templates
from portal.mail.letters import quoted
from portal.terms import Library

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.accounts.models import Person
    from portal.contracts.alert_models import ContractAlert
    from portal.contracts.models import Contract, LedgerEntry
    from portal.contracts.period import Month

MINUS = "\u2212"
TEMPLATES = Templates(Path(__file__).resolve().parent / "templates" / "contracts" / "mail")


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes the mails of this room."""

    library: Library
    base_url: str
    domain: str

    def threshold(self, session: Session, alert: "ContractAlert", left: Decimal, at: datetime) -> None:
        """A threshold was reached: to who chose it."""
        contract = alert.contract
        letter = TEMPLATES.write(
            "threshold",
            contract=contract, company=self.library.company, left=french.points(left),
            threshold=french.points(alert.threshold), name=alert.person.name, rule=contract.policy.label,
            page=f"{self.base_url}{CLIENT}/{contract.reference}",
            ask=f"{self.base_url}{ASK}?contrat={contract.reference}",
        )  # fmt: skip
        post(
            session, event="contracts/threshold", recipient=alert.person.email, subject=letter.subject,
            text=letter.text, html=letter.html, domain=self.domain, now=at,
            key=f"contract-alert.{alert.id}.{at.timestamp():.0f}",
        )  # fmt: skip

    def moved(self, session: Session, entry: "LedgerEntry", person: "Person", at: datetime) -> None:
        """Staff added points to a contract, or took some back."""
        contract = entry.contract
        letter = TEMPLATES.write(
            "moved",
            contract=contract, company=self.library.company, name=person.name, words=entry.words,
            change=_signed(entry.points), before=french.points(entry.before), left=french.points(entry.balance),
            reason=quoted(entry.reason or ""), page=f"{self.base_url}{CLIENT}/{contract.reference}",
            choice=f"{self.base_url}{CLIENT}/{CHOICE}",
        )  # fmt: skip
        post(
            session, event="contracts/moved", recipient=person.email, subject=letter.subject, text=letter.text,
            html=letter.html, domain=self.domain, now=at, key=f"contract-entry.{entry.id}.{person.id}",
        )  # fmt: skip

    def below(self, session: Session, entry: "LedgerEntry", person: "Person", at: datetime) -> None:
        """A charge went below zero, as the rule of the contract lets it."""
        contract = entry.contract
        letter = TEMPLATES.write(
            "below",
            contract=contract, company=self.library.company, name=person.name, words=entry.words,
            before=french.points(entry.before), left=french.points(entry.balance), rule=contract.policy.label,
            page=f"{self.base_url}{CLIENT}/{contract.reference}",
            ask=f"{self.base_url}{ASK}?contrat={contract.reference}",
        )  # fmt: skip
        post(
            session, event="contracts/below", recipient=person.email, subject=letter.subject, text=letter.text,
            html=letter.html, domain=self.domain, now=at, key=f"contract-below.{entry.id}.{person.id}",
        )  # fmt: skip

    def month(
        self, session: Session, person: "Person", month: "Month",
        lines: "Sequence[tuple[Contract, Decimal, Decimal, Decimal]]", at: datetime,
    ) -> None:  # fmt: skip
        """The statement of a month."""
        letter = TEMPLATES.write(
            "month",
            company=self.library.company, name=person.name, month=month.label,
            lines=[
                {
                    "kind": contract.kind.label, "reference": contract.reference, "came": french.points(came),
                    "went": french.points(went), "left": french.points(left),
                    "statement": f"{self.base_url}{CLIENT}/{contract.reference}/releve.pdf?periode={month.key}",
                }
                for contract, came, went, left in lines
            ],
            page=f"{self.base_url}{CLIENT}/", choice=f"{self.base_url}{CLIENT}/{CHOICE}",
        )  # fmt: skip
        post(
            session, event="contracts/month", recipient=person.email, subject=letter.subject, text=letter.text,
            html=letter.html, domain=self.domain, now=at, key=f"points-month.{month.key}.{person.id}",
        )  # fmt: skip


def _signed(points: Decimal) -> str:
    return f"{'+' if points > 0 else MINUS}{french.points(abs(points))}"
