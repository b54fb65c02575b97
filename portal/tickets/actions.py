"""Opening a ticket, whichever way it comes, and the terms it is under. Each verb is one transaction, committed by the caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.evidence.actions import record
from portal.numbers.actions import next_reference
from portal.tickets.attached import ArrivedMail, FileToAttach, address, attach, follow, follow_colleague
from portal.tickets.cover import Cover
from portal.tickets.finding import hold, new_link_key
from portal.tickets.history import Kind, note
from portal.tickets.index import reindex
from portal.tickets.letters import Letters
from portal.tickets.models import LONGEST_SUBJECT, Ticket, TicketMessage
from portal.tickets.rules import (
    Backup,
    Channel,
    Impact,
    NotAllowed,
    Place,
    Priority,
    Side,
    State,
    TermsNotAccepted,
    Urgency,
    check_place,
    may_enter,
    portal_rank,
)

NO_SUBJECT = "(sans objet)"


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


def accept_terms(session: Session, ticket: Ticket, *, by: Person | None, name: str, at: datetime) -> bool:
    """The version that was shown at the request is accepted (article 9); False when it was before."""
    hold(session, ticket)
    if ticket.under_contract or ticket.terms_accepted_at is not None:
        return False
    _accept(session, ticket, by=by, name=name, at=at)
    return True


# --- How -----------------------------------------------------------------------------------------


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
        creator_mail=address(caller.mail), creator_phone=caller.phone, typed_by_id=typed_by.id if typed_by else None,
        beneficiary_id=asked.beneficiary_id, beneficiary=asked.beneficiary, terms_slug=cover.terms.slug,
        terms_sha256=cover.terms.sha256, under_contract=cover.under_contract,
    )  # fmt: skip
    session.add(ticket)
    message = TicketMessage(
        form_key=form_key, side=Side.REQUESTER, channel=channel, author_id=person.id if person else None,
        author=caller.name, author_mail=address(caller.mail), written_at=at, text=asked.description.strip(),
        folded=mail.folded if mail else "", html=mail.html if mail else None, mail_id=mail.mail_id if mail else None,
        raw_file_id=mail.raw_file_id if mail else None, remarks=list(mail.remarks) if mail else [],
    )  # fmt: skip
    ticket.messages.append(message)
    attach(ticket, message, asked.files)
    follow(ticket, person, caller.mail, caller.name)
    if asked.beneficiary_id and (other := session.get(Person, asked.beneficiary_id)):
        follow(ticket, other, other.email, other.name)
    for name, copied in mail.copies if mail and organisation else ():
        follow_colleague(session, ticket, name, copied)
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
