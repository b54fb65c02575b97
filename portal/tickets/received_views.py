"""Every message that came in, as staff see it: what became of each, why it is no ticket, the message itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, abort, request
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from portal.gate import row_number
from portal.mail.incoming.message import Auto, Backing
from portal.mail.models import OutgoingMail
from portal.mail.received_models import Outcome, ReceivedMail
from portal.terms.labelled import Labelled
from portal.tickets.models import Ticket, TicketMessage
from portal.tickets.serving import page
from portal.web import db

PAGE = 50
RECEIVED = "/espace-client/bureau/courriels-recus"
#: Why a message became no ticket and joined none.
WHY = {
    Outcome.REPORT: "Avis de remise ou d'échec\u00a0: montré sur le courriel dont il parle.",
    Outcome.KEPT: "Réponse automatique à un de nos courriels qui n'est d'aucun ticket\u00a0: gardée avec lui.",
    Outcome.OWN: "Un de nos courriels qui nous revient\u00a0: un ticket en ferait partir d'autres, sans fin.",
}
WAITING = "Gardé, pas encore placé\u00a0: un nouvel essai se fait de lui-même."

tickets_received = Blueprint("tickets_received", __name__, url_prefix=RECEIVED, template_folder="templates")


class View(Labelled):
    """What is looked at; the value is what an address says."""

    ALL = "tous", "Tous"
    TO_CHECK = "a-verifier", "À vérifier"
    MACHINES = "machines", "Écrits par une machine"
    NO_TICKET = "sans-ticket", "Sans ticket"


@dataclass(frozen=True, slots=True)
class Row:
    """A message, and what is said of it."""

    mail: ReceivedMail
    to_check: bool  # no client sees it before somebody of the staff has looked
    why: str  # it is no ticket; "": it is one, or joined one
    about: OutgoingMail | None

    @property
    def backing(self) -> str:
        """What our server found of the sender's address."""
        if self.mail.handled_at is None:
            return ""
        return {
            Backing.BACKED.value: "adresse confirmée", Backing.REFUTED.value: "adresse démentie par notre serveur",
        }.get(self.mail.backing, "adresse non vérifiée")  # fmt: skip

    @property
    def machine(self) -> str:
        """What kind of machine wrote it; "": a person did."""
        return self.mail.auto if self.mail.auto in {each.value for each in Auto} else ""


def register(app: Flask) -> None:
    """Add this page to an application."""
    app.register_blueprint(tickets_received)


@tickets_received.after_request
def never_stored(response: Response) -> Response:
    """What people wrote stays out of caches."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


@tickets_received.get("/")
def index() -> Any:
    """What came in, the latest first."""
    view, words = request.args.get("vue", View.ALL.value), request.args.get("q", "").strip()[:200]
    if view not in set(View):
        abort(404)
    rows, after = received(db.session, View(view), words, before=request.args.get("avant", type=row_number))
    return page(
        "received", rows=rows, view=View(view), views=View, words=words, after=after, first="avant" not in request.args
    )


def received(session: Session, view: View, words: str, *, before: int | None) -> tuple[Sequence[Row], int | None]:
    """A page of messages, and the number that the next one begins below; None: that was the last."""
    query = _narrowed(select(ReceivedMail), view)
    for word in words.lower().split():
        query = query.where(
            or_(
                ReceivedMail.sender.contains(word, autoescape=True),
                ReceivedMail.subject.icontains(word, autoescape=True),
            )
        )
    if before is not None:
        query = query.where(ReceivedMail.id < before)
    found = session.scalars(query.order_by(ReceivedMail.id.desc()).limit(PAGE + 1)).all()
    shown = found[:PAGE]
    files = [mail.file_id for mail in shown if mail.file_id is not None]
    unseen = set(session.scalars(_to_check().where(TicketMessage.raw_file_id.in_(files))))
    numbers = {mail.outgoing_id for mail in shown if mail.outgoing_id is not None}
    about = {each.id: each for each in session.scalars(select(OutgoingMail).where(OutgoingMail.id.in_(numbers)))}
    rows = [
        Row(mail, mail.file_id in unseen, WHY.get(mail.outcome, "") if mail.outcome else WAITING, about.get(mail.outgoing_id or 0))
        for mail in shown
    ]  # fmt: skip
    return rows, shown[-1].id if len(found) > PAGE else None


def _narrowed(query: Select[ReceivedMail], view: View) -> Select[ReceivedMail]:
    match view:
        case View.TO_CHECK:
            return query.where(ReceivedMail.file_id.in_(_to_check()))
        case View.MACHINES:
            return query.where(ReceivedMail.auto != "")
        case View.NO_TICKET:
            placed = ReceivedMail.outcome.in_([Outcome.TICKET, Outcome.REPLY])
            return query.where(or_(ReceivedMail.outcome.is_(None), ~placed))
        case _:
            return query


def _to_check() -> Select[int | None]:
    """The files of mails that staff alone see so far."""
    return (
        select(TicketMessage.raw_file_id)
        .join(Ticket)
        .where(or_(TicketMessage.quarantined, Ticket.quarantined), TicketMessage.raw_file_id.is_not(None))
    )
