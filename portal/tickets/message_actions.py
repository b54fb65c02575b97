"""Writing in a ticket, from a page or by mail. Each verb is one transaction, committed by the caller."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.tickets.attached import ArrivedMail, FileToAttach, address, attach, follow
from portal.tickets.finding import hold, survivor
from portal.tickets.history import Kind, note
from portal.tickets.index import reindex
from portal.tickets.letters import Letters
from portal.tickets.models import Ticket, TicketMessage
from portal.tickets.rules import (
    AlreadyClosed,
    Channel,
    NotAllowed,
    Side,
    State,
    TicketError,
    after_words,
    may_handle,
)


class AnsweredMeanwhile(TicketError):
    """A colleague wrote while this message was being written: both are shown, nothing is sent."""

    def __init__(self, author: str, text: str) -> None:
        self.author, self.text = author, text
        super().__init__(author)


def reply_from_mail(
    session: Session, ticket: Ticket, mail: ArrivedMail, *, person: Person | None, quarantined: bool, letters: Letters,
    at: datetime,
) -> TicketMessage:  # fmt: skip
    """A mail joins its ticket. The same mail again is the same message.

    What a machine wrote is kept and moves nothing; what is ``hushed`` waits for an answer, and no mail tells of it. From somebody whose name nothing backs (``quarantined``), staff alone see it until one of them lets it through.
    A mail of the staff is a message of the staff.
    """
    ticket = survivor(ticket)
    known = person if not quarantined else None
    if known is not None and known.staff and not may_handle(known.role_names):
        known, quarantined = None, True
    side = Side.STAFF if known is not None and known.staff else Side.REQUESTER
    message = TicketMessage(
        form_key=mail.key, side=side, channel=Channel.MAIL, author_id=known.id if known else None,
        author=known.name if known else mail.from_name or mail.from_mail, author_mail=address(mail.from_mail), written_at=at,
        text=mail.text, folded=mail.folded, html=mail.html, mail_id=mail.mail_id, raw_file_id=mail.raw_file_id,
        quarantined=quarantined, remarks=list(mail.remarks),
    )  # fmt: skip
    return _write(
        session, ticket, message, files=mail.files, letters=letters, at=at, silent=mail.automatic, hushed=mail.hushed
    )


def write_as_client(
    session: Session, ticket: Ticket, *, by: Person | None, name: str, words: str, files: Sequence[FileToAttach],
    form_key: str, letters: Letters, at: datetime,
) -> TicketMessage:  # fmt: skip
    """Somebody of the organisation writes, or its creator by the link of a mail (``by`` None).

    Raises:
        AlreadyClosed: it was closed; its creator reopens it first.
    """
    message = TicketMessage(
        form_key=form_key, side=Side.REQUESTER, channel=Channel.WEB, author_id=by.id if by else None, author=name,
        author_mail=by.email if by else ticket.creator_mail, written_at=at, text=words.strip(),
    )  # fmt: skip
    return _write(session, ticket, message, files=files, letters=letters, at=at, open_only=True)


def write_as_staff(
    session: Session, ticket: Ticket, *, by: Person, words: str, internal: bool, asks: bool,
    files: Sequence[FileToAttach], seen: int | None, form_key: str, letters: Letters, at: datetime,
) -> TicketMessage:  # fmt: skip
    """Staff write, to the client or among themselves. ``asks``: the next word is the client's.

    ``seen`` is the last message that the page showed: a colleague's answer since then is shown first.

    Raises:
        NotAllowed, AnsweredMeanwhile; AlreadyClosed for words to the client.
    """
    if not (by.staff and may_handle(by.role_names)):
        raise NotAllowed
    message = TicketMessage(
        form_key=form_key, side=Side.STAFF, internal=internal, channel=Channel.WEB, author_id=by.id, author=by.name,
        author_mail=by.email, written_at=at, text=words.strip(),
    )  # fmt: skip
    return _write(
        session, ticket, message, files=files, letters=letters, at=at, asks=asks, open_only=not internal, seen=seen
    )


def release_message(session: Session, message: TicketMessage, *, by: Person, letters: Letters, at: datetime) -> None:
    """Let a mail through that nothing backed: a person has looked at it.

    Raises:
        NotAllowed: the role does not cover it.
    """
    if not (by.staff and may_handle(by.role_names)):
        raise NotAllowed
    ticket = message.ticket
    hold(session, ticket)
    if message.quarantined:
        message.quarantined = False
        _after(session, ticket, message, asks=False, at=at)
        reindex(session, ticket)
        letters.wrote(session, ticket, message, at)


# --- How -----------------------------------------------------------------------------------------


def _write(
    session: Session, ticket: Ticket, message: TicketMessage, *, files: Sequence[FileToAttach], letters: Letters,
    at: datetime, asks: bool = False, open_only: bool = False, seen: int | None = None, silent: bool = False,
    hushed: bool = False,
) -> TicketMessage:  # fmt: skip
    hold(session, ticket)
    while not open_only and ticket.merged_into_id is not None:
        # It was merged while this was waiting for its turn.
        ticket = session.get_one(Ticket, ticket.merged_into_id)
        hold(session, ticket)
    session.expire(ticket, ["messages"])
    for held in ticket.messages:
        if held.form_key == message.form_key:
            return held
    if open_only and ticket.state is State.CLOSED:
        raise AlreadyClosed
    if seen is not None:
        for held in ticket.messages:
            if held.id > seen and held.side is Side.STAFF and held.author_id != message.author_id:
                raise AnsweredMeanwhile(held.author, held.text)
    ticket.messages.append(message)
    attach(ticket, message, files)
    if not message.internal and not message.quarantined and not silent:
        _after(session, ticket, message, asks=asks, at=at)
    ticket.changed_at = at
    session.flush()
    reindex(session, ticket)
    if not (silent or hushed):
        letters.wrote(session, ticket, message, at)
    return message


def _after(session: Session, ticket: Ticket, message: TicketMessage, *, asks: bool, at: datetime) -> None:
    from portal.tickets.appointments import is_planned

    before = ticket.state
    ticket.state = after_words(before, message.side, planned=is_planned(session, ticket, at), asks=asks)
    if message.side is Side.STAFF:
        ticket.reply_due_since = None
    else:
        ticket.reply_due_since = ticket.reply_due_since or at
        author = session.get(Person, message.author_id) if message.author_id else None
        # A stranger whose words staff let through does not read a client's thread by mail from then on (article 12).
        if author is not None or ticket.organisation_id is None or message.author_mail == ticket.creator_mail:
            follow(ticket, author, message.author_mail, message.author)
    if ticket.state is not before:
        ticket.version += 1  # who decides on what the page showed is told
        if before is State.RESOLVED:
            ticket.resolved_at = None
        by = session.get(Person, message.author_id) if message.author_id else None
        note(ticket, Kind.STATE, by=by, name=message.author, at=at, state=ticket.state.label)
