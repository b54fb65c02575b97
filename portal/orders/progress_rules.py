"""How an order goes: what is done, delivered, suspended, and when either side may end it. Pure.

An order itself never changes (5.2): what becomes of it is a history of events, from which this says where it stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from portal.orders.rules import OrderError
from portal.terms import Version
from portal.terms.days import force_majeure_terminable_from
from portal.terms.labelled import Labelled


class Side(Labelled):
    """The two sides of an order."""

    CLIENT = "client", "Le client"
    PROVIDER = "provider", "Le prestataire"

    @property
    def other(self) -> "Side":
        return Side.PROVIDER if self is Side.CLIENT else Side.CLIENT


class EventKind(Labelled):
    """What happens to an order."""

    DONE = "done", "Réalisé"
    DELIVERED = "delivered", "Livré"
    SUSPENDED = "suspended", "Suspension"
    RESUMED = "resumed", "Reprise"
    NOTICE_SENT = "notice_sent", "Mise en demeure envoyée"
    NOTICE_RECEIVED = "notice_received", "Mise en demeure reçue"
    NOTICE_ANSWERED = "notice_answered", "Mise en demeure suivie d'effet"
    TERMINATED = "terminated", "Résiliation"


class Ground(Labelled):
    """Why an order is suspended or ended."""

    FORCE_MAJEURE = "force_majeure", "Force majeure"
    LATE_PAYMENT = "late_payment", "Retard de paiement"
    NOTICE = "formal_notice", "Mise en demeure restée sans effet"
    OTHER = "other", "Autre raison"


#: Grounds that an order may be suspended on.
SUSPENDS = (Ground.FORCE_MAJEURE, Ground.LATE_PAYMENT, Ground.OTHER)
#: The figure of the text that each ground rests on.
FIGURES = {
    Ground.FORCE_MAJEURE: "force_majeure",
    Ground.LATE_PAYMENT: "order_suspension",
    Ground.NOTICE: "formal_notice",
}


class Standing(Labelled):
    """Where an order stands."""

    OPEN = "open", "En cours"
    SUSPENDED = "suspended", "Suspendue"
    DONE = "done", "Réalisée"
    CANCELLED = "cancelled", "Annulée d'un commun accord"
    TERMINATED = "terminated", "Résiliée"


class NotNow(OrderError):
    """The order does not stand where this can be done; the words are French."""


class DayRefused(OrderError):
    """A day that cannot be; the words are French."""


class NotTerminable(OrderError):
    """Nothing gives this side the right to end the order today."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its civil day in Paris, and what goes with its kind. ``line``: its position, None for the whole."""

    kind: EventKind
    day: date
    side: Side | None = None
    ground: Ground | None = None
    line: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A formal notice (article 10): who sent it, when it was received, whether it was answered."""

    side: Side
    sent_on: date
    received_on: date | None = None
    answered: bool = False


@dataclass(frozen=True)
class Progress:
    """Where an order stands after its events."""

    standing: Standing
    done: frozenset[int]
    delivered: dict[int, date] = field(default_factory=dict)
    suspension: Event | None = None
    notices: tuple[Notice, ...] = ()
    ended: Event | None = None

    @property
    def over(self) -> bool:
        return self.standing in {Standing.CANCELLED, Standing.TERMINATED}

    def notice_of(self, side: Side) -> Notice | None:
        """The last formal notice that a side sent and that still stands."""
        return next((each for each in reversed(self.notices) if each.side is side and not each.answered), None)


def progress(events: Iterable[Event], lines: Iterable[int], *, cancelled: bool = False) -> Progress:
    """Where an order with these lines stands after its events, given in order.

    What became of a line that an amendment dropped since is history: it counts no more.
    """
    done: set[int] = set()
    delivered: dict[int, date] = {}
    suspension: Event | None = None
    notices: list[Notice] = []
    ended: Event | None = None
    positions = set(lines)
    for event in events:
        match event.kind:
            case EventKind.DONE:
                done |= positions if event.line is None else {event.line}
            case EventKind.DELIVERED if event.line is not None:
                delivered[event.line] = event.day
            case EventKind.SUSPENDED:
                suspension = event
            case EventKind.RESUMED:
                suspension = None
            case EventKind.NOTICE_SENT if event.side is not None:
                notices.append(Notice(event.side, event.day))
            case EventKind.NOTICE_RECEIVED | EventKind.NOTICE_ANSWERED:
                notices = [_followed(notice, event) for notice in notices]
            case EventKind.TERMINATED:
                ended = event
            case _:
                pass
    done &= positions
    delivered = {line: day for line, day in delivered.items() if line in positions}
    complete = positions <= done | set(delivered)
    standing = (
        Standing.TERMINATED if ended is not None
        else Standing.CANCELLED if cancelled
        else Standing.SUSPENDED if suspension is not None
        else Standing.DONE if complete
        else Standing.OPEN
    )  # fmt: skip
    return Progress(standing, frozenset(done), delivered, suspension, tuple(notices), ended)


def _followed(notice: Notice, event: Event) -> Notice:
    if notice.side is not event.side or notice.answered:
        return notice
    if event.kind is EventKind.NOTICE_ANSWERED:
        return Notice(notice.side, notice.sent_on, notice.received_on, answered=True)
    return notice if notice.received_on else Notice(notice.side, notice.sent_on, event.day)


def check_running(now: Progress) -> None:
    """Let pass what may happen to an order that is not over.

    Raises:
        NotNow: it is.
    """
    if now.over:
        raise NotNow(f"Cette commande est déjà close : {now.standing.label.lower()}.")


def check_event(now: Progress, event: Event, *, placed_on: date, today: date) -> None:
    """Let pass an event that can happen where the order stands, on a day that can be.

    Raises:
        NotNow: it cannot.
        DayRefused: before the order, in the time to come, or before what it follows.
    """
    check_running(now)
    if not placed_on <= event.day <= today:
        raise DayRefused("Ce jour est avant la commande, ou dans l'avenir.")
    notice = now.notice_of(event.side) if event.side else None
    match event.kind:
        case EventKind.SUSPENDED if now.suspension is not None:
            raise NotNow("Cette commande est déjà suspendue.")
        case EventKind.RESUMED if now.suspension is None:
            raise NotNow("Cette commande n'est pas suspendue.")
        case EventKind.RESUMED if now.suspension is not None and event.day < now.suspension.day:
            raise DayRefused("La reprise ne peut pas être avant le début de la suspension.")
        case EventKind.NOTICE_SENT if notice is not None:
            raise NotNow("Une mise en demeure est déjà en cours.")
        case EventKind.NOTICE_RECEIVED | EventKind.NOTICE_ANSWERED if notice is None:
            raise NotNow("Aucune mise en demeure n'est en cours.")
        case EventKind.NOTICE_RECEIVED if notice is not None and notice.received_on is not None:
            raise NotNow("La réception de cette mise en demeure est déjà enregistrée.")
        case EventKind.NOTICE_RECEIVED if notice is not None and event.day < notice.sent_on:
            raise DayRefused("La réception ne peut pas être avant l'envoi.")
        case EventKind.DONE | EventKind.DELIVERED if event.line is not None and (
            event.line in now.done if event.kind is EventKind.DONE else event.line in now.delivered
        ):
            raise NotNow("C'est déjà enregistré pour cette ligne.")
        case EventKind.DONE | EventKind.DELIVERED if now.suspension is not None:
            raise NotNow("Cette commande est suspendue : enregistrez d'abord la reprise.")
        case _:
            pass


# --- Ending it -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Right:
    """A right to end an order: on which ground, from which day on (inclusive), and the figure it rests on."""

    ground: Ground
    first_day: date

    def is_open(self, today: date) -> bool:
        return today >= self.first_day


def rights(now: Progress, side: Side, version: Version) -> list[Right]:
    """The rights to end the order that one side has or will have, whatever day it is.

    Force majeure of as many consecutive days as 7.5 says, or more: either side, never extended. A formal notice left
    unanswered for as long as article 10 says from its reception: the side that sent it, the day after the last one.
    Late payment: the company, whose right 7.4 opens at once.
    """
    if now.over:
        return []
    found = []
    held = now.suspension
    if held is not None and held.ground is Ground.FORCE_MAJEURE and (days := version.figures.get("force_majeure")):
        found.append(Right(Ground.FORCE_MAJEURE, force_majeure_terminable_from(held.day, days.whole)))
    if held is not None and held.ground is Ground.LATE_PAYMENT and side is Side.PROVIDER:
        found.append(Right(Ground.LATE_PAYMENT, held.day))
    notice = now.notice_of(side)
    if notice is not None and notice.received_on is not None and "formal_notice" in version.figures:
        last = notice_last_day(version, notice)
        if last is not None:
            found.append(Right(Ground.NOTICE, last + timedelta(days=1)))
    return found


def notice_last_day(version: Version, notice: Notice) -> date | None:
    """Last day on which a formal notice may be answered, inclusive; None before it was received."""
    return version.deadline("formal_notice").last_day(notice.received_on) if notice.received_on else None


def check_terminable(now: Progress, side: Side, ground: Ground, version: Version, today: date) -> None:
    """Let pass an end that this side has the right to today.

    Raises:
        NotTerminable: it has not, or not yet.
    """
    check_running(now)
    if not any(right.ground is ground and right.is_open(today) for right in rights(now, side, version)):
        raise NotTerminable(ground.label)
