"""Invented orders for the demo: one under way with an amendment to answer, one suspended."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.clock import PARIS
from portal.contracts.rules import SpecialConditions
from portal.orders.actions import place_order
from portal.orders.amendment_actions import Signer, propose
from portal.orders.amendment_rules import AmendmentKind
from portal.orders.letters import OrderLetters
from portal.orders.progress_actions import note_event
from portal.orders.progress_rules import Event, EventKind, Ground
from portal.orders.rules import LineKind, OrderLine, PositionedLine

VAT = Decimal(20)
SERVER = (
    OrderLine(LineKind.GOODS, "Serveur de fichiers (exemple)", Decimal(1), "unité", Decimal("2190.00"), VAT, "8 cœurs, 64 Go"),
    OrderLine(LineKind.SERVICE, "Installation et reprise des données", Decimal(2), "jours", Decimal("640.00"), VAT),
)  # fmt: skip
PHONES = (
    OrderLine(LineKind.GOODS, "Téléphones (exemple)", Decimal(6), "pièces", Decimal("89.00"), VAT),
    OrderLine(LineKind.SERVICE, "Câblage de l'atelier", Decimal(1), "forfait", Decimal("950.00"), VAT),
)  # fmt: skip


def load(session: Session, *, organisation: Organisation, by: Person, letters: OrderLetters, now: datetime) -> None:
    """Put the invented orders into the base, in the caller's transaction; ``by`` is of the staff."""
    library = letters.library
    made = []
    for number, (lines, ago) in enumerate(((SERVER, timedelta(days=12)), (PHONES, timedelta(days=30))), start=1):
        at = now - ago
        terms = library.in_force(at.astimezone(PARIS).date())
        made.append(
            place_order(
                session, organisation=organisation, quote_reference=f"EXEMPLE-{number}", lines=lines,
                terms_slug=terms.slug, terms_sha256=terms.sha256, special_conditions=SpecialConditions(),
                accepted_client_at=at - timedelta(hours=3), accepted_provider_at=at, by=by, at=at,
            )
        )  # fmt: skip
    server, phones = made
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
