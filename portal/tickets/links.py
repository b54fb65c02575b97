"""Addresses that a mail gives. Those for who has no account are signed, and hold a key that its ticket may replace."""

from dataclasses import dataclass, field

from itsdangerous import BadSignature, URLSafeSerializer

CLIENT = "/espace-client/tickets"
DESK = "/espace-client/bureau/tickets"
FOLLOW = "/espace-client/suivi-de-ticket"


class BrokenLink(Exception):
    """A link that we did not make, or that was cut."""


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and opens the addresses of this room."""

    base_url: str
    secret_key: str = field(repr=False)

    def client(self, reference: str) -> str:
        """The page of one ticket in its organisation's area."""
        return f"{self.base_url}{CLIENT}/{reference}"

    def desk(self, reference: str) -> str:
        """The page of one ticket on the desk."""
        return f"{self.base_url}{DESK}/{reference}"

    def follow(self, reference: str, link_key: str) -> str:
        """The page of one ticket for its creator without an account, who holds the mail."""
        return f"{self.base_url}{FOLLOW}/{self._signer.dumps([reference, link_key])!s}"

    def opened(self, token: str) -> tuple[str, str]:
        """(reference, key) of such a link.

        Raises:
            BrokenLink: when it is none of ours.
        """
        try:
            reference, link_key = self._signer.loads(token)
        except (BadSignature, ValueError, TypeError) as error:
            raise BrokenLink from error
        return str(reference), str(link_key)

    def terms(self, slug: str) -> str:
        """A version of the terms on the site."""
        return f"{self.base_url}/cgv/{slug}/"

    @property
    def _signer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret_key, salt="tickets/follow")
