"""Keep mails from an address, and let them go again. What is kept back is never sent later: it would be out of date."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.mail.stop_models import MailStop


def stop(
    session: Session, address: str, *, because: str, events: Sequence[str], all_but: bool = False, at: datetime
) -> bool:
    """Keep these mails from an address; False when they are already."""
    if _held(session, address, because) is not None:
        return False
    session.add(
        MailStop(address=_plain(address), because=because, events=list(events), all_but=all_but, since=at)
    )  # fmt: skip
    session.flush()
    return True


def resume(session: Session, address: str, *, because: str | None = None) -> bool:
    """Let mails go again; without a reason: whatever stopped them. False when nothing did."""
    mine = select(MailStop).where(MailStop.address == _plain(address))
    found = session.scalars(mine if because is None else mine.where(MailStop.because == because)).all()
    for one in found:
        session.delete(one)
    session.flush()
    return bool(found)


def move(session: Session, before: str, after: str) -> None:
    """The same person has another address."""
    for one in session.scalars(select(MailStop).where(MailStop.address == _plain(before))).all():
        if _held(session, after, one.because) is None:
            one.address = _plain(after)
    session.flush()


def stopped_by(session: Session, address: str, event: str) -> str | None:
    """Why a mail does not go to an address; None when it does."""
    found = session.scalars(select(MailStop).where(MailStop.address == _plain(address)).order_by(MailStop.id))
    return next((one.because for one in found if one.holds(event)), None)


def frozen(session: Session, addresses: Sequence[str]) -> frozenset[str]:
    """Those of some addresses whose data are not to be used: everything is kept from them (GDPR article 18)."""
    wanted = [_plain(one) for one in addresses]
    held = select(MailStop.address).where(MailStop.address.in_(wanted), MailStop.all_but)
    return frozenset(session.scalars(held)) if wanted else frozenset()


def _held(session: Session, address: str, because: str) -> MailStop | None:
    mine = select(MailStop).where(MailStop.address == _plain(address), MailStop.because == because)
    return session.scalars(mine).first()


def _plain(address: str) -> str:
    return address.strip().lower()
