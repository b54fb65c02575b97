"""A client's tickets on the staff's page of it."""

from collections.abc import Iterator

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.registry import ClientSection, SectionRow, Viewer
from portal.tickets.models import Ticket
from portal.tickets.rules import may_read

#: Beyond that the list itself is the place.
MOST = 100


def _rows(session: Session, organisation: int, viewer: Viewer) -> Iterator[SectionRow]:
    if not may_read(viewer.roles):
        return
    query = (
        select(Ticket)
        .where(Ticket.organisation_id == organisation)
        .order_by(Ticket.changed_at.desc(), Ticket.id.desc())
        .limit(MOST)
    )
    for ticket in session.scalars(query):
        yield SectionRow(
            ticket.subject, f"{ticket.reference}, {ticket.creator_name}",
            url_for("tickets_desk.show", reference=ticket.reference), ticket.state.label,
        )  # fmt: skip


SECTION = ClientSection(
    "tickets",
    "Tickets",
    _rows,
    "Ses demandes d'intervention s'affichent ici, d'où qu'elles viennent.",
    all_at=lambda organisation: url_for("tickets_desk.index", vue="tous", client=organisation),
    add_at=lambda _: url_for("tickets_desk.call"),
    add_words="Saisir un appel",
    add_endpoint="tickets_desk.call",
)
