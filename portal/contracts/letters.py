"""The mails of this room, written into the outbox with the act."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from portal import french
from portal.accounts.rules import ClientRole
from portal.contracts.links import ASK, CHOICE, CLIENT, DESK
from portal.mail.actions import post
from portal.mail.letters import Letters as Templates
from portal.mail.letters import quoted
from portal.terms import Library, Version
from portal.terms.citing import cites

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.accounts.models import Person
    from portal.contracts.alert_models import ContractAlert
    from portal.contracts.models import Contract, LedgerEntry
    from portal.contracts.notice_models import ContractNotice
    from portal.contracts.period import Month

#: Those that whoever chose to be told may stop; ``portal.contracts.stopping`` does it. A balance below zero is always told.
STOPPABLE = frozenset({"threshold", "moved", "month"})
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
        self._of(
            session, "threshold", alert.contract, alert.person, f"contract-alert.{alert.id}.{at.timestamp():.0f}", at,
            left=french.points(left), threshold=french.points(alert.threshold),
        )  # fmt: skip

    def moved(self, session: Session, entry: "LedgerEntry", person: "Person", at: datetime) -> None:
        """Staff added points to a contract, or took some back."""
        self._of(
            session, "moved", entry.contract, person, f"contract-entry.{entry.id}.{person.id}", at, words=entry.words,
            change=_signed(entry.points), before=french.points(entry.before), left=french.points(entry.balance),
            reason=quoted(entry.reason or ""),
        )  # fmt: skip

    def below(self, session: Session, entry: "LedgerEntry", person: "Person", at: datetime) -> None:
        """A charge went below zero, as the rule of the contract lets it."""
        self._of(
            session, "below", entry.contract, person, f"contract-below.{entry.id}.{person.id}", at, words=entry.words,
            before=french.points(entry.before), left=french.points(entry.balance),
        )  # fmt: skip

    def month(
        self, session: Session, person: "Person", month: "Month",
        lines: "Sequence[tuple[Contract, Decimal, Decimal, Decimal]]", at: datetime,
    ) -> None:  # fmt: skip
        """The statement of a month."""
        told = [
            {
                "kind": contract.kind.label, "reference": contract.reference, "came": french.points(came),
                "went": french.points(went), "left": french.points(left),
                "statement": f"{self._page(contract)}/releve.pdf?periode={month.key}",
            }
            for contract, came, went, left in lines
        ]  # fmt: skip
        self._post(
            session, "month", person, f"points-month.{month.key}.{person.id}", at, month=month.label, lines=told,
            page=f"{self.base_url}{CLIENT}/",
        )  # fmt: skip

    def _page(self, contract: "Contract") -> str:
        return f"{self.base_url}{CLIENT}/{contract.reference}"

    def _of(
        self,
        session: Session,
        event: str,
        contract: "Contract",
        person: "Person",
        key: str,
        at: datetime,
        **values: Any,
    ) -> None:
        """A mail about one contract."""
        self._post(
            session, event, person, key, at, contract=contract, rule=contract.policy.label, page=self._page(contract),
            ask=f"{self.base_url}{ASK}?contrat={contract.reference}", **values,
        )  # fmt: skip

    def _post(self, session: Session, event: str, person: "Person", key: str, at: datetime, **values: Any) -> None:
        choice = f"{self.base_url}{CLIENT}/{CHOICE}"
        letter = TEMPLATES.write(event, company=self.library.company, name=person.name, choice=choice, **values)
        post(
            session, event=f"contracts/{event}", recipient=person.email, subject=letter.subject, text=letter.text,
            html=letter.html, domain=self.domain, now=at, key=key,
            stops_at=self.base_url if event in STOPPABLE else None,
        )  # fmt: skip

    def notice(
        self, session: Session, notice: "ContractNotice", last: date, version: Version, at: datetime
    ) -> None:  # fmt: skip
        """A client put the company on notice: to the company, and to who signs for the client, as the trace of it."""
        contract = notice.contract
        signs = [
            each.email for each in contract.organisation.people
            if each.active and ClientRole.SIGNATORY in each.role_names
        ]  # fmt: skip
        for recipient, place in ((self.library.company.mail, DESK), *((each, CLIENT) for each in signs)):
            letter = TEMPLATES.write(
                "notice",
                contract=contract, notice=notice, written=quoted(notice.breach), last_day=last,
                company=self.library.company, clause=cites(version, "formal_notice", of=" des CGV"),
                page=f"{self.base_url}{place}/{contract.reference}",
            )  # fmt: skip
            post(
                session, event="contracts/notice", recipient=recipient, subject=letter.subject, text=letter.text,
                html=letter.html, domain=self.domain, now=at, key=f"contract-notice.{notice.id}.{recipient}",
            )  # fmt: skip


def _signed(points: Decimal) -> str:
    return f"{'+' if points > 0 else MINUS}{french.points(abs(points))}"
