"""What an invoice asks of whom: its standing, its days. Pure."""

from enum import StrEnum


class Import(StrEnum):
    """What became of a file; the values are those that the import prints."""

    IMPORTED = "imported"
    UNMATCHED = "unmatched"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"

    @property
    def label(self) -> str:
        """The word that a reader sees."""
        return {"imported": "Importée", "unmatched": "À rattacher", "duplicate": "Doublon", "rejected": "Rejetée"}[self]


class TermsFrom(StrEnum):
    """Where the version that governs an invoice comes from."""

    ORDER = "order"
    CONTRACT = "contract"
    DAY = "day"  # in force on the day it was issued: a convention
