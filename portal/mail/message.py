"""A mail as bytes: text and HTML, French, with the headers that keep machines quiet and threads whole."""

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from portal.mail.incoming.reports import TOKEN
from portal.mail.models import OutgoingMail

#: RFC 5321: 64 characters, an at sign, 255.
LONGEST = 320
#: Comments, lists, routes and quoted parts: a grammar of 1982 that nobody's address needs.
_NOT_IN_AN_ADDRESS = frozenset('()<>,;:"\\[]')


class BadAddress(ValueError):
    """A recipient that is no mail address; it never reaches a header."""


def check_address(address: str) -> str:
    """Return an address that can stand in a header.

    Raises:
        BadAddress: no domain, white space or a line break (a header injection).
    """
    # Before the parser: its grammar is recursive, and a long enough address costs it seconds.
    if len(address) > LONGEST or any(ch in _NOT_IN_AN_ADDRESS or ch.isspace() for ch in address):
        raise BadAddress(f"{address[:LONGEST]!r} is not a mail address")
    try:
        parsed = Address(addr_spec=address)
    except (ValueError, IndexError, MessageError) as error:
        raise BadAddress(f"{address!r} is not a mail address") from error
    if not parsed.username or "." not in parsed.domain or any(ch.isspace() for ch in address):
        raise BadAddress(f"{address!r} is not a mail address")
    return address


def sender_line(name: str, address: str) -> str:
    """What a From header says: ``IMS Partners <contact@…>``; an address that has its name already is left as it is."""
    return address if "<" in address else str(Address(display_name=name, addr_spec=check_address(address)))


def compose(mail: OutgoingMail, *, sender: str, now: datetime) -> EmailMessage:
    """The message of an outbox row. The same row gives the same Message-ID at each try.

    Automatic mail says so (RFC 3834), so that no absence answer comes back to it.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = check_address(mail.recipient)
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(now)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["Content-Language"] = "fr"
    if mail.token:
        message[TOKEN] = mail.token
    for name, value in mail.headers.items():
        message[name] = value
    message.set_content(mail.text, subtype="plain", charset="utf-8")
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html", charset="utf-8")
    if mail.calendar is not None:
        # Twice, as calendars expect it: mail programs show the first, and let the second be saved.
        method = "CANCEL" if "METHOD:CANCEL" in mail.calendar else "REQUEST"
        message.add_alternative(mail.calendar, subtype="calendar", charset="utf-8", params={"method": method})
        message.add_attachment(
            mail.calendar.encode(), maintype="text", subtype="calendar", filename="rendez-vous.ics",
            params={"method": method},
        )  # fmt: skip
    return message
