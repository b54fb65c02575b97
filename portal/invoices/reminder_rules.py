"""The ladder of reminders: which rung an invoice has reached. Pure.

The CGV set no reminder: the ladder is the company's own. What it proposes is theirs (7.4: suspending the orders) or
the law of the contract (10: a formal notice), and nothing of it is done by itself.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from portal.terms.labelled import Labelled


class Step(Labelled):
    """What a rung does."""

    MAIL = "mail", "Envoyer un courriel de rappel"
    SUSPENSION = "suspension", "Vous proposer de suspendre les commandes"
    FORMAL_NOTICE = "formal_notice", "Vous proposer une mise en demeure"


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of the ladder: ``days`` after the due day, before it when negative."""

    id: int
    days: int
    step: Step


@dataclass(frozen=True, slots=True)
class Reached:
    """What to do today for one invoice: at most one mail, the earlier ones passed over, and every proposal."""

    mail: Rung | None
    passed_over: tuple[Rung, ...]
    proposals: tuple[Rung, ...]


def reached(rungs: Sequence[Rung], due_on: date, today: date, done: Collection[int]) -> Reached:
    """Which rungs not yet done an invoice has reached.

    A ladder that begins late (an invoice imported after its day, a worker that stood still) sends the last mail
    alone: nobody is written to three times on one morning.
    """
    now = sorted(
        (rung for rung in rungs if rung.id not in done and due_on + timedelta(days=rung.days) <= today),
        key=lambda rung: (rung.days, rung.id),
    )
    mails = [rung for rung in now if rung.step is Step.MAIL]
    # Before the due day has come, one who is late is not reminded of what is to come: the last rung speaks for all.
    return Reached(
        mails[-1] if mails else None,
        tuple(mails[:-1]),
        tuple(rung for rung in now if rung.step is not Step.MAIL),
    )


#: What the house suggests to begin with: staff change it as they like. The CGV give no such days.
SUGGESTED = (
    (-7, Step.MAIL),
    (3, Step.MAIL),
    (15, Step.MAIL),
    (30, Step.MAIL),
    (30, Step.SUSPENSION),
    (45, Step.FORMAL_NOTICE),
)
