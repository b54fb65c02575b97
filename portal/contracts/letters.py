"""The mails of this room, written into the outbox with the act."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from portal import french
from portal.contracts.links import ASK, CLIENT
from portal.mail.actions import post
from portal.mail.letters import Letters as Templates
from portal.terms import Library

if TYPE_CHECKING:
    from portal.contracts.alert_models import ContractAlert

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
