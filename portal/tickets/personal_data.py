"""What this room holds on a person, and what an erasure leaves of it.

A ticket is its organisation's record of the work done for it (7.2): it is kept with the contract, without the
person's name. One that never became a client's is forgotten whole.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.clock import PARIS
from portal.evidence.actions import erase_payload
from portal.evidence.models import Entry
from portal.files.actions import forget
from portal.files.models import StoredFile
from portal.french import long_date
from portal.mail.models import OutgoingMail
from portal.registry import (
    NOBODY,
    Erasure,
    Fate,
    Keep,
    PersonalData,
    PersonalField,
    PersonalRecord,
    Stale,
    Sweeper,
    table,
)
from portal.tickets.appointment_models import TicketAppointment
from portal.tickets.finding import new_link_key
from portal.tickets.followers import follow_once
from portal.tickets.index import reindex
from portal.tickets.models import Ticket, TicketEvent, TicketFile, TicketMessage, TicketParticipant
from portal.tickets.rules import Side
from portal.tickets.state_actions import shut

ERASED = "(effacé)"
_ANONYMOUS = "rendu anonyme\u00a0; le ticket d'un client est conservé avec son contrat"
FIELDS = (
    PersonalField("Nom", _ANONYMOUS),
    PersonalField("Adresse électronique", "effacé"),
    PersonalField("Téléphone", "effacé"),
    PersonalField("Rôle dans le ticket", _ANONYMOUS),
    PersonalField("Messages", "effacés\u00a0; conservés, sans votre nom, avec le contrat d'un client"),
    PersonalField("Fichiers joints", "effacés\u00a0; conservés avec le contrat d'un client"),
    PersonalField("Courriels envoyés", "effacés"),
)


def _address(mail: str) -> str:
    return mail.strip().lower()


def _of(session: Session, address: str) -> Iterator[Ticket]:
    """Tickets that the person of an address asked for, wrote in, profits from or follows."""
    person = session.scalars(select(Person.id).where(Person.email == address)).first() or 0
    numbers = (
        select(Ticket.id).where(
            or_(Ticket.creator_mail == address, Ticket.creator_id == person, Ticket.beneficiary_id == person)
        ),
        select(TicketMessage.ticket_id).where(
            or_(TicketMessage.author_mail == address, TicketMessage.author_id == person)
        ),
        select(TicketParticipant.ticket_id).where(TicketParticipant.mail == address),
    )
    found = {number for query in numbers for number in session.scalars(query)}
    for number in sorted(found):
        yield session.get_one(Ticket, number)


def _mine(message: TicketMessage, address: str) -> bool:
    return _address(message.author_mail or "") == address


def _mails(session: Session, ticket: Ticket, address: str) -> list[OutgoingMail]:
    of_ticket = OutgoingMail.message_id.startswith(f"<ticket.{ticket.reference}.", autoescape=True)
    query = select(OutgoingMail).where(of_ticket, OutgoingMail.recipient == address).order_by(OutgoingMail.id)
    return list(session.scalars(query))


def find(session: Session, mail: str) -> Iterator[PersonalRecord]:
    """Everything held on the person of this address; what staff wrote among themselves is not theirs to read here."""
    address = _address(mail)
    for ticket in _of(session, address):
        created = _address(ticket.creator_mail or "") == address
        written = [message for message in ticket.messages if _mine(message, address) and not message.internal]
        roles = ["créateur"] if created else []
        roles += ["auteur de messages"] if written else []
        roles += ["bénéficiaire"] if ticket.beneficiary_id and not created else []
        names = {message.author for message in written} | ({ticket.creator_name} if created else set())
        names |= {each.name for each in ticket.participants if each.mail == address}
        texts = [f"{_day(message.written_at)}\u00a0: {message.text}\n{message.folded}".strip() for message in written]
        values = (
            ", ".join(sorted(names)), address, (ticket.creator_phone or "") if created else "",
            ", ".join(roles) or "suit le ticket", "\n".join(texts),
            "\n".join(file.name for message in written for file in message.files),
            "\n".join(sent.subject for sent in _mails(session, ticket, address)),
        )  # fmt: skip
        named = tuple((field.label, value) for field, value in zip(FIELDS, values, strict=True))
        fate = Fate.ERASED if ticket.organisation_id is None else Fate.ANONYMISED
        files = tuple(file.file_id for message in written for file in message.files)
        yield PersonalRecord(f"{ticket.reference}, {ticket.subject}", named, ticket.opened_at, fate=fate, files=files)


def erase(session: Session, mail: str, at: datetime) -> Erasure:
    """Forget a person: without a name in their organisation's tickets; whole where no client's record is at stake."""
    address = _address(mail)
    person = session.scalars(select(Person.id).where(Person.email == address)).first()
    erased: list[str] = []
    files: list[int] = []
    for ticket in list(_of(session, address)):
        stranger = ticket.organisation_id is None and _address(ticket.creator_mail or "") == address
        for sent in _mails(session, ticket, address):
            _unsend(sent, at)
        files += _forget_messages(session, ticket, address, at, whole=stranger)
        named = ticket.creator_name
        if _address(ticket.creator_mail or "") == address:
            if ticket.closed_by == named:
                ticket.closed_by = _unnamed(address, named)
            if ticket.terms_accepted_by == named:
                ticket.terms_accepted_by = _unnamed(address, named)
            ticket.creator_name = _unnamed(address, named)
            ticket.creator_mail = ticket.creator_phone = None
            ticket.link_key = new_link_key()
        if person is not None and ticket.beneficiary_id == person:
            ticket.beneficiary = _unnamed(address, ticket.beneficiary or "")
        for participant in [each for each in ticket.participants if each.mail == address]:
            ticket.participants.remove(participant)
        if not address.endswith(NOBODY):
            _forget_events(ticket, person, named)
        if stranger:
            _end_stranger(session, ticket, at)
        reindex(session, ticket)
        erased.append(ticket.reference)
    session.flush()
    return Erasure(tuple(erased), tuple(files))


def _strangers(session: Session, before: datetime) -> Iterator[Stale]:
    """Tickets that never became a client's, and in which nothing has been said since a moment."""
    last = select(func.max(TicketMessage.written_at)).where(TicketMessage.ticket_id == Ticket.id).scalar_subquery()
    old = select(Ticket).where(
        Ticket.organisation_id.is_(None), Ticket.erased_at.is_(None), Ticket.opened_at < before,
        func.coalesce(last, Ticket.opened_at) < before, func.coalesce(Ticket.closed_at, Ticket.opened_at) < before,
    )  # fmt: skip
    for ticket in session.scalars(old.order_by(Ticket.id)):
        people = {each.mail for each in ticket.participants} | {each.author_mail or "" for each in ticket.messages}
        yield Stale(
            ticket.reference, ticket.id, (ticket.reference, *sorted({*people, ticket.creator_mail or ""} - {""}))
        )


def _clear_strangers(session: Session, keys: Collection[int], at: datetime) -> list[int]:
    files: list[int] = []
    for ticket in session.scalars(select(Ticket).where(Ticket.id.in_(keys))).all():
        letters = OutgoingMail.message_id.startswith(f"<ticket.{ticket.reference}.", autoescape=True)
        for sent in session.scalars(select(OutgoingMail).where(letters)):
            _unsend(sent, at)
        for message in ticket.messages:
            files += _forget_author(session, message, at, ERASED)
            files += _forget_words(session, message, at)
        ticket.creator_name, ticket.creator_mail, ticket.creator_phone = ERASED, None, None
        ticket.closed_by = ERASED if ticket.closed_by else None
        ticket.link_key = new_link_key()
        ticket.participants.clear()
        for event in ticket.events:
            event.by, event.detail = ERASED, {}
        _end_stranger(session, ticket, at)
        reindex(session, ticket)
    session.flush()
    return files


def _end_stranger(session: Session, ticket: Ticket, at: datetime) -> None:
    """Nobody's record any more: what it was proved by goes, and what was written beside the messages."""
    ticket.terms_accepted_by = ERASED if ticket.terms_accepted_by is not None else None
    for entry in session.scalars(select(Entry).where(Entry.seq.in_(ticket.evidence))):
        erase_payload(session, entry, at=at)
    _forget_whole(session, ticket)
    ticket.erased_at = at
    if ticket.closed_at is None:
        shut(ticket, by=None, name="", at=at)


def _unsend(sent: OutgoingMail, at: datetime) -> None:
    # What has not left yet never leaves: the worker takes a sent mail for done.
    sent.sent_at, sent.last_error = sent.sent_at or at, None
    sent.recipient, sent.subject, sent.text, sent.html, sent.calendar = ERASED, ERASED, ERASED, None, None


def _unnamed(address: str, name: str) -> str:
    """What stands in place of a name: the label that the thread is read by, where one was given already."""
    return name if address.endswith(NOBODY) else ERASED


def _forget_whole(session: Session, ticket: Ticket) -> None:
    """What a ticket that is no client's says beside its messages."""
    ticket.subject, ticket.place_words, ticket.beneficiary = ERASED, None, None
    for message in ticket.messages:
        message.remarks = []
    for met in session.scalars(select(TicketAppointment).where(TicketAppointment.ticket_id == ticket.id)):
        met.place_words = met.cancelled_because = None
        met.backup_by = ERASED if met.backup_by else None


def _forget_messages(session: Session, ticket: Ticket, address: str, at: datetime, *, whole: bool) -> Iterator[int]:
    for message in ticket.messages:
        if _mine(message, address):
            yield from _forget_author(session, message, at, _unnamed(address, message.author))
        if whole and message.side is Side.REQUESTER:
            yield from _forget_words(session, message, at)


def _forget_author(session: Session, message: TicketMessage, at: datetime, name: str) -> Iterator[int]:
    message.author, message.author_mail, message.mail_id = name, None, None
    message.folded, message.html = "", None  # signatures stand there
    yield from _forget_file(session, message.raw_file_id, at)  # the mail as it came is signed too
    message.raw_file_id = None


def _forget_words(session: Session, message: TicketMessage, at: datetime) -> Iterator[int]:
    message.text = ERASED
    for file in message.files:
        yield from _forget_file(session, file.file_id, at)
        file.name = ERASED


def _forget_file(session: Session, number: int | None, at: datetime) -> Iterator[int]:
    if number is not None and (stored := session.get(StoredFile, number)) is not None:
        forget(session, stored, at=at)
        yield number


def _forget_events(ticket: Ticket, person: int | None, named: str) -> None:
    event: TicketEvent
    for event in ticket.events:
        gone = ticket.creator_name == ERASED and event.by_id is None and event.by == named
        if gone or (person is not None and event.by_id == person):
            event.by = ERASED


def _day(moment: datetime) -> str:
    return long_date(moment.astimezone(PARIS).date())


def _acted(session: Session, names: Collection[str], since: datetime) -> dict[str, str]:
    """Who wrote in a ticket, by mail too, or waits for one of theirs, has use for an access though they sign in nowhere."""
    wrote = select(TicketMessage.author_mail, Ticket.reference).join(Ticket).where(
        func.lower(TicketMessage.author_mail).in_(names), TicketMessage.written_at >= since
    )  # fmt: skip
    found = {mail.lower(): f"a écrit dans le ticket {reference}" for mail, reference in session.execute(wrote) if mail}
    waits = select(Ticket.creator_mail, Ticket.reference).where(
        func.lower(Ticket.creator_mail).in_(names), Ticket.settled.is_(False)
    )  # fmt: skip
    return found | {mail.lower(): f"ticket {reference} ouvert" for mail, reference in session.execute(waits) if mail}


def addresses(session: Session) -> Iterator[str]:
    """Every address that a ticket holds."""
    for column in (Ticket.creator_mail, TicketMessage.author_mail, TicketParticipant.mail):
        yield from (mail for mail in session.scalars(select(column).distinct()) if mail)


def _keep_file(session: Session, number: int, _: date) -> Keep | None:
    """A file that names somebody inside cannot be made anonymous: of a client's ticket it is kept with the contract."""
    ticket = session.get_one(TicketFile, number).ticket
    if ticket.organisation_id is None:
        return None
    return Keep(ticket.reference, "contract", ticket.closed_at.astimezone(PARIS).date() if ticket.closed_at else None)


def _refresh(session: Session, changed: Mapping[str, Collection[int]]) -> None:
    """The search finds nobody any more by a name that is not there."""
    tickets = set(changed.get("ticket", ()))
    for name, model in (("ticket_message", TicketMessage), ("ticket_file", TicketFile)):
        wanted = select(model.ticket_id).where(model.id.in_(changed.get(name, ())))
        tickets |= set(session.scalars(wanted))
    for number in sorted(tickets):
        reindex(session, session.get_one(Ticket, number))


TABLES = (
    table(
        "ticket", own="creator_mail creator_id", names="creator_name", phones="creator_phone",
        personal="subject place_words creator_name creator_mail creator_phone beneficiary terms_accepted_by closed_by",
        impersonal="reference form_key link_key service terms_slug terms_sha256 evidence",
    ),
    table(
        "ticket_message", own="author_mail author_id", names="author",
        personal="author author_mail text folded html mail_id remarks", impersonal="form_key",
    ),
    table("ticket_file", keep=_keep_file, personal="name", files="file_id"),
    table("ticket_participant", own="mail person_id", names="name", personal="mail name", before=follow_once),
    table("ticket_event", own="by_id", names="by", personal="by detail", impersonal="kind"),
    table("ticket_link"),
    table("ticket_word", personal="stem", alone=True),  # worked out anew from the tickets
    table(
        "ticket_appointment", personal="place_words backup_by cancelled_because", impersonal="form_key uid",
    ),
    table("ticket_canned_answer", personal="title text written_by"),
)  # fmt: skip
PERSONAL_DATA = PersonalData(
    "support", FIELDS, find, erase, tables=TABLES, addresses=addresses, refresh=_refresh, acted=_acted,
    sweeps=(Sweeper("prospects", _strangers, _clear_strangers),),
)  # fmt: skip
