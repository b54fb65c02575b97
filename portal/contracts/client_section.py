"""What staff see of a client's contracts on the client's own page."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from portal.contracts.actions import balances, contracts_of
from portal.contracts.links import DESK
from portal.contracts.permissions import may_read
from portal.french import long_date, points
from portal.registry import ClientSection, SectionRow, Viewer


def _rows(session: Session, organisation_id: int, viewer: Viewer) -> Iterator[SectionRow]:
    if not may_read(viewer.roles):
        return
    held = contracts_of(session, organisation_id)
    left = balances(session, held)
    for contract in reversed(held):
        ended = f", terminé le {long_date(contract.ended_at.date())}" if contract.ended_at else ""
        yield SectionRow(
            f"{contract.kind.label} {contract.reference}", f"signé le {long_date(contract.signed_on)}{ended}",
            f"{DESK}/{contract.reference}", points(left[contract.id]),
        )  # fmt: skip


SECTION = ClientSection(
    "contrats", "Contrats", _rows, "Aucun contrat de points\u00a0: le temps se facture en heures.",
    add_at=lambda organisation: f"{DESK}/nouveau?client={organisation}", add_words="Saisir un contrat signé",
    add_endpoint="contracts_desk.new",
)  # fmt: skip
