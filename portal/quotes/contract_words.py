"""Where the points of a line go, in words."""

from portal.contracts.rules import Kind


def contract_kind(contract: str | None) -> Kind | None:
    """The kind of contract that a points line opens; None: it adds to the one it names."""
    return next((kind for kind in Kind if kind.value == contract), None)


def contract_words(contract: str | None) -> str:
    """``ouvre un contrat Liberty``, or the reference of the contract that is added to."""
    if kind := contract_kind(contract):
        return f"ouvre un contrat {kind.label}"
    return f"ajoutés au contrat {contract}"
