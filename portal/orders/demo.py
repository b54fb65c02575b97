"""What became of the demo's orders: one delivered, with an amendment to answer, one suspended."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.clock import PARIS
from portal.orders.amendment_actions import Signer, propose
from portal.orders.amendment_rules import AmendmentKind
from portal.orders.letters import OrderLetters
from portal.orders.models import Order
from portal.orders.progress_actions import note_event
from portal.orders.progress_rules import Event, EventKind, Ground
from portal.orders.rules import PositionedLine


def load(session: Session, *, server: Order, phones: Order, by: Person, letters: OrderLetters, now: datetime) -> None:
    """Put it into the base, in the caller's transaction; ``by`` is of the staff."""
    delivered = Event(EventKind.DELIVERED, (now - timedelta(days=2)).astimezone(PARIS).date(), line=1)
    note_event(session, server, delivered, by=by, form_key="demo", letters=letters, at=now - timedelta(days=2))
    sign = Signer(by, by.name, "commercial", "démonstration", "", "")
    first, second = server.lines_in_force
    propose(
        session, server, kind=AmendmentKind.CHANGE, by=sign, form_key="demo",
        lines=(first, PositionedLine(second.position, replace(second.value, quantity=Decimal(3)))),
        words="Un troisième jour d'installation, pour reprendre aussi les données de l'ancien site.",
        letters=letters, at=now - timedelta(days=1),
    )  # fmt: skip
    stopped = Event(
        EventKind.SUSPENDED, (now - timedelta(days=9)).astimezone(PARIS).date(), ground=Ground.FORCE_MAJEURE,
        words="L'atelier est inondé : personne ne peut y travailler (exemple).",
    )  # fmt: skip
    note_event(session, phones, stopped, by=by, form_key="demo", letters=letters, at=now - timedelta(days=9))
