"""Tables of the quote requests."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Enum, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, UtcDateTime
from portal.quotes.request_rules import Side, State

DIGEST = 64


def _by_value(enum: type[State | Side], length: int) -> Enum:
    return Enum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=length,
        values_callable=lambda members: [member.value for member in members],
    )


class RequestCounter(Base):
    """The last number given in a year: its row is the queue of those who ask for the next one."""

    __tablename__ = "quote_request_counter"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class QuoteRequest(Base):
    """What a prospect asked for, as given. ``terms_*`` is the version that was in force and shown then."""

    __tablename__ = "quote_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)  # one page of the form makes one request
    link_key: Mapped[str] = mapped_column(String(64))  # in the follow-up link; a new one ends the old link
    state: Mapped[State] = mapped_column(_by_value(State, 20))
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    organisation: Mapped[str] = mapped_column(String(200))
    identity: Mapped[str] = mapped_column(String(20))  # the number given, checked, without spaces
    contact_name: Mapped[str] = mapped_column(String(120))
    mail: Mapped[str] = mapped_column(String(320))
    phone: Mapped[str | None] = mapped_column(String(40))
    wish: Mapped[str] = mapped_column(Text)
    terms_slug: Mapped[str] = mapped_column(String(20))
    terms_sha256: Mapped[str] = mapped_column(String(DIGEST))
    estimate_query: Mapped[str | None] = mapped_column(Text)
    estimate_slug: Mapped[str | None] = mapped_column(String(20))
    estimate_sha256: Mapped[str | None] = mapped_column(String(DIGEST))
    estimate_shown: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    waiting_since: Mapped[datetime] = mapped_column(UtcDateTime)  # whoever has the next word has had it since then
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    closed_by: Mapped[str | None] = mapped_column(String(200))
    decline_reason: Mapped[str | None] = mapped_column(Text)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))  # the client it became
    evidence: Mapped[list[int]] = mapped_column(JSON, default=list)  # numbers of its entries in the log
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    messages: Mapped[list["RequestMessage"]] = relationship(
        back_populates="request", order_by="RequestMessage.id", cascade="all, delete-orphan"
    )

    __table_args__ = (
        CheckConstraint(
            "(estimate_query IS NULL) = (estimate_sha256 IS NULL)"
            " AND (estimate_query IS NULL) = (estimate_slug IS NULL)"
            " AND (estimate_query IS NULL) = (estimate_shown IS NULL)",
            name="estimate_whole",
        ),
        CheckConstraint("(state IN ('accepted', 'declined')) = (closed_at IS NOT NULL)", name="closed_has_a_moment"),
        CheckConstraint("(state = 'declined') = (decline_reason IS NOT NULL)", name="declined_has_a_reason"),
        Index("ix_quote_request_state", "state", "waiting_since"),
        Index("ix_quote_request_mail", "mail"),
    )


class RequestMessage(Base):
    """One message of the thread. ``form_key`` makes sending a page twice the same as once."""

    __tablename__ = "quote_request_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("quote_request.id"), index=True)
    form_key: Mapped[str] = mapped_column(String(64))
    side: Mapped[Side] = mapped_column(_by_value(Side, 20))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # of staff
    author: Mapped[str] = mapped_column(String(200))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text)

    request: Mapped[QuoteRequest] = relationship(back_populates="messages")

    __table_args__ = (UniqueConstraint("request_id", "form_key"),)
