"""Opening a ticket and writing in it, whichever way it comes. Each verb is one transaction, committed by the caller."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.evidence.actions import record
from portal.numbers.actions import next_reference
from portal.tickets.cover import Cover
from portal.tickets.history import Kind, note
from portal.tickets.index import reindex
from portal.tickets.letters import Letters
from portal.tickets.models import LONGEST_SUBJECT, Ticket, TicketFile, TicketMessage, TicketParticipant
from portal.tickets.rules import (
    AlreadyClosed,
    Backup,
    Channel,
    Impact,
    NotAllowed,
    Place,
    Priority,
    Side,
    State,
    TermsNotAccepted,
    TicketError,
    Urgency,
    after_words,
    check_place,
    may_enter,
    may_handle,
    portal_rank,
)

LINK_BYTES = 24
NO_SUBJECT = "(sans objet)"


class NoSuchTicket(TicketError):
    """No ticket has this reference, or not for who asks."""


class AnsweredMeanwhile(TicketError):
    """A colleague wrote while this message was being written: both are shown, nothing is sent."""

    def __init__(self, author: str, text: str) -> None:
        self.author, self.text = author, text
        super().__init__(author)


@dataclass(frozen=True, slots=True)
class FileToAttach:
    """A stored file (``portal.files``) and the name that a reader sees."""

    file_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, however it came. ``beneficiary``: somebody else than who asks (article 2)."""

    subject: str
    description: str
    service: str | None = None
    urgency: Urgency | None = None
    impact: Impact | None = None
    place: Place = Place.REMOTE
    place_words: str | None = None
    third_agreed: bool = False
    backup: Backup | None = None
    beneficiary: str | None = None
    beneficiary_id: int | None = None
    files: Sequence[FileToAttach] = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a person with an account, or a name with a number or an address."""

    name: str
    mail: str | None = None
    phone: str | None = None
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class ArrivedMail:
    """A mail that was read (``portal.mail``): its words above, what was folded away under them, the raw message kept.

    ``key`` is the same for the same message however often it comes. ``html`` is sanitised. ``folded`` holds quoted
    text and signature.
    """

    key: str
    subject: str
    text: str
    from_name: str
    from_mail: str
    folded: str = ""
    html: str | None = None
    mail_id: str | None = None  # its Message-ID
    raw_file_id: int | None = None
    files: Sequence[FileToAttach] = ()
    copies: Sequence[tuple[str, str]] = ()  # (name, address) of Cc
    remarks: Sequence[str] = ()  # sentences for staff, on how it was read
    automatic: bool = False  # written by a machine: nobody is told, nothing moves


# --- Three ways in -------------------------------------------------------------------------------


def open_on_the_portal(
    session: Session, asked: Asked, *, by: Person, cover: Cover, accepts: bool, form_key: str, letters: Letters,
    at: datetime,
) -> Ticket:  # fmt: skip
    """A client opens a ticket on the portal (6.1). The same page again gives back the ticket there is.

    ``accepts``: the version in force was shown with the hourly rates, and accepted (article 9).

    Raises:
        NotAllowed: somebody of the staff, or removed.
        TermsNotAccepted: there is no contract, and the version shown was not accepted.
        AgreementMissing: at a third party's, without its agreement.
    """
    if by.organisation is None or not by.active:
        raise NotAllowed
    if not cover.under_contract and not accepts:
        raise TermsNotAccepted
    caller = Caller(by.name, by.email, None, by)
    ticket, new = _open(
        session, asked, caller, channel=Channel.WEB, organisation=by.organisation, cover=cover, form_key=form_key, at=at
    )
    if new:
        if not cover.under_contract:
            _accept(session, ticket, by=by, name=by.name, at=at)
        _told_of_opening(session, ticket, letters, at)
    return ticket


def enter_call(
    session: Session, asked: Asked, *, caller: Caller, organisation: Organisation | None, channel: Channel, by: Person,
    call_back: bool, cover: Cover, form_key: str, letters: Letters, at: datetime,
) -> Ticket:  # fmt: skip
    """An operator types the ticket of who calls, or of who spoke to the answering machine (6.2).

    The caller is its creator (6.4), not the operator.

    Raises:
        NotAllowed: the role does not cover it.
    """
    if not (by.staff and may_enter(by.role_names)):
        raise NotAllowed
    ticket, new = _open(
        session, asked, caller, channel=channel, organisation=organisation, cover=cover, form_key=form_key, at=at,
        typed_by=by, call_back=call_back,
    )  # fmt: skip
    if new:
        _told_of_opening(session, ticket, letters, at)
    return ticket


def ticket_from_mail(
    session: Session, mail: ArrivedMail, *, person: Person | None, quarantined: bool, cover: Cover, letters: Letters,
    at: datetime,
) -> Ticket:  # fmt: skip
    """A mail to the hotline becomes a ticket to qualify, with a call-back to do (6.3). The same mail again is the same ticket.

    ``person``: the contact whose address it is and whose name something backs; None for everybody else.
    ``quarantined``: no client sees it until a person attaches it. What is automatic is not answered.
    """
    known = person if person is not None and not quarantined else None
    caller = Caller(mail.from_name or mail.from_mail, mail.from_mail, None, known)
    asked = Asked(mail.subject.strip() or NO_SUBJECT, mail.text, files=mail.files)
    ticket, new = _open(
        session, asked, caller, channel=Channel.MAIL, organisation=known.organisation if known else None, cover=cover,
        form_key=mail.key, at=at, call_back=True, quarantined=known is None or known.organisation is None, mail=mail,
    )  # fmt: skip
    if new:
        _told_of_opening(session, ticket, letters, at, acknowledge=not mail.automatic)
    return ticket


def reply_from_mail(
    session: Session, ticket: Ticket, mail: ArrivedMail, *, person: Person | None, quarantined: bool, letters: Letters,
    at: datetime,
) -> TicketMessage:  # fmt: skip
    """A mail joins its ticket. The same mail again is the same message.

    What a machine wrote is kept and moves nothing. From somebody whose name nothing backs (``quarantined``), staff alone see it until one of them lets it through.
    A mail of the staff is a message of the staff.
    """
    ticket = _survivor(ticket)
    known = person if not quarantined else None
    if known is not None and known.staff and not may_handle(known.role_names):
        known, quarantined = None, True
    side = Side.STAFF if known is not None and known.staff else Side.REQUESTER
    message = TicketMessage(
        form_key=mail.key, side=side, channel=Channel.MAIL, author_id=known.id if known else None,
        author=known.name if known else mail.from_name or mail.from_mail, author_mail=_address(mail.from_mail), written_at=at,
        text=mail.text, folded=mail.folded, html=mail.html, mail_id=mail.mail_id, raw_file_id=mail.raw_file_id,
        quarantined=quarantined, remarks=list(mail.remarks),
    )  # fmt: skip
    return _write(session, ticket, message, files=mail.files, letters=letters, at=at, silent=mail.automatic)


# --- Writing in it -------------------------------------------------------------------------------


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


def accept_terms(session: Session, ticket: Ticket, *, by: Person | None, name: str, at: datetime) -> bool:
    """The version that was shown at the request is accepted (article 9); False when it was before."""
    hold(session, ticket)
    if ticket.under_contract or ticket.terms_accepted_at is not None:
        return False
    _accept(session, ticket, by=by, name=name, at=at)
    return True


# --- Finding it ----------------------------------------------------------------------------------


def find_ticket(session: Session, reference: str, *, viewer: Person) -> Ticket:
    """The ticket of a reference: any for staff, those of their own organisation for a client.

    Raises:
        NoSuchTicket: there is none, or it is somebody else's.
    """
    found = session.scalars(select(Ticket).where(Ticket.reference == reference)).first()
    if found is None or not (
        viewer.staff or (found.organisation_id == viewer.organisation_id and not found.quarantined)
    ):
        raise NoSuchTicket(reference)
    return found


def find_followed(session: Session, reference: str, link_key: str) -> Ticket:
    """The ticket that a mail's link opens for its creator.

    Raises:
        NoSuchTicket: there is none, or the link was replaced.
    """
    found = session.scalars(select(Ticket).where(Ticket.reference == reference)).first()
    if found is None or not secrets.compare_digest(found.link_key.encode(), link_key.encode()):
        raise NoSuchTicket(reference)
    return found


def find_by_mail_ids(session: Session, mail_ids: Sequence[str]) -> Ticket | None:
    """The ticket whose thread holds one of these Message-IDs (In-Reply-To first, then References from the last)."""
    for mail_id in mail_ids:
        message = session.scalars(select(TicketMessage).where(TicketMessage.mail_id == mail_id).limit(1)).first()
        if message is not None:
            return _survivor(message.ticket)
    return None


def find_by_reference(session: Session, reference: str) -> Ticket | None:
    """The ticket of a reference that was signed for a reply address; the one it was merged into, if it was."""
    found = session.scalars(select(Ticket).where(Ticket.reference == reference.upper())).first()
    return _survivor(found) if found else None


def hold(session: Session, ticket: Ticket) -> None:
    """Take one's turn with a ticket, and see what who came before left."""
    session.refresh(ticket, with_for_update=True)


def is_creator(ticket: Ticket, person: Person) -> bool:
    """Whether somebody asked for this ticket (6.4), also when staff typed it."""
    return ticket.creator_id == person.id


def new_link_key() -> str:
    """What the links of a ticket's mails hold: a new one ends the old links."""
    return secrets.token_urlsafe(LINK_BYTES)


# --- How -----------------------------------------------------------------------------------------


def _address(mail: str | None) -> str | None:
    return mail.strip().lower() if mail else None


def _survivor(ticket: Ticket) -> Ticket:
    while ticket.merged_into is not None:
        ticket = ticket.merged_into
    return ticket


def _open(
    session: Session, asked: Asked, caller: Caller, *, channel: Channel, organisation: Organisation | None, cover: Cover,
    form_key: str, at: datetime, typed_by: Person | None = None, call_back: bool = False, quarantined: bool = False,
    mail: ArrivedMail | None = None,
) -> tuple[Ticket, bool]:  # fmt: skip
    check_place(asked.place, agreed=asked.third_agreed)
    with session.begin_nested() as numbering:
        reference = next_reference(session, "TIC", at=at)
        # Looked for once the series' row is held: two sendings of one page take their turn.
        held = session.scalars(select(Ticket).where(Ticket.form_key == form_key)).first()
        if held is not None:
            numbering.rollback()  # the number was not needed
            return held, False
    person = caller.person
    ticket = Ticket(
        reference=reference, form_key=form_key, link_key=new_link_key(),
        organisation_id=organisation.id if organisation else None, quarantined=quarantined, channel=channel,
        state=State.TO_QUALIFY, priority=Priority.NORMAL, portal_rank=portal_rank(channel), opened_at=at, changed_at=at,
        reply_due_since=at, call_back_since=at if call_back else None, subject=asked.subject[:LONGEST_SUBJECT],
        service=asked.service, urgency=asked.urgency, impact=asked.impact, place=asked.place,
        place_words=asked.place_words, third_agreed=asked.third_agreed, backup=asked.backup,
        backup_at=at if asked.backup else None, creator_id=person.id if person else None, creator_name=caller.name,
        creator_mail=_address(caller.mail), creator_phone=caller.phone, typed_by_id=typed_by.id if typed_by else None,
        beneficiary_id=asked.beneficiary_id, beneficiary=asked.beneficiary, terms_slug=cover.terms.slug,
        terms_sha256=cover.terms.sha256, under_contract=cover.under_contract,
    )  # fmt: skip
    session.add(ticket)
    message = TicketMessage(
        form_key=form_key, side=Side.REQUESTER, channel=channel, author_id=person.id if person else None,
        author=caller.name, author_mail=_address(caller.mail), written_at=at, text=asked.description.strip(),
        folded=mail.folded if mail else "", html=mail.html if mail else None, mail_id=mail.mail_id if mail else None,
        raw_file_id=mail.raw_file_id if mail else None, remarks=list(mail.remarks) if mail else [],
    )  # fmt: skip
    ticket.messages.append(message)
    _attach(ticket, message, asked.files)
    _follow(ticket, person, caller.mail, caller.name)
    if asked.beneficiary_id and (other := session.get(Person, asked.beneficiary_id)):
        _follow(ticket, other, other.email, other.name)
    for name, address in mail.copies if mail and organisation else ():
        _follow_colleague(session, ticket, name, address)
    note(ticket, Kind.OPENED, by=person, name=caller.name, at=at, channel=channel.label)
    session.flush()
    entry = record(session, "tickets.opened", _opened(ticket, typed_by), at=at)
    ticket.evidence = [entry.seq]
    reindex(session, ticket)
    return ticket, True


def _opened(ticket: Ticket, typed_by: Person | None) -> dict[str, object]:
    return {
        "reference": ticket.reference,
        "organisation": ticket.organisation_id,
        "channel": ticket.channel.value,
        "creator": [ticket.creator_name, ticket.creator_mail],
        "typed_by": typed_by.email if typed_by else None,
        "subject": ticket.subject,
        "place": [ticket.place.value, ticket.place_words, ticket.third_agreed],
        "backup": ticket.backup.value if ticket.backup else None,
        "terms": [ticket.terms_slug, ticket.terms_sha256],
        "contract": ticket.under_contract,
    }


def _accept(session: Session, ticket: Ticket, *, by: Person | None, name: str, at: datetime) -> None:
    ticket.terms_accepted_at, ticket.terms_accepted_by = at, name
    note(ticket, Kind.TERMS, by=by, name=name, at=at, day=ticket.terms_slug)
    content = {
        "reference": ticket.reference,
        "organisation": ticket.organisation_id,
        "by": [name, by.email if by else ticket.creator_mail],
        "terms": [ticket.terms_slug, ticket.terms_sha256],
    }
    entry = record(session, "tickets.terms_accepted", content, at=at)
    ticket.evidence = [*ticket.evidence, entry.seq]


def _told_of_opening(
    session: Session, ticket: Ticket, letters: Letters, at: datetime, *, acknowledge: bool = True
) -> None:
    if acknowledge:
        letters.received(session, ticket, at)
    letters.to_handle(session, ticket, at)


def _write(
    session: Session, ticket: Ticket, message: TicketMessage, *, files: Sequence[FileToAttach], letters: Letters,
    at: datetime, asks: bool = False, open_only: bool = False, seen: int | None = None, silent: bool = False,
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
    _attach(ticket, message, files)
    if not message.internal and not message.quarantined and not silent:
        _after(session, ticket, message, asks=asks, at=at)
    ticket.changed_at = at
    session.flush()
    reindex(session, ticket)
    if not silent:
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
            _follow(ticket, author, message.author_mail, message.author)
    if ticket.state is not before:
        ticket.version += 1  # who decides on what the page showed is told
        if before is State.RESOLVED:
            ticket.resolved_at = None
        by = session.get(Person, message.author_id) if message.author_id else None
        note(ticket, Kind.STATE, by=by, name=message.author, at=at, state=ticket.state.label)


def _attach(ticket: Ticket, message: TicketMessage, files: Sequence[FileToAttach]) -> None:
    for each in files:
        message.files.append(TicketFile(ticket=ticket, file_id=each.file_id, name=each.name))


def _follow(ticket: Ticket, person: Person | None, mail: str | None, name: str) -> None:
    """Tell somebody of what follows; once, and staff never this way."""
    if not mail or (person is not None and person.staff):
        return
    address = mail.strip().lower()
    if all(held.mail != address for held in ticket.participants):
        ticket.participants.append(TicketParticipant(person_id=person.id if person else None, mail=address, name=name))


def _follow_colleague(session: Session, ticket: Ticket, name: str, address: str) -> None:
    # Who is copied follows when they belong to the organisation: what is written is confidential (article 12).
    person = session.scalars(select(Person).where(Person.email == address.strip().lower(), Person.active)).first()
    if person is not None and person.organisation_id == ticket.organisation_id:
        _follow(ticket, person, person.email, person.name or name)
