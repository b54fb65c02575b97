"""What was tried and refused, told in the log of evidence: once, here, for every room.

Which routes: ``portal.routes.binds`` says it. A room that records a refusal itself, because it can tell more
of it (a quote that is over, its last day), does so through ``tell_refused`` and is not told twice; what it returns is
up to it, and the page that says no is shown in any case.
"""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Concatenate, ParamSpec

from flask import Flask, Response, request
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.accounts.guard import current_person
from portal.accounts.rates import count
from portal.evidence.actions import last_recorded, record
from portal.evidence.models import Entry
from portal.gate import place_digest, visitor_place
from portal.logs import logger
from portal.routes import binds
from portal.web import SAFE, db, now

#: The kind of such an entry.
REFUSED = "accounts.refused"
#: The answers that refuse an act, and why. A form to fill in again (422), a page too old (400) and a visitor who
#: signs in first (303) are none.
WHY = {403: "not_allowed", 404: "not_found", 409: "too_late", 410: "over"}
#: How many of one person, from one place where nobody is known, and of all strangers together are told in an hour: the
#: log is no place to be flooded, and no visitor uses up what the others have.
OF_ONE, OF_PLACE, OF_STRANGERS, HOUR = 20, 30, 300, 3600
Given = ParamSpec("Given")
#: ``DEV-2026-0042``, ``resilier``.
_OURS = re.compile(r"[A-Z]{1,6}(-\d{1,9}){1,3}|[a-z_-]{1,24}")


def register(app: Flask) -> None:
    """Look at each answer once its view is done."""
    app.after_request(_tell)


def _tell(response: Response) -> Response:
    if request.method in SAFE or response.status_code not in WHY or not binds(request.endpoint):
        return response
    try:
        _record(WHY[response.status_code])
    except SQLAlchemyError as error:
        # The refusal stands, whatever becomes of its telling.
        logger().error("refusal_not_told", exc_info=error)
    return response


def tell_refused(
    note: Callable[Concatenate[Session, Given], object], *given: Given.args, **named: Given.kwargs
) -> None:
    """Have a room record itself what it refused, and keep that, while this person or place is within the limits.

    ``note`` is called with the session and what is given. Whatever the session of the request holds is undone first:
    what a refused view began is nothing to keep.
    """
    person = current_person()
    who = person.id if person else None
    db.session.rollback()
    if _counted(db.session, who):
        note(db.session, *given, **named)
        db.session.commit()


def _counted(session: Session, who: int | None) -> bool:
    """Count one refusal more, and say whether it is within the limits. A place beyond its own takes nothing from all."""
    limits = (
        [(f"refused:{who}", OF_ONE)] if who
        else [(place_digest(f"refused:{visitor_place()}"), OF_PLACE), ("refused:None", OF_STRANGERS)]
    )  # fmt: skip
    for key, limit in limits:
        hits, _ = count(session, key, lasts=HOUR, now=int(now().timestamp()))
        if hits > limit:
            if hits == limit + 1:
                logger().warning("refusals_no_longer_told", route=request.endpoint)
            return False
    return True


def _record(why: str) -> None:
    person = current_person()
    who = person.id if person else None
    told = last_recorded(db.session)
    db.session.rollback()  # it may hold rows, and what a refused view began is nothing to keep
    with db.sessionmaker() as session:
        if told is not None and session.scalar(select(Entry.seq).where(Entry.digest == told)) is not None:
            return
        if not _counted(session, who):
            return
        content = {"person": who, "route": request.endpoint, "thing": _thing(), "why": why}
        record(session, REFUSED, content, at=now())
        session.commit()


def _thing() -> dict[str, Any]:
    """What was meant, as the address names it: a number, a reference of ours, a word of ours.

    Anything else by its digest: a link's token may still open something, and a stranger writes what they like.
    """
    return {name: _named(value) for name, value in (request.view_args or {}).items()}


def _named(value: int | str) -> int | str:
    if isinstance(value, int) or _OURS.fullmatch(value):
        return value
    return f"sha256:{sha256(value.encode()).hexdigest()}"
