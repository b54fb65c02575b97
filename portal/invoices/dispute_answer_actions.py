"""The verbs of a dispute's thread: staff answer, the client accepts or maintains. One transaction each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.files.models import StoredFile
from portal.invoices.dispute_actions import Trace, check_staff, log, may_dispute, message_of
from portal.invoices.dispute_letters import DisputeLetters
from portal.invoices.dispute_models import Dispute, DisputeFile, DisputeMessage
from portal.invoices.dispute_rules import (
    Act,
    DisputeState,
    NotNow,
    NotYours,
    Party,
    after,
    check_amount,
    check_words,
)

#: Acts of staff that say why.
REASONED = frozenset({Act.ASK, Act.PROPOSE, Act.CREDIT, Act.MAINTAIN, Act.ADMIT, Act.SETTLE, Act.NOTE})


@dataclass(frozen=True, slots=True)
class _Written:
    act: Act
    side: Party
    by: Person
    text: str
    form_key: str
    amount: Decimal | None
    files: Sequence[StoredFile]


def answer_as_staff(
    session: Session, dispute: Dispute, act: Act, *, by: Person, words: str, form_key: str, letters: DisputeLetters,
    amount: Decimal | None = None, files: Sequence[StoredFile] = (), at: datetime,
) -> DisputeMessage:  # fmt: skip
    """Acknowledge, ask, propose, credit, maintain, admit a late claim, close: into the thread, and by mail.

    Raises:
        NotYours: the role does not cover it.
        DisputeOver, NotNow: it does not follow.
        ReasonMissing: the client is told why.
        AmountMissing, AmountTooHigh: more is granted than is disputed.
    """
    check_staff(by)
    same = _hold(session, dispute, form_key, Party.STAFF)
    if same is not None:
        return same
    state = after(dispute.state, act, Party.STAFF)
    text = check_words(words) if act in REASONED else words.strip()
    if act is Act.ADMIT:
        if not dispute.late or dispute.admitted_at is not None:
            raise NotNow("Cette contestation n'a pas à être admise.")
        dispute.admitted_at, dispute.admission_words = at, text
    if act in {Act.PROPOSE, Act.CREDIT} and (act is Act.CREDIT or amount is not None):
        check_amount(amount or Decimal(0), dispute.amount)
        if act is Act.CREDIT:
            dispute.credited = amount
        else:
            dispute.proposed = amount
    if act is Act.MAINTAIN:
        dispute.credited = None
    written = _Written(act, Party.STAFF, by, text, form_key, amount, files)
    return _write(session, dispute, written, state, letters=letters, trace=None, at=at)


def answer_as_client(
    session: Session, dispute: Dispute, act: Act, *, by: Person, words: str, form_key: str, letters: DisputeLetters,
    files: Sequence[StoredFile] = (), trace: Trace | None = None, at: datetime,
) -> DisputeMessage:  # fmt: skip
    """Answer, accept the outcome, maintain the disagreement, or withdraw it.

    Raises:
        NotYours: the role does not cover it.
        DisputeOver, NotNow: it does not follow.
    """
    if not may_dispute(by, dispute.invoice):
        raise NotYours
    same = _hold(session, dispute, form_key, Party.CLIENT)
    if same is not None:
        return same
    state = after(dispute.state, act, Party.CLIENT)
    if act is Act.ACCEPT and dispute.state is DisputeState.PROPOSED and dispute.proposed is not None:
        dispute.credited = dispute.proposed
    if act is Act.WITHDRAW:
        dispute.credited = None
    written = _Written(act, Party.CLIENT, by, words.strip(), form_key, None, files)
    return _write(session, dispute, written, state, letters=letters, trace=trace, at=at)


def _write(
    session: Session, dispute: Dispute, written: _Written, state: DisputeState, *, letters: DisputeLetters,
    trace: Trace | None, at: datetime,
) -> DisputeMessage:  # fmt: skip
    before = dispute.state
    message = message_of(written.act, written.side, written.by, written.text, written.form_key, at)
    message.amount = written.amount
    dispute.state = state
    dispute.messages.append(message)
    if state is not before:
        dispute.waiting_since = at
    dispute.closed_at = at if dispute.over else None
    session.flush()
    for file in written.files:
        session.add(DisputeFile(file_id=file.id, dispute_id=dispute.id, message_id=message.id))
    session.flush()
    session.expire(message, ["files"])
    log(
        session, dispute, f"dispute_{written.act.value}", written.by, at, reference=dispute.reference,
        text=written.text, amount=None if written.amount is None else f"{written.amount:f}", state=state.value,
        files=[[file.name, file.sha256] for file in written.files],
        **({"ip": trace.ip, "user_agent": trace.user_agent, "means": trace.means} if trace else {}),
    )  # fmt: skip
    letters.wrote(session, dispute, message, at)
    return message


def _hold(session: Session, dispute: Dispute, form_key: str, side: Party) -> DisputeMessage | None:
    # Whoever acts takes their turn, and sees what the one before left.
    session.refresh(dispute, with_for_update=True)
    session.expire(dispute, ["messages"])
    return next((each for each in dispute.messages if each.form_key == form_key and each.side is side), None)
