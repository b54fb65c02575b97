"""Statute as data: holidays, VAT, legal rates by half-year, retention. From ``law.toml``."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from portal.terms.days import MonthsDeadline, WorkingDays, months_after
from portal.terms.findings import TermsError

JUNE = 6


class MissingLegalRate(TermsError):
    """The legal rate of a half-year is not in ``law.toml``: nothing is guessed."""

    def __init__(self, half_year: str) -> None:
        self.half_year = half_year
        year, half = half_year.split("-S")
        name = "premier" if half == "1" else "second"
        super().__init__(
            f"Le taux légal du {name} semestre {year} ({half_year}) n'est pas dans content/law.toml : "
            "complétez-le avant de calculer cette période."
        )


class Retention(NamedTuple):
    """How long the law has a record kept, from when, and under which text.

    ``closing``: month and day on which the financial year ends, where the years count from its end.
    """

    key: str
    years: int
    start: str
    source: str
    closing: tuple[int, int] | None = None

    def counts_from(self, since: date) -> date:
        """The day that the years count from: that day, or the end of its financial year."""
        if self.closing is None:
            return since
        month, day = self.closing
        end = _clamped(since.year, month, day)
        return end if since <= end else _clamped(since.year + 1, month, day)

    def last_day(self, since: date) -> date:
        """The last day of keeping what began that day: same day so many years later, or the end of February."""
        return months_after(self.counts_from(since), 12 * self.years)


def _clamped(year: int, month: int, day: int) -> date:
    # A year that ends on the last of February ends on its last day, whatever the year.
    return months_after(date(year, 1, day), month - 1)


class Law(NamedTuple):
    """What the law says, with its sources. Percentages are per cent (20, 2.62)."""

    days: WorkingDays
    holidays_name: str
    holidays_source: str
    extension_source: str
    vat: Decimal
    vat_source: str
    legal_rates: Mapping[str, Decimal]  # "2026-S1" -> per cent a year
    legal_rate_source: str
    penalty_floor: Decimal
    penalty_floor_source: str
    recovery_indemnity: Decimal
    recovery_indemnity_source: str
    ecb_rates: Mapping[str, Decimal]  # of the first day of a half-year, per cent a year; may well be empty
    ecb_rate_source: str
    statutory_points: Decimal  # added to it, between professionals without an agreed rate
    statutory_source: str
    public_points: Decimal  # added to it, for a public buyer
    public_source: str
    gdpr: MonthsDeadline
    gdpr_extended: MonthsDeadline
    retention: Mapping[str, Retention]

    def legal_rate(self, half_year: str) -> Decimal:
        """Rate for professionals in per cent a year.

        Raises:
            MissingLegalRate: naming the half-year.
        """
        try:
            return self.legal_rates[half_year]
        except KeyError:
            raise MissingLegalRate(half_year) from None


def half_year(day: date) -> str:
    """``2026-S1`` for January to June, ``2026-S2`` after."""
    return f"{day.year}-S{1 if day.month <= JUNE else 2}"


def read_law(data: Mapping[str, Any], closing: tuple[int, int]) -> Law:
    """Make the law from a parsed ``law.toml``; KeyError or ValueError when it is incomplete.

    ``closing``: month and day on which the financial year ends, a convention of the house.
    """
    days = WorkingDays(data["holidays"]["country"], data["holidays"]["subdivision"])
    month, more = data["gdpr_request"], data["gdpr_extension"]
    return Law(
        days=days,
        holidays_name=data["holidays"]["name"],
        holidays_source=data["holidays"]["source"],
        extension_source=data["extension"]["source"],
        vat=Decimal(data["vat"]["standard"]["percent"]),
        vat_source=data["vat"]["standard"]["source"],
        legal_rates={key: Decimal(value) for key, value in data["legal_rate"]["percent"].items()},
        legal_rate_source=data["legal_rate"]["source"],
        penalty_floor=Decimal(data["penalty_floor"]["multiple"]),
        penalty_floor_source=data["penalty_floor"]["source"],
        recovery_indemnity=Decimal(data["recovery_indemnity"]["euros"]),
        recovery_indemnity_source=data["recovery_indemnity"]["source"],
        ecb_rates={key: Decimal(value) for key, value in data["ecb_rate"].get("percent", {}).items()},
        ecb_rate_source=data["ecb_rate"]["source"],
        statutory_points=Decimal(data["statutory_default"]["points"]),
        statutory_source=data["statutory_default"]["source"],
        public_points=Decimal(data["public_buyers"]["points"]),
        public_source=data["public_buyers"]["source"],
        gdpr=MonthsDeadline(month["months"], days, month["source"]),
        gdpr_extended=MonthsDeadline(month["months"] + more["months"], days, more["source"]),
        retention={
            key: Retention(
                key, table["years"], table["from"], table["source"], closing if table.get("financial_year") else None
            )
            for key, table in data["retention"].items()
        },
    )
