"""Write a mail into the outbox with the act it tells of; deliver it later, once."""

import secrets
import smtplib
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.jobs.actions import Leased, enqueue, fail, finish
from portal.jobs.rules import Patience
from portal.mail import stopping
from portal.mail.message import check_address, compose
from portal.mail.models import OutgoingMail
from portal.mail.stops import stopped_by
from portal.mail.transport import Transport
from portal.registry import NOBODY

JOB = "mail"
TOKEN_BYTES = 16
#: SMTP answers from here on are final (RFC 5321).
REFUSED_FOR_GOOD = 500
#: A server that says no for good (5xx) is not asked again: a person must look.
NO_PATIENCE = Patience(attempts=1)


def post(
    session: Session,
    *,
    event: str,
    recipient: str,
    subject: str,
    text: str,
    html: str | None,
    domain: str,
    now: datetime,
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
    calendar: str | None = None,
    stops_at: str | None = None,
) -> OutgoingMail:
    """Put a mail in the outbox, in the caller's transaction: it leaves if and only if the act is kept.

    The same ``key`` again is the same mail: it is not written twice. ``stops_at`` is the address of the portal, for a
    mail that its reader may stop (``portal.mail.stopping``, whose table in ``app.py`` then names the event).

    Raises:
        BadAddress: the recipient is no mail address.
    """
    message_id = f"<{key or secrets.token_hex(16)}@{domain}>"
    held = session.scalars(select(OutgoingMail).where(OutgoingMail.message_id == message_id)).first()
    if held is not None:
        return held
    token = secrets.token_hex(TOKEN_BYTES)
    mail = OutgoingMail(
        message_id=message_id,
        event=event,
        recipient=check_address(recipient),
        subject=subject,
        text=text,
        html=html,
        calendar=calendar,
        headers={**(headers or {}), **(stopping.headers(stops_at, token) if stops_at else {})},
        created_at=now,
        token=token,
    )
    session.add(mail)
    if recipient.endswith(NOBODY):
        # Somebody who was erased: what others do goes on, and nothing leaves for nobody.
        mail.sent_at, mail.subject, mail.text, mail.html, mail.calendar = now, "", "", None, None
        session.flush()
        return mail
    session.flush()
    enqueue(session, JOB, {"mail": mail.id}, key=f"mail:{message_id}", now=now)
    return mail


def deliver(
    sessions: sessionmaker[Session],
    job: Leased,
    *,
    transport: Transport,
    sender: str,
    now: datetime,
    patience: Patience,
) -> None:
    """Send the mail of a leased job, then say so in the same transaction that ends the job.

    No transaction is open while the server talks: it may take half a minute.
    A worker killed between the server's yes and the second transaction sends
    again, with the same Message-ID: servers and readers fold the two into one.
    What its reader had stopped (``portal.mail.stops``) stays here, and says so.

    Raises:
        LeaseLost: another worker holds the job by now.
    """
    with sessions.begin() as session:
        mail = session.get_one(OutgoingMail, job.payload["mail"])
        if mail.sent_at is None and stopped_by(session, mail.recipient, mail.event):
            mail.withheld_at = now
            finish(session, job, now=now)
            return
    error = None if mail.sent_at else _attempt(transport, compose(mail, sender=sender, now=now))
    with sessions.begin() as session:
        mail = session.get_one(OutgoingMail, job.payload["mail"])
        if error is None:
            mail.sent_at, mail.failed_at, mail.last_error = mail.sent_at or now, None, None
            finish(session, job, now=now)
        else:
            mail.failed_at, mail.last_error = now, _words(error)
            fail(session, job, _words(error), now=now, patience=NO_PATIENCE if _final(error) else patience)


def _attempt(transport: Transport, message: EmailMessage) -> OSError | smtplib.SMTPException | None:
    try:
        transport.send(message)
    except (OSError, smtplib.SMTPException) as error:
        return error
    return None


def _final(error: Exception) -> bool:
    return isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        code >= REFUSED_FOR_GOOD for code, _ in error.recipients.values()
    )


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{code} {words.decode(errors='replace')}" for code, words in error.recipients.values())
    return f"{type(error).__name__}: {error}"
