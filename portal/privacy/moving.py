"""Another address for who signs in: proved by a link to it, in a session of theirs; told to the address of before.

An address is the key of an account, so the link opens nothing by itself: a mailbox that was mistyped takes nothing
over. The address of before keeps its place with one click, or takes it again for a while.
"""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.accounts.actions import find_person, renew_means
from portal.accounts.models import Person
from portal.accounts.sign_in import hold as hold_person
from portal.privacy import rectification
from portal.privacy.actions import Asked, ask, hold, withdraw
from portal.privacy.addresses import BACK, done_at, is_back, is_wish, later_moves
from portal.privacy.letters import Letters
from portal.privacy.models import PrivacyRequest
from portal.privacy.rectification import Places
from portal.privacy.rules import CLOSED, LINK_LIFE, UNDO_LIFE, Identified, PrivacyError, Right, Source
from portal.registry import Datum

LATE = "Le lien n'a pas été suivi à temps\u00a0: l'adresse n'a pas changé."
KEPT = "Annulée depuis l'adresse d'avant\u00a0: rien n'a changé."
REPLACED = "Une autre adresse a été demandée ensuite\u00a0: celle-ci n'a rien changé."
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
    """Have an address proved, and tell the one of today. Twice is once, and a later wish takes the place of another."""
    if request.changes is not None:
        return
    if request.person is not None:
        _give_up(session, request.person, words=REPLACED, by="espace client", at=at)
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
    hold_person(session, person)
    after = wanted(request, at=at)
    rectification.correct(session, request, [Datum.EMAIL], places=places, by=after, letters=letters, at=at)
    rectification.close_if_done(session, request, by="espace client", letters=letters, at=at)
    return after


def undoable(session: Session, request: PrivacyRequest, *, at: datetime) -> tuple[str, str, bool]:
    """What the address of before may still undo: (before, that of today, whether it is done already).

    Who moved on from there meanwhile does not take it from its owner. What was undone once is not redone by the
    links of what came in between.

    Raises:
        NothingWaits: nothing any more.
    """
    change = next((one for one in request.changes or [] if one["datum"] == Datum.EMAIL), None)
    if change is None or not change["before"]:
        raise NothingWaits
    before, today = str(change["before"][0]), str(change["after"])
    if not change["done"]:
        if request.state in CLOSED:
            raise NothingWaits
        return before, today, False
    since = later_moves(session, request)
    if since:
        today = str(since[-1][1]["after"])
    over = at >= done_at(request, change) + UNDO_LIFE
    if over or today == before or any(is_back(one) for one in (request, *(other for other, _ in since))):
        raise NothingWaits
    return before, today, True


def keep(session: Session, request: PrivacyRequest, *, places: Places, letters: Letters, at: datetime) -> bool:
    """The address of before keeps its place (False), or takes it again, and every way in of since ends (True).

    Raises:
        NothingWaits, AddressTaken.
    """
    hold(session, request)
    before, today, done = undoable(session, request, at=at)
    if not done:
        withdraw(session, request, words=KEPT, by=BY_LINK, at=at)
        return False
    person = find_person(session, today)
    if person is not None:
        hold_person(session, person)
        before, today, _ = undoable(session, request, at=at)
        _give_up(session, person, words=KEPT, by=BY_LINK, at=at)
    back = ask(
        session, Asked(Right.RECTIFICATION, person.name if person else request.whose, today), person=person,
        source=Source.FORM, form_key=f"{BACK}{request.reference}", letters=letters, at=at,
        acknowledge=False,
    )  # fmt: skip
    back.identified_by = Identified.LINK
    rectification.propose(session, back, {Datum.EMAIL: before}, places=places, at=at)
    rectification.correct(session, back, [Datum.EMAIL], places=places, by=BY_LINK, letters=letters, at=at, back=True)
    rectification.close_if_done(session, back, by=BY_LINK, letters=letters, at=at, told=True)
    if person is not None:
        renew_means(session, person, now=at)
    return True


def wishes() -> Select[PrivacyRequest]:
    """What was asked on the page of a new address and is open: to be looked at, ``is_wish`` tells it from the rest."""
    return select(PrivacyRequest).where(
        PrivacyRequest.right == Right.RECTIFICATION, PrivacyRequest.state.not_in(CLOSED),
        PrivacyRequest.source == Source.PORTAL, PrivacyRequest.details == "", PrivacyRequest.changes.is_not(None),
    )  # fmt: skip


def _give_up(session: Session, person: Person, *, words: str, by: str, at: datetime) -> None:
    """Close what waits to be confirmed of somebody: one address takes over at a time."""
    for one in session.scalars(wishes().where(PrivacyRequest.person_id == person.id)).all():
        if is_wish(one):
            withdraw(session, one, words=words, by=by, at=at)


def lapse(session: Session, *, at: datetime) -> int:
    """Close what was not confirmed in time; how many."""
    late = wishes().where(PrivacyRequest.received_at <= at - LINK_LIFE)
    count = 0
    for one in session.scalars(late).all():
        if is_wish(one):
            withdraw(session, one, words=LATE, by="espace client", at=at)
            count += 1
    return count
