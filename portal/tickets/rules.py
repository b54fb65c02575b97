"""States of a ticket, and who may do what with it. Pure.

CGV articles 6.1 to 6.4: a ticket is opened by the client on the portal, or by an
operator for who calls, or by a technician out of a mail; the company sets its
priority; only a technician or its creator closes it. Nothing closes itself.
"""

from collections.abc import Collection
from enum import IntEnum, StrEnum

from portal.accounts.rules import StaffRole
from portal.terms.labelled import Labelled


class State(Labelled):
    """Where a ticket stands."""

    TO_QUALIFY = "to_qualify", "À qualifier"
    OPEN = "open", "Ouvert"
    PLANNED = "planned", "Planifié"
    WAITING = "waiting", "En attente du client"
    RESOLVED = "resolved", "Résolu"
    CLOSED = "closed", "Clos"


class Channel(Labelled):
    """How it reached us (6.1, 6.2, 6.3)."""

    WEB = "web", "Portail"
    MAIL = "mail", "Courriel"
    PHONE = "phone", "Téléphone"
    VOICEMAIL = "voicemail", "Répondeur"


class Urgency(Labelled):
    """How pressing it is, in the client's words: it never becomes the priority by itself."""

    STOPPED = "stopped", "Je ne peux plus travailler"
    HINDERED = "hindered", "Je travaille avec difficulté"
    CALM = "calm", "Rien ne presse"


class Impact(Labelled):
    """Whom it touches, in the client's words."""

    EVERYBODY = "everybody", "Toute l'organisation"
    SEVERAL = "several", "Plusieurs personnes"
    ONE = "one", "Une personne"


class Place(Labelled):
    """Where the work is done (articles 4 and 8)."""

    REMOTE = "remote", "À distance, si c'est possible"
    OWN = "own", "Dans nos locaux"
    THIRD = "third", "Chez un tiers"


class Backup(Labelled):
    """What the client says of its backup: article 6.5 leaves it to the client before any intervention."""

    DONE = "done", "Oui, mes données sont sauvegardées"
    TO_DO = "to_do", "Non, pas encore"
    UNKNOWN = "unknown", "Je ne sais pas"


class Side(StrEnum):
    """Who writes in the thread."""

    REQUESTER = "requester"
    STAFF = "staff"


class Priority(IntEnum):
    """What staff decide (6.1: "en fonction des priorités que le PRESTATAIRE aura définies")."""

    URGENT = 0
    HIGH = 1
    NORMAL = 2
    LOW = 3

    @property
    def label(self) -> str:
        """The word that a reader sees."""
        return ("Urgente", "Haute", "Normale", "Basse")[self]


#: What is over: no promise is left, and it leaves the lists of what is to be done.
SETTLED = frozenset({State.CLOSED})
#: Somebody of the staff is expected to work on these.
ACTIVE = frozenset({State.TO_QUALIFY, State.OPEN, State.PLANNED})

READS = frozenset({StaffRole.ADVISER, StaffRole.SALES, StaffRole.BILLING, StaffRole.ADMINISTRATOR})
#: Who types a ticket for a caller: whoever picks up the phone.
ENTERS = frozenset({StaffRole.ADVISER, StaffRole.SALES, StaffRole.ADMINISTRATOR})
#: Who qualifies, answers, plans, merges.
HANDLES = frozenset({StaffRole.ADVISER, StaffRole.ADMINISTRATOR})
#: The "technicien IMS Partners" of 6.4.
TECHNICIANS = frozenset({StaffRole.ADVISER})


class TicketError(Exception):
    """A refusal of this room."""


class NotAllowed(TicketError):
    """This person may not do that with this ticket."""


class NotTheCreator(NotAllowed):
    """6.4: only a technician or the creator of the ticket closes it; by convention only its creator reopens it."""


class AlreadyClosed(TicketError):
    """The ticket was closed before."""


class NotClosed(TicketError):
    """What is not closed is not reopened."""


class TermsNotAccepted(TicketError):
    """Without a contract a request from the portal accepts the terms in force (article 9)."""


class AgreementMissing(TicketError):
    """At a third party's the client obtains its agreement first (article 8)."""


class Quarantined(TicketError):
    """Nobody has said yet whose ticket this is: first it is attached to a client, or opened as a stranger's."""


def may_read(roles: Collection[str]) -> bool:
    """Whether somebody of the staff reads tickets."""
    return not READS.isdisjoint(roles)


def may_enter(roles: Collection[str]) -> bool:
    """Whether somebody of the staff types a ticket for a caller (6.2)."""
    return not ENTERS.isdisjoint(roles)


def may_handle(roles: Collection[str]) -> bool:
    """Whether somebody of the staff qualifies, answers, plans and merges."""
    return not HANDLES.isdisjoint(roles)


def is_technician(roles: Collection[str]) -> bool:
    """Whether somebody of the staff is a technician, as 6.4 has it."""
    return not TECHNICIANS.isdisjoint(roles)


def may_close(*, technician: bool, creator: bool) -> bool:
    """6.4: "un technicien IMS Partners ou … le créateur du ticket", nobody else."""
    return technician or creator


def may_reopen(*, technician: bool, creator: bool) -> bool:
    """The CGV are silent; by convention the creator may, also through a technician whom they asked."""
    return creator or technician


def check_closing(state: State, *, technician: bool, creator: bool) -> None:
    """Let a closing pass.

    Raises:
        NotTheCreator, AlreadyClosed.
    """
    if not may_close(technician=technician, creator=creator):
        raise NotTheCreator
    if state is State.CLOSED:
        raise AlreadyClosed


def check_reopening(state: State, *, technician: bool, creator: bool) -> None:
    """Let a reopening pass.

    Raises:
        NotTheCreator, NotClosed.
    """
    if not may_reopen(technician=technician, creator=creator):
        raise NotTheCreator
    if state is not State.CLOSED:
        raise NotClosed


def check_place(place: Place, *, agreed: bool) -> None:
    """Article 8: at a third party's the client confirms that it has the agreement.

    Raises:
        AgreementMissing: it does not.
    """
    if place is Place.THIRD and not agreed:
        raise AgreementMissing


def after_words(state: State, side: Side, *, planned: bool, asks: bool = False) -> State:
    """The state once somebody has written where the client reads.

    ``planned``: an appointment is to come. ``asks``: staff wait for the client's answer.
    What is closed stays closed: nothing but its creator's wish reopens it.
    """
    if state is State.CLOSED:
        return state
    if side is Side.STAFF:
        return State.WAITING if asks else state
    if state in {State.WAITING, State.RESOLVED}:
        return State.PLANNED if planned else State.OPEN
    return state


def portal_rank(channel: Channel) -> int:
    """6.1: at equal priority a ticket opened on the portal comes first."""
    return 0 if channel is Channel.WEB else 1
