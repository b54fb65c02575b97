"""Flask-Limiter's memory, in our own database: two server processes that share it share their counts too."""

from flask import g
from limits.storage import Storage
from sqlalchemy import case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.rate_models import RateWindow
from portal.gate import place_digest
from portal.web import db

#: The address that the limiter is given.
URI = "portal-database://"


def _seconds() -> int:
    # Of the machine, as the limiter itself counts: a limit protects the server, not an act.
    return int(clock.now().timestamp())


def count(session: Session, key: str, *, lasts: int, now: int, by: int = 1) -> tuple[int, int]:
    """Count once more; how often within the window, and when that ends. One statement: nobody counts in between."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    over = RateWindow.ends_at <= now
    made = (
        insert(RateWindow)
        .values(key=key, hits=by, ends_at=now + lasts)
        .on_conflict_do_update(
            index_elements=[RateWindow.key],
            set_={
                "hits": case((over, by), else_=RateWindow.hits + by),
                "ends_at": case((over, now + lasts), else_=RateWindow.ends_at),
            },
        )
        .returning(RateWindow.hits, RateWindow.ends_at)
    )
    hits, ends_at = session.execute(made).one()
    session.commit()
    return int(hits), int(ends_at)


def forget_old(session: Session, *, now: int) -> None:
    """Drop counts whose window is over."""
    session.execute(delete(RateWindow).where(RateWindow.ends_at <= now))


class InDatabase(Storage):
    """What the limiter asks of a memory, in the session of the request; nothing else is written in it yet."""

    STORAGE_SCHEME = ["portal-database"]  # noqa: RUF012 - the library's own way

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong: the database is away, which has its page."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """One more."""
        hits, ends_at = count(db.session, place_digest(key), lasts=int(expiry), now=_seconds(), by=amount)
        _seen()[key] = hits, ends_at
        return hits

    def get(self, key: str) -> int:
        """How many so far."""
        return self._look(key)[0]

    def get_expiry(self, key: str) -> float:
        """When the count begins anew."""
        return float(self._look(key)[1])

    def check(self) -> bool:
        """Whether it works is what ``/readyz`` tells."""
        return True

    def reset(self) -> int | None:
        """Forget everything."""
        db.session.execute(delete(RateWindow))
        db.session.commit()
        return None

    def clear(self, key: str) -> None:
        """Forget one."""
        db.session.execute(delete(RateWindow).where(RateWindow.key == place_digest(key)))
        db.session.commit()

    def _look(self, key: str) -> tuple[int, int]:
        if key in _seen():
            return _seen()[key]
        now = _seconds()
        query = select(RateWindow.hits, RateWindow.ends_at).where(RateWindow.key == place_digest(key))
        found = db.session.execute(query.where(RateWindow.ends_at > now)).first()
        return (int(found[0]), int(found[1])) if found else (0, now)


def _seen() -> dict[str, tuple[int, int]]:
    seen: dict[str, tuple[int, int]] = g.setdefault("rates_seen", {})
    return seen
