"""The address that answers come back by, and a mark in the subject for who loses it: both signed, so that nobody
joins a thread by writing its number."""

import hmac
import re
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portal.config import Settings
    from portal.terms import Library

#: Letters of a signature: sixty bits, each letter one that survives a server that writes addresses small.
_LENGTH = 12
_IN_ADDRESS = re.compile(r"([a-z0-9-]{1,30})\.([a-z2-7]{12})", re.IGNORECASE)
_IN_SUBJECT = re.compile(r"\[([A-Z0-9-]{1,30})[ .\u00a0]([a-z2-7]{12})\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Replies:
    """Signs and reads references. ``address`` is where clients write to."""

    address: str
    secret_key: str = field(repr=False)

    def address_for(self, reference: str) -> str:
        """Where answers in the thread of a reference are to be sent: ``hotline+tic-2026-0001.….@…``."""
        local, _, domain = self.address.rpartition("@")
        return f"{local}+{reference.lower()}.{self._signature(reference)}@{domain}"

    def mark_for(self, reference: str) -> str:
        """The same for a subject: ``[TIC-2026-0001 …]``."""
        return f"[{reference} {self._signature(reference)}]"

    def reference_in(self, addresses: Iterable[str], subject: str) -> str | None:
        """The reference that an address or a subject names, if we signed it."""
        wanted, _, domain = self.address.lower().rpartition("@")
        for address in addresses:
            local, _, host = address.lower().rpartition("@")
            name, plus, tag = local.partition("+")
            found = _IN_ADDRESS.fullmatch(tag)
            if plus and name == wanted and host == domain and found and self._holds(found[1], found[2]):
                return found[1].upper()
        for found in _IN_SUBJECT.finditer(subject):
            if self._holds(found[1], found[2]):
                return found[1].upper()
        return None

    def _holds(self, reference: str, signature: str) -> bool:
        return hmac.compare_digest(self._signature(reference), signature.lower())

    def _signature(self, reference: str) -> str:
        digest = hmac.new(self.secret_key.encode(), f"mail/reply:{reference.upper()}".encode(), sha256).digest()
        return b32encode(digest).decode()[:_LENGTH].lower()


def hotline_address(settings: "Settings", library: "Library", today: date) -> str:
    """Where clients write to: the setting, else the address of the CGV in force (6.3), else the company's."""
    figures = library.in_force(today).figures
    written = str(figures["hotline_mail"].value) if "hotline_mail" in figures else ""
    return settings.mail_hotline or written or library.company.mail


def replies_of(settings: "Settings", library: "Library", today: date) -> Replies:
    """Signs and reads references for an installation."""
    return Replies(hotline_address(settings, library, today), settings.secret_key)
