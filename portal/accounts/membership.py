"""Colleagues: invited, let in, given other roles, removed. One transaction each, recorded where it binds somebody."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from portal.accounts.actions import add_person, check_administers, forget_means, normal, set_roles
from portal.accounts.models import Grant, Invitation, Organisation, Person
from portal.accounts.rules import INVITATION_LIFE, ClientRole, check_one_left
from portal.accounts.sign_in import LETTERS, digest, new_token
from portal.evidence.actions import record
from portal.mail.actions import post


class InvitationOver(Exception):
    """The invitation was used, withdrawn, or is too old."""


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
    check_administers(by, organisation)
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
    check_administers(by, invitation.organisation)
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
    check_administers(by, person.organisation)
    wanted, before = frozenset(roles), person.role_names
    if ClientRole.ADMINISTRATOR in before and ClientRole.ADMINISTRATOR not in wanted:
        check_one_left(_administrators(session, person), person.id)
    set_roles(session, person, wanted)
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
    check_administers(by, person.organisation)
    if ClientRole.ADMINISTRATOR in person.role_names:
        check_one_left(_administrators(session, person), person.id)
    forget_means(session, person, now=now)
    # Nobody comes back through a door that they left open behind them.
    doors = or_(Invitation.invited_by_id == person.id, Invitation.email == person.email)
    _close_invitations(session, person, doors, now)
    record(session, "accounts.removed", {"person": person.id, "by": by.email}, at=now)


def _close_invitations(session: Session, person: Person, which: ColumnElement[bool], now: datetime) -> None:
    of_organisation = Invitation.organisation_id == person.organisation_id
    session.execute(update(Invitation).where(of_organisation, _is_open(), which).values(revoked_at=now))


def _is_open() -> ColumnElement[bool]:
    return Invitation.accepted_at.is_(None) & Invitation.revoked_at.is_(None)


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
