"""The hotline's mailbox wired to the rooms: whose mail it is, which ticket it belongs to, who hears of a delivery.

CGV 6.3: a mail to the hotline becomes a ticket that a technician qualifies, and a call back.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from portal import clock
from portal.accounts.actions import find_person
from portal.accounts.models import Person
from portal.clock import PARIS
from portal.logs import logger
from portal.mail.fetching import Take
from portal.mail.incoming.handover import OnDeliveryReport, Placed, Stored
from portal.mail.incoming.message import Backing, DeliveryReport, Incoming
from portal.mail.incoming.reading import NotAMessage
from portal.mail.models import OutgoingMail
from portal.mail.received_models import Outcome, ReceivedMail
from portal.mail.receiving import NotPlaced, Receiver, TooLarge
from portal.mail.replies import replies_of
from portal.quotes.links import Links as QuoteLinks
from portal.quotes.quote_letters import QuoteLetters
from portal.quotes.reading_actions import take_notice
from portal.terms import Library
from portal.tickets.actions import ticket_from_mail
from portal.tickets.attached import ArrivedMail, FileToAttach
from portal.tickets.cover import cover_of
from portal.tickets.finding import find_by_mail_ids, find_by_reference
from portal.tickets.letters import Letters, reference_of, thread_id
from portal.tickets.links import Links
from portal.tickets.message_actions import reply_from_mail
from portal.tickets.models import Ticket
from portal.web import Services, domain_of

#: An address that opens more tickets than this in an hour is a machine that does not say so: it is no longer answered.
MOST_ACKNOWLEDGED = 5
WINDOW = timedelta(hours=1)
MANY_ANSWERS = (
    "Cette adresse a beaucoup écrit dans ce ticket en peu de temps, comme le fait une machine\u00a0: personne n'en a été "
    "prévenu par courriel."
)
#: An address that writes in one ticket more often than this is a machine too: what it writes is kept and waits for an
#: answer, and no mail leaves by it, so that two of them that follow one ticket have nothing left to answer. The
#: longer span is for those that take their time.
MOST_ANSWERS = ((timedelta(hours=1), 10), (timedelta(days=1), 30))
#: Message-IDs of an answer that are looked at.
MOST_IDS = 50


def open_receiver(services: Services, sessions: sessionmaker[Session]) -> Receiver:
    """What takes messages in, for an installation."""
    settings, library = services.settings, services.library
    replies = replies_of(settings, library, services.clock().astimezone(PARIS).date())
    links = Links(settings.base_url, settings.secret_key)
    letters = Letters(library, links, domain_of(settings.base_url), replies.address_for, replies.mark_for)
    written_from = settings.mail_from.rpartition("<")[2].rstrip("> ") or library.company.mail
    return Receiver(
        sessions, services.store, Hotline(library, letters, domain_of(settings.base_url), on_delivery_report(services)), replies,
        trusted=settings.mail_authserv, own=frozenset({replies.address.lower(), written_from.lower()}),
    )  # fmt: skip


def on_delivery_report(services: Services) -> OnDeliveryReport:
    """Which room hears what became of its mails: the beginning of the mail's event, and what to call."""
    base, secret = services.settings.base_url, services.settings.secret_key
    letters = QuoteLetters(services.library, QuoteLinks(base, secret), domain_of(base))

    def of_a_quote(session: Session, mail: OutgoingMail, report: DeliveryReport, *, at: datetime) -> None:
        """A notice of delivery is a quote's reception (5.1: its days run from there)."""
        for one in report.recipients:
            take_notice(
                session, message_id=mail.message_id, action=one.action.value, said_at=None,
                words=f"{one.status} {one.why}".strip(), library=services.library, letters=letters, at=at,
            )  # fmt: skip

    return (("quotes/", of_a_quote),)


def taker(receiver: Receiver, now: Callable[[], datetime] = clock.now) -> Take:
    """What a mailbox hands its messages to: False for what is no message, and stays there, marked.

    A message that is kept and cannot be placed now is taken all the same: its job sees to it.
    """

    def take(raw: bytes) -> bool:
        try:
            receiver.receive(raw, via="imap", now=now())
        except (NotAMessage, TooLarge):
            return False
        except NotPlaced as error:
            logger().error("mail not placed yet", exc_info=error)
        return True

    return take


@dataclass(frozen=True, slots=True)
class Hotline:
    """Places messages in the room of tickets."""

    library: Library
    letters: Letters
    domain: str
    hooks: OnDeliveryReport = ()

    def place(
        self, session: Session, incoming: Incoming, stored: Stored, *, signed: str | None, at: datetime
    ) -> Placed:
        """Put a message into the thread it belongs to, or make a ticket of it."""
        person = self._who(session, incoming)
        ticket = self._thread(session, incoming, signed, person)
        mail = _arrived(incoming, stored)
        if ticket is not None:
            quarantined = not _may_speak(ticket, person, incoming, signed=signed == ticket.reference)
            if not mail.automatic and self._overflows(session, ticket, incoming, at):
                mail = replace(mail, hushed=True, remarks=(*mail.remarks, MANY_ANSWERS))
            message = reply_from_mail(
                session, ticket, mail, person=person, quarantined=quarantined, letters=self.letters, at=at
            )
            return Placed(message.ticket.reference, joined=True)
        organisation = person.organisation_id if person else None
        cover = cover_of(session, self.library, organisation, at.astimezone(PARIS).date())
        if not mail.automatic and (why := self._unanswered(session, incoming, at)):
            mail = replace(mail, automatic=True, remarks=(*mail.remarks, why))
        ticket = ticket_from_mail(
            session,
            mail,
            person=person,
            quarantined=person is None,
            cover=cover,
            letters=self.letters,
            at=at,
        )
        return Placed(ticket.reference, joined=False)

    def reference_of(self, session: Session, mail: OutgoingMail) -> str:
        """The reference of the ticket that a mail of ours tells of; "": of none."""
        named = reference_of(mail.message_id, self.domain) if mail.event.startswith("tickets/") else None
        ticket = find_by_reference(session, named) if named else None
        return ticket.reference if ticket else ""

    def report(self, session: Session, mail: OutgoingMail, report: DeliveryReport, *, at: datetime) -> None:
        """Tell the room that a mail is of what became of it."""
        for beginning, hook in self.hooks:
            if mail.event.startswith(beginning):
                hook(session, mail, report, at=at)

    def _who(self, session: Session, incoming: Incoming) -> Person | None:
        """The contact behind From: only where our own server backs the address."""
        if incoming.backing is not Backing.BACKED or not incoming.sender.mail:
            return None
        person = find_person(session, incoming.sender.mail)
        return person if person is not None and person.active else None

    def _thread(self, session: Session, incoming: Incoming, signed: str | None, person: Person | None) -> Ticket | None:
        """The ticket that a message answers: a mail of ours to its sender, a mail of theirs, a reference we signed.

        A Message-ID of ours can be guessed: alone, from a stranger, it opens no thread.
        """
        answers = list(incoming.answers)[:MOST_IDS]
        for mail_id in answers:
            named = reference_of(mail_id, self.domain)
            ticket = find_by_reference(session, named) if named else None
            if ticket is not None and self._is_known(session, ticket, mail_id, incoming, person):
                return ticket
        ticket = find_by_mail_ids(session, answers) if answers else None
        if ticket is not None and _is_of(ticket, incoming, person):
            return ticket
        return find_by_reference(session, signed) if signed else None

    def _is_known(
        self, session: Session, ticket: Ticket, mail_id: str, incoming: Incoming, person: Person | None
    ) -> bool:
        if _is_of(ticket, incoming, person):
            return mail_id == thread_id(ticket, self.domain) or _sent(session, mail_id) is not None
        sent = _sent(session, mail_id)
        return sent is not None and sent.recipient.lower() == incoming.sender.mail.lower()

    def _overflows(self, session: Session, ticket: Ticket, incoming: Incoming, at: datetime) -> bool:
        """Whether a sender writes in a ticket more often than a person does."""
        for span, most in MOST_ANSWERS:
            lately = (
                select(func.count())
                .select_from(ReceivedMail)
                .where(
                    ReceivedMail.reference == ticket.reference,
                    ReceivedMail.sender == incoming.sender.mail.lower(),
                    ReceivedMail.outcome == Outcome.REPLY,
                    ReceivedMail.received_at > at - span,
                )
            )
            if (session.scalar(lately) or 0) >= most:
                return True
        return False

    def _unanswered(self, session: Session, incoming: Incoming, at: datetime) -> str:
        """Why the sender is not told that the message came; "": they are."""
        if incoming.backing is Backing.REFUTED:
            return (
                "L'adresse de l'expéditeur est démentie par notre serveur\u00a0: aucun accusé de réception n'est parti."
            )
        lately = (
            select(func.count())
            .select_from(ReceivedMail)
            .where(
                ReceivedMail.sender == incoming.sender.mail.lower(),
                ReceivedMail.outcome == Outcome.TICKET,
                ReceivedMail.received_at > at - WINDOW,
            )
        )
        if (session.scalar(lately) or 0) >= MOST_ACKNOWLEDGED:
            return (
                "Cette adresse a ouvert beaucoup de tickets en une heure\u00a0: aucun accusé de réception n'est parti."
            )
        return ""


def _sent(session: Session, mail_id: str) -> OutgoingMail | None:
    return session.scalars(select(OutgoingMail).where(OutgoingMail.message_id == mail_id)).first()


def _is_of(ticket: Ticket, incoming: Incoming, person: Person | None) -> bool:
    """Whether a sender has to do with a ticket: follows it, or is of its organisation or of the staff."""
    if person is not None and (person.staff or person.organisation_id == ticket.organisation_id):
        return True
    sender = incoming.sender.mail.lower()
    return bool(sender) and (
        sender == (ticket.creator_mail or "").lower() or any(one.mail.lower() == sender for one in ticket.participants)
    )


def _may_speak(ticket: Ticket, person: Person | None, incoming: Incoming, *, signed: bool) -> bool:
    """Whether a message is shown to the ticket's readers at once: from a contact of theirs whose address is backed.

    In a stranger's own ticket its creator may go on by the signed address that we wrote from, which only who got our
    mail knows, unless the address is refuted.
    """
    if person is not None:
        return person.staff or person.organisation_id == ticket.organisation_id
    if incoming.sender.mail.lower() != (ticket.creator_mail or "").lower() or ticket.creator_id is not None:
        return False
    if ticket.organisation_id is None:
        return incoming.backing is Backing.BACKED or (signed and incoming.backing is not Backing.REFUTED)
    return incoming.backing is Backing.BACKED


def _arrived(incoming: Incoming, stored: Stored) -> ArrivedMail:
    """A message as the room of tickets takes it."""
    folded = "".join(passage.text for passage in incoming.passages if passage.fold is not None).strip("\n")
    own = "".join(passage.text for passage in incoming.passages if passage.fold is None).strip()
    if not own:
        own, folded = incoming.text.strip(), ""
    remarks = list(stored.remarks)
    if incoming.auto is not None:
        remarks.insert(
            0, f"Écrit par une machine ({incoming.auto.value})\u00a0: aucun accusé de réception n'est parti."
        )
    if incoming.backing is Backing.REFUTED:
        remarks.append("Notre serveur dément l'adresse de l'expéditeur\u00a0: vérifiez qui écrit avant de répondre.")
    return ArrivedMail(
        key=stored.key, subject=incoming.subject, text=own, from_name=incoming.sender.name or incoming.sender.mail,
        from_mail=incoming.sender.mail, folded=folded, html=incoming.html or None,
        mail_id=incoming.message_id[:255] or None, raw_file_id=stored.raw_file,
        files=tuple(FileToAttach(one.file_id, one.name) for one in stored.attachments),
        copies=tuple((one.name or one.mail, one.mail) for one in incoming.cc if one.mail),
        remarks=tuple(remarks), automatic=incoming.auto is not None,
    )  # fmt: skip
