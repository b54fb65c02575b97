"""An invoice as it was read, whatever its syntax: values alone, pure.

Amounts are exact, as they stand in the file: nothing is rounded, nothing is
corrected. What the file does not say is None or empty, never a zero. The
numbers in brackets are the terms of EN 16931.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

#: UNTDID 1001: what reads as a credit note. Everything else is an invoice, by whichever name.
#: Files that may hold several invoices, of several clients: nobody's own original.
SHARED_FILES = frozenset({"csv"})
CREDIT_NOTES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})
#: The same list: corrections and deposits, which a page names.
_WORDS = {
    "380": "Facture", "381": "Avoir", "384": "Facture rectificative", "386": "Facture d'acompte",
    "389": "Facture autofacturée", "261": "Avoir autofacturé", "326": "Facture partielle",
    "393": "Facture affacturée", "396": "Avoir affacturé", "500": "Facture d'acompte autofacturée",
    "503": "Avoir d'acompte",
}  # fmt: skip


class Nature(StrEnum):
    """Whether a line sells goods, which 7.6 keeps the seller's until they are paid."""

    GOODS = "goods"
    SERVICES = "services"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReadParty:
    """Seller or buyer, as printed. Numbers are without spaces, in capitals."""

    name: str = ""
    vat_number: str = ""  # BT-31, BT-48
    siren: str = ""  # BT-30, BT-47 in the scheme 0002, or the head of a SIRET (0009)
    siret: str = ""
    swiss_uid: str = ""  # CHE…, in whichever field it stands
    address: tuple[str, ...] = ()  # lines, as one would print them


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line (BG-25). ``number`` is its own in the file (BT-126)."""

    number: str
    name: str
    net: Decimal | None  # BT-131
    description: str = ""
    note: str = ""
    quantity: Decimal | None = None
    unit: str = ""  # UN/ECE Recommendation 20: HUR, C62, …
    unit_price: Decimal | None = None  # BT-146, for ``price_base`` units
    price_base: Decimal | None = None
    vat_category: str = ""  # S, E, AE, K, G, O, Z, …
    vat_rate: Decimal | None = None  # per cent
    allowances: tuple["ReadAdjustment", ...] = ()
    seller_reference: str = ""  # BT-155
    order_line: str = ""  # BT-132
    period: tuple[date | None, date | None] = (None, None)
    nature: Nature = Nature.UNKNOWN


@dataclass(frozen=True, slots=True)
class ReadTax:
    """The VAT of one rate (BG-23)."""

    category: str
    rate: Decimal | None
    basis: Decimal | None
    amount: Decimal | None
    exemption: str = ""


@dataclass(frozen=True, slots=True)
class ReadAdjustment:
    """An allowance (taken off) or a charge (added), of the whole or of a line."""

    charge: bool
    amount: Decimal
    reason: str = ""
    vat_rate: Decimal | None = None
    vat_category: str = ""


@dataclass(frozen=True, slots=True)
class ReadFinding:
    """What is odd or missing in the file: ``words`` is a French sentence that a page can print.

    ``field`` is the name of the field here, or the EN 16931 term.
    """

    code: str  # "total", "missing", "identity", …
    field: str
    words: str


@dataclass(frozen=True, slots=True)
class ReadInvoice:
    """An invoice or a credit note. Number, date and gross are enough; they are the only ones that must be there."""

    syntax: str  # "factur-x", "zugferd-1", "cii", "ubl", "csv"
    number: str
    issued_on: date
    gross: Decimal  # BT-112
    type_code: str = "380"  # BT-3, UNTDID 1001
    profile: str = ""
    due_on: date | None = None
    currency: str = "EUR"
    seller: ReadParty = ReadParty()
    buyer: ReadParty = ReadParty()
    net: Decimal | None = None  # BT-109
    tax: Decimal | None = None  # BT-110
    payable: Decimal | None = None  # BT-115
    prepaid: Decimal | None = None  # BT-113
    rounding: Decimal | None = None  # BT-114
    lines_total: Decimal | None = None  # BT-106
    lines: tuple[ReadLine, ...] = ()
    taxes: tuple[ReadTax, ...] = ()
    adjustments: tuple[ReadAdjustment, ...] = ()
    purchase_order: str = ""  # BT-13, the buyer's
    sales_order: str = ""  # BT-14, ours
    contract: str = ""  # BT-12
    project: str = ""  # BT-11
    buyer_reference: str = ""  # BT-10
    preceding: tuple[str, ...] = ()  # BG-3: numbers of the invoices that this one credits or corrects
    delivered_on: date | None = None
    period: tuple[date | None, date | None] = (None, None)
    notes: tuple[str, ...] = ()
    payment_terms: str = ""  # BT-20
    business_process: str = ""  # BT-23; in France its first letter says goods (B), services (S) or both (M)
    findings: tuple[ReadFinding, ...] = ()

    @property
    def is_credit(self) -> bool:
        """Whether it gives money back."""
        return self.type_code in CREDIT_NOTES


def type_words(code: str) -> str:
    """What a document of this type is called on a page."""
    return _WORDS.get(code, "Avoir" if code in CREDIT_NOTES else "Facture")
