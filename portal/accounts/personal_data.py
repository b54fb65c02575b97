"""What this room holds on a person, and what an erasure leaves of it."""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from uuid import uuid4

from sqlalchemy import delete, func, literal, select
from sqlalchemy.orm import Session

from portal.accounts.models import AccessRequest, Grant, Invitation, MailCode, Passkey, Person, SignedIn
from portal.accounts.rules import CLIENT_WORDS, STAFF_WORDS
from portal.clock import PARIS
from portal.evidence.actions import erase_payload
from portal.evidence.models import Entry, Payload
from portal.french import long_date
from portal.mail.models import OutgoingMail
from portal.registry import NOBODY, Clearing, PersonalData, PersonalField, PersonalRecord, Stale, Sweeper, table

ERASED = "(effacé)"
FIELDS = (
    PersonalField("Nom", "effacé"),
    PersonalField("Adresse électronique", "effacé"),
    PersonalField("Organisation et rôles", "effacé"),
    PersonalField("Clés d'accès", "effacé"),
    PersonalField("Appareils connectés", "effacé"),
)


def _day(moment: datetime) -> str:
    return long_date(moment.astimezone(PARIS).date())


def find(session: Session, mail: str) -> Iterator[PersonalRecord]:
    """Everything held on the person of this address: the account, invitations, requests for an access."""
    address = mail.strip().lower()
    for person in session.scalars(select(Person).where(Person.email == address)):
        known = STAFF_WORDS if person.staff else CLIENT_WORDS
        words = {str(role): text.partition("\u00a0:")[0] for role, text in known.items()}
        roles = ", ".join(words[name] for name in sorted(person.role_names))
        devices = session.scalars(select(SignedIn).where(SignedIn.person_id == person.id).order_by(SignedIn.id))
        values = (
            person.name, person.email,
            f"{person.organisation.legal_name if person.organisation else 'Équipe'}\u00a0: {roles}",
            "\n".join(f"{key.name}, utilisée le {_day(key.lastuse_datetime)}" for key in person.webauthn),
            "\n".join(f"{held.device_name}, le {_day(held.began_at)}" for held in devices),
        )  # fmt: skip
        yield _record(f"compte-{person.id}", values, person.created_at)
    for invited in session.scalars(select(Invitation).where(Invitation.email == address).order_by(Invitation.id)):
        values = (invited.name, invited.email, invited.organisation.legal_name, "", "")
        yield _record(f"invitation-{invited.id}", values, invited.created_at)
    for asked in session.scalars(
        select(AccessRequest).where(AccessRequest.email == address).order_by(AccessRequest.id)
    ):
        values = (asked.name, asked.email, f"{asked.organisation_name}, {asked.identity}", "", "")
        yield _record(f"demande-acces-{asked.id}", values, asked.created_at)


def _record(reference: str, values: tuple[str, ...], given_at: datetime) -> PersonalRecord:
    named = tuple((field.label, value) for field, value in zip(FIELDS, values, strict=True))
    return PersonalRecord(reference, named, given_at)


def erase(session: Session, mail: str, at: datetime) -> list[str]:
    """Forget a person: the account is closed and emptied, what only leads to it goes.

    The row stays without a name, for what others did with it to keep pointing at something.
    """
    address = mail.strip().lower()
    references = [record.reference for record in find(session, address)]
    for person in session.scalars(select(Person).where(Person.email == address)):
        for held, owner in (
            (SignedIn, SignedIn.person_id), (MailCode, MailCode.person_id), (Passkey, Passkey.user_id),
            (Grant, Grant.person_id),
        ):  # fmt: skip
            session.execute(delete(held).where(owner == person.id))
        session.expire(person)
        if not address.endswith(NOBODY):
            person.name, person.email = ERASED, f"efface-{uuid4().hex}{NOBODY}"
        person.active, person.removed_at, person.fs_uniquifier = False, person.removed_at or at, uuid4().hex
        person.password = person.tf_primary_method = person.tf_totp_secret = person.fs_webauthn_user_handle = None
    # What the log's acts committed to goes, its chain stays; what has not left yet never leaves.
    of_address = Payload.content.contains(f'"email":"{address}"', autoescape=True)
    acts = select(Entry).join(Payload).where(Entry.kind.startswith("accounts."), of_address)
    for entry in session.scalars(acts).all():
        erase_payload(session, entry, at=at)
    letters = select(OutgoingMail).where(OutgoingMail.recipient == address, OutgoingMail.event.startswith("accounts/"))
    for sent in session.scalars(letters).all():
        sent.sent_at, sent.last_error = sent.sent_at or at, None
        sent.recipient, sent.subject, sent.text, sent.html = ERASED, ERASED, ERASED, None
    session.execute(delete(Invitation).where(Invitation.email == address))
    session.execute(delete(AccessRequest).where(AccessRequest.email == address))
    session.flush()
    return references


def addresses(session: Session) -> Iterator[str]:
    """Every address that the accounts hold."""
    for held in (Person, Invitation, AccessRequest):
        yield from session.scalars(select(held.email).distinct())


def _unused(session: Session, before: datetime) -> Iterator[Stale]:
    """Clients' accounts that nobody has signed in with since a moment, nor made since."""
    used = func.coalesce(Person.last_used_on, literal(date.min))
    idle = select(Person.id, Person.email).where(
        Person.staff.is_(False), Person.email.not_like(f"%{NOBODY}"), Person.created_at < before,
        used < before.astimezone(PARIS).date(),
    )  # fmt: skip
    for number, mail in session.execute(idle.order_by(Person.id)):
        yield Stale(f"compte-{number}", number, (mail,))


def _clear_accounts(session: Session, keys: Collection[int], at: datetime) -> tuple[int, ...]:
    for person in session.scalars(select(Person).where(Person.id.in_(keys))).all():
        erase(session, person.email, at)
    return ()


def _sign_ins(session: Session, before: datetime) -> Iterator[Stale]:
    old = select(SignedIn.id, Person.email).join(Person).where(SignedIn.ends_at < before)
    for number, mail in session.execute(old.order_by(SignedIn.id)):
        yield Stale(f"connexion-{number}", number, (mail,))


def _codes(session: Session, before: datetime) -> Iterator[Stale]:
    old = select(MailCode.id, Person.email).join(Person, Person.id == MailCode.person_id)
    for number, mail in session.execute(old.where(MailCode.expires_at < before).order_by(MailCode.id)):
        yield Stale(f"code-{number}", number, (mail,))


def _invitations(session: Session, before: datetime) -> Iterator[Stale]:
    """What led to an access, or to none, and leads nowhere any more."""
    old = select(Invitation.id, Invitation.email).where(Invitation.expires_at < before)
    for number, mail in session.execute(old.order_by(Invitation.id)):
        yield Stale(f"invitation-{number}", number, (mail,))


def _access_requests(session: Session, before: datetime) -> Iterator[Stale]:
    last = func.coalesce(AccessRequest.handled_at, AccessRequest.created_at)
    for number, mail in session.execute(select(AccessRequest.id, AccessRequest.email).where(last < before)):
        yield Stale(f"demande-acces-{number}", number, (mail,))


def _deleting(model: type[SignedIn | MailCode | Invitation | AccessRequest]) -> Clearing:
    def clear(session: Session, keys: Collection[int], at: datetime) -> tuple[int, ...]:  # noqa: ARG001 - the common signature
        session.execute(delete(model).where(model.id.in_(keys)))
        return ()

    return clear


TABLES = (
    # The name of a client is not its people's, even where it is that of one of them: it stays with the contract.
    table(
        "organisation", personal="legal_name street postal_code city", alone=True,
        impersonal="siren siret vat_number swiss_uid country",
    ),
    table(
        "person", own="email", names="name", alone=True, impersonal="tf_primary_method",
        personal="email name fs_uniquifier fs_webauthn_user_handle password tf_totp_secret tf_phone_number",
    ),
    table("person_role", impersonal="name"),
    table(
        "passkey", alone=True, personal="credential_id public_key name",
        impersonal="transports device_type extensions usage",
    ),
    table("signed_in", alone=True, personal="token device device_name", impersonal="means"),
    table("mail_code", alone=True, personal="digest browser"),
    table("invitation", personal="email name", impersonal="roles token", own="email", names="name"),
    table(
        "access_request", personal="email name organisation_name identity message", own="email", names="name",
    ),
    table("rate_window", impersonal="key"),
)  # fmt: skip
PERSONAL_DATA = PersonalData(
    "accounts", FIELDS, find, erase, tables=TABLES, addresses=addresses,
    sweeps=(
        Sweeper("accounts", _unused, _clear_accounts, access=True),
        Sweeper("sign_ins", _sign_ins, _deleting(SignedIn)), Sweeper("sign_ins", _codes, _deleting(MailCode)),
        Sweeper("invitations", _invitations, _deleting(Invitation)),
        Sweeper("invitations", _access_requests, _deleting(AccessRequest)),
    ),
)  # fmt: skip
