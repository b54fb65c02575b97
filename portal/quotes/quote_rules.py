"""States of a quote, its last day, and who may do what with it. Pure.

CGV 5.1: a quote is firm from the day the client receives it, for as long as the
version that governs it says, unless it states a last day of its own. 5.2: an
order is final once both sides have accepted. Code civil 1115 and 1116: an offer
is withdrawn freely only before it is received.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from portal.accounts.rules import ClientRole, StaffRole
from portal.quotes.offer import Offer
from portal.terms import UnknownFigure, Version
from portal.terms.figures import Figure
from portal.terms.labelled import Labelled


class State(StrEnum):
    """Where a quote stands; the values are what the database keeps. Having expired is no state: the day tells it."""

    DRAFT = "draft"
    SENT = "sent"
    RECEIVED = "received"
    ACCEPTED = "accepted"  # by the client; the PRESTATAIRE has not answered yet (5.2)
    FINAL = "final"  # by both: an order
    REFUSED = "refused"  # by the client
    NOT_CONFIRMED = "not_confirmed"  # by the PRESTATAIRE
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    DISCARDED = "discarded"  # a draft that was given up

    @property
    def label(self) -> str:
        """The word that a reader sees."""
        return _LABELS[self]


_LABELS = {
    State.DRAFT: "Brouillon",
    State.SENT: "Envoyé",
    State.RECEIVED: "Reçu",
    State.ACCEPTED: "Accepté par le client",
    State.FINAL: "Commande définitive",
    State.REFUSED: "Refusé par le client",
    State.NOT_CONFIRMED: "Non confirmé",
    State.WITHDRAWN: "Retiré",
    State.REPLACED: "Remplacé",
    State.DISCARDED: "Abandonné",
}
#: The client has the next word.
OFFERED = frozenset({State.SENT, State.RECEIVED})
#: Nothing follows these.
CLOSED = frozenset(
    {State.FINAL, State.REFUSED, State.NOT_CONFIRMED, State.WITHDRAWN, State.REPLACED, State.DISCARDED}
)  # fmt: skip
#: Only staff see these.
UNSEEN = frozenset({State.DRAFT, State.DISCARDED})


class Parent(Labelled):
    """Why a quote follows another one."""

    SUPPLEMENT = "supplement", "Complète"  # work beyond the first one (7.3)
    RENEWAL = "renewal", "Renouvelle"
    CORRECTION = "correction", "Corrige et remplace"


class How(Labelled):
    """How it is known that a quote was received. That a relay took our mail proves nothing, and is none of these."""

    DELIVERY_NOTICE = "delivery_notice", "avis de distribution du serveur de messagerie du destinataire"
    READ_BY_LINK = "read_by_link", "lecture depuis le lien envoyé au destinataire"
    READ_SIGNED_IN = "read_signed_in", "lecture dans l'espace client"
    STAFF = "staff", "constat d'IMS Partners, preuve à l'appui"


class Ground(StrEnum):
    """On what a received quote is withdrawn or replaced."""

    AGREEMENT = "agreement"
    REASON = "reason"


class Act(Labelled):
    """What somebody did that binds or frees them; each is a row that is never changed."""

    ACCEPTED = "accepted", "Accepté par le client"
    TAKEN_BACK = "taken_back", "Acceptation reprise par le client"
    REFUSED = "refused", "Refusé par le client"
    CONFIRMED = "confirmed", "Accepté par IMS Partners"
    NOT_CONFIRMED = "not_confirmed", "Non confirmé par IMS Partners"
    WITHDRAWN = "withdrawn", "Retiré par IMS Partners"


#: Roles of staff that write and send quotes, those that bind the company, those that read.
WRITES = frozenset({StaffRole.SALES, StaffRole.ADMINISTRATOR})
READS = WRITES | {StaffRole.ADVISER, StaffRole.BILLING}


# --- Refusals ------------------------------------------------------------------------------------


class QuoteError(Exception):
    """A refusal of this room."""


class NotAllowed(QuoteError):
    """The role of this person does not cover the act."""


class WrongState(QuoteError):
    """The quote stands elsewhere by now; ``state`` says where."""

    def __init__(self, state: State) -> None:
        self.state = state
        super().__init__(state.value)


class QuoteExpired(QuoteError):
    """Its last day is over: the price is no longer promised (5.1)."""

    def __init__(self, last_day: date) -> None:
        self.last_day = last_day
        super().__init__(last_day.isoformat())


class NoValidity(QuoteError):
    """Neither the quote nor the version that governs it gives a validity: 5.2 wants one printed on it."""


class NotSendable(QuoteError):
    """The draft does not make an offer yet, or nobody would receive it; ``words`` say what is missing, in French."""

    def __init__(self, *words: str) -> None:
        self.words = words
        super().__init__("; ".join(words))


class GroundMissing(QuoteError):
    """A received quote is withdrawn or replaced by agreement or with a reason, never just so."""


class ReasonMissing(QuoteError):
    """This act is given a reason."""


# --- Validity ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Validity:
    """What is printed on a quote of how long it holds (5.1, 5.2): the period of the CGV or a last day of its own.

    ``latest`` is the day after which it is over in any case, even if nobody ever learns that it was received.
    """

    latest: date
    figure: Figure | None = None  # None: the quote states its own last day


def validity(offer: Offer, version: Version, *, sent: date, latest_days: int) -> Validity:
    """The validity of an offer sent on a day; ``latest_days`` is the house's convention.

    Raises:
        NoValidity: the quote states no last day and the version gives no period.
    """
    if offer.own_last_day is not None:
        return Validity(offer.own_last_day)
    try:
        figure = version.deadline("quote_validity").figure
    except UnknownFigure as unknown:
        raise NoValidity from unknown
    return Validity(sent + timedelta(days=latest_days), figure)


@dataclass(frozen=True, slots=True)
class LastDay:
    """The last day a quote can be accepted: the one enforced, inclusive, and the nominal one that explains it."""

    enforced: date
    nominal: date

    @property
    def extended(self) -> bool:
        """Whether the enforced day is later than the text counts it (convention)."""
        return self.enforced > self.nominal


def last_day(version: Version, *, own: date | None, latest: date, received: date | None) -> LastDay:
    """The last day of a quote: its own, never extended (5.1 "sauf autrement indiqué"); else counted from reception.

    Until reception is known only the latest day printed on it ends it.
    """
    if own is not None:
        return LastDay(own, own)
    if received is None:
        return LastDay(latest, latest)
    period = version.deadline("quote_validity")
    return LastDay(min(period.last_day(received), latest), min(period.nominal(received), latest))


# --- Decisions -----------------------------------------------------------------------------------


def may_write(roles: Collection[str]) -> bool:
    """Whether this member of the staff writes, sends, withdraws and confirms quotes."""
    return not WRITES.isdisjoint(roles)


def may_read(roles: Collection[str]) -> bool:
    """Whether this member of the staff reads quotes and answers questions on them."""
    return not READS.isdisjoint(roles)


def may_sign(roles: Collection[str]) -> bool:
    """Whether somebody of the client accepts and refuses quotes for it."""
    return ClientRole.SIGNATORY in roles


def check_state(state: State, *allowed: State) -> None:
    """Let pass a quote that stands where an act begins.

    Raises:
        WrongState: when it stands elsewhere.
    """
    if state not in allowed:
        raise WrongState(state)


def check_acceptable(state: State, last: date, on: date) -> None:
    """Let pass what the client may accept on a day of Paris: offered, and its last day not over.

    Raises:
        WrongState: it is no longer offered, or not yet.
        QuoteExpired: its last day is over.
    """
    check_state(state, *OFFERED)
    if on > last:
        raise QuoteExpired(last)


def check_withdrawal(state: State, ground: Ground | None, reason: str) -> None:
    """Before reception an offer is withdrawn freely (Code civil 1115); later by agreement or with a reason.

    Raises:
        WrongState: it is not offered.
        GroundMissing: it was received, and neither agreement nor reason is told.
    """
    check_state(state, *OFFERED)
    if state is State.RECEIVED and (ground is None or not reason.strip()):
        raise GroundMissing


def check_reason(reason: str) -> str:
    """The reason of an act, without spaces around it.

    Raises:
        ReasonMissing: there is none.
    """
    if not reason.strip():
        raise ReasonMissing
    return reason.strip()
