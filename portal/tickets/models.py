"""Tables of the tickets: the ticket, its thread, its files, who follows it, its history, links between tickets."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.db import Base, UtcDateTime, one_of
from portal.files.models import StoredFile
from portal.tickets.rules import Backup, Channel, Impact, Place, Priority, Side, State, Urgency

DIGEST = 64
LONGEST_SUBJECT = 200


class Ticket(Base):
    """One request for help. Its creator is who asked, also when staff typed it (6.4).

    ``terms_*`` is the version that governs it: that of the contract, or the one
    shown when it was asked for. ``version`` rises with each change of staff, so that
    two of them never overwrite each other.
    """

    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    form_key: Mapped[str] = mapped_column(String(100), unique=True)  # one page, one mail: one ticket
    link_key: Mapped[str] = mapped_column(String(64))  # in the links of mails; a new one ends the old links
    version: Mapped[int] = mapped_column(default=1)

    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    quarantined: Mapped[bool] = mapped_column(default=False)  # nobody has said yet whose it is
    channel: Mapped[Channel] = mapped_column(one_of(Channel))
    state: Mapped[State] = mapped_column(one_of(State))
    settled: Mapped[bool] = mapped_column(default=False)  # closed: for the indexes of the lists
    priority: Mapped[int] = mapped_column(SmallInteger, default=Priority.NORMAL)
    portal_rank: Mapped[int] = mapped_column(SmallInteger)  # 6.1: 0 for the portal's, 1 for the others
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    qualified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply_due_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the client wrote and waits for words
    call_back_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a call-back is to be made (6.2, 6.3)
    adviser_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    subject: Mapped[str] = mapped_column(String(LONGEST_SUBJECT))
    service: Mapped[str | None] = mapped_column(String(40))  # a key of the tariff (7.1.2); None: not known
    urgency: Mapped[Urgency | None] = mapped_column(one_of(Urgency))
    impact: Mapped[Impact | None] = mapped_column(one_of(Impact))
    place: Mapped[Place] = mapped_column(one_of(Place), default=Place.REMOTE)
    place_words: Mapped[str | None] = mapped_column(String(300))  # the address, the third party
    third_agreed: Mapped[bool] = mapped_column(default=False)  # article 8
    backup: Mapped[Backup | None] = mapped_column(one_of(Backup))  # 6.5: asked, and what was answered
    backup_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    creator_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    creator_name: Mapped[str] = mapped_column(String(200))
    creator_mail: Mapped[str | None] = mapped_column(String(320))
    creator_phone: Mapped[str | None] = mapped_column(String(40))
    typed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # the operator of 6.2
    beneficiary_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # article 2: may be somebody else
    beneficiary: Mapped[str | None] = mapped_column(String(200))

    terms_slug: Mapped[str] = mapped_column(String(20))
    terms_sha256: Mapped[str] = mapped_column(String(DIGEST))
    under_contract: Mapped[bool] = mapped_column(default=False)
    terms_accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    terms_accepted_by: Mapped[str | None] = mapped_column(String(200))

    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    closed_by: Mapped[str | None] = mapped_column(String(200))
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    split_from_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    evidence: Mapped[list[int]] = mapped_column(JSON, default=list)  # numbers of its entries in the log
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    organisation: Mapped[Organisation | None] = relationship()
    adviser: Mapped[Person | None] = relationship(foreign_keys=[adviser_id])
    creator: Mapped[Person | None] = relationship(foreign_keys=[creator_id])
    merged_into: Mapped["Ticket | None"] = relationship(foreign_keys=[merged_into_id], remote_side="Ticket.id")
    split_from: Mapped["Ticket | None"] = relationship(foreign_keys=[split_from_id], remote_side="Ticket.id")
    messages: Mapped[list["TicketMessage"]] = relationship(
        back_populates="ticket", order_by="TicketMessage.written_at, TicketMessage.id", cascade="all, delete-orphan"
    )
    files: Mapped[list["TicketFile"]] = relationship(
        back_populates="ticket", order_by="TicketFile.id", cascade="all, delete-orphan"
    )
    participants: Mapped[list["TicketParticipant"]] = relationship(
        back_populates="ticket", order_by="TicketParticipant.id", cascade="all, delete-orphan"
    )
    events: Mapped[list["TicketEvent"]] = relationship(
        back_populates="ticket", order_by="TicketEvent.id", cascade="all, delete-orphan"
    )

    __table_args__ = (
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_a_moment"),
        CheckConstraint("settled = (state = 'closed')", name="settled_is_closed"),
        CheckConstraint("NOT quarantined OR organisation_id IS NULL", name="quarantined_is_nobodys"),
        CheckConstraint("(terms_accepted_at IS NULL) = (terms_accepted_by IS NULL)", name="accepted_by_somebody"),
        # Each list is read along an index, from where its last page ended.
        Index("ix_ticket_work", "settled", "priority", "portal_rank", "opened_at", "id"),
        Index("ix_ticket_state", "state", "priority", "portal_rank", "opened_at", "id"),
        Index("ix_ticket_adviser", "adviser_id", "settled", "priority", "portal_rank", "opened_at", "id"),
        Index("ix_ticket_organisation", "organisation_id", "changed_at", "id"),
        Index("ix_ticket_organisation_state", "organisation_id", "settled", "changed_at", "id"),
        Index("ix_ticket_recent", "changed_at", "id"),
        Index("ix_ticket_reply_due", "reply_due_since"),
        Index("ix_ticket_call_back", "call_back_since"),
        Index("ix_ticket_creator_mail", "creator_mail"),
    )


class TicketMessage(Base):
    """One message. An internal one is never shown to a client: not on a page, in a mail, a search or an export.

    ``folded``: quoted text and signature of a mail, kept and shown on demand. ``raw_file_id``: the mail as it came.
    A quarantined one came by mail from somebody whose name nothing backs: staff alone see it.
    """

    __tablename__ = "ticket_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    form_key: Mapped[str] = mapped_column(String(100))
    side: Mapped[Side] = mapped_column(one_of(Side))
    internal: Mapped[bool] = mapped_column(default=False)
    quarantined: Mapped[bool] = mapped_column(default=False)
    channel: Mapped[Channel] = mapped_column(one_of(Channel))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    author: Mapped[str] = mapped_column(String(200))
    author_mail: Mapped[str | None] = mapped_column(String(320))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str | None] = mapped_column(Text)  # sanitised before it is kept
    mail_id: Mapped[str | None] = mapped_column(String(255))  # Message-ID of the mail it came by
    raw_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    remarks: Mapped[list[str]] = mapped_column(JSON, default=list)  # for staff: how the mail was read

    ticket: Mapped[Ticket] = relationship(back_populates="messages")
    files: Mapped[list["TicketFile"]] = relationship(back_populates="message", order_by="TicketFile.id")

    __table_args__ = (
        UniqueConstraint("ticket_id", "form_key"),
        Index("ix_ticket_message_thread", "ticket_id", "written_at", "id"),
        Index("ix_ticket_message_mail_id", "mail_id"),
        Index("ix_ticket_message_author_mail", "author_mail"),
    )


class TicketFile(Base):
    """A stored file of a ticket, as it was attached to one of its messages."""

    __tablename__ = "ticket_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("ticket_message.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))

    ticket: Mapped[Ticket] = relationship(back_populates="files")
    message: Mapped[TicketMessage] = relationship(back_populates="files")
    stored: Mapped[StoredFile] = relationship(lazy="joined", innerjoin=True)


class TicketParticipant(Base):
    """Somebody who is told of what happens: of the organisation, or by their address alone."""

    __tablename__ = "ticket_participant"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    mail: Mapped[str] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(200))

    ticket: Mapped[Ticket] = relationship(back_populates="participants")

    __table_args__ = (UniqueConstraint("ticket_id", "mail"),)


class TicketEvent(Base):
    """One line of the history: what happened, who did it. ``detail`` holds the values its words are made with."""

    __tablename__ = "ticket_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(40))
    internal: Mapped[bool] = mapped_column(default=False)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    by: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    ticket: Mapped[Ticket] = relationship(back_populates="events")


class TicketLink(Base):
    """Two tickets that have to do with each other; the lower number first."""

    __tablename__ = "ticket_link"

    first_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    second_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True, index=True)

    __table_args__ = (CheckConstraint("first_id < second_id", name="lower_first"),)


class TicketWord(Base):
    """One stem that a ticket holds: the index of the search, alike on both engines.

    Read along the stem from the newest ticket back, a page costs a page, however many tickets hold the word.
    ``organisation`` repeats the ticket's (0 for none), so that a client's search walks its own tickets only.
    """

    __tablename__ = "ticket_word"

    stem: Mapped[str] = mapped_column(String(40), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    organisation: Mapped[int]
    internal: Mapped[bool]  # found in what only staff read

    __table_args__ = (
        Index("ix_ticket_word_ticket", "ticket_id"),
        Index("ix_ticket_word_organisation", "organisation", "stem", "ticket_id"),
        {"sqlite_with_rowid": False},
    )
