"""Record a formal notice, its answer, and the end of a contract with its ground."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.accounts.rules import ClientRole
from portal.clock import PARIS
from portal.contracts.agreement_actions import end_contract
from portal.contracts.letters import Letters
from portal.contracts.models import Contract
from portal.contracts.notice_models import ContractNotice
from portal.contracts.notice_rules import Ground, NoticeOver, Sender, check_breach, ground_words, last_day
from portal.contracts.permissions import NotAllowed
from portal.contracts.rules import ContractEnded, check_reason
from portal.evidence.actions import record, take_turn
from portal.terms import Version


def record_notice(
    session: Session, contract: Contract, *, sender: Sender, breach: str, received_on: date, received_how: str,
    by: Person, form_key: str, at: datetime, trace: Mapping[str, str] | None = None,
) -> ContractNotice:  # fmt: skip
    """A formal notice was received (article 10). The same page again is the same notice.

    Raises:
        ReasonMissing: it does not say what is owed, or what shows its reception.
        ContractEnded: there is nothing left to end.
    """
    take_turn(session)
    if held := session.scalars(select(ContractNotice).where(ContractNotice.form_key == form_key)).first():
        return held
    if contract.ended_at is not None:
        raise ContractEnded(contract.reference)
    notice = ContractNotice(
        contract_id=contract.id, form_key=form_key, sender=sender, breach=check_reason(breach),
        received_on=received_on, received_how=check_reason(received_how), recorded_at=at, recorded_by=by.name,
    )  # fmt: skip
    session.add(notice)
    session.flush()
    content = {
        "contract": contract.reference, "notice": notice.id, "sender": sender.value, "breach": notice.breach,
        "received_on": received_on.isoformat(), "received_how": notice.received_how, "by": by.email,
    } | dict(trace or {})  # fmt: skip
    record(session, "contracts.notice_recorded", content, at=at)
    return notice


def serve_notice(
    session: Session, contract: Contract, *, breach: str, by: Person, known: str, ip: str, user_agent: str,
    form_key: str, letters: Letters, version: Version, at: datetime,
) -> ContractNotice:  # fmt: skip
    """A signatory of the client puts the company on notice, on the portal: received that day (``notice_by_portal``).

    ``known`` says how they were known. Both sides are written to.

    Raises:
        NotAllowed: they do not sign for this client.
        ReasonMissing, ContractEnded: as ``record_notice``.
    """
    mine = not by.staff and by.active and by.organisation_id == contract.organisation_id
    if not mine or ClientRole.SIGNATORY not in by.role_names:
        raise NotAllowed
    take_turn(session)
    if held := session.scalars(select(ContractNotice).where(ContractNotice.form_key == form_key)).first():
        return held
    day = at.astimezone(PARIS).date()
    notice = record_notice(
        session, contract, sender=Sender.CLIENT, breach=breach, received_on=day,
        received_how=f"déposée dans l'espace client par {by.name}", by=by, form_key=form_key, at=at,
        trace={"identified_by": known, "ip": ip, "user_agent": user_agent},
    )  # fmt: skip
    letters.notice(session, notice, last_day(version, day), version, at)
    return notice


def make_good(session: Session, notice: ContractNotice, *, words: str, by: Person, at: datetime) -> None:
    """What was owed is done, or the notice is withdrawn: it ends nothing any more.

    Raises:
        ReasonMissing: it does not say how.
        NoticeOver: it was answered before.
    """
    given = check_reason(words)
    take_turn(session)
    session.refresh(notice, with_for_update=True)
    if notice.made_good_at is not None:
        raise NoticeOver
    notice.made_good, notice.made_good_at, notice.made_good_by = given, at, by.name
    session.flush()
    content = {"contract": notice.contract.reference, "notice": notice.id, "words": given, "by": by.email}
    record(session, "contracts.notice_made_good", content, at=at)


def note_refused(session: Session, contract: Contract, what: str, *, by: Person, reason: str, at: datetime) -> None:
    """What was tried and refused stays told."""
    content = {"reference": contract.reference, "by": by.email, "what": what, "reason": reason}
    record(session, "contracts.refused", content, at=at)


def notices_of(session: Session, contract: Contract) -> list[ContractNotice]:
    """The notices of a contract, the latest first."""
    query = select(ContractNotice).where(ContractNotice.contract_id == contract.id)
    return list(session.scalars(query.order_by(ContractNotice.id.desc())))


def end_for(
    session: Session, contract: Contract, *, ground: Ground, reason: str, version: Version, by: Person, at: datetime
) -> None:
    """End a contract on a ground; for a breach only once a formal notice has run out unanswered.

    Raises:
        NoticeMissing, NoticeRuns: article 10.
        ReasonMissing, ContractEnded: as ``end_contract``.
    """
    take_turn(session)
    if ground is Ground.BREACH:
        standing = [each.received_on for each in notices_of(session, contract) if each.made_good_at is None]
        check_breach(version, standing, at.astimezone(PARIS).date())
    given = check_reason(reason)
    end_contract(session, contract, reason=f"{ground_words(version, ground)}\u00a0: {given}", by=by, at=at)
