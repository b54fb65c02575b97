"""Dates, numbers and money as a French reader expects them.

U+202F (narrow no-break space) groups thousands and stands before ``; ! ?``;
U+00A0 stands before ``:``, ``€`` and inside « ».
"""

import re
from datetime import date, datetime, time
from decimal import Decimal

NARROW = "\u202f"
NO_BREAK = "\u00a0"
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
SHORT_MONTHS = (
    "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
)  # fmt: skip
PLURAL_FROM = 2
#: Units of a line that a number puts in the plural; what else staff type stays as they typed it.
COUNTED = frozenset({"point", "heure", "jour", "unité", "licence", "poste", "pièce"})
PHONE_DIGITS = 10
DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def long_date(day: date) -> str:
    """``1er octobre 2018``."""
    return f"{'1er' if day.day == 1 else day.day}{NO_BREAK}{MONTHS[day.month - 1]}{NO_BREAK}{day.year}"


def weekday_date(day: date) -> str:
    """``jeudi 3 décembre 2026``."""
    return f"{DAYS[day.weekday()]} {long_date(day)}"


def month_name(day: date) -> str:
    """``novembre 2026``."""
    return f"{MONTHS[day.month - 1]}{NO_BREAK}{day.year}"


def short_month(day: date) -> str:
    """``nov.``, for a chart."""
    return SHORT_MONTHS[day.month - 1]


def short_date(day: date) -> str:
    """``01/10/2018``."""
    return f"{day:%d/%m/%Y}"


def clock_time(moment: time) -> str:
    """``14 h 30``."""
    return f"{moment.hour}{NO_BREAK}h{NO_BREAK}{moment.minute:02d}"


def moment(local: datetime) -> str:
    """``3 décembre 2026 à 14 h 30``, of a moment in the reader's zone."""
    return f"{long_date(local.date())} à {clock_time(local.time())}"


def minutes(count: int) -> str:
    """A duration: ``15 min``, ``1 h``, ``1 h 20``."""
    hours, rest = divmod(count, 60)
    if not hours:
        return f"{rest}{NO_BREAK}min"
    return f"{hours}{NO_BREAK}h" + (f"{NO_BREAK}{rest:02d}" if rest else "")


def number(value: Decimal | int, *, places: int | None = None) -> str:
    """``1 234,56``: with ``places`` decimals, or as many as the value has, without idle zeros."""
    amount = Decimal(value)
    if places is None:
        plain = f"{amount:f}"
        whole, _, decimals = plain.partition(".")
        decimals = decimals.rstrip("0")
    else:
        whole, _, decimals = f"{amount:.{places}f}".partition(".")
    sign, digits = ("\u2212", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits):,}".replace(",", NARROW)
    return f"{sign}{grouped}" + (f",{decimals}" if decimals else "")


def money(value: Decimal) -> str:
    """``1 234,56 €``."""
    return f"{number(value, places=2)}{NO_BREAK}€"


def amount(value: Decimal, currency: str) -> str:
    """``1 234,56 €``, ``1 234,56 CHF``: as many decimals as the value has, two at least."""
    places = max(2, -int(value.normalize().as_tuple().exponent))
    return f"{number(value, places=places)}{NO_BREAK}{'€' if currency == 'EUR' else currency}"


def points(value: Decimal) -> str:
    """``26,67 points``, ``1 point``, ``0 point``: plural from two on."""
    word = "points" if abs(value) >= PLURAL_FROM else "point"
    return f"{number(value)}{NO_BREAK}{word}"


def counted(value: Decimal, unit: str) -> str:
    """``600 points``, ``1 jour``, ``2 lot de câbles``: a known unit takes its plural from two on, any other is as typed."""
    if not unit:
        return number(value)
    word = f"{unit}s" if unit in COUNTED and abs(value) >= PLURAL_FROM else unit
    return f"{number(value)}{NO_BREAK}{word}"


def phone(printed: str) -> str:
    """``03.54.84.18.95`` as ``03 54 84 18 95``; anything else as it is."""
    digits = re.sub(r"\D", "", printed)
    if len(digits) != PHONE_DIGITS or not digits.startswith("0"):
        return printed
    return NO_BREAK.join(digits[index : index + 2] for index in range(0, PHONE_DIGITS, 2))


def phone_link(printed: str) -> str:
    """``tel:`` target of a French number: ``+33354841895``."""
    digits = re.sub(r"\D", "", printed)
    return f"+33{digits[1:]}" if len(digits) == PHONE_DIGITS and digits.startswith("0") else digits


def listing(words: list[str], last: str = "et") -> str:
    """``a, b et c``."""
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def fix_spaces(text: str) -> str:
    """Set the no-break spaces of French punctuation in a sentence typed with ordinary ones.

    For our own words only: the text of the CGV is evidence and is never touched.
    """
    text = re.sub(r" ([;!?])", NARROW + r"\1", text)
    text = re.sub(r" ([:»€%])", NO_BREAK + r"\1", text)
    return text.replace("« ", f"«{NO_BREAK}")
