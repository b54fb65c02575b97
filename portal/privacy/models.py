"""Requests about personal data, what was prepared for them, the archive of what the law keeps, tombstones, opt-outs."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.db import Base, UtcDateTime, one_of
from portal.files.models import StoredFile
from portal.guards import PIECES, guard, only_emptied
from portal.privacy.rules import Identified, Right, Source, State, Timing

DIGEST = 64


class PrivacyRequest(Base):
    """One request of one person, or of an organisation. Row of the register (GDPR article 5(2))."""

    __tablename__ = "privacy_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    link_key: Mapped[str] = mapped_column(String(64))
    right: Mapped[Right] = mapped_column(one_of(Right))
    state: Mapped[State] = mapped_column(one_of(State))
    source: Mapped[Source] = mapped_column(one_of(Source))
    identified_by: Mapped[Identified] = mapped_column(one_of(Identified))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="SET NULL"))
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(320), index=True)
    details: Mapped[str] = mapped_column(Text)
    # Of whom the data are, when somebody else asks: empty for oneself. The mandate is what lets them.
    subject_name: Mapped[str] = mapped_column(String(200), default="")
    subject_email: Mapped[str] = mapped_column(String(320), default="")
    mandate: Mapped[str] = mapped_column(Text, default="")
    mandate_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    # Of a rectification: [{"datum", "before", "after", "places", "stays", "done"}].
    changes: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_on: Mapped[date]  # in Paris
    waiting_since: Mapped[date | None]
    paused_days: Mapped[int] = mapped_column(default=0)
    extended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    extension_reason: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[str | None] = mapped_column(String(200))
    decision: Mapped[str | None] = mapped_column(Text)  # what was done, or the ground of a refusal
    reply_sha256: Mapped[str | None] = mapped_column(String(DIGEST))
    preview: Mapped[list[dict[str, Any]] | None] = mapped_column(
        JSON(none_as_null=True)
    )  # of an erasure, as it was shown

    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    mandate_file: Mapped[StoredFile | None] = relationship()
    proofs: Mapped[list["PrivacyProof"]] = relationship(order_by="PrivacyProof.id", cascade="all, delete-orphan")
    recipients: Mapped[list["PrivacyRecipient"]] = relationship(
        order_by="PrivacyRecipient.id", cascade="all, delete-orphan", back_populates="request"
    )
    notes: Mapped[list["PrivacyNote"]] = relationship(order_by="PrivacyNote.id", cascade="all, delete-orphan")
    events: Mapped[list["PrivacyEvent"]] = relationship(order_by="PrivacyEvent.id", cascade="all, delete-orphan")

    __table_args__ = (
        CheckConstraint("(closed_at IS NULL) = (decision IS NULL)", name="closed_with_a_decision"),
        CheckConstraint("(extended_at IS NULL) = (extension_reason IS NULL)", name="extended_with_a_reason"),
        Index("ix_privacy_request_state", "state", "received_on"),
    )

    @property
    def about(self) -> str:
        """The address of whose data it is about."""
        return self.subject_email or self.email

    @property
    def whose(self) -> str:
        """The name of whose data it is about."""
        return self.subject_name or self.name

    @property
    def standing(self) -> str:
        """Where it stands, in words: a proof that has come is not awaited any more."""
        came = self.state is State.IDENTITY and self.waiting_since is None
        return "Preuve d'identité à regarder" if came else self.state.label

    @property
    def timing(self) -> Timing:
        """What its last day depends on."""
        return Timing(self.received_on, self.paused_days, self.waiting_since, self.extended_at is not None)


class PrivacyEvent(Base):
    """A step of a request, as its author may read it."""

    __tablename__ = "privacy_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("privacy_request.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    words: Mapped[str] = mapped_column(Text)


class PrivacyProof(Base):
    """A proof of identity that was asked for and sent: a file, destroyed as soon as it has been looked at."""

    __tablename__ = "privacy_proof"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("privacy_request.id", ondelete="CASCADE"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)

    file: Mapped[StoredFile] = relationship()


class PrivacyNote(Base):
    """What a person says is wrong in a record whose words stay; once attached it is shown with that record."""

    __tablename__ = "privacy_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("privacy_request.id", ondelete="CASCADE"), index=True)
    record: Mapped[str] = mapped_column(String(40), index=True)  # the reference of the record
    wrong: Mapped[str] = mapped_column(Text)
    right: Mapped[str] = mapped_column(Text)
    attached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attached_by: Mapped[str | None] = mapped_column(String(200))

    __table_args__ = (CheckConstraint("(attached_at IS NULL) = (attached_by IS NULL)", name="attached_by_somebody"),)


class PrivacyRecipient(Base):
    """Somebody who was given the data, and is told of what became of them (GDPR article 19), or why not."""

    __tablename__ = "privacy_recipient"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("privacy_request.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(40))  # of content/processing.toml; empty: added by staff
    name: Mapped[str] = mapped_column(String(300))
    told_on: Mapped[date | None]
    words: Mapped[str | None] = mapped_column(Text)  # how they were told, or why they could not be
    by: Mapped[str | None] = mapped_column(String(200))

    request: Mapped[PrivacyRequest] = relationship(back_populates="recipients")

    __table_args__ = (
        CheckConstraint("(by IS NULL) = (words IS NULL)", name="settled_with_words"),
        CheckConstraint("told_on IS NULL OR words IS NOT NULL", name="told_somehow"),
    )


class PrivacyFreeze(Base):
    """A person's data that are kept and not used (GDPR article 18), until the freeze is lifted, told beforehand."""

    __tablename__ = "privacy_freeze"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("privacy_request.id", ondelete="SET NULL"))
    email: Mapped[str] = mapped_column(String(320), index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    lift_on: Mapped[date | None]  # told to the person: it is lifted that day
    lift_reason: Mapped[str | None] = mapped_column(Text)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    request: Mapped[PrivacyRequest | None] = relationship()

    __table_args__ = (CheckConstraint("(lift_on IS NULL) = (lift_reason IS NULL)", name="lifted_for_a_reason"),)


class PrivacyObjection(Base):
    """A use of a person's data that they stopped (GDPR article 21). ``use`` is a key of ``content/processing.toml``."""

    __tablename__ = "privacy_objection"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("privacy_request.id", ondelete="SET NULL"))
    email: Mapped[str] = mapped_column(String(320), index=True)
    use: Mapped[str] = mapped_column(String(40))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PrivacyExport(Base):
    """A person's file: made by the worker, encrypted where it lies, fetched by that person alone, gone after a week."""

    __tablename__ = "privacy_export"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("privacy_request.id", ondelete="CASCADE"), unique=True)
    made: Mapped[int] = mapped_column(default=0)  # records written so far
    whole: Mapped[int | None]  # records to write
    ready_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    name: Mapped[str | None] = mapped_column(String(80))  # in the store
    key: Mapped[bytes | None] = mapped_column(LargeBinary)  # without it the file says nothing
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(DIGEST))

    request: Mapped[PrivacyRequest] = relationship()


class Archived(Base):
    """What the law has us keep of an erased person: out of daily reach, until its day comes."""

    __tablename__ = "privacy_archive"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("privacy_request.id", ondelete="SET NULL"))
    room: Mapped[str] = mapped_column(String(40))
    reference: Mapped[str] = mapped_column(String(200))
    under: Mapped[str] = mapped_column(String(200))  # the text that has it kept
    until: Mapped[date] = mapped_column(index=True)
    archived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    content: Mapped[list[Any] | None] = mapped_column(
        JSON(none_as_null=True)
    )  # [(label, value)]; None once its day has come
    subject: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # of an erasure: who it was about
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    pieces: Mapped[list["ArchivedPiece"]] = relationship(order_by="ArchivedPiece.id", back_populates="archive")

    __table_args__ = (CheckConstraint("(content IS NULL) = (erased_at IS NOT NULL)", name="erased_is_empty"),)


class ArchivedPiece(Base):
    """What one column of one row said before an erasure, and the words that took its place.

    The database lets a frozen record be changed to just these words, and only while this row vouches for it.
    """

    __tablename__ = PIECES

    id: Mapped[int] = mapped_column(primary_key=True)
    archive_id: Mapped[int] = mapped_column(ForeignKey("privacy_archive.id"), index=True)
    in_table: Mapped[str] = mapped_column(String(60))
    row_key: Mapped[str] = mapped_column(String(40))
    in_column: Mapped[str] = mapped_column(String(60))
    was: Mapped[str | None] = mapped_column(Text)  # JSON where the column is
    becomes: Mapped[str | None] = mapped_column(Text)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    archive: Mapped[Archived] = relationship(back_populates="pieces")

    __table_args__ = (
        CheckConstraint("(was IS NULL) = (erased_at IS NOT NULL)", name="erased_is_empty"),
        Index("ix_privacy_archive_piece_place", "in_table", "row_key", "in_column"),
    )


class Tombstone(Base):
    """An address that was erased, as a digest: after a restoration it is erased again."""

    __tablename__ = "privacy_tombstone"

    digest: Mapped[str] = mapped_column(String(DIGEST), primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReferenceChoice(Base):
    """An organisation's choice to be named as a reference or not; the latest counts (CGV articles 12 and 13)."""

    __tablename__ = "reference_choice"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="CASCADE"), index=True)
    named: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(200))


guard(
    ArchivedPiece.__table__,
    only_emptied(PIECES, "what is archived is only ever erased", "id", ("was", "becomes"), "erased_at"),
)
