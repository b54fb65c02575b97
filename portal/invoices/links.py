"""Addresses of this room; the views are bound to the same words."""

from dataclasses import dataclass

CLIENT = "/espace-client/factures"
DESK = "/espace-client/bureau/factures"
DISPUTES = "/espace-client/factures/contestations"
DESK_DISPUTES = "/espace-client/bureau/factures/contestations"


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the addresses that a mail gives; each needs a signed-in reader."""

    base_url: str

    def invoice(self, number: int) -> str:
        """An invoice as its client sees it."""
        return f"{self.base_url}{CLIENT}/{number}"

    def dispute(self, reference: str) -> str:
        """A dispute as its client sees it."""
        return f"{self.base_url}{DISPUTES}/{reference}"

    def desk_dispute(self, reference: str) -> str:
        """A dispute on the desk."""
        return f"{self.base_url}{DESK_DISPUTES}/{reference}"

    def clause(self, path: str) -> str:
        """A clause on the site, by its permalink."""
        return f"{self.base_url}{path}"
