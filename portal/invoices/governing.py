"""Which version of the terms governs an invoice: its order's or its contract's, else the one in force on its day.

CGV article 9 ties the terms to a quote or an intervention, not to an invoice: the last case is a convention
(``invoice_version``) and is called one on the pages.
"""

from dataclasses import dataclass
from datetime import date

from portal.invoices.dispute_rules import Clock
from portal.invoices.rules import TermsFrom
from portal.terms import Library, NoVersionInForce, UnknownVersion, Version

DISPUTE = "invoice_dispute"


@dataclass(frozen=True, slots=True)
class Governing:
    """A version by what is stored of it, and where it comes from."""

    slug: str
    sha256: str
    source: TermsFrom


def in_force(library: Library, issued_on: date) -> Governing | None:
    """The version of the day; None before the first one."""
    try:
        version = library.in_force(issued_on)
    except NoVersionInForce:
        return None
    return Governing(version.slug, version.sha256, TermsFrom.DAY)


def version_of(library: Library, slug: str | None) -> Version | None:
    """The version that was stored; None when there is none, or when its text is not published here any more."""
    if slug is None:
        return None
    try:
        return library.version(slug)
    except UnknownVersion:
        return None


def dispute_clock(version: Version | None, issued_on: date) -> Clock | None:
    """The days of 7.4, by the version that governs the invoice; None when none does."""
    if version is None:
        return None
    period = version.deadline(DISPUTE)
    return Clock(issued_on, period.nominal(issued_on), period.last_day(issued_on))
