"""What a message says once it is read: frozen values, whatever its bytes were."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class Auto(Enum):
    """Why a message counts as written by a machine: nobody is told that it came, so that no two machines talk."""

    REPLY = "réponse automatique"
    RECEIPT = "accusé de lecture"
    REPORT = "avis de remise"
    LIST = "liste de diffusion"
    BULK = "envoi automatique"
    OWN = "courriel du portail"


class Backing(Enum):
    """What our own mail server found of the address in ``From``."""

    BACKED = "confirmée"  # DMARC passed, or an SPF or DKIM domain that is the address's own
    REFUTED = "démentie"
    UNKNOWN = "non vérifiée"  # our server said nothing: it counts as much as refuted


class Fold(Enum):
    """Why a passage of the text is folded away."""

    QUOTE = "message cité"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address and the name beside it; either may be empty, ``mail`` has no line break and no space."""

    name: str
    mail: str

    def __str__(self) -> str:
        return f"{self.name} <{self.mail}>" if self.name and self.mail else self.mail or self.name


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the text as it stands; ``fold`` says why it is folded away, None: it is what was written now."""

    text: str
    fold: Fold | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a message. ``content_id``: the HTML shows it at a place of its own."""

    filename: str
    media_type: str
    content: bytes = field(repr=False)
    content_id: str = ""

    @property
    def size(self) -> int:
        return len(self.content)


class Action(Enum):
    """What a delivery report says (RFC 3464)."""

    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"
    DELAYED = "delayed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RecipientReport:
    """What became of a mail for one recipient. ``status`` is the code of RFC 3463, ``why`` the server's own words."""

    recipient: str
    action: Action
    status: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A delivery report or a bounce. ``message_id`` names the mail it speaks of, ``token`` what that mail carried.

    Only who held the mail knows its token: without it a report is a stranger's claim.
    """

    recipients: tuple[RecipientReport, ...]
    message_id: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message, read. Strings hold no NUL and no half of a character; what is missing is "" or an empty tuple.

    ``text`` is the whole readable text, ``passages`` the same text cut up: joined they give it back. ``html`` is
    safe to show: no script, no style, no picture from elsewhere. ``remarks`` say in French what staff should know
    of how it was read. ``own_text`` is what was written now, without quotes and signature.
    """

    sha256: str  # of the bytes as they came
    size: int
    message_id: str  # with its angle brackets
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sender: Address
    reply_to: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    delivered_to: tuple[str, ...]  # addresses that our server took it for
    subject: str
    sent_at: datetime | None
    text: str
    passages: tuple[Passage, ...]
    html: str
    attachments: tuple[Attachment, ...]
    auto: Auto | None
    report: DeliveryReport | None
    backing: Backing
    remarks: tuple[str, ...] = ()

    @property
    def own_text(self) -> str:
        """What was written now; the whole text where everything looks quoted (a forward)."""
        own = "".join(passage.text for passage in self.passages if passage.fold is None).strip()
        return own or self.text.strip()

    @property
    def answers(self) -> Sequence[str]:
        """Message-IDs that it answers, the nearest first."""
        return tuple(dict.fromkeys((*self.in_reply_to, *reversed(self.references))))
