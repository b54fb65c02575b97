"""States of a quote request, and who may do what with it. Pure.

A request is heard, talked over, and closed once: it makes a client or it is
declined with a reason. Whoever wrote last waits for the other.
"""

from collections.abc import Collection
from enum import StrEnum

from stdnum.ch import uid

from portal.accounts.rules import StaffRole, parse_identity


class State(StrEnum):
    """Where a request stands; the values are what the database keeps."""

    RECEIVED = "received"
    DISCUSSED = "discussed"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    DECLINED = "declined"

    @property
    def label(self) -> str:
        """The word that a reader sees."""
        return _LABELS[self]


_LABELS = {
    State.RECEIVED: "Reçue",
    State.DISCUSSED: "En discussion",
    State.ANSWERED: "Répondue",
    State.ACCEPTED: "Devenue cliente",
    State.DECLINED: "Déclinée",
}
#: Nothing follows these.
CLOSED = frozenset({State.ACCEPTED, State.DECLINED})
#: Staff have the next word.
WAITING = frozenset({State.RECEIVED, State.DISCUSSED})

#: Acknowledgements that an address nobody has proved to be theirs is sent in a day; the request is taken in all the same.
ACKNOWLEDGED_A_DAY = 3


class Side(StrEnum):
    """Who writes in the thread."""

    REQUESTER = "requester"
    STAFF = "staff"


#: Roles of staff that read and answer a request, and those that close it.
DECIDES = frozenset({StaffRole.SALES, StaffRole.ADMINISTRATOR})
ANSWERS = DECIDES | {StaffRole.ADVISER}


class RequestError(Exception):
    """A refusal of this room."""


class AlreadyClosed(RequestError):
    """The request was accepted or declined before; ``state`` says which."""

    def __init__(self, state: State) -> None:
        self.state = state
        super().__init__(state.value)


class NotAllowed(RequestError):
    """The role of this member of staff does not cover the act."""


class ReasonMissing(RequestError):
    """A request is declined with a reason, or not at all."""


def may_answer(roles: Collection[str]) -> bool:
    """Whether somebody with these roles reads requests and answers them."""
    return not ANSWERS.isdisjoint(roles)


def may_decide(roles: Collection[str]) -> bool:
    """Whether somebody with these roles makes a client of a requester, or declines."""
    return not DECIDES.isdisjoint(roles)


def after_message(state: State, side: Side) -> State:
    """The state once somebody has written.

    Raises:
        AlreadyClosed: nobody writes in a closed thread.
    """
    check_open(state)
    if side is Side.STAFF:
        return State.ANSWERED
    # A requester who adds a word before any answer has not been answered yet.
    return State.RECEIVED if state is State.RECEIVED else State.DISCUSSED


def check_open(state: State) -> None:
    """Let pass what is not closed.

    Raises:
        AlreadyClosed: when it is.
    """
    if state in CLOSED:
        raise AlreadyClosed(state)


def check_reason(reason: str) -> str:
    """The reason of a refusal, without spaces around it.

    Raises:
        ReasonMissing: when there is none.
    """
    if not reason.strip():
        raise ReasonMissing
    return reason.strip()


def identity_words(number: str) -> str:
    """A checked number as a reader knows it: ``SIREN 732 829 320``.

    Raises:
        InvalidIdentity: it is none.
    """
    known = parse_identity(number)
    if known.siret:
        return f"SIRET\u00a0{_grouped(known.siret[:9])}\u00a0{known.siret[9:]}"
    if known.swiss_uid:
        return f"IDE\u00a0{uid.format(known.swiss_uid)}"
    if known.vat_number:
        return f"TVA\u00a0{known.vat_number}"
    return f"SIREN\u00a0{_grouped(known.siren or '')}"


def _grouped(digits: str) -> str:
    return "\u00a0".join(digits[start : start + 3] for start in range(0, len(digits), 3))


def identity_number(given: str) -> str:
    """The number that is kept of what was typed, without spaces.

    Raises:
        InvalidIdentity: it is none, or its key is wrong.
    """
    known = parse_identity(given)
    return known.siret or known.swiss_uid or known.vat_number or known.siren or ""
