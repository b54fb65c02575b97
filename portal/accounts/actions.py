"""Organisations, their people, staff: one transaction each, recorded where it binds somebody."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.accounts.models import Grant, MailCode, Organisation, Person
from portal.accounts.rules import (
    ClientRole,
    Identity,
    NotAllowed,
    StaffRole,
    check_may_administer,
    may_keep_clients,
)
from portal.accounts.sign_in import end_sessions
from portal.evidence.actions import record
from portal.mail.message import check_address

#: How an organisation is known.
IDENTITY = ("siren", "siret", "vat_number", "swiss_uid")


class AddressTaken(Exception):
    """The address signs in already, for another organisation or for the staff."""


class IdentityTaken(Exception):
    """Another client has this number."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        super().__init__(organisation.id)


def normal(email: str) -> str:
    """An address as it is stored and looked for.

    Raises:
        BadAddress: when it is none.
    """
    return check_address(email.strip()).lower()


def find_person(session: Session, email: str) -> Person | None:
    """Whoever signs in with an address."""
    return session.scalars(select(Person).where(Person.email == normal(email))).first()


def find_organisation(session: Session, identity: Identity) -> Organisation | None:
    """The organisation of an identity: by its SIRET first, then by the broader numbers."""
    for name in ("siret", "siren", "vat_number", "swiss_uid"):
        value = getattr(identity, name)
        if value is None:
            continue
        column = getattr(Organisation, name)
        if found := session.scalars(select(Organisation).where(column == value).order_by(Organisation.id)).first():
            return found
    return None


def create_organisation(
    session: Session, *, legal_name: str, identity: Identity, public_body: bool, by: Person | None, now: datetime,
    street: str = "", postal_code: str = "", city: str = "", country: str = "FR",
) -> Organisation:  # fmt: skip
    """A new client.

    Raises:
        IdentityTaken: another client has that number.
    """
    organisation = Organisation(
        legal_name=legal_name, siren=identity.siren, siret=identity.siret, vat_number=identity.vat_number,
        swiss_uid=identity.swiss_uid, street=street, postal_code=postal_code, city=city, country=country,
        public_body=public_body, created_at=now,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(organisation)
    except IntegrityError as error:
        # Somebody wrote it down at the same moment.
        if (other := find_organisation(session, identity)) is None:
            raise
        raise IdentityTaken(other) from error
    record(
        session, "accounts.organisation_created",
        {"organisation": organisation.id, "name": legal_name, "by": by.email if by else None}, at=now,
    )  # fmt: skip
    return organisation


def update_organisation(
    session: Session, organisation: Organisation, *, by: Person, now: datetime, identity: Identity, **values: Any
) -> bool:
    """Change what is known of a client; what it was and what it is are recorded. False: nothing is different.

    Raises:
        NotAllowed: ``by`` is no staff who keeps clients.
        IdentityTaken: another client has that number.
    """
    if not (by.staff and may_keep_clients(by.role_names)):
        raise NotAllowed
    session.refresh(organisation, with_for_update=True)
    wanted = values | {name: getattr(identity, name) for name in IDENTITY}
    if wanted["vat_number"] is None:
        wanted["vat_number"] = organisation.vat_number if organisation.siren == identity.siren else None
    other = find_organisation(session, identity)
    if other is not None and other.id != organisation.id:
        raise IdentityTaken(other)
    before = {name: getattr(organisation, name) for name in wanted}
    after = {name: value for name, value in wanted.items() if value != before[name]}
    if not after:
        return False
    for name, value in after.items():
        setattr(organisation, name, value)
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        if (other := find_organisation(session, identity)) is None:
            raise
        raise IdentityTaken(other) from error
    record(
        session, "accounts.organisation_changed",
        {
            "organisation": organisation.id, "by": by.email, "after": after,
            "before": {name: before[name] for name in after},
        },
        at=now,
    )  # fmt: skip
    return True


def add_person(
    session: Session, *, organisation: Organisation, email: str, name: str, roles: Iterable[ClientRole],
    by: Person | None, now: datetime,
) -> Person:  # fmt: skip
    """Somebody of an organisation, who may sign in from now on; a person removed earlier comes back.

    Raises:
        AddressTaken: the address signs in for another organisation or for the staff.
        BadAddress: it is no address.
    """
    person = find_person(session, email)
    if person is not None and (person.active or person.staff):
        raise AddressTaken
    if person is None:
        person = Person(email=normal(email), staff=False, fs_uniquifier=uuid4().hex, created_at=now)
        session.add(person)
    person.name, person.active, person.removed_at, person.organisation = name, True, None, organisation
    person.fs_uniquifier = uuid4().hex
    organisation.left_at = None  # whoever comes back is a client again
    session.flush()
    set_roles(session, person, roles)
    record(
        session, "accounts.joined",
        {
            "person": person.id, "email": person.email, "name": name, "organisation": organisation.id,
            "roles": sorted(person.role_names), "by": by.email if by else None,
        },
        at=now,
    )  # fmt: skip
    return person


def add_staff(session: Session, *, email: str, name: str, roles: Iterable[StaffRole], now: datetime) -> Person:
    """Somebody of the company; the first sign-in asks for a second factor.

    Raises:
        AddressTaken: a client signs in with that address.
        BadAddress: it is no address.
    """
    person = find_person(session, email)
    if person is not None and not person.staff:
        raise AddressTaken
    if person is None:
        person = Person(email=normal(email), staff=True, fs_uniquifier=uuid4().hex, created_at=now)
        session.add(person)
    person.name, person.active, person.removed_at = name, True, None
    session.flush()
    set_roles(session, person, roles)
    record(
        session, "accounts.staff_added",
        {"person": person.id, "email": person.email, "roles": sorted(person.role_names)}, at=now,
    )  # fmt: skip
    return person


def remove_staff(session: Session, person: Person, *, by: Person | None, now: datetime) -> None:
    """Somebody leaves the company: signs in no more, every open session ends now, every means is forgotten.

    Raises:
        NotAllowed: they are no staff.
    """
    if not person.staff:
        raise NotAllowed
    forget_means(session, person, now=now)
    session.flush()
    set_roles(session, person, ())
    record(session, "accounts.staff_removed", {"person": person.id, "by": by.email if by else None}, at=now)


def forget_means(session: Session, person: Person, *, now: datetime) -> None:
    """Close an account: whoever comes back into it, in a year or by somebody's mistake, sets everything up anew."""
    person.active, person.removed_at = False, now
    renew_means(session, person, now=now)


def renew_means(session: Session, person: Person, *, now: datetime) -> None:
    """Forget every means of signing in, and what was sent to use one: what the mailbox of today is sent is left."""
    person.fs_uniquifier = uuid4().hex
    person.password = person.tf_primary_method = person.tf_totp_secret = person.app_counter = None
    person.fs_webauthn_user_handle = None
    person.app_failures = 0
    person.webauthn.clear()
    session.execute(delete(MailCode).where(MailCode.person_id == person.id))
    end_sessions(session, person, now=now)


def reset_second_factor(session: Session, person: Person, *, by: Person | None, now: datetime) -> None:
    """Forget the authenticator of somebody who lost it, and end their sessions: the next sign-in sets another up."""
    person.tf_primary_method = person.tf_totp_secret = person.app_counter = None
    person.app_failures, person.app_failed_at = 0, None
    end_sessions(session, person, now=now)
    record(session, "accounts.second_factor_reset", {"person": person.id, "by": by.email if by else None}, at=now)


def check_administers(by: Person | None, organisation: Organisation | None) -> None:
    """Let pass whoever administers an organisation: None is the command line or the demo, staff act for who asks.

    Raises:
        NotAllowed: neither.
    """
    if by is None or by.staff:
        return
    if organisation is None or by.organisation_id != organisation.id or not by.active:
        raise NotAllowed
    check_may_administer(by.role_names)


def set_roles(session: Session, person: Person, roles: Iterable[str]) -> None:
    """Give exactly these roles."""
    wanted = {str(role) for role in roles}
    person.roles[:] = [grant for grant in person.roles if grant.name in wanted]
    person.roles.extend(Grant(name=name) for name in sorted(wanted - person.role_names))
    session.flush()
