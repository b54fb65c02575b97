"""An organisation leaves the client file (CGV article 13): its accesses close, it is named nowhere, the law's papers stay."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Table, inspect, select
from sqlalchemy.orm import Session

from portal.accounts.leaving import leave
from portal.accounts.models import Organisation, Person
from portal.clock import PARIS
from portal.db import Base
from portal.evidence.actions import take_turn
from portal.french import long_date
from portal.privacy import references
from portal.privacy.actions import finish, hold
from portal.privacy.letters import Letters
from portal.privacy.models import PrivacyRequest
from portal.privacy.rules import PrivacyError, Right, State, check_open
from portal.privacy.scope import sql
from portal.registry import Keep, PersonalData
from portal.terms import Library
from portal.terms.law import Retention

#: How many of what still runs are named in one sentence; of more, their number.
NAMED = 3


class NoOrganisation(PrivacyError):
    """The request names no organisation that is still in the file, or asks for something else."""


def kept(
    session: Session, library: Library, organisation: Organisation | None, *, rooms: Sequence[PersonalData], today: date
) -> list[str]:
    """What stays of a client that leaves, until when and why: what ``law.toml`` has kept, of the rows that are its own."""
    keeps = _keeps(session, organisation, rooms, today) if organisation is not None else {}
    return [
        f"{kind}, {_until(library.law.retention[key], keeps.get(key, []))}"
        for key, kind in (("accounting", "Les factures"), ("contract", "Les contrats, commandes et leurs tickets"))
    ]


def _keeps(
    session: Session, organisation: Organisation, rooms: Sequence[PersonalData], today: date
) -> dict[str, list[Keep]]:
    found: dict[str, list[Keep]] = defaultdict(list)
    models = {
        each.local_table.name: each.class_ for each in Base.registry.mappers if isinstance(each.local_table, Table)
    }
    read: list[object] = []
    for declared in (each for room in rooms for each in room.tables if each.keep is not None):
        what = sql(declared.name)
        if declared.keep is None or "organisation_id" not in what.c:
            continue
        # Read at once, and held: each keeper then finds its row, and what it refers to, without asking again.
        rows = session.scalars(select(models[declared.name]).where(what.c.organisation_id == organisation.id)).all()
        read.extend(rows)
        for number in (inspect(row).identity[0] for row in rows):
            if (keep := declared.keep(session, number, today)) is not None:
                found[keep.under].append(keep)
    return found


def _until(law: Retention, keeps: Sequence[Keep]) -> str:
    said = f"{law.years}\u00a0ans depuis {law.start} ({law.source})"
    days = [law.last_day(keep.since) for keep in keeps if keep.since is not None]
    runs = list(dict.fromkeys(keep.begins for keep in keeps if keep.since is None and keep.begins))
    if runs:
        more = [f"{len(runs) - NAMED}\u00a0autres"] if len(runs) > NAMED + 1 else runs[NAMED:]
        return f"{law.years}\u00a0ans à compter de {', de '.join([*runs[:NAMED], *more])} ({law.source})"
    return f"jusqu'au {long_date(max(days))} pour ce qui l'est le plus longtemps\u00a0: {said}" if days else said


def take_out(
    session: Session, request: PrivacyRequest, *, organisation: Organisation | None, by: Person, words: str,
    library: Library, letters: Letters, rooms: Sequence[PersonalData], at: datetime,
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
    left = kept(session, library, organisation, rooms=rooms, today=at.astimezone(PARIS).date())
    references.choose(session, organisation, named=False, by=by, at=at)
    count = leave(session, organisation, by=by, now=at)
    # Nobody signs in for it any more: the answer is read by the link of its mail.
    request.person_id, request.organisation_id = None, organisation.id
    session.flush()
    said = [
        f"{organisation.legal_name} a quitté le fichier clients\u00a0: accès fermés ({count}), plus citée comme référence.",
        "Reste, parce que la loi le demande\u00a0: " + "\u00a0; ".join(left) + ".",
        words,
    ]
    finish(session, request, by=by.name, decision="\n".join(said), letters=letters, at=at)
    return count
