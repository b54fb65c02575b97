"""What a contract of points is, and which contract pays for what. Pure.

Article 7.1.2 gives what an intervention costs in points. It says nothing of what a
contract does once its points are used up: each contract states its own rule
(a convention, ``points_exhausted``). Nothing ever goes below zero unsaid.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from portal.terms.labelled import Labelled

NOTHING = Decimal(0)
PLACES = 2
#: A guard against typing errors, not a rule of the CGV.
MOST_POINTS = Decimal(1_000_000)


class Kind(Labelled):
    """The two contracts that article 7.1.2 names; ``label`` is what it prints."""

    LIBERTY = "liberty", "Liberty"
    LIBERTY_POLE_AUTOMOBILE = "liberty-pole-automobile", "Liberty Pole Automobile"


class Policy(Labelled):
    """What a contract does when its points do not suffice; ``label`` is what the client reads."""

    REFUSE = "refuse", "Rien n'est décompté au-delà des points restants."
    WARN = "warn", "Le décompte continue sous zéro, et vous en êtes prévenu."
    LIMIT = "limit", "Le décompte continue sous zéro, jusqu'à une limite."


class Movement(Labelled):
    """Why points came or went; ``label`` is the word a reader sees."""

    OPENING = "opening", "Ouverture"
    CREDIT = "credit", "Ajout de points"
    CHARGE = "charge", "Intervention"
    CORRECTION = "correction", "Correction"


class ContractError(Exception):
    """A refusal of this room."""


class InvalidPoints(ContractError):
    """Not a number of points: positive, to the hundredth, and below MOST_POINTS; or a limit without its rule."""


class ReasonMissing(ContractError):
    """A correction, and what is done by hand, says why."""


class NoContract(ContractError):
    """The organisation has no contract at work: hours are billed instead (7.1.1)."""


class ContractEnded(ContractError):
    """Nothing is charged to a contract that has ended, nor added to it."""


class CannotCorrect(ContractError):
    """A correction takes back at most what is left of the movement, and gives back at most what was taken back.

    ``left`` is what the movement still counts for.
    """

    def __init__(self, left: Decimal) -> None:
        self.left = left
        super().__init__(str(left))


class PointsExhausted(ContractError):
    """The contracts do not cover the points, and none allows to go further. Nothing was charged."""

    def __init__(self, asked: Decimal, available: Decimal) -> None:
        self.asked, self.available = asked, available
        super().__init__(f"{asked} asked, {available} available")

    @property
    def missing(self) -> Decimal:
        """How many points are lacking."""
        return self.asked - self.available


@dataclass(frozen=True, slots=True)
class Overdraft:
    """What a contract does when its points do not suffice. ``limit``: points below zero, with LIMIT only."""

    policy: Policy = Policy.REFUSE
    limit: Decimal = NOTHING

    def __post_init__(self) -> None:
        if (self.policy is Policy.LIMIT) != (self.limit > 0):
            raise InvalidPoints("a limit goes with the rule that has one")

    def room(self, balance: Decimal) -> Decimal | None:
        """How many points may still be charged; None: as many as there will be."""
        if self.policy is Policy.WARN:
            return None
        return max(NOTHING, balance + self.limit)


@dataclass(frozen=True, slots=True)
class Account:
    """A contract as a charge sees it."""

    id: int
    balance: Decimal
    overdraft: Overdraft


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of the special conditions, as it was when both sides agreed: ``key`` finds it in the store."""

    key: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Derogation:
    """A departure from the CGV: prior, express, written (article 1)."""

    day: date
    text: str


@dataclass(frozen=True, slots=True)
class SpecialConditions:
    """The special conditions (CP) of a service (articles 1 and 3): words, files, and what departs from the CGV."""

    text: str = ""
    files: tuple[KeptFile, ...] = ()
    derogations: tuple[Derogation, ...] = ()

    def stored(self) -> dict[str, Any]:
        """As a row and the log keep them."""
        return {
            "text": self.text,
            "files": [{"key": file.key, "name": file.name, "sha256": file.sha256} for file in self.files],
            "derogations": [{"day": each.day.isoformat(), "text": each.text} for each in self.derogations],
        }

    @classmethod
    def restored(cls, held: dict[str, Any]) -> "SpecialConditions":
        """What a row kept."""
        return cls(
            held["text"],
            tuple(KeptFile(**file) for file in held["files"]),
            tuple(Derogation(date.fromisoformat(each["day"]), each["text"]) for each in held["derogations"]),
        )


def check_points(points: Decimal) -> Decimal:
    """A number of points that a movement may have.

    Raises:
        InvalidPoints: not positive, too precise or too large.
    """
    if not points.is_finite() or not NOTHING < points <= MOST_POINTS or points != round(points, PLACES):
        raise InvalidPoints(str(points))
    return points


def check_reason(reason: str) -> str:
    """A reason, without the spaces around it.

    Raises:
        ReasonMissing: when there is none.
    """
    if not reason.strip():
        raise ReasonMissing
    return reason.strip()


def available(accounts: Iterable[Account]) -> Decimal | None:
    """How many points contracts allow to charge together; None: no end to it."""
    total = NOTHING
    for account in accounts:
        room = account.overdraft.room(account.balance)
        if room is None:
            return None
        total += room
    return total


def share(points: Decimal, accounts: Sequence[Account]) -> list[tuple[int, Decimal]]:
    """Which contract pays how much. ``accounts`` stand in their order, the oldest first.

    The oldest pays what it has, then the next. What no balance covers goes below zero
    on the newest contract that allows it: new points are most often added there.

    Raises:
        NoContract: there is none.
        PointsExhausted: they do not cover it. Nothing is charged in part.
    """
    if not accounts:
        raise NoContract
    room = available(accounts)
    if room is not None and room < points:
        raise PointsExhausted(points, room)
    shares: dict[int, Decimal] = {}
    left = points
    for account in accounts:
        taken = min(left, max(NOTHING, account.balance))
        shares[account.id], left = taken, left - taken
    for account in reversed(accounts):
        allowed = account.overdraft.room(account.balance)
        # Its own balance is spent above: what is left of its room lies below zero.
        taken = left if allowed is None else min(left, allowed - shares[account.id])
        shares[account.id], left = shares[account.id] + taken, left - taken
    return [(account.id, shares[account.id]) for account in accounts if shares[account.id]]


def check_correction(original: Decimal, left: Decimal, change: Decimal) -> None:
    """Let pass a correction that leaves between nothing and the whole of a movement.

    Raises:
        CannotCorrect: it would take back more than there is, or give more than there was.
    """
    low, high = sorted((NOTHING, original))
    if not change or not low <= left + change <= high:
        raise CannotCorrect(left)
