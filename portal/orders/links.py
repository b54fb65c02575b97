"""Addresses of this room; the views are bound to the same words."""

from dataclasses import dataclass

CLIENT = "/espace-client/commandes"
DESK = "/espace-client/bureau/commandes"


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the addresses that a mail gives; each needs a signed-in reader."""

    base_url: str

    def order(self, reference: str, *, staff: bool = False) -> str:
        """An order."""
        return f"{self.base_url}{DESK if staff else CLIENT}/{reference}"

    def amendment(self, order: str, reference: str, *, staff: bool = False) -> str:
        """An amendment of an order."""
        return f"{self.order(order, staff=staff)}/avenants/{reference}"
