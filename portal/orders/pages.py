"""What the views of both sides share: whose order it is, who acts and how they were known, what a page shows."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import abort, current_app, request, url_for

from portal.accounts.guard import me
from portal.accounts.models import Person
from portal.accounts.refusals import tell_refused
from portal.accounts.security import identified_by
from portal.orders.actions import find_order
from portal.orders.amendment_actions import Signer, amendments_of
from portal.orders.amendment_rules import may_sign
from portal.orders.clauses import Clause, clause, clauses, version_of
from portal.orders.letters import OrderLetters, signatories
from portal.orders.links import Links
from portal.orders.models import Order
from portal.orders.progress_actions import events_of, note_refused, progress_of
from portal.orders.progress_rules import FIGURES, Ground, Progress, Right, Side, notice_last_day, rights
from portal.orders.providers import Payment, Providers, is_paid
from portal.orders.rules import LineKind
from portal.terms import Version
from portal.web import db, mail_domain, now, services, settings, today

KEY_BYTES = 16


def new_key() -> str:
    """The key of a page: sent twice, it is one act."""
    return secrets.token_urlsafe(KEY_BYTES)


def letters() -> OrderLetters:
    """The mails of this installation."""
    return OrderLetters(services().library, Links(settings().base_url), mail_domain())


def providers() -> Providers:
    """What the rooms above hand in."""
    held: Providers = current_app.extensions["orders"]
    return held


def signer(capacity: str, name: str = "") -> Signer:
    """Who acts in this request, and how they were known when they signed in."""
    return Signer(
        me(), name or me().name, capacity, identified_by(), request.remote_addr or "",
        request.user_agent.string,
    )  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """Whoever looks at an order, for their side."""

    person: Person
    order: Order

    @property
    def staff(self) -> bool:
        return bool(self.person.staff)

    @property
    def side(self) -> Side:
        return Side.PROVIDER if self.staff else Side.CLIENT

    @property
    def signs(self) -> bool:
        return may_sign(self.person.role_names, staff=self.staff)

    @property
    def version(self) -> Version | None:
        return version_of(services().library, self.order.terms_slug)

    def url(self, name: str = "show", **values: Any) -> str:
        """An address of this order, on the reader's side."""
        return url_for(f"{'orders_desk' if self.staff else 'orders'}.{name}", reference=self.order.reference, **values)


def reader_of(reference: str) -> Reader:
    """The order of a reference, for staff or for its own client; 404 for any other, whose try at an act the log keeps."""
    order, person = find_order(db.session, reference), me()
    if order is None:
        abort(404)
    if not person.staff and order.organisation_id != person.organisation_id:
        if request.method == "POST":
            tell_refused(note_refused, order, "foreign", by=person, reason="NotAllowed", at=now())
        abort(404)
    return Reader(person, order)


@dataclass(frozen=True)
class RightShown:
    """A right to end an order, with the clause it rests on and whether it is there today."""

    right: Right
    clause: Clause | None
    open: bool


def order_page(reader: Reader) -> dict[str, Any]:
    """Everything that the page of an order shows."""
    order, version = reader.order, reader.version
    standing: Progress = progress_of(db.session, order)
    paid_by: list[Payment] = list(providers().payments(db.session, order, reader.staff))
    found = rights(standing, reader.side, version) if version else []
    return {
        "reader": reader,
        "order": order,
        "version": version,
        "progress": standing,
        "events": events_of(db.session, order),
        "amendments": amendments_of(db.session, order),
        "rights": [RightShown(each, clause(version, FIGURES[each.ground]), each.is_open(today())) for each in found],
        "notices": [
            (each, notice_last_day(version, each) if version else None)
            for each in standing.notices
            if not each.answered
        ],
        "payments": paid_by,
        "paid": is_paid(paid_by),
        "goods": [line for line in order.lines_in_force if line.kind is LineKind.GOODS],
        "proof": providers().proof(db.session, order),
        "signatories": [] if reader.staff else signatories(db.session, order.organisation_id),
        "consecutive": _consecutive(standing),
        "grounds": Ground,
        **clauses(
            version,
            "retention_of_title",
            "no_payment",
            "order_final",
            "work_done",
            "order_suspension",
            "formal_notice",
            "force_majeure",
        ),
    }


def _consecutive(standing: Progress) -> int:
    """Days of the suspension under way, its first one included."""
    return (today() - standing.suspension.day + timedelta(days=1)).days if standing.suspension else 0
