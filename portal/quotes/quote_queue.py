"""What quotes ask of people: of staff to answer, to find out, to confirm; of a client to accept, with the last day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.quotes.links import QUOTES, QUOTES_DESK
from portal.quotes.quote_models import Quote
from portal.quotes.quote_rules import OFFERED, State, may_read, may_sign, may_write
from portal.quotes.request_rules import Side
from portal.quotes.shown import day_of
from portal.registry import Priority, Queue, QueueItem, Viewer
from portal.terms import Library

CONFIRM, ANSWER, UNRECEIVED, ENDING, RENEW, ACCEPT = (
    "devis-a-confirmer", "devis-questions", "devis-sans-reception", "devis-bientot-expires", "devis-a-renouveler",
    "devis-a-accepter",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waiting:
    """The terms and the moment are the application's: what waits depends on both."""

    library: Callable[[], Library]
    now: Callable[[], datetime]

    def days(self, key: str) -> timedelta:
        """A convention in days."""
        return timedelta(days=self.library().conventions[key].days or 0)

    def confirm(self, session: Session, viewer: Viewer) -> Iterator[QueueItem]:
        """Accepted by the client, ours to accept (5.2)."""
        if not _staff(viewer, may_write):
            return
        for quote in _those(session, Quote.state == State.ACCEPTED):
            accepted = quote.acceptance
            since = accepted.at if accepted else quote.saved_at
            # The CGV set no day for our answer: it is the client who waits, and may still take it back.
            yield _desk(
                CONFIRM, quote, "accepté par le client, à accepter ou décliner", since, priority=Priority.URGENT
            )

    def answer(self, session: Session, viewer: Viewer) -> Iterator[QueueItem]:
        """The client wrote last."""
        if not _staff(viewer, may_read):
            return
        for quote in _those(session, Quote.sent_at.is_not(None), Quote.messages.any()):
            asked = [each for each in quote.messages if each.side is Side.REQUESTER]
            if asked and quote.messages[-1].side is Side.REQUESTER:
                yield _desk(ANSWER, quote, f"{asked[-1].author} a écrit", asked[-1].written_at, priority=Priority.HIGH)

    def unreceived(self, session: Session, viewer: Viewer) -> Iterator[QueueItem]:
        """Sent some days ago, or sent back, and not known to be received."""
        if not _staff(viewer, may_write):
            return
        today = day_of(self.now())
        for quote in _those(session, Quote.state == State.SENT, Quote.last_day >= today):
            bounced = any(each.bounced_at for each in quote.recipients)
            if quote.sent_at and (bounced or day_of(quote.sent_at) + self.days("quote_unreceived") <= today):
                why = "le courriel n'est pas arrivé" if bounced else "réception inconnue"
                yield _desk(UNRECEIVED, quote, why, quote.sent_at, priority=Priority.HIGH)

    def ending(self, session: Session, viewer: Viewer) -> Iterator[QueueItem]:
        """Its last day comes near."""
        if not _staff(viewer, may_write):
            return
        today = day_of(self.now())
        near = today + self.days("quote_reminder")
        for quote in _those(session, Quote.state.in_(OFFERED), Quote.last_day >= today, Quote.last_day <= near):
            yield _desk(ENDING, quote, "expire bientôt", quote.sent_at or quote.saved_at, quote.last_day, Priority.LOW)

    def renew(self, session: Session, viewer: Viewer) -> Iterator[QueueItem]:
        """The client wants a new one."""
        if not _staff(viewer, may_write):
            return
        for quote in _those(session, Quote.renewal_asked_at.is_not(None), ~Quote.followers.any()):
            if quote.renewal_asked_at is not None:
                yield _desk(RENEW, quote, "le client demande un nouveau devis", quote.renewal_asked_at)

    def accept(self, session: Session, viewer: Viewer) -> Iterator[QueueItem]:
        """The client's own: to accept, with the last day."""
        if viewer.organisation_id is None:
            return
        today = day_of(self.now())
        mine = Quote.organisation_id == viewer.organisation_id
        for quote in _those(session, mine, Quote.state.in_(OFFERED), Quote.last_day >= today):
            does = "à accepter ou refuser" if may_sign(viewer.roles) else "à transmettre au signataire"
            yield QueueItem(
                kind=ACCEPT, title=quote.subject, detail=f"devis {quote.reference}, {does}",
                url=f"{QUOTES}/{quote.reference}", since=quote.sent_at or quote.saved_at, last_day=quote.last_day,
            )  # fmt: skip


def queues(library: Callable[[], Library], now: Callable[[], datetime]) -> tuple[tuple[Queue, ...], tuple[Queue, ...]]:
    """(those of staff, those of clients)."""
    held = Waiting(library, now)
    staff = (
        Queue(CONFIRM, "Devis à confirmer", held.confirm),
        Queue(ANSWER, "Questions sur un devis", held.answer),
        Queue(UNRECEIVED, "Devis sans réception connue", held.unreceived),
        Queue(ENDING, "Devis bientôt expirés", held.ending),
        Queue(RENEW, "Devis à renouveler", held.renew),
    )
    return staff, (Queue(ACCEPT, "Devis à accepter", held.accept),)


def _staff(viewer: Viewer, may: Callable[[frozenset[str]], bool]) -> bool:
    return viewer.organisation_id is None and may(viewer.roles)


def _those(session: Session, *where: object) -> Iterator[Quote]:
    yield from session.scalars(select(Quote).where(*where).order_by(Quote.id))  # type: ignore[arg-type]


def _desk(
    kind: str, quote: Quote, detail: str, since: datetime, last_day: date | None = None,
    priority: Priority = Priority.NORMAL,
) -> QueueItem:  # fmt: skip
    return QueueItem(
        kind=kind, title=f"{quote.client[0]}\u00a0: {quote.subject}", detail=f"{quote.reference}, {detail}",
        url=f"{QUOTES_DESK}/{quote.reference}", since=since, last_day=last_day, priority=priority,
    )  # fmt: skip
