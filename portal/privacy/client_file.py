"""An organisation leaves the client file (CGV article 13): its accesses close, it is named nowhere, the law's papers stay."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.accounts.leaving import leave
from portal.accounts.models import Organisation, Person
from portal.evidence.actions import take_turn
from portal.privacy import references
from portal.privacy.actions import finish, hold
from portal.privacy.letters import Letters
from portal.privacy.models import PrivacyRequest
from portal.privacy.rules import PrivacyError, Right, State, check_open
from portal.terms import Library


class NoOrganisation(PrivacyError):
    """The request names no organisation that is still in the file, or asks for something else."""


def kept(library: Library) -> list[str]:
    """What stays of a client that leaves, and why: what ``law.toml`` has kept."""
    return [
        f"{kind}, {one.years}\u00a0ans depuis {one.start} ({one.source})"
        for kind, one in (("Les factures", library.law.retention["accounting"]),
                          ("Les contrats, commandes et leurs tickets", library.law.retention["contract"]))
    ]  # fmt: skip


def take_out(
    session: Session, request: PrivacyRequest, *, organisation: Organisation | None, by: Person, words: str,
    library: Library, letters: Letters, at: datetime,
) -> int:  # fmt: skip
    """Take an organisation out of the file, and answer; how many accesses were closed.

    Raises:
        AlreadyClosed, NoOrganisation.
    """
    take_turn(session)  # before the organisation's row is held: acts of a contract take both, in this order
    hold(session, request)
    check_open(request.state)
    if request.right is not Right.CLIENT_FILE or request.state is not State.RECEIVED:
        raise NoOrganisation
    if organisation is None or organisation.left_at is not None:
        raise NoOrganisation
    references.choose(session, organisation, named=False, by=by, at=at)
    count = leave(session, organisation, by=by, now=at)
    # Nobody signs in for it any more: the answer is read by the link of its mail.
    request.person_id, request.organisation_id = None, organisation.id
    session.flush()
    said = [
        f"{organisation.legal_name} a quitté le fichier clients\u00a0: accès fermés ({count}), plus citée comme référence.",
        "Reste, parce que la loi le demande\u00a0: " + "\u00a0; ".join(kept(library)) + ".",
        words,
    ]
    finish(session, request, by=by.name, decision="\n".join(said), letters=letters, at=at)
    return count
