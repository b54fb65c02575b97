"""Seller and buyer: which of the numbers given is which."""

from collections.abc import Iterable
from functools import lru_cache

from stdnum.eu import vat
from stdnum.fr import siren, siret

from portal.invoices.document import ReadParty
from portal.invoices.reading.fields import Pen, compact, shown

#: ISO 6523: SIREN, SIRET, Swiss UID, the address of the French directory.
SIREN, SIRET, UID, DIRECTORY = "0002", "0009", "0183", "0225"
#: A batch has few sellers and not many buyers: each number is checked once.
_known_vat, _known_siren, _known_siret = (lru_cache(2048)(kind.is_valid) for kind in (vat, siren, siret))
_SIREN_LENGTH, _SIRET_LENGTH = 9, 14
_LONGEST_VAT, _LONGEST_UID = 20, 12


def party(
    pen: Pen, side: str, *, name: str, vat_number: str, numbers: Iterable[tuple[str, str]], address: Iterable[str]
) -> ReadParty:  # fmt: skip
    """A party from what its file gives. ``numbers`` are (scheme, value), the surest first; "" is no scheme."""
    number, uid = compact(vat_number), ""
    if number.startswith("CHE"):
        uid, number = number, ""
    found = {"siren": "", "siret": ""}
    for scheme, value in numbers:
        short = compact(value.partition("_")[0])
        if (scheme == UID or short.startswith("CHE")) and not uid:
            uid = short
        kind = _kind(scheme, short)
        if kind and not found[kind]:
            found[kind] = short
    if found["siret"] and not found["siren"]:
        found["siren"] = found["siret"][:_SIREN_LENGTH]
    number = _checked(pen, side, number)
    if found["siren"] and not _known_siren(found["siren"]):
        pen.note("identity", side, f"{side}\u00a0: le SIREN {shown(found['siren'])} ne satisfait pas sa clé.")
    return ReadParty(
        name=pen.words(name, side, 200), vat_number=number, siren=found["siren"], siret=found["siret"],
        swiss_uid=uid[:_LONGEST_UID],
        address=tuple(filter(None, (pen.words(line, f"adresse ({side})", 200) for line in address))),
    )  # fmt: skip


def _checked(pen: Pen, side: str, number: str) -> str:
    if not number:
        return ""
    if len(number) > _LONGEST_VAT:
        pen.note("identity", side, f"{side}\u00a0: {shown(number)} n'est pas un numéro de TVA, il est laissé de côté.")
        return ""
    if not _known_vat(number):
        pen.note("identity", side, f"{side}\u00a0: le numéro de TVA {shown(number)} ne satisfait pas sa clé.")
    return number


def _kind(scheme: str, value: str) -> str:
    if not value.isascii() or not value.isdigit():
        return ""
    if len(value) == _SIREN_LENGTH and (scheme in {SIREN, DIRECTORY} or (not scheme and _known_siren(value))):
        return "siren"
    if len(value) == _SIRET_LENGTH and (scheme in {SIRET, SIREN} or (not scheme and _known_siret(value))):
        return "siret"
    return ""
