"""What this room shows of a client on the staff's page of it: the requests that made it one, and those since."""

from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clock import PARIS
from portal.french import long_date
from portal.quotes.links import DESK
from portal.quotes.request_models import QuoteRequest
from portal.quotes.request_rules import may_answer
from portal.registry import ClientSection, SectionRow, Viewer


def _rows(session: Session, organisation_id: int, viewer: Viewer) -> Iterator[SectionRow]:
    client = session.get_one(Organisation, organisation_id)
    if not may_answer(viewer.roles):
        return
    numbers = [number for number in (client.siren, client.siret, client.vat_number, client.swiss_uid) if number]
    # A request holds the number that was typed: a client who asks again is known by it.
    theirs = or_(QuoteRequest.organisation_id == organisation_id, QuoteRequest.identity.in_(numbers))
    for asked in session.scalars(select(QuoteRequest).where(theirs).order_by(QuoteRequest.submitted_at.desc())):
        yield SectionRow(
            asked.reference,
            detail=f"demandée le {long_date(asked.submitted_at.astimezone(PARIS).date())} par {asked.contact_name}",
            url=f"{DESK}/{asked.reference}",
            tag=asked.state.label,
        )


SECTION = ClientSection("demandes", "Demandes de devis", _rows, "Aucune demande de devis.")
