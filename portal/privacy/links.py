"""Addresses that a mail gives: signed, and revocable, for each holds a key of its request."""

from dataclasses import dataclass, field

from itsdangerous import BadSignature, URLSafeSerializer

CLIENT = "/espace-client/mes-donnees"
PUBLIC = "/espace-client/vos-donnees"
FOLLOW = f"{PUBLIC}/suivi"
ADDRESS = f"{PUBLIC}/adresse"
FORMER = f"{PUBLIC}/ancienne-adresse"
DESK = "/espace-client/bureau/donnees"


class BrokenLink(Exception):
    """A link that we did not make, or that was cut."""


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and opens the addresses of this room."""

    base_url: str
    secret_key: str = field(repr=False)

    def address(self, reference: str, link_key: str) -> str:
        """The page on which a new address is confirmed: the link goes to that address alone."""
        return f"{self.base_url}{ADDRESS}/{self._address.dumps([reference, link_key])}"

    def opened_address(self, token: str) -> tuple[str, str]:
        """(reference, key) of such a link.

        Raises:
            BrokenLink: when it is none of ours.
        """
        return _read(self._address, token)

    def former(self, reference: str, link_key: str) -> str:
        """The page on which the address of before keeps its place, or takes it again: the link goes there alone."""
        return f"{self.base_url}{FORMER}/{self._former.dumps([reference, link_key])}"

    def opened_former(self, token: str) -> tuple[str, str]:
        """(reference, key) of such a link.

        Raises:
            BrokenLink: when it is none of ours.
        """
        return _read(self._former, token)

    def follow(self, reference: str, link_key: str) -> str:
        """The page on which a stranger follows a request."""
        return f"{self.base_url}{FOLLOW}/{self._signer.dumps([reference, link_key])}"

    def opened(self, token: str) -> tuple[str, str]:
        """(reference, key) of a follow-up link.

        Raises:
            BrokenLink: when it is none of ours.
        """
        return _read(self._signer, token)

    def client(self, reference: str) -> str:
        """The page of a request of somebody who signs in."""
        return f"{self.base_url}{CLIENT}/{reference}"

    def desk(self, reference: str) -> str:
        """The page of a request on the desk."""
        return f"{self.base_url}{DESK}/{reference}"

    @property
    def _signer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret_key, salt="privacy/follow")

    @property
    def _address(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret_key, salt="privacy/address")

    @property
    def _former(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret_key, salt="privacy/former-address")


def _read(signer: URLSafeSerializer, token: str) -> tuple[str, str]:
    try:
        reference, link_key = signer.loads(token)
    except (BadSignature, ValueError, TypeError) as error:
        raise BrokenLink from error
    return str(reference), str(link_key)
