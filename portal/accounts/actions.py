"""Organisations, invitations, roles, removals, staff: one transaction each, recorded where it binds somebody."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.accounts.models import Grant, Invitation, MailCode, Organisation, Person
from portal.accounts.rules import (
    INVITATION_LIFE,
    ClientRole,
    Identity,
    NotAllowed,
    StaffRole,
    check_may_administer,
    check_one_left,
    may_keep_clients,
)
from portal.accounts.sign_in import LETTERS, digest, end_sessions, new_token
from portal.evidence.actions import record
from portal.mail.actions import post
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


class InvitationOver(Exception):
    """The invitation was used, withdrawn, or is too old."""


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
    _set_roles(session, person, roles)
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
    _set_roles(session, person, roles)
    record(
        session, "accounts.staff_added",
        {"person": person.id, "email": person.email, "roles": sorted(person.role_names)}, at=now,
    )  # fmt: skip
    return person


# --- Colleagues ----------------------------------------------------------------------------------


def invite(
    session: Session, *, organisation: Organisation, email: str, name: str, roles: Iterable[ClientRole],
    by: Person | None, base_url: str, domain: str, now: datetime,
) -> Invitation:  # fmt: skip
    """Invite somebody: a mail with a link, good for seven days. An earlier invitation gives way.

    Nothing is said of whether the address signs in elsewhere: it turns out when its owner opens the link.

    Raises:
        NotAllowed: ``by`` is neither the organisation's administrator nor staff.
        BadAddress: it is no address.
    """
    _check_administers(by, organisation)
    address, token = normal(email), new_token()
    session.execute(
        update(Invitation)
        .where(Invitation.organisation_id == organisation.id, Invitation.email == address, _is_open())
        .values(revoked_at=now)
    )
    invitation = Invitation(
        organisation_id=organisation.id, invited_by_id=by.id if by else None, email=address, name=name,
        roles=sorted(roles), token=digest(token), created_at=now, expires_at=now + INVITATION_LIFE,
    )  # fmt: skip
    session.add(invitation)
    session.flush()
    letter = LETTERS.write(
        "invitation", name=name, organisation=organisation.legal_name, by=by.name if by and not by.staff else None,
        link=f"{base_url}/espace-client/invitation/{token}", until=invitation.expires_at,
    )  # fmt: skip
    post(
        session, event="accounts/invitation", recipient=address, subject=letter.subject, text=letter.text,
        html=letter.html, domain=domain, now=now,
    )  # fmt: skip
    record(
        session, "accounts.invited",
        {
            "invitation": invitation.id, "organisation": organisation.id, "email": address,
            "roles": invitation.roles, "by": by.email if by else None,
        },
        at=now,
    )  # fmt: skip
    return invitation


def find_invitation(session: Session, token: str, *, now: datetime) -> Invitation:
    """The open invitation of a link.

    Raises:
        InvitationOver: there is none.
    """
    found = session.scalars(select(Invitation).where(Invitation.token == digest(token))).first()
    if found is None or found.accepted_at or found.revoked_at or found.expires_at <= now:
        raise InvitationOver
    return found


def accept_invitation(session: Session, *, token: str, now: datetime) -> Person:
    """Its owner accepts: a person of the organisation, who may sign in.

    Raises:
        InvitationOver: used, withdrawn or too old.
        AddressTaken: the address signs in elsewhere.
    """
    invitation = find_invitation(session, token, now=now)
    taken = (
        update(Invitation)
        .where(Invitation.id == invitation.id, _is_open())
        .values(accepted_at=now)
        .returning(Invitation.id)
    )
    if session.execute(taken).first() is None:  # somebody was faster
        raise InvitationOver
    return add_person(
        session, organisation=invitation.organisation, email=invitation.email, name=invitation.name,
        roles=[ClientRole(role) for role in invitation.roles], by=invitation.invited_by, now=now,
    )  # fmt: skip


def withdraw_invitation(session: Session, invitation: Invitation, *, by: Person, now: datetime) -> None:
    """Take an invitation back; its link opens nothing any more.

    Raises:
        NotAllowed: ``by`` does not administer.
    """
    _check_administers(by, invitation.organisation)
    invitation.revoked_at = now
    record(session, "accounts.invitation_withdrawn", {"invitation": invitation.id, "by": by.email}, at=now)


def open_invitations(session: Session, organisation: Organisation, *, now: datetime) -> list[Invitation]:
    """Invitations that may still be accepted."""
    return list(
        session.scalars(
            select(Invitation)
            .where(Invitation.organisation_id == organisation.id, _is_open(), Invitation.expires_at > now)
            .order_by(Invitation.email)
        )
    )


def change_roles(session: Session, person: Person, roles: Iterable[ClientRole], *, by: Person, now: datetime) -> None:
    """Give a colleague other roles.

    Raises:
        NotAllowed: ``by`` does not administer.
        LastAdministrator: nobody would administer any more.
    """
    _check_administers(by, person.organisation)
    wanted, before = frozenset(roles), person.role_names
    if ClientRole.ADMINISTRATOR in before and ClientRole.ADMINISTRATOR not in wanted:
        check_one_left(_administrators(session, person), person.id)
    _set_roles(session, person, wanted)
    if ClientRole.ADMINISTRATOR in before and ClientRole.ADMINISTRATOR not in wanted:
        _close_invitations(session, person, Invitation.invited_by_id == person.id, now)
    record(
        session, "accounts.roles_changed",
        {"person": person.id, "before": sorted(before), "after": sorted(wanted), "by": by.email}, at=now,
    )  # fmt: skip


def remove_person(session: Session, person: Person, *, by: Person, now: datetime) -> None:
    """Remove a colleague: signs in no more, and every open session ends now.

    Raises:
        NotAllowed: ``by`` does not administer.
        LastAdministrator: nobody would administer any more.
    """
    _check_administers(by, person.organisation)
    if ClientRole.ADMINISTRATOR in person.role_names:
        check_one_left(_administrators(session, person), person.id)
    forget_means(session, person, now=now)
    # Nobody comes back through a door that they left open behind them.
    doors = or_(Invitation.invited_by_id == person.id, Invitation.email == person.email)
    _close_invitations(session, person, doors, now)
    record(session, "accounts.removed", {"person": person.id, "by": by.email}, at=now)


def remove_staff(session: Session, person: Person, *, by: Person | None, now: datetime) -> None:
    """Somebody leaves the company: signs in no more, every open session ends now, every means is forgotten.

    Raises:
        NotAllowed: they are no staff.
    """
    if not person.staff:
        raise NotAllowed
    forget_means(session, person, now=now)
    session.flush()
    _set_roles(session, person, ())
    record(session, "accounts.staff_removed", {"person": person.id, "by": by.email if by else None}, at=now)


def forget_means(session: Session, person: Person, *, now: datetime) -> None:
    """Close an account: whoever comes back into it, in a year or by somebody's mistake, sets everything up anew."""
    person.active, person.removed_at, person.fs_uniquifier = False, now, uuid4().hex
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


def _close_invitations(session: Session, person: Person, which: ColumnElement[bool], now: datetime) -> None:
    of_organisation = Invitation.organisation_id == person.organisation_id
    session.execute(update(Invitation).where(of_organisation, _is_open(), which).values(revoked_at=now))


def _is_open() -> ColumnElement[bool]:
    return Invitation.accepted_at.is_(None) & Invitation.revoked_at.is_(None)


def _check_administers(by: Person | None, organisation: Organisation | None) -> None:
    # None is the command line or the demo; staff act for a client who asks.
    if by is None or by.staff:
        return
    if organisation is None or by.organisation_id != organisation.id or not by.active:
        raise NotAllowed
    check_may_administer(by.role_names)


def _administrators(session: Session, person: Person) -> list[int]:
    # Locked, so that two administrators who remove each other at once do not both succeed.
    return list(
        session.scalars(
            select(Person.id)
            .join(Grant)
            .where(
                Person.organisation_id == person.organisation_id, Person.active,
                Grant.name == ClientRole.ADMINISTRATOR.value,
            )
            .with_for_update(of=Person)
        )
    )  # fmt: skip


def _set_roles(session: Session, person: Person, roles: Iterable[str]) -> None:
    wanted = {str(role) for role in roles}
    person.roles[:] = [grant for grant in person.roles if grant.name in wanted]
    person.roles.extend(Grant(name=name) for name in sorted(wanted - person.role_names))
    session.flush()
