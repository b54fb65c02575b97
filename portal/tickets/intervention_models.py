"""Tables of the time worked: interventions, their entries, timers that run, what was contested, what was corrected."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Person
from portal.db import Base, Fixed, UtcDateTime, one_of
from portal.guards import guard, maskable
from portal.tickets.intervention_rules import Outcome, Step
from portal.tickets.models import Ticket


class WorkIntervention(Base):
    """One session or one visit: what the minimum and the rounding apply to, once."""

    __tablename__ = "intervention"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    step: Mapped[Step] = mapped_column(one_of(Step))
    day: Mapped[date]
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    counted_by: Mapped[str | None] = mapped_column(String(200))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))  # whose contracts paid
    terms_slug: Mapped[str | None] = mapped_column(String(40))  # whose tariff it was counted by
    terms_sha256: Mapped[str | None] = mapped_column(String(64))
    working: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # as the charge keeps it
    points: Mapped[Decimal | None] = mapped_column(Fixed(2))  # as charged first
    hour: Mapped[str | None] = mapped_column(String(20))  # technical or engineering (7.1.1)
    km: Mapped[Decimal | None] = mapped_column(Fixed(2))
    net: Mapped[Decimal | None] = mapped_column(Fixed(2))  # euros before tax

    ticket: Mapped[Ticket] = relationship()
    entries: Mapped[list["TimeEntry"]] = relationship(
        back_populates="intervention", order_by="TimeEntry.id", cascade="all, delete-orphan"
    )
    corrections: Mapped[list["TimeCorrection"]] = relationship(order_by="TimeCorrection.id", viewonly=True)

    __table_args__ = (
        CheckConstraint("(step IN ('charged', 'billed')) = (counted_at IS NOT NULL)", name="counted_has_a_moment"),
        CheckConstraint("(step = 'charged') = (points IS NOT NULL)", name="charged_in_points"),
        CheckConstraint("(step = 'billed') = (net IS NOT NULL)", name="billed_in_euros"),
        Index("ix_intervention_step", "step", "began_at"),
    )

    @property
    def worked(self) -> list[tuple[str, int]]:
        """(kind of work, minutes) of its entries, as they count now."""
        return [(entry.service, entry.counts) for entry in self.entries]

    @property
    def points_now(self) -> Decimal | None:
        """Its points once corrected."""
        return self.corrections[-1].points if self.corrections else self.points


class TimeEntry(Base):
    """Minutes of one kind of work. ``corrected``: those that count since it was corrected."""

    __tablename__ = "time_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    intervention_id: Mapped[int] = mapped_column(ForeignKey("intervention.id"), index=True)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    service: Mapped[str] = mapped_column(String(40))  # a key of the tariff
    minutes: Mapped[int]
    corrected: Mapped[int | None]
    words: Mapped[str] = mapped_column(String(500))  # what was done: the client reads it
    technician_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    technician: Mapped[str] = mapped_column(String(200))
    typed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    typed_by: Mapped[str] = mapped_column(String(200))

    intervention: Mapped[WorkIntervention] = relationship(back_populates="entries")
    contests: Mapped[list["TimeContest"]] = relationship(back_populates="entry", order_by="TimeContest.id")

    __table_args__ = (CheckConstraint("minutes > 0", name="some_minutes"),)

    @property
    def counts(self) -> int:
        """The minutes that count now."""
        return self.minutes if self.corrected is None else self.corrected


class TimeTimer(Base):
    """Somebody's timer: one at a time."""

    __tablename__ = "time_timer"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)

    ticket: Mapped[Ticket] = relationship()


class TimeContest(Base):
    """An entry that the client contests (7.2), and what was answered. There is no count of them anywhere."""

    __tablename__ = "time_contest"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("time_entry.id"), index=True)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    by: Mapped[str] = mapped_column(String(200))
    by_mail: Mapped[str] = mapped_column(String(320))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[Outcome | None] = mapped_column(one_of(Outcome))
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[str | None] = mapped_column(String(200))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    entry: Mapped[TimeEntry] = relationship(back_populates="contests")
    person: Mapped[Person | None] = relationship()

    __table_args__ = (
        CheckConstraint(
            "(outcome IS NULL) = (answer IS NULL) AND (outcome IS NULL) = (answered_at IS NULL)", name="answered_whole"
        ),
        Index("ix_time_contest_waiting", "outcome", "at"),
    )


class TimeCorrection(Base):
    """An intervention counted anew, with its reason: what it was, what it is. Added, never changed."""

    __tablename__ = "time_correction"

    id: Mapped[int] = mapped_column(primary_key=True)
    intervention_id: Mapped[int] = mapped_column(ForeignKey("intervention.id"), index=True)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    points_before: Mapped[Decimal | None] = mapped_column(Fixed(2))
    points: Mapped[Decimal | None] = mapped_column(Fixed(2))
    net_before: Mapped[Decimal | None] = mapped_column(Fixed(2))
    net: Mapped[Decimal | None] = mapped_column(Fixed(2))
    minutes: Mapped[dict[str, Any]] = mapped_column(JSON)  # entry -> [before, after]
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


REFUSAL = "a correction of time is only added"
guard(
    TimeCorrection.__table__,
    maskable(TimeCorrection.__table__, REFUSAL, ("id",), ("form_key",), masked=("reason", "by")),
)
