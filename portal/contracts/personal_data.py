"""What this room holds on a person, and what an erasure leaves of it.

A ledger and a contract are kept as the law asks (Code de commerce L110-4); where they name the person, those
words move to the archive. What somebody chose for themselves, a threshold, goes.
"""

from collections.abc import Collection, Iterator
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Grant, Person
from portal.accounts.rules import ANSWERS
from portal.clock import PARIS
from portal.contracts.alert_models import ContractAlert
from portal.contracts.mail_models import PointsMails
from portal.contracts.models import Contract, LedgerEntry
from portal.contracts.notice_models import ContractNotice
from portal.french import points
from portal.mail.models import OutgoingMail
from portal.registry import Keep, PersonalData, PersonalField, PersonalRecord, table

ERASED = "(effacé)"
FIELDS = (
    PersonalField("Seuil choisi sur un contrat", "effacé"),
    PersonalField("Courriels envoyés", "effacé"),
    PersonalField("Choix des courriels sur les points", "effacé"),
)


def _of(session: Session, mail: str) -> list[ContractAlert]:
    mine = select(ContractAlert).join(Person).where(Person.email == mail.strip().lower())
    return list(session.scalars(mine.order_by(ContractAlert.id)))


def _choice(session: Session, mail: str) -> PointsMails | None:
    mine = select(PointsMails).join(Person).where(Person.email == mail.strip().lower())
    return session.scalars(mine).first()


def _mails(session: Session, mail: str) -> list[OutgoingMail]:
    sent = select(OutgoingMail).where(
        OutgoingMail.recipient == mail.strip().lower(), OutgoingMail.event.startswith("contracts/")
    )
    return list(session.scalars(sent.order_by(OutgoingMail.id)))


def find(session: Session, mail: str) -> Iterator[PersonalRecord]:
    """The thresholds of the person of this address, and what they were sent."""
    for alert in _of(session, mail):
        words = f"{alert.contract.reference}\u00a0: {points(alert.threshold)}"
        yield PersonalRecord(f"seuil-{alert.id}", ((FIELDS[0].label, words),), alert.created_at)
    choice = _choice(session, mail)
    if choice is not None:
        words = "à chaque mouvement" if choice.movements else "pas à chaque mouvement"
        words += ", relevé mensuel" if choice.monthly_since else ""
        yield PersonalRecord(f"courriels-{choice.person_id}", ((FIELDS[2].label, words),), choice.chosen_at)
    for sent in _mails(session, mail):
        yield PersonalRecord(f"mail-contrat-{sent.id}", ((FIELDS[1].label, sent.subject),), sent.created_at)


def erase(session: Session, mail: str, at: datetime) -> list[str]:
    """Forget a person's thresholds and mails."""
    references = [record.reference for record in find(session, mail)]
    _unserved(session, mail, at)
    for sent in _mails(session, mail):
        # What has not left yet never leaves: the worker takes a sent mail for done.
        sent.sent_at, sent.last_error = sent.sent_at or at, None
        sent.recipient, sent.subject, sent.text, sent.html = ERASED, ERASED, ERASED, None
    session.flush()
    return references


def _unserved(session: Session, mail: str, at: datetime) -> tuple[int, ...]:  # noqa: ARG001 - the common signature
    """What somebody chose for themselves serves their access alone."""
    for alert in _of(session, mail):
        session.delete(alert)
    if (choice := _choice(session, mail)) is not None:
        session.delete(choice)
    session.flush()
    return ()


def _acted(session: Session, names: Collection[str], since: datetime) -> dict[str, str]:  # noqa: ARG001 - the common signature
    """Who answers for a client whose contract runs has use for an access, however seldom anything happens."""
    running = select(Person.email, Contract.reference).join(
        Contract, Contract.organisation_id == Person.organisation_id
    ).where(
        Person.email.in_(names), Person.active, Contract.ended_at.is_(None),
        Person.id.in_(select(Grant.person_id).where(Grant.name.in_(ANSWERS))),
    )  # fmt: skip
    return {mail: f"contrat {reference} en cours" for mail, reference in session.execute(running)}


def _kept(contract: Contract) -> Keep:
    ended = contract.ended_at.astimezone(PARIS).date() if contract.ended_at is not None else None
    begins = f"la fin du contrat {contract.reference}, encore en cours" if ended is None else ""
    return Keep(contract.reference, "contract", ended, begins=begins)


def keep_contract(session: Session, number: int, _: date) -> Keep:
    """A contract is kept from its end on."""
    return _kept(session.get_one(Contract, number))


def _keep_entry(session: Session, number: int, _: date) -> Keep:
    return _kept(session.get_one(LedgerEntry, number).contract)


def _keep_notice(session: Session, number: int, _: date) -> Keep:
    return _kept(session.get_one(ContractNotice, number).contract)


TABLES = (
    table(
        "contract", keep=keep_contract, personal="opened_by opening_reason conditions ended_by end_reason",
        impersonal="reference order_reference terms_slug terms_sha256",
    ),
    table("contract_entry", keep=_keep_entry, personal="words working reason by", impersonal="key"),
    table(
        "contract_notice", keep=_keep_notice, impersonal="form_key",
        personal="breach received_how recorded_by made_good made_good_by",
    ),
    table("contract_alert"),
    table("points_mails"),
)  # fmt: skip
PERSONAL_DATA = PersonalData("contract", FIELDS, find, erase, tables=TABLES, acted=_acted, unserved=_unserved)
