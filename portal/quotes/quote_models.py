"""Tables of the quotes. From the sending on, what a quote says is frozen: the database refuses to change it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.db import Base, Fixed, UtcDateTime, one_of
from portal.files.models import StoredFile
from portal.guards import guard, maskable
from portal.quotes.offer import Deposit, Derogation, Kind, Line, Offer
from portal.quotes.quote_freeze import FUNCTIONS, LINES, QUOTE, QUOTE_FUNCTIONS
from portal.quotes.quote_rules import Act, Ground, How, Parent, State
from portal.quotes.request_rules import Side

DIGEST = 64


class Quote(Base):
    """One quote. While it is written it is its texts (``draft``); sending makes an offer of them, once.

    ``terms_*`` is the version of the CGV that was shown when it was sent: the one that governs it.
    """

    __tablename__ = "quote"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)  # one page makes one quote
    state: Mapped[State] = mapped_column(one_of(State))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("quote_request.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("quote.id"))
    parent_kind: Mapped[Parent | None] = mapped_column(one_of(Parent))
    # On what the received quote that this one corrects will be replaced.
    ground: Mapped[Ground | None] = mapped_column(one_of(Ground))
    ground_words: Mapped[str] = mapped_column(Text, default="")
    draft: Mapped[dict[str, Any]] = mapped_column(JSON)  # portal.quotes.draft
    draft_recipients: Mapped[list[int]] = mapped_column(JSON, default=list)  # people
    revision: Mapped[int] = mapped_column(default=1)  # of the draft: two who write at once do not overwrite each other
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    writer_id: Mapped[int] = mapped_column(ForeignKey("person.id"))  # of staff; who wrote or sent it last
    attached: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # of the CP: id, name, sha256, size

    # What was sent.
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    subject: Mapped[str] = mapped_column(String(200), default="")
    client: Mapped[list[str]] = mapped_column(JSON, default=list)  # name and address, as they were
    conditions: Mapped[str] = mapped_column(Text, default="")
    derogations: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    delivery: Mapped[str] = mapped_column(Text, default="")
    deposit_percent: Mapped[Decimal | None] = mapped_column(Fixed(2))
    deposit_amount: Mapped[Decimal | None] = mapped_column(Fixed(2))
    own_last_day: Mapped[date | None]
    latest_day: Mapped[date | None]  # after it the quote is over in any case
    line_count: Mapped[int | None]  # how many lines it has for ever
    total_net: Mapped[Decimal | None] = mapped_column(Fixed(2))
    total_gross: Mapped[Decimal | None] = mapped_column(Fixed(2))
    terms_slug: Mapped[str | None] = mapped_column(String(40))
    terms_sha256: Mapped[str | None] = mapped_column(String(DIGEST))

    # What became of it.
    received_on: Mapped[date | None]  # the earliest day that is known
    last_day: Mapped[date | None]  # the enforced one, inclusive
    nominal_day: Mapped[date | None]
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    renewal_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # staff have read and answered the thread so far
    order_reference: Mapped[str | None] = mapped_column(String(20))
    proof_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    evidence: Mapped[list[int]] = mapped_column(JSON, default=list)  # numbers of its entries in the log

    organisation: Mapped[Organisation] = relationship()
    writer: Mapped[Person] = relationship()
    proof: Mapped[StoredFile | None] = relationship()
    parent: Mapped["Quote | None"] = relationship(remote_side="Quote.id", back_populates="followers")
    followers: Mapped[list["Quote"]] = relationship(back_populates="parent", order_by="Quote.id")
    lines: Mapped[list["QuoteLine"]] = relationship(back_populates="quote", order_by="QuoteLine.position")
    recipients: Mapped[list["Recipient"]] = relationship(back_populates="quote", order_by="Recipient.id")
    receptions: Mapped[list["Reception"]] = relationship(back_populates="quote", order_by="Reception.id")
    acts: Mapped[list["QuoteAct"]] = relationship(back_populates="quote", order_by="QuoteAct.id")
    messages: Mapped[list["QuoteMessage"]] = relationship(back_populates="quote", order_by="QuoteMessage.id")

    __table_args__ = (
        CheckConstraint("(state IN ('draft', 'discarded')) = (sent_at IS NULL)", name="sent_or_draft"),
        CheckConstraint("(sent_at IS NULL) = (latest_day IS NULL)", name="sent_with_a_validity"),
        CheckConstraint("(sent_at IS NULL) = (terms_sha256 IS NULL)", name="sent_under_terms"),
        CheckConstraint("(sent_at IS NULL) = (line_count IS NULL)", name="sent_with_lines"),
        CheckConstraint("(parent_id IS NULL) = (parent_kind IS NULL)", name="parent_with_its_kind"),
        CheckConstraint("deposit_percent IS NULL OR deposit_amount IS NULL", name="one_deposit"),
        CheckConstraint("state <> 'received' OR received_on IS NOT NULL", name="received_has_a_day"),
        Index("ix_quote_organisation", "organisation_id", "state"),
        Index("ix_quote_state", "state", "last_day"),
    )

    @property
    def offer(self) -> Offer:
        """What was sent, as a value."""
        deposit = None
        if self.deposit_percent is not None or self.deposit_amount is not None:
            deposit = Deposit(self.deposit_percent, self.deposit_amount)
        return Offer(
            subject=self.subject,
            lines=tuple(line.value for line in self.lines),
            conditions=self.conditions,
            derogations=tuple(
                Derogation(each["words"], date.fromisoformat(each["day"]), each["article"]) for each in self.derogations
            ),
            delivery=self.delivery,
            deposit=deposit,
            own_last_day=self.own_last_day,
        )

    @property
    def acceptance(self) -> "QuoteAct | None":
        """The client's acceptance that stands; None when there is none, or it was taken back."""
        last = None
        for act in self.acts:
            if act.act is Act.ACCEPTED:
                last = act
            elif act.act is Act.TAKEN_BACK:
                last = None
        return last

    @property
    def confirmation(self) -> "QuoteAct | None":
        """The PRESTATAIRE's acceptance."""
        return next((act for act in self.acts if act.act is Act.CONFIRMED), None)


class QuoteLine(Base):
    """One line of a quote that was sent."""

    __tablename__ = "quote_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"))
    position: Mapped[int]
    kind: Mapped[Kind] = mapped_column(one_of(Kind))
    description: Mapped[str] = mapped_column(Text)
    quantity: Mapped[Decimal] = mapped_column(Fixed(3))
    unit: Mapped[str] = mapped_column(String(60))
    unit_price: Mapped[Decimal] = mapped_column(Fixed(2))
    vat_rate: Mapped[Decimal] = mapped_column(Fixed(2))
    contract: Mapped[str | None] = mapped_column(String(60))  # for points: the kind it opens, or the one it adds to

    quote: Mapped[Quote] = relationship(back_populates="lines")

    __table_args__ = (UniqueConstraint("quote_id", "position"),)

    @property
    def value(self) -> Line:
        """The line, to reckon with."""
        return Line(
            self.kind, self.description, self.quantity, self.unit, self.unit_price, self.vat_rate, self.contract
        )  # fmt: skip


class Recipient(Base):
    """Somebody a quote was sent to, by a link of their own."""

    __tablename__ = "quote_recipient"

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(200))
    mail: Mapped[str] = mapped_column(String(320))
    link_key: Mapped[str] = mapped_column(String(64))  # in the mail's link; a new one ends the old link
    message_id: Mapped[str] = mapped_column(String(200), index=True)  # of the mail: delivery notices name it
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    forwarded_by: Mapped[str | None] = mapped_column(String(200))  # a colleague who may not sign
    bounced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bounced_with: Mapped[str | None] = mapped_column(Text)

    quote: Mapped[Quote] = relationship(back_populates="recipients")
    person: Mapped[Person] = relationship()

    __table_args__ = (UniqueConstraint("quote_id", "person_id"),)

    @property
    def reachable(self) -> bool:
        """Whether mails may still go there: not to who left the client, nor to who was erased (article 12)."""
        return self.person.active and self.person.organisation_id == self.quote.organisation_id and "@" in self.mail


class Reception(Base):
    """One thing that tells that a quote was received, and since which day; the earliest day counts."""

    __tablename__ = "quote_reception"

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    how: Mapped[How] = mapped_column(one_of(How))
    day: Mapped[date]
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: only the day is known
    who: Mapped[str] = mapped_column(String(400))
    words: Mapped[str] = mapped_column(Text, default="")
    proof_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    quote: Mapped[Quote] = relationship(back_populates="receptions")
    proof: Mapped[StoredFile | None] = relationship()

    __table_args__ = (CheckConstraint("how <> 'staff' OR proof_id IS NOT NULL", name="staff_with_a_proof"),)


class QuoteAct(Base):
    """What somebody did that binds or frees them: who, in which capacity, how they were known, to what they consented."""

    __tablename__ = "quote_act"

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    act: Mapped[Act] = mapped_column(one_of(Act))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    on: Mapped[date]  # the day that counts: of a paper, the one written on it
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(200))
    capacity: Mapped[str] = mapped_column(String(200), default="")
    mail: Mapped[str] = mapped_column(String(320), default="")
    identified_by: Mapped[str] = mapped_column(String(300), default="")
    consents: Mapped[list[str]] = mapped_column(JSON, default=list)  # the words beside each box that was ticked
    words: Mapped[str] = mapped_column(Text, default="")  # the reason
    ground: Mapped[Ground | None] = mapped_column(one_of(Ground))
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))  # of a signed paper
    ip: Mapped[str] = mapped_column(String(64), default="")
    user_agent: Mapped[str] = mapped_column(String(400), default="")
    entry: Mapped[int]  # in the log

    quote: Mapped[Quote] = relationship(back_populates="acts")
    scan: Mapped[StoredFile | None] = relationship()


class QuoteMessage(Base):
    """One message of the thread between a client and the sales person."""

    __tablename__ = "quote_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    form_key: Mapped[str] = mapped_column(String(64))
    side: Mapped[Side] = mapped_column(one_of(Side))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    author: Mapped[str] = mapped_column(String(200))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text)

    quote: Mapped[Quote] = relationship(back_populates="messages")

    __table_args__ = (UniqueConstraint("quote_id", "form_key"),)


class QuoteTemplate(Base):
    """Texts that staff begin a quote with."""

    __tablename__ = "quote_template"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    draft: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


guard(Quote.__table__, QUOTE, functions=QUOTE_FUNCTIONS)
guard(QuoteLine.__table__, LINES, functions=FUNCTIONS)
guard(
    QuoteAct.__table__,
    maskable(
        QuoteAct.__table__, "an act is never changed", ("id",), ("form_key",),
        masked=("name", "capacity", "mail", "identified_by", "consents", "words", "ip", "user_agent"),
    ),
)  # fmt: skip
