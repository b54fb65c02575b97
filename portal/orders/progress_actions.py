"""The verbs of an order under way: note an event, end it. Each is one transaction, committed by the caller."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.clock import PARIS
from portal.evidence.actions import record, take_turn
from portal.files.models import StoredFile
from portal.orders.amendment_rules import AmendmentKind, NotAllowed, Outcome, may_sign
from portal.orders.letters import OrderLetters
from portal.orders.models import Order
from portal.orders.progress_models import Amendment, Decision, OrderEvent
from portal.orders.progress_rules import (
    Event,
    EventKind,
    Ground,
    Progress,
    Side,
    check_event,
    check_terminable,
    progress,
)
from portal.terms import Version

#: Events that bind nobody and are not told by mail one by one.
QUIET = frozenset({EventKind.DONE})
#: Events that bind a side, or start the days of a right to end: for those who may sign.
BINDING = frozenset(EventKind) - {EventKind.DONE, EventKind.DELIVERED}


def events_of(session: Session, order: Order) -> list[OrderEvent]:
    """What happened to an order, in the order it was recorded."""
    return list(session.scalars(select(OrderEvent).where(OrderEvent.order_id == order.id).order_by(OrderEvent.id)))


def progress_of(session: Session, order: Order) -> Progress:
    """Where an order stands."""
    cancelled = (
        select(Decision.id)
        .join(Amendment)
        .where(
            Amendment.order_id == order.id,
            Amendment.kind == AmendmentKind.CANCEL,
            Decision.outcome == Outcome.ACCEPTED,
        )
    )
    found = [event.value for event in events_of(session, order)]
    return progress(
        found, (line.position for line in order.lines_in_force), cancelled=session.scalar(cancelled) is not None
    )  # fmt: skip


def note_event(
    session: Session, order: Order, event: Event, *, by: Person, form_key: str, letters: OrderLetters, at: datetime,
    file: StoredFile | None = None,
) -> OrderEvent:  # fmt: skip
    """Note what happened, with its proof in the log, and tell the client. The same page again is the same event.

    Raises:
        NotAllowed: what binds the company is for those who bind it; work done is told by whoever of the staff sees orders.
        NotNow, DayRefused: it cannot have happened.
    """
    if not by.staff or (event.kind in BINDING and not may_sign(by.role_names, staff=True)):
        raise NotAllowed
    take_turn(session)
    if held := _held(session, order, form_key):
        return held
    check_event(
        progress_of(session, order), event, placed_on=_day(order.placed_at), today=_day(at)
    )  # fmt: skip
    row = _add(session, order, event, by=by, form_key=form_key, at=at, file=file)
    if event.kind not in QUIET:
        letters.happened(session, order, row, at)
    return row


def serve_notice(
    session: Session, order: Order, *, words: str, by: Person, known: str, ip: str, user_agent: str, form_key: str,
    letters: OrderLetters, at: datetime,
) -> OrderEvent:  # fmt: skip
    """A signatory of the client puts the company on notice, on the portal: sent and received that day (``notice_by_portal``).

    ``known`` says how they were known. The same page again is the same notice.

    Raises:
        NotAllowed: they do not bind this client.
        NotNow: the order is over, or a notice of theirs runs already.
    """
    if by.staff or by.organisation_id != order.organisation_id or not may_sign(by.role_names, staff=False):
        raise NotAllowed
    take_turn(session)
    if held := _held(session, order, form_key):
        return held
    day = _day(at)
    sent = Event(EventKind.NOTICE_SENT, day, Side.CLIENT, words=words.strip())
    check_event(progress_of(session, order), sent, placed_on=_day(order.placed_at), today=day)
    trace = {"identified_by": known, "ip": ip, "user_agent": user_agent}
    row = _add(session, order, sent, by=by, form_key=form_key, at=at, trace=trace)
    received = Event(EventKind.NOTICE_RECEIVED, day, Side.CLIENT, words="Déposée dans l'espace client.")
    _add(session, order, received, by=by, form_key=f"{form_key}:r", at=at, trace=trace)
    letters.happened(session, order, row, at, received_on=day)
    return row


def terminate(
    session: Session, order: Order, *, side: Side, ground: Ground, work_done: str, lines_done: Sequence[int],
    by: Person, terms: Version, form_key: str, letters: OrderLetters, at: datetime,
) -> OrderEvent:  # fmt: skip
    """End an order that this side has the right to end, listing the work done, which is due (article 11).

    Raises:
        NotAllowed: this person does not bind that side.
        NotTerminable: the right is not there, or not yet.
        NotNow: it is over already.
    """
    if by.staff is not (side is Side.PROVIDER) or not may_sign(by.role_names, staff=by.staff):
        raise NotAllowed
    take_turn(session)
    if held := _held(session, order, form_key):
        return held
    now, today = progress_of(session, order), _day(at)
    check_terminable(now, side, ground, terms, today)
    for position in sorted(set(lines_done) - now.done - set(now.delivered)):
        done = Event(EventKind.DONE, today, line=position)
        _add(session, order, done, by=by, form_key=f"{form_key}:{position}", at=at)
    row = _add(
        session, order, Event(EventKind.TERMINATED, today, side, ground, words=work_done.strip()),
        by=by, form_key=form_key, at=at,
    )  # fmt: skip
    letters.happened(session, order, row, at)
    return row


def note_refused(session: Session, order: Order, what: str, *, by: Person, reason: str, at: datetime) -> None:
    """What was tried and refused stays told."""
    content = {"reference": order.reference, "by": by.email, "what": what, "reason": reason}
    record(session, "orders.refused", content, at=at)


def _add(
    session: Session, order: Order, event: Event, *, by: Person, form_key: str, at: datetime,
    file: StoredFile | None = None, trace: Mapping[str, str] | None = None,
) -> OrderEvent:  # fmt: skip
    content: dict[str, Any] = {
        "reference": order.reference,
        "kind": event.kind.value,
        "day": event.day.isoformat(),
        "side": event.side.value if event.side else None,
        "ground": event.ground.value if event.ground else None,
        "line": event.line,
        "words": event.words,
        "file": file.sha256 if file else None,
        "by": by.email,
    } | dict(trace or {})
    entry = record(session, f"orders.{event.kind.value}", content, at=at)
    row = OrderEvent(
        order_id=order.id, form_key=form_key, kind=event.kind, day=event.day, side=event.side, ground=event.ground,
        line=event.line, words=event.words, recorded_at=at, by_id=by.id, by=by.name,
        file_id=file.id if file else None, evidence=entry.seq,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _held(session: Session, order: Order, form_key: str) -> OrderEvent | None:
    return session.scalars(
        select(OrderEvent).where(OrderEvent.order_id == order.id, OrderEvent.form_key == form_key)
    ).first()


def _day(moment: datetime) -> date:
    return moment.astimezone(PARIS).date()
