"""When the last traces of an erasure go: what was asked and answered, and the mails about it, once nobody needs them."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.privacy.erasure import still_told
from portal.privacy.forgetting import Held, last_traces
from portal.privacy.models import Archived, PrivacyRequest
from portal.privacy.rules import CLOSED
from portal.terms import Library


def asked_again(session: Session, request: PrivacyRequest) -> bool:
    """Whether another request about the same person is open. What a mandatary asks for themselves is nothing to it."""
    others = select(PrivacyRequest.id).where(
        PrivacyRequest.id != request.id, PrivacyRequest.state.not_in(CLOSED),
        or_(PrivacyRequest.subject_email == request.about,
            (PrivacyRequest.email == request.about) & (PrivacyRequest.subject_email == "")),
    )  # fmt: skip
    return session.scalars(others).first() is not None


def end(session: Session, held: Archived, *, rooms: Held, library: Library, at: datetime) -> None:
    """Take out the last traces of who an entry of the archive is about, and write down that it is done."""
    last_traces(session, held, rooms=rooms, library=library, at=at)
    if held.subject is not None:
        held.subject = held.subject | {"ended": True}
    session.flush()


def end_late(session: Session, *, rooms: Held, library: Library, at: datetime) -> int:
    """What the job of an erasure left because somebody still waited for an answer, or a mail was stuck; of how many."""
    count = 0
    left = select(Archived, PrivacyRequest).join(PrivacyRequest, PrivacyRequest.id == Archived.request_id).where(
        Archived.subject.is_not(None), PrivacyRequest.state.in_(CLOSED)
    )  # fmt: skip
    for held, request in session.execute(left.order_by(Archived.id)).all():
        if (held.subject or {}).get("ended") or asked_again(session, request) or still_told(session, request, at=at):
            continue
        end(session, held, rooms=rooms, library=library, at=at)
        count += 1
    return count
