"""What signing in changes: codes by mail, wrong answers counted, sessions begun and ended.

Each count is one UPDATE that decides and counts at once, so that two guesses
at the same moment are two guesses.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from portal.accounts.models import MailCode, Person, SignedIn
from portal.accounts.rate_models import RateWindow
from portal.accounts.rates import count
from portal.accounts.rules import (
    ATTEMPTS,
    CODE_DIGITS,
    CODE_LIFE,
    CODES_AN_HOUR,
    CODES_OF_STRANGERS,
    REST,
    TRIES_A_DAY,
    session_end,
)
from portal.clock import PARIS
from portal.mail.actions import post
from portal.mail.letters import Letters

LETTERS = Letters(Path(__file__).resolve().parent / "templates" / "accounts" / "mail")
TOKEN_BYTES = 32
DAY = int(timedelta(days=1).total_seconds())


def digest(token: str) -> str:
    """What is stored of a token: whoever reads the database cannot use it."""
    return sha256(token.encode()).hexdigest()


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hold(session: Session, person: Person) -> None:
    """Read a person anew and keep everybody else from changing them, until the transaction ends."""
    session.execute(select(Person.id).where(Person.id == person.id).with_for_update())
    session.refresh(person)


# --- Codes by mail -------------------------------------------------------------------------------


def is_known(session: Session, person_id: int, browser: str) -> bool:
    """Whether this person has signed in with this browser before (``browser``: what it keeps, as it is)."""
    seen = select(SignedIn.id).where(SignedIn.person_id == person_id, SignedIn.device == digest(browser)).limit(1)
    return session.scalar(seen) is not None


def codes_left(session: Session, person: Person, browser: str, *, now: datetime) -> int:
    """How many codes this browser may still ask for; whoever asks at the same moment waits for the commit."""
    hold(session, person)

    def sent(since: timedelta, which: ColumnElement[bool]) -> int:
        count = select(func.count()).select_from(MailCode).where(MailCode.person_id == person.id, which)
        return session.scalar(count.where(MailCode.sent_at > now - since)) or 0

    left = CODES_AN_HOUR - sent(timedelta(hours=1), MailCode.browser == digest(browser))
    if not is_known(session, person.id, browser):
        left = min(left, CODES_OF_STRANGERS - sent(CODE_LIFE, MailCode.known.is_(False)))
    return max(0, left)


def make_code(session: Session, person_id: int, browser: str, *, now: datetime, purpose: str = "") -> str:
    """A new code for a person in a browser, whose earlier ones are worth nothing from here on.

    It opens its own ``purpose`` only: a code of the sign-in accepts nothing, one that accepts signs nobody in.
    """
    mine = digest(browser)
    session.execute(
        update(MailCode)
        .where(MailCode.person_id == person_id, MailCode.browser == mine, MailCode.spent_at.is_(None))
        .values(spent_at=now)
    )
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    session.add(
        MailCode(
            person_id=person_id, digest=_code_digest(person_id, code, purpose), browser=mine,
            known=is_known(session, person_id, browser), sent_at=now, expires_at=now + CODE_LIFE,
        )
    )  # fmt: skip
    session.flush()
    return code


def use_code(
    session: Session, person: Person, code: str, browser: str, *, now: datetime, purpose: str = "", keep: bool = True
) -> bool:
    """Whether this is the code that was sent to this browser: each answer counts, a right one is the last.

    Both are kept at once, whatever becomes of the request; without ``keep`` a right one is kept with
    what it opens, in the caller's transaction.
    """
    mine = digest(browser)
    scope = MailCode.browser == mine if is_known(session, person.id, browser) else MailCode.known.is_(False)
    session.execute(select(Person.id).where(Person.id == person.id).with_for_update())
    tried = (
        select(func.coalesce(func.sum(MailCode.attempts), 0))
        .where(MailCode.person_id == person.id, scope, MailCode.sent_at > now - timedelta(days=1))
        .scalar_subquery()
    )
    counted = (
        update(MailCode)
        .where(
            MailCode.person_id == person.id,
            MailCode.browser == mine,
            MailCode.spent_at.is_(None),
            MailCode.expires_at > now,
            MailCode.attempts < ATTEMPTS,
            tried < TRIES_A_DAY,
        )
        .values(attempts=MailCode.attempts + 1)
        .returning(MailCode.id, MailCode.digest)
        .execution_options(synchronize_session=False)
    )
    found = session.execute(counted).first()
    right = found is not None and secrets.compare_digest(found.digest, _code_digest(person.id, code.strip(), purpose))
    if found is not None and right:
        _spend(session, MailCode.id == found.id, now)
    if keep or not right:
        session.commit()
    return right


def use_link(session: Session, person: Person, code: str, *, now: datetime) -> bool:
    """Whether the link of a mail holds a code that is still good, in whatever browser it is opened.

    Its address names its person by a secret that nobody but the reader of the mail has seen: there is nothing to guess,
    and wrong codes typed elsewhere do not touch it.
    """
    right = (
        MailCode.person_id == person.id,
        MailCode.digest == _code_digest(person.id, code.strip()),
        MailCode.expires_at > now,
    )
    used = _spend(session, and_(*right), now)
    session.commit()
    return used


def _spend(session: Session, which: ColumnElement[bool], now: datetime) -> bool:
    spent = update(MailCode).where(which, MailCode.spent_at.is_(None)).values(spent_at=now).returning(MailCode.id)
    return session.execute(spent, execution_options={"synchronize_session": False}).first() is not None


def forget_old_codes(session: Session, *, now: datetime) -> None:
    """Drop codes that count for nothing any more."""
    session.execute(delete(MailCode).where(MailCode.sent_at <= now - timedelta(days=2)))


def _code_digest(person_id: int, code: str, purpose: str = "") -> str:
    return digest(f"{purpose}{person_id}:{''.join(code.split())}")


# --- Passwords and authenticators ----------------------------------------------------------------


def try_password(
    session: Session, person_id: int, browser: str, place: str, check: Callable[[], bool], *, now: datetime
) -> bool:
    """Check a password; five wrong ones make it rest for a while there, and only there.

    There is one browser where this person has signed in before, or one place on the network (``place``: its digest)
    for all others: whoever knows an address cannot lock its owner out of their own devices. So many in a day, of one
    known browser or of all others together, are the most. The count is taken before the answer is looked at, and kept
    whatever becomes of the request; a right answer sets it back.
    """
    known = is_known(session, person_id, browser)
    session.rollback()  # counting commits: nothing is held meanwhile
    here = digest(f"password:{person_id}:{digest(browser) if known else place}")
    today = digest(f"password-today:{person_id}:{digest(browser) if known else 'strangers'}")
    seconds = int(now.timestamp())
    tries, _ = count(session, here, lasts=int(REST.total_seconds()), now=seconds)
    tries_today, _ = count(session, today, lasts=DAY, now=seconds)
    right = check() and tries <= ATTEMPTS and tries_today <= TRIES_A_DAY
    if right:
        session.execute(delete(RateWindow).where(RateWindow.key == here))
        count(session, today, lasts=DAY, now=seconds, by=-1)
    return right


def try_app(session: Session, person: Person, check: Callable[[], bool], *, now: datetime) -> bool:
    """Check the code of an authenticator; after five wrong ones it rests for a while.

    Nobody comes here without the first factor. The count is taken before the answer is looked at, and kept whatever
    becomes of the request; a right answer sets it back.
    """
    rested = Person.app_failed_at <= now - REST
    counted = (
        update(Person)
        .where(Person.id == person.id, or_(Person.app_failures < ATTEMPTS, Person.app_failed_at.is_(None), rested))
        .values(app_failures=case((rested, 1), else_=Person.app_failures + 1), app_failed_at=now)
        .returning(Person.id)
        .execution_options(synchronize_session=False)
    )
    open_to_answers = session.execute(counted).first() is not None
    session.commit()
    hold(session, person)  # one code given twice at the same moment is looked at twice, one after the other
    right = check() and open_to_answers
    if right:
        person.app_failures, person.app_failed_at = 0, None
        session.commit()
    return right


# --- Sessions ------------------------------------------------------------------------------------


def begin_session(
    session: Session, person: Person, *, device: str, device_name: str, means: Iterable[str], domain: str, base_url: str,
    now: datetime,
) -> str:  # fmt: skip
    """Open a session and give its token; tell its owner when the device is a new one."""
    token, known = new_token(), digest(device)
    devices = set(session.scalars(select(SignedIn.device).where(SignedIn.person_id == person.id)))
    session.add(
        SignedIn(
            person_id=person.id, token=digest(token), device=known, device_name=device_name,
            means=",".join(means), began_at=now, ends_at=session_end(staff=person.staff, now=now),
        )
    )  # fmt: skip
    person.last_used_on = now.astimezone(PARIS).date()
    session.flush()
    if devices and known not in devices:
        letter = LETTERS.write("new_device", person=person, device=device_name, at=now, base_url=base_url)
        post(
            session, event="accounts/new_device", recipient=person.email, subject=letter.subject, text=letter.text,
            html=letter.html, domain=domain, now=now,
        )  # fmt: skip
    return token


def live_session(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """The open session of a token."""
    return session.scalars(
        select(SignedIn).where(SignedIn.token == digest(token), SignedIn.ended_at.is_(None), SignedIn.ends_at > now)
    ).first()


def open_sessions(session: Session, person: Person, *, now: datetime) -> list[SignedIn]:
    """The devices where this person is signed in, the latest first."""
    return list(
        session.scalars(
            select(SignedIn)
            .where(SignedIn.person_id == person.id, SignedIn.ended_at.is_(None), SignedIn.ends_at > now)
            .order_by(SignedIn.began_at.desc(), SignedIn.id.desc())
        )
    )


def end_sessions(session: Session, person: Person, *, now: datetime, but: int | None = None) -> int:
    """End every session of a person at once, but for the one of that id; how many ended."""
    ended = (
        update(SignedIn)
        .where(SignedIn.person_id == person.id, SignedIn.ended_at.is_(None))
        .values(ended_at=now)
        .returning(SignedIn.id)
    )
    if but is not None:
        ended = ended.where(SignedIn.id != but)
    return len(session.execute(ended).all())


def pretend_to_send(session: Session, *, now: datetime) -> None:
    """Do for an unknown address what sending a code costs, and keep nothing of it."""
    letter = LETTERS.write("code", code="000000", link="https://portail.example/")
    post(
        session, event="accounts/code", recipient="personne@portail.example", subject=letter.subject, text=letter.text,
        html=letter.html, domain="portail.example", now=now,
    )  # fmt: skip
    session.rollback()
