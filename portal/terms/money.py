"""Rounding at the edge: exact inside, half up once."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction

from portal.terms.findings import TermsError

CENT = Decimal("0.01")


class InvalidAmount(TermsError):
    """The text is not an amount the software can take."""


def round_cents(value: Fraction | Decimal) -> Decimal:
    """Round an exact value to 0.01, half up (points and euros alike).

    >>> round_cents(Fraction(80, 3))
    Decimal('26.67')
    """
    scaled = Fraction(value) * 100
    sign = -1 if scaled < 0 else 1
    cents = (abs(scaled) + Fraction(1, 2)).__floor__()
    return (Decimal(sign * cents) / 100).quantize(CENT)


def amount(text: str, *, most: Decimal = Decimal(1_000_000_000)) -> Decimal:
    """Read an amount as people type it ("1 234,56", "0.60"): not negative, finite, at most ``most``.

    Raises:
        InvalidAmount: in French, with what was typed.
    """
    plain = "".join(text.split()).replace("\u202f", "").replace("€", "").replace(",", ".")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        raise InvalidAmount(f"« {text} » n'est pas un nombre.") from None
    if not value.is_finite() or value < 0 or value > most:
        raise InvalidAmount(f"« {text} » : un nombre entre 0 et {most} est attendu.")
    return value


def vat(net: Decimal, percent: Decimal) -> Decimal:
    """VAT on a sum of lines of one rate, to the cent, half up."""
    return round_cents(Fraction(net) * Fraction(percent) / 100).quantize(CENT, ROUND_HALF_UP)
