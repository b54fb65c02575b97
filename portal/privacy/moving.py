"""Another address for who signs in: proved by a link to it, in a session of theirs; told to the address of before.

An address is the key of an account, so the link opens nothing by itself: a mailbox that was mistyped takes nothing
over. The address of before keeps its place with one click, or takes it again for a while.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.accounts.sign_in import end_sessions
from portal.privacy import rectification
from portal.privacy.actions import Asked, ask, hold, withdraw
from portal.privacy.letters import Letters
from portal.privacy.models import PrivacyRequest
from portal.privacy.rectification import Places
from portal.privacy.rules import CLOSED, LINK_LIFE, UNDO_LIFE, Identified, PrivacyError, Right, Source, State
from portal.registry import Datum

LATE = "Le lien n'a pas été suivi à temps\u00a0: l'adresse n'a pas changé."
KEPT = "Annulée depuis l'adresse d'avant\u00a0: rien n'a changé."
BY_LINK = "lien envoyé à l'adresse d'avant"


class NothingWaits(PrivacyError):
    """The address was replaced, or the wish given up; or it cannot be undone any more."""


class LinkOver(PrivacyError):
    """The day of the link is over."""


class NotTheirs(PrivacyError):
    """Somebody else is signed in."""


def want(
    session: Session, request: PrivacyRequest, address: str, *, places: Places, letters: Letters, at: datetime
) -> None:
    """Have an address proved, and tell the one of today. Twice is once."""
    if request.changes is not None:
        return
    rectification.propose(session, request, {Datum.EMAIL: address}, places=places, at=at)
    letters.prove_address(session, request, address, at)
    letters.address_asked(session, request, address, at)


def wanted(request: PrivacyRequest, *, at: datetime) -> str:
    """The address that waits to be confirmed.

    Raises:
        NothingWaits, LinkOver.
    """
    after = rectification.waiting(request).get(Datum.EMAIL) if request.state not in CLOSED else None
    if after is None:
        raise NothingWaits
    if at >= request.received_at + LINK_LIFE:
        raise LinkOver
    return after


def take(
    session: Session, request: PrivacyRequest, person: Person, *, places: Places, letters: Letters, at: datetime
) -> str:
    """Let the proved address take the place of the other, for who asked and nobody else; it.

    Raises:
        NothingWaits, LinkOver, NotTheirs, AlreadyClosed, AddressTaken.
    """
    hold(session, request)
    if request.person_id != person.id:
        raise NotTheirs
    after = wanted(request, at=at)
    rectification.correct(session, request, [Datum.EMAIL], places=places, by=after, letters=letters, at=at)
    rectification.close_if_done(session, request, by="espace client", letters=letters, at=at)
    return after


def undoable(request: PrivacyRequest, *, at: datetime) -> tuple[str, str, bool]:
    """What the address of before may still undo: (before, after, whether it is done already).

    Raises:
        NothingWaits: nothing any more.
    """
    change = next((one for one in request.changes or [] if one["datum"] == Datum.EMAIL), None)
    if change is None or request.person is None:
        raise NothingWaits
    before, after = str(change["before"][0]), str(change["after"])
    if request.state not in CLOSED and not change["done"]:
        return before, after, False
    held_still = request.state is State.DONE and change["done"] and request.person.email == after
    if not held_still or request.closed_at is None or at >= request.closed_at + UNDO_LIFE:
        raise NothingWaits
    return before, after, True


def keep(session: Session, request: PrivacyRequest, *, places: Places, letters: Letters, at: datetime) -> bool:
    """The address of before keeps its place (False), or takes it again, and every session ends (True).

    Raises:
        NothingWaits, AddressTaken.
    """
    hold(session, request)
    before, after, done = undoable(request, at=at)
    person = request.person
    if not done or person is None:
        withdraw(session, request, words=KEPT, by=BY_LINK, at=at)
        return False
    back = ask(
        session, Asked(Right.RECTIFICATION, person.name, after), person=person, source=Source.FORM,
        form_key=f"back:{request.reference}", letters=letters, at=at, acknowledge=False,
    )  # fmt: skip
    back.identified_by = Identified.LINK
    rectification.propose(session, back, {Datum.EMAIL: before}, places=places, at=at)
    rectification.correct(session, back, [Datum.EMAIL], places=places, by=BY_LINK, letters=letters, at=at, back=True)
    rectification.close_if_done(session, back, by=BY_LINK, letters=letters, at=at, told=True)
    end_sessions(session, person, now=at)
    return True


def lapse(session: Session, *, at: datetime) -> int:
    """Close what was not confirmed in time; how many."""
    late = select(PrivacyRequest).where(
        PrivacyRequest.right == Right.RECTIFICATION, PrivacyRequest.state.not_in(CLOSED),
        PrivacyRequest.source == Source.PORTAL, PrivacyRequest.received_at <= at - LINK_LIFE, PrivacyRequest.details == "",
        PrivacyRequest.changes.is_not(None),
    )  # fmt: skip
    count = 0
    for one in session.scalars(late).all():
        if set(rectification.waiting(one)) == {Datum.EMAIL}:
            withdraw(session, one, words=LATE, by="espace client", at=at)
            count += 1
    return count
