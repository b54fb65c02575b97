"""Asking for an access, and what staff answer: an invitation, or nothing."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.accounts.actions import create_organisation, find_organisation, normal
from portal.accounts.membership import invite
from portal.accounts.models import AccessRequest, Invitation, Person
from portal.accounts.rules import ClientRole, NotAllowed, may_answer_access, parse_identity


class AlreadyHandled(Exception):
    """A colleague has answered this request."""


def request_access(
    session: Session, *, email: str, name: str, organisation_name: str, identity: str, message: str, now: datetime
) -> AccessRequest:
    """Somebody asks for an access: a row for the desk, whether the address is known or not."""
    request = AccessRequest(
        email=normal(email), name=name, organisation_name=organisation_name, identity=identity, message=message,
        created_at=now,
    )  # fmt: skip
    session.add(request)
    session.flush()
    return request


def grant_access(
    session: Session, request: AccessRequest, *, by: Person, base_url: str, domain: str, now: datetime
) -> Invitation:
    """Invite who asked, into the organisation of that number, which becomes a client when it was none.

    Into an organisation without an administrator one comes as its administrator;
    into any other one with the least role, and its administrator may give more.

    Raises:
        NotAllowed: ``by`` does not answer such requests.
        AlreadyHandled: a colleague was faster.
    """
    _take(session, request, by=by, now=now)
    identity = parse_identity(request.identity)
    organisation = find_organisation(session, identity) or create_organisation(
        session, legal_name=request.organisation_name, identity=identity, public_body=False, by=by, now=now
    )
    administered = any(ClientRole.ADMINISTRATOR in person.role_names for person in organisation.people if person.active)
    roles = [ClientRole.TECHNICAL] if administered else [ClientRole.ADMINISTRATOR, ClientRole.SIGNATORY]
    return invite(
        session, organisation=organisation, email=request.email, name=request.name, roles=roles, by=by,
        base_url=base_url, domain=domain, now=now,
    )  # fmt: skip


def set_access_aside(session: Session, request: AccessRequest, *, by: Person, now: datetime) -> None:
    """Close a request without opening anything: nobody is told, so that nobody learns who is a client.

    Raises:
        NotAllowed: ``by`` does not answer such requests.
        AlreadyHandled: a colleague was faster.
    """
    _take(session, request, by=by, now=now)


def _take(session: Session, request: AccessRequest, *, by: Person, now: datetime) -> None:
    if not (by.staff and may_answer_access(by.role_names)):
        raise NotAllowed
    taken = (
        update(AccessRequest)
        .where(AccessRequest.id == request.id, AccessRequest.handled_at.is_(None))
        .values(handled_at=now, handled_by_id=by.id)
        .returning(AccessRequest.id)
    )
    if session.execute(taken).first() is None:
        raise AlreadyHandled
