"""What the pages of both sides show of one invoice, made ready: words, sums, the delay, what lies behind it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from portal.french import NO_BREAK, PLURAL_FROM, number
from portal.invoices.document import Nature
from portal.invoices.listing import Row
from portal.invoices.payment_rules import Regime, Standing
from portal.invoices.penalty_rules import Late, PenaltyEstimate, delay, estimate
from portal.terms import Version
from portal.terms.figures import Figure
from portal.terms.law import Law

#: UN/ECE Recommendation 20, as far as an invoice of ours goes; another code is shown as it is.
UNITS = {
    "C62": "unité", "H87": "pièce", "EA": "unité", "HUR": "h", "MIN": "min", "DAY": "jour", "MON": "mois",
    "ANN": "an", "WEE": "semaine", "KMT": "km", "KGM": "kg", "MTR": "m", "LTR": "l", "SET": "lot", "P1": "%",
    "LS": "forfait", "E48": "prestation", "XPP": "pièce", "NAR": "article",
}  # fmt: skip
#: Units that take an s.
COUNTED = frozenset({"unité", "pièce", "jour", "an", "semaine", "lot", "article"})
CATEGORIES = {
    "S": "", "AE": "autoliquidation", "E": "exonéré", "K": "livraison intracommunautaire", "G": "exportation",
    "O": "hors champ", "Z": "taux zéro",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """A figure of the text that governs an invoice, and where it stands on the site."""

    figure: Figure
    path: str

    @property
    def article(self) -> str:
        return self.figure.article


def clause(version: Version | None, key: str) -> Clause | None:
    """The clause that a page cites; None where the governing text has none: then the page says that it is silent."""
    held = version.figures.get(key) if version else None
    return Clause(held, version.permalink(held.anchor)) if version and held else None


@dataclass(frozen=True, slots=True)
class Delay:
    """A delay and what each text makes of it. ``estimates`` holds the clause's first, where there is one."""

    late: Late
    clause: PenaltyEstimate | None
    for_staff: tuple[PenaltyEstimate, ...]


def delay_of(row: Row, law: Law, today: date, *, staff: bool, public_body: bool = False) -> Delay | None:
    """The delay of an invoice, past or present; None without one. Staff see the law's regimes beside.

    Each rate is applied to what is due in the invoice's own currency (convention ``foreign_currency``).
    """
    late = delay(row.account, today)
    if late is None:
        return None
    held = clause(row.version, "late_penalty")
    multiple = Decimal(held.figure.value) if held else None
    beside = [Regime.FLOOR, Regime.STATUTORY, *([Regime.PUBLIC] if public_body else [])] if staff else []
    return Delay(
        late,
        estimate(late, law, Regime.CLAUSE, multiple) if multiple is not None else None,
        tuple(estimate(late, law, regime) for regime in beside),
    )


def retention(row: Row) -> str | None:
    """Whether goods on this invoice are still the company's (7.6): "goods", "perhaps" where it is not known; None."""
    if row.standing in {Standing.PAID, Standing.CREDIT}:
        return None
    natures = {line.nature for line in row.invoice.lines}
    if Nature.GOODS in natures:
        return "goods"
    return "perhaps" if Nature.UNKNOWN in natures or not natures else None


def quantity(line: Any) -> str:
    """``1,5 h``, ``3 unités``: as read."""
    if line.quantity is None:
        return ""
    unit = UNITS.get(line.unit, line.unit)
    plural = "s" if abs(line.quantity) >= PLURAL_FROM and unit in COUNTED else ""
    return f"{number(line.quantity)}{NO_BREAK}{unit}{plural}".strip()


def half_year_words(key: str) -> str:
    """``2026-S2`` as ``second semestre 2026``."""
    year, half = key.split("-S")
    return f"{'premier' if half == '1' else 'second'} semestre{NO_BREAK}{year}"
