"""The mails of a disagreement: the one that 7.4 asks for, to both sides, and each answer in its thread."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.french import amount
from portal.invoices.dispute_models import Dispute, DisputeMessage
from portal.invoices.dispute_rules import DisputeState, Party
from portal.invoices.governing import DISPUTE
from portal.invoices.letters import Letters
from portal.mail.letters import quoted
from portal.terms.company import Company

#: How many earlier mails a header names: servers refuse lines that never end.
REFERENCES = 10


def dispute_address(company: Company) -> str:
    """Where 7.4's e-mail goes: the address the company names, else its contact (a convention)."""
    return company.dispute_mail or company.mail


@dataclass(frozen=True, slots=True)
class DisputeLetters:
    """Writes the mails of the disagreements into the outbox, with the act each tells of."""

    letters: Letters

    @property
    def domain(self) -> str:
        return self.letters.domain

    def filed(self, session: Session, dispute: Dispute, at: datetime) -> None:
        """The e-mail of 7.4, word for word the same to the company and to the client."""
        for side in Party:
            self._post(session, dispute, "dispute_notice", "notice", side, self._values(dispute, side), at)

    def recorded(self, session: Session, dispute: Dispute, at: datetime) -> None:
        """What came by another way is recorded: the client is told, with the day that counts."""
        if dispute.mail:
            self._post(
                session, dispute, "dispute_recorded", "notice", Party.CLIENT, self._values(dispute, Party.CLIENT), at
            )

    def wrote(self, session: Session, dispute: Dispute, message: DisputeMessage, at: datetime) -> None:
        """Tell the other side what one side did; an acceptance and a withdrawal are acknowledged to both."""
        sides = {Party.CLIENT} if message.side is Party.STAFF else {Party.STAFF}
        if dispute.state in {DisputeState.ACCEPTED, DisputeState.UPHELD, DisputeState.WITHDRAWN}:
            sides = set(Party)
        for side in sorted(sides):
            values = self._values(dispute, side) | {
                "message": message,
                "written": quoted(message.text),
                "granted": amount(message.amount, dispute.invoice.currency) if message.amount is not None else None,
            }
            self._post(session, dispute, "dispute_answer", f"message-{message.id}", side, values, at)

    def _values(self, dispute: Dispute, side: Party) -> dict[str, Any]:
        invoice, links = dispute.invoice, self.letters.links
        # One line each, whatever the file says: paragraphs are the template's alone.
        names = {line.id: " ".join(f"{line.number or line.position}. {line.name}".split()) for line in invoice.lines}
        return {
            "dispute": dispute,
            "invoice": invoice,
            "organisation": dispute.organisation.legal_name,
            "disputed": amount(dispute.amount, invoice.currency),
            "sum": amount(invoice.payable, invoice.currency),
            "lines": [(names.get(line.line_id, ""), amount(line.amount, invoice.currency)) for line in dispute.lines],
            "written": quoted(dispute.text),
            "files": [each.file.name for each in dispute.files if each.message_id is None],
            "side": side.value,
            "link": links.dispute(dispute.reference) if side is Party.CLIENT else links.desk_dispute(dispute.reference),
            **self.letters.clause(invoice, DISPUTE),
        }

    def _post(
        self,
        session: Session,
        dispute: Dispute,
        event: str,
        key: str,
        side: Party,
        values: dict[str, Any],
        at: datetime,
    ) -> None:
        recipient = dispute_address(self.letters.library.company) if side is Party.STAFF else dispute.mail
        if not recipient:
            return
        prefix = f"dispute.{dispute.reference}"
        own = f"{prefix}.{key}.{side.value}"
        # Each reader's thread begins with the notice.
        thread = ["notice", *(f"message-{message.id}" for message in dispute.messages[1:])]
        sent = [f"<invoice.{prefix}.{each}.{side.value}@{self.domain}>" for each in thread if each != key]
        headers = {}
        if key != "notice" and sent:
            earlier = sent if len(sent) <= REFERENCES else [sent[0], *sent[1 - REFERENCES :]]
            headers = {"In-Reply-To": earlier[-1], "References": " ".join(earlier)}
        self.letters.post(session, event, own, recipient, values, at, headers)
