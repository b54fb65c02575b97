"""A client contests an entry of time (7.2); staff answer: corrected, or maintained.

Article 7.2 lets the company end contracts for repeated contestation. Nothing here counts them: a
person would have to decide that, and say why.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.contracts.rules import check_reason
from portal.evidence.actions import record, take_turn
from portal.terms import Library
from portal.tickets.intervention_count_actions import correct_intervention
from portal.tickets.intervention_letters import TimeLetters
from portal.tickets.intervention_models import TimeContest, TimeEntry
from portal.tickets.intervention_rules import AnsweredAlready, ContestedAlready, NotCounted, Outcome, Step
from portal.tickets.rules import NotAllowed, may_handle


def contest(
    session: Session, entry: TimeEntry, *, reason: str, by: Person, form_key: str, letters: TimeLetters, at: datetime
) -> TimeContest:
    """Contest an entry, with a reason. The same page again is the same contestation.

    Raises:
        NotAllowed: it is another organisation's.
        NotCounted: it may still change.
        ContestedAlready: one waits for its answer.
        ReasonMissing: there is none.
    """
    intervention = entry.intervention
    if by.organisation_id is None or by.organisation_id != intervention.ticket.organisation_id:
        raise NotAllowed
    given = check_reason(reason)
    take_turn(session)
    if held := session.scalars(select(TimeContest).where(TimeContest.form_key == form_key)).first():
        return held
    if intervention.step not in {Step.CHARGED, Step.BILLED}:
        raise NotCounted
    session.expire(entry, ["contests"])
    if any(each.outcome is None for each in entry.contests):
        raise ContestedAlready
    made = TimeContest(
        entry_id=entry.id, form_key=form_key, reason=given, by_id=by.id, by=by.name, by_mail=by.email, at=at
    )
    session.add(made)
    session.flush()
    session.expire(entry, ["contests"])
    content = {
        "ticket": intervention.ticket.reference, "intervention": intervention.id, "entry": entry.id, "reason": given,
        "by": by.email,
    }  # fmt: skip
    record(session, "tickets.time_contested", content, at=at)
    letters.contested(session, made, at)
    return made


def answer(
    session: Session, contest: TimeContest, *, words: str, minutes: Mapping[int, int] | None, by: Person,
    letters: TimeLetters, library: Library, at: datetime,
) -> TimeContest:  # fmt: skip
    """Answer: correct the intervention to these minutes, or maintain it (``minutes`` None). The client is told by mail.

    Raises:
        NotAllowed, AnsweredAlready.
        ReasonMissing: an answer has words.
        CostsMore: as ``correct_intervention``.
    """
    if not (by.staff and may_handle(by.role_names)):
        raise NotAllowed
    given = check_reason(words)
    take_turn(session)
    session.refresh(contest, with_for_update=True)
    if contest.outcome is not None:
        raise AnsweredAlready
    if minutes is not None:
        correct_intervention(
            session, contest.entry.intervention, minutes, reason=given, by=by, form_key=f"contest:{contest.id}",
            library=library, at=at,
        )  # fmt: skip
    contest.outcome = Outcome.MAINTAINED if minutes is None else Outcome.CORRECTED
    contest.answer, contest.answered_by, contest.answered_at = given, by.name, at
    session.flush()
    content = {
        "ticket": contest.entry.intervention.ticket.reference, "contest": contest.id, "outcome": contest.outcome.value,
        "answer": given, "by": by.email,
    }  # fmt: skip
    record(session, "tickets.time_answered", content, at=at)
    letters.answered(session, contest, at)
    return contest


def contest_of(session: Session, number: int) -> TimeContest | None:
    """The contestation of a number."""
    return session.get(TimeContest, number)
