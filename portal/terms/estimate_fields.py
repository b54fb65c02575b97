"""The fields of an estimate as people type them: how each is read, how much it may hold, and the
sentence that says what is wrong with it (the browser shows the same ones, given with its data).
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from portal.terms.points import LONGEST
from portal.terms.price import FARTHEST

# Longer texts are refused unread: nobody types a duration of a thousand digits.
TEXT_LENGTH: Final = 40
MINUTES_PER_HOUR: Final = 60
# Groups thousands in a French number; portal.french stands above this package and cannot be asked.
_NARROW: Final = "\u202f"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one estimate may hold; beyond, the person is told and the rest still computes."""

    lines: int = 20
    entries: int = 6
    minutes: int = LONGEST
    times: int = 999
    km: int = int(FARTHEST)
    point: int = 1_000


LIMITS: Final = Limits()

MESSAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "version_unknown": "Cette adresse cite une version des CGV qui n’existe pas\u00a0: le calcul suit la version en vigueur.",
        "vat_unreadable": "Cette adresse demande la TVA d’une façon illisible\u00a0: le calcul est hors taxes.",
        "lines_many": "Une estimation compte {lines}\u00a0interventions au plus\u00a0: les premières sont gardées.",
        "entries_many": "Une intervention compte {entries}\u00a0travaux au plus\u00a0: les premiers sont gardés.",
        "line_empty": "Indiquez le travail et sa durée.",
        "service_unknown": "Choisissez le travail dans la liste.",
        "service_mixed": "Une intervention se fait à distance ou sur site, pas les deux\u00a0: choisissez un autre travail ou ajoutez une intervention.",
        "duration_missing": "Indiquez une durée, par exemple «\u00a01\u00a0h\u00a020\u00a0» ou «\u00a080\u00a0».",
        "duration_unreadable": "Cette durée n’est pas lisible. Écrivez par exemple «\u00a01\u00a0h\u00a020\u00a0», «\u00a01:20\u00a0» ou «\u00a080\u00a0» (minutes).",
        "duration_zero": "Une durée compte au moins une minute.",
        "duration_long": "Une durée compte {hours}\u00a0heures au plus.",
        "line_long": "Une intervention compte {hours}\u00a0heures au plus\u00a0: répartissez-la en plusieurs.",
        "times_unreadable": "Indiquez un nombre entier, de 1 à {times}.",
        "rate_unknown": "Choisissez l’heure à appliquer sans contrat.",
        "km_unreadable": "Indiquez un nombre de kilomètres, par exemple «\u00a012,5\u00a0».",
        "km_large": "Indiquez {km}\u00a0kilomètres au plus.",
        "km_remote": "Les kilomètres ne se comptent que pour une intervention sur site.",
        "point_unreadable": "Indiquez le prix d’un point en euros, par exemple «\u00a01,50\u00a0».",
        "point_large": "Indiquez un prix de {point}\u00a0€ au plus.",
    }
)


# Each reader below gives the value, or the name of what is wrong: a key of MESSAGES.
_SPACES: Final = re.compile(r"\s+")
_WHOLE: Final = re.compile(r"[0-9]+")
_MINUTES: Final = re.compile(r"([0-9]+) ?(?:min|mn|minutes?)?")
_DECIMAL_HOURS: Final = re.compile(r"([0-9]+)[.,]([0-9]{1,2}) ?(?:h|heures?)")
_HOURS: Final = re.compile(r"([0-9]+) ?(?:h|heures?)(?: ?([0-9]{1,2})(?: ?(?:min|mn|minutes?))?)?")
_CLOCK: Final = re.compile(r"([0-9]+):([0-9]{2})")
# Thousands may be set apart: "1 000".
_KM: Final = re.compile(r"((?:[0-9]{1,3}(?: [0-9]{3})+|[0-9]+)(?:[.,][0-9]{1,2})?)(?: ?km)?")
_POINT: Final = re.compile(r"((?:[0-9]{1,3}(?: [0-9]{3})+|[0-9]+)(?:[.,][0-9]{1,4})?)(?: ?€)?")


def folded(text: str) -> str:
    """Give the text with one plain space where any spaces stood, in small letters."""
    return _SPACES.sub(" ", text).strip().lower()


def read_duration(text: str) -> int | str:
    """Read "1 h 20", "1:20", "1h20", "80", "80 min", "1,5 h" as minutes."""
    text = folded(text)
    if not text:
        return "duration_missing"
    if len(text) > TEXT_LENGTH:
        return "duration_unreadable"
    if whole := _MINUTES.fullmatch(text):
        minutes = int(whole[1])
    elif parts := _HOURS.fullmatch(text) or _CLOCK.fullmatch(text):
        rest = int(parts[2] or 0)
        if rest >= MINUTES_PER_HOUR:
            return "duration_unreadable"
        minutes = int(parts[1]) * MINUTES_PER_HOUR + rest
    elif parts := _DECIMAL_HOURS.fullmatch(text):
        hundredths = int(parts[1] + parts[2].ljust(2, "0"))
        # Half a minute is no duration that anybody meant.
        if hundredths * MINUTES_PER_HOUR % 100:
            return "duration_unreadable"
        minutes = hundredths * MINUTES_PER_HOUR // 100
    else:
        return "duration_unreadable"
    if minutes > LIMITS.minutes:
        return "duration_long"
    return minutes or "duration_zero"


def read_times(text: str) -> int | str:
    """Read how many times an intervention is counted."""
    text = folded(text)
    if len(text) > TEXT_LENGTH or not _WHOLE.fullmatch(text):
        return "times_unreadable"
    return int(text) if 1 <= int(text) <= LIMITS.times else "times_unreadable"


def read_km(text: str) -> Decimal | str:
    """Read kilometres; nothing typed is none."""
    text = folded(text)
    if not text:
        return Decimal(0)
    found = _KM.fullmatch(text) if len(text) <= TEXT_LENGTH else None
    if not found:
        return "km_unreadable"
    km = _decimal(found[1])
    return km if km <= LIMITS.km else "km_large"


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(" ", "").replace(",", "."))


def read_point(text: str) -> Decimal | str | None:
    """Read the price of a point; nothing typed is None: the CGV give none."""
    text = folded(text)
    if not text:
        return None
    found = _POINT.fullmatch(text) if len(text) <= TEXT_LENGTH else None
    price = _decimal(found[1]) if found else Decimal(0)
    if not price:
        return "point_unreadable"
    return price if price <= LIMITS.point else "point_large"


def messages() -> dict[str, str]:
    """Give the sentences a page shows, by kind of problem, with the limits written in."""
    whole = asdict(LIMITS) | {"hours": LIMITS.minutes // MINUTES_PER_HOUR}
    limits = {name: f"{limit:,}".replace(",", _NARROW) for name, limit in whole.items()}
    return {kind: text.format_map(limits) for kind, text in MESSAGES.items()}
