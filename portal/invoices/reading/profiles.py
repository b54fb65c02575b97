"""Short, stable names of what a specification identifier (BT-24) says."""

import re

from portal.invoices.document import Nature

#: The part of an identifier after which the profile's own name stands, and what is put before it.
_FAMILIES = (
    (re.compile(r"xrechnung[_:]?v?(\d+(?:\.\d+)*)?(#.*extension.*)?", re.IGNORECASE), "xrechnung"),
    (re.compile(r"poacc:billing:(\d+)(?:\.\d+)*", re.IGNORECASE), "peppol-bis"),
    (re.compile(r"poacc:selfbilling:(\d+)(?:\.\d+)*", re.IGNORECASE), "peppol-selfbilling"),
)
_NAMED = re.compile(
    r"(?:factur-x\.eu:1p0|zugferd\.de:2p0|urn:ferd:CrossIndustryDocument:invoice:\w+|cpro\.gouv\.fr:1p0|zugferd:\w+|ferd:\w+)"
    r":([\w-]+)",
    re.IGNORECASE,
)
_LONG = 60
_ALIASES = {"basic-wl": "basicwl", "comfort-": "comfort"}


def short_profile(identifier: str) -> str:
    """``en16931``, ``basicwl``, ``xrechnung-3.0``, ``peppol-bis-3``, ``comfort``; empty when nothing is said.

    What is not known by name is the last part of its identifier, in small letters.
    """
    given = "".join(identifier.split())
    if not given:
        return ""
    for pattern, family in _FAMILIES:
        if found := pattern.search(given):
            extension = "-extension" if found.lastindex and found.lastindex > 1 else ""
            return "-".join(filter(None, (family, found.group(1)))) + extension
    if found := _NAMED.search(given):
        name = found.group(1).lower()
        return _ALIASES.get(name, name)
    if re.fullmatch(r"urn:cen\.eu:en16931:2017", given, re.IGNORECASE):
        return "en16931"
    tail = re.split(r"[#:]", given.rstrip("#:"))[-1].lower()
    return re.sub(r"[^a-z0-9._-]+", "-", tail).strip("-")[:_LONG]


def nature_of(process: str) -> Nature:
    """What the whole invoice sells, by the French process code (BT-23): B1 goods, S1 services, M1 both."""
    if re.fullmatch(r"[BS]\d", process):
        return Nature.GOODS if process[0] == "B" else Nature.SERVICES
    return Nature.UNKNOWN
