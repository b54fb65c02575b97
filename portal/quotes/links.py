"""Addresses that a mail gives: signed, so that nobody can guess one, and revocable, for each holds a key of its request."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from itsdangerous import BadSignature, URLSafeSerializer

#: Below the client area; the views are bound to the same words.
FORM = "/espace-client/demande-de-devis"
FOLLOW = f"{FORM}/suivi"
RECEIVED = f"{FORM}/recue"
DESK = "/espace-client/bureau/demandes-de-devis"
CLIENT = "/espace-client/"
#: The quotes themselves: a client's pages, those that a mail's link opens, the desk's.
QUOTES = "/espace-client/devis"
BY_LINK = f"{QUOTES}/lien"
QUOTES_DESK = "/espace-client/bureau/devis"


class BrokenLink(Exception):
    """A link that we did not make, or that was cut."""


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and opens the addresses of this room."""

    base_url: str
    secret_key: str = field(repr=False)

    def follow(self, reference: str, link_key: str) -> str:
        """The follow-up page of one request, for who holds the mail."""
        return f"{self.base_url}{FOLLOW}/{self._follow_token(reference, link_key)}"

    def received(self, reference: str, link_key: str) -> str:
        """The confirmation of one request."""
        return f"{self.base_url}{RECEIVED}/{self._follow_token(reference, link_key)}"

    def opened(self, token: str) -> tuple[str, str]:
        """(reference, key) of a follow-up link.

        Raises:
            BrokenLink: when it is none of ours.
        """
        reference, link_key = self._load("follow", token)
        return reference, link_key

    def desk(self, reference: str) -> str:
        """The page of one request on the desk."""
        return f"{self.base_url}{DESK}/{reference}"

    def quote(self, recipient: int, link_key: str) -> str:
        """A quote, for the recipient who holds the mail."""
        return f"{self.base_url}{BY_LINK}/{self.quote_token(recipient, link_key)}"

    def quote_token(self, recipient: int, link_key: str) -> str:
        """What names a recipient in an address."""
        return str(self._signer("quote").dumps([str(recipient), link_key]))

    def quote_opened(self, token: str) -> tuple[int, str]:
        """(recipient, key) of a quote's link.

        Raises:
            BrokenLink: when it is none of ours.
        """
        recipient, link_key = self._load("quote", token)
        if not recipient.isdecimal():
            raise BrokenLink
        return int(recipient), link_key

    def quote_on_desk(self, reference: str) -> str:
        """The page of one quote on the desk."""
        return f"{self.base_url}{QUOTES_DESK}/{reference}"

    @property
    def form(self) -> str:
        """The public form."""
        return f"{self.base_url}{FORM}"

    @property
    def client(self) -> str:
        """A client's start page."""
        return f"{self.base_url}{CLIENT}"

    def terms(self, slug: str) -> str:
        """A version of the terms on the site."""
        return f"{self.base_url}/cgv/{slug}/"

    def opening(self, key: str, at: datetime) -> str:
        """What a page of the form carries: which page it is, and since when it has been open."""
        return str(self._signer("opening").dumps([key, at.astimezone(UTC).isoformat()]))

    def read_opening(self, token: str) -> tuple[str, datetime]:
        """(key, moment) of a page of the form.

        Raises:
            BrokenLink: when the page was not ours.
        """
        key, moment = self._load("opening", token)
        return key, datetime.fromisoformat(moment)

    def _follow_token(self, reference: str, link_key: str) -> str:
        return str(self._signer("follow").dumps([reference, link_key]))

    def _signer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret_key, salt=f"quotes/{purpose}")

    def _load(self, purpose: str, token: str) -> tuple[str, str]:
        try:
            first, second = self._signer(purpose).loads(token)
        except (BadSignature, ValueError, TypeError) as error:
            raise BrokenLink from error
        return str(first), str(second)
