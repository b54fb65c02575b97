"""The mails of this room: who gets which, written into the outbox with the act."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.accounts.rules import ClientRole
from portal.french import money
from portal.mail.actions import post
from portal.mail.letters import Letters as Templates
from portal.mail.letters import quoted
from portal.orders.amendment_rules import Outcome
from portal.orders.clauses import version_of
from portal.orders.links import Links
from portal.orders.models import Order
from portal.orders.progress_models import Amendment, Decision, OrderEvent
from portal.orders.progress_rules import FIGURES, EventKind, Ground, Side
from portal.terms import Library

TEMPLATES = Templates(Path(__file__).resolve().parent / "templates" / "orders" / "mail")


def signatories(session: Session, organisation_id: int) -> list[Person]:
    """Who may sign for an organisation, or its administrators where nobody does."""
    people = session.scalars(
        select(Person).where(Person.organisation_id == organisation_id, Person.active).order_by(Person.id)
    ).all()
    for role in (ClientRole.SIGNATORY, ClientRole.ADMINISTRATOR):
        if found := [person for person in people if role in person.role_names]:
            return found
    return []


@dataclass(frozen=True, slots=True)
class OrderLetters:
    """Writes the mails of this room into the outbox."""

    library: Library
    links: Links
    domain: str

    def happened(
        self, session: Session, order: Order, event: OrderEvent, at: datetime, *, received_on: date | None = None
    ) -> None:
        """What happened to an order: to the client; what the client did, to the company too.

        ``received_on``: the day a notice was received, where that is known as it is sent.
        """
        version = version_of(self.library, order.terms_slug)
        noticed = event.kind in {EventKind.NOTICE_SENT, EventKind.NOTICE_RECEIVED}
        key = FIGURES.get(event.ground, "") if event.ground else "formal_notice" if noticed else ""
        figure = version.figures.get(key) if version else None
        values = {
            "happening": event,
            "kind": event.kind.value,
            "written": quoted(event.words),
            "article": figure.article if figure else None,
            "clause": f"{self.links.base_url}{version.permalink(figure.anchor)}" if version and figure else None,
            "last_day": self._last_day(order, event, received_on),
            "work_done": self._article(order, "work_done") if event.ground is Ground.FORCE_MAJEURE else None,
        }
        sides = {Side.CLIENT, Side.PROVIDER} if event.side is Side.CLIENT else {Side.CLIENT}
        self._post(session, order, "happened", f"event-{event.id}", sides, values, at)

    def proposed(self, session: Session, order: Order, amendment: Amendment, at: datetime) -> None:
        """An amendment waits for the other side."""
        values = self._amendment(amendment) | {"article": self._article(order, "order_final")}
        self._post(session, order, "proposed", f"{amendment.reference}-proposed", {amendment.side.other}, values, at)

    def decided(self, session: Session, order: Order, amendment: Amendment, decision: Decision, at: datetime) -> None:
        """What became of it: to both sides; an acceptance is the acknowledgement of both."""
        values = self._amendment(amendment) | {
            "decision": decision,
            "outcome": decision.outcome.value,
            "reason": quoted(decision.reason),
        }
        sides = set(Side) if decision.outcome is Outcome.ACCEPTED else {amendment.side, amendment.side.other}
        self._post(session, order, "decided", f"{amendment.reference}-decided", sides, values, at)

    def acknowledgement(self, order: Order, amendment: Amendment, decision: Decision) -> str:
        """The words of an acceptance's acknowledgement, as they were sent to the client."""
        values = self._amendment(amendment) | {
            "decision": decision, "outcome": decision.outcome.value, "reason": quoted(decision.reason),
            "link": self.links.amendment(order.reference, amendment.reference),
        }  # fmt: skip
        letter = TEMPLATES.write("decided", order=order, company=self.library.company, **values)
        return f"{letter.subject}\n\n{letter.text}"

    def _article(self, order: Order, key: str) -> str | None:
        version = version_of(self.library, order.terms_slug)
        figure = version.figures.get(key) if version else None
        return figure.article if figure else None

    def _last_day(self, order: Order, event: OrderEvent, received_on: date | None) -> date | None:
        version = version_of(self.library, order.terms_slug)
        received = event.day if event.kind is EventKind.NOTICE_RECEIVED else received_on
        return version.deadline("formal_notice").last_day(received) if version and received else None

    def _amendment(self, amendment: Amendment) -> dict[str, Any]:
        was, becomes = amendment.compared.totals if amendment.compared else (None, None)
        return {
            "was": money(was.gross) if was else None,
            "becomes": money(becomes.gross) if becomes else None,
            "amendment": amendment,
            "wish": quoted(amendment.words),
            "change": None if amendment.net_change is None else money(amendment.net_change),
        }

    def _post(
        self, session: Session, order: Order, event: str, key: str, sides: Iterable[Side], values: dict[str, Any],
        at: datetime,
    ) -> None:  # fmt: skip
        for side in sorted(sides):
            staff = side is Side.PROVIDER
            amendment = values.get("amendment")
            link = (
                self.links.amendment(order.reference, amendment.reference, staff=staff)
                if amendment is not None
                else self.links.order(order.reference, staff=staff)
            )
            letter = TEMPLATES.write(event, order=order, company=self.library.company, **values, link=link)
            recipients = (
                [self.library.company.mail]
                if staff
                else [person.email for person in signatories(session, order.organisation_id)]
            )
            for recipient in recipients:
                post(
                    session, event=f"orders/{event}", recipient=recipient, subject=letter.subject, text=letter.text,
                    html=letter.html, domain=self.domain, now=at,
                    key=f"order.{order.reference}.{key}.{side.value}.{recipients.index(recipient)}",
                )  # fmt: skip
