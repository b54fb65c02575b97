"""How a contract ends, and the formal notice that comes before (articles 7.5, 10, 11). Pure.

Article 10: who does not do what it owes is sent a formal notice; when that stays unanswered for the
days that the text gives from its reception, the other side may end the contract. The last day is
extended by convention (``extended_day``); ending is possible from the day after it.
"""

from datetime import date, timedelta

from portal.contracts.rules import ContractError
from portal.terms import Version
from portal.terms.citing import cites
from portal.terms.labelled import Labelled


class Sender(Labelled):
    """Whose notice it is."""

    COMPANY = "company", "IMS Partners met le client en demeure"
    CLIENT = "client", "Le client met IMS Partners en demeure"


class Ground(Labelled):
    """Why a contract ends."""

    AGREEMENT = "agreement", "D'un commun accord"
    BREACH = "breach", "Mise en demeure restée sans effet"
    FORCE_MAJEURE = "force_majeure", "Force majeure"
    OTHER = "other", "Autre raison"


#: The figures of the text that each ground rests on.
FIGURES = {Ground.BREACH: ("formal_notice",), Ground.FORCE_MAJEURE: ("force_majeure", "work_done")}


def ground_words(version: Version, ground: Ground) -> str:
    """A ground as a reader sees it, with its articles in the version that governs the contract."""
    return ground.label + cites(version, *FIGURES.get(ground, ()))


class NoticeMissing(ContractError):
    """Article 10 asks for a formal notice first, and none stands."""


class NoticeRuns(ContractError):
    """The days of the notice are not over; ``last_day`` is the last one."""

    def __init__(self, last_day: date) -> None:
        self.last_day = last_day
        super().__init__(last_day.isoformat())


class NoticeOver(ContractError):
    """The notice was answered before."""


def last_day(version: Version, received_on: date) -> date:
    """The last day to make good, inclusive; the nominal one or the next working day (convention)."""
    return version.deadline("formal_notice").last_day(received_on)


def nominal_day(version: Version, received_on: date) -> date:
    """The day that the text itself gives: the one the company holds itself to."""
    return version.deadline("formal_notice").nominal(received_on)


def terminable_from(version: Version, received_on: date) -> date:
    """The first day on which the contract may be ended for it."""
    return last_day(version, received_on) + timedelta(days=1)


def check_breach(version: Version, received: list[date], today: date) -> None:
    """Let an ending for breach pass. ``received``: reception days of the notices that stand unanswered.

    Raises:
        NoticeMissing: there is none.
        NoticeRuns: none has run out yet.
    """
    if not received:
        raise NoticeMissing
    first = min(last_day(version, day) for day in received)
    if today <= first:
        raise NoticeRuns(first)
