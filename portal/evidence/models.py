"""Tables of the log. The chain cannot be changed; what it commits to lies beside it and may be erased."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, UtcDateTime
from portal.evidence.chain import Link
from portal.guards import append_only, guard, only_emptied

DIGEST = 64


class Entry(Base):
    """One act: its moment, kind, commitment and link. No personal data, ever."""

    __tablename__ = "evidence_entry"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(80))
    commitment: Mapped[str] = mapped_column(String(DIGEST))
    previous: Mapped[str] = mapped_column(String(DIGEST))
    digest: Mapped[str] = mapped_column(String(DIGEST), unique=True)

    payload: Mapped["Payload"] = relationship(back_populates="entry", uselist=False)

    __table_args__ = (CheckConstraint("seq >= 1", name="seq_from_one"),)

    @property
    def link(self) -> Link:
        return Link(self.seq, self.at, self.kind, self.commitment, self.previous, self.digest)


class Payload(Base):
    """What an entry commits to, with its salt. An erasure empties both and leaves the chain verifiable."""

    __tablename__ = "evidence_payload"

    seq: Mapped[int] = mapped_column(ForeignKey("evidence_entry.seq"), primary_key=True, autoincrement=False)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    content: Mapped[str | None] = mapped_column(Text)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    entry: Mapped[Entry] = relationship(back_populates="payload")

    __table_args__ = (
        CheckConstraint("(salt IS NULL) = (content IS NULL)", name="salt_with_content"),
        CheckConstraint("(content IS NULL) = (erased_at IS NOT NULL)", name="erased_is_empty"),
    )


REFUSAL = "the evidence log is append-only"
guard(Entry.__table__, append_only("evidence_entry", REFUSAL, ("seq",), ("digest",)))
# What an entry commits to may be forgotten (an erasure under the GDPR), and nothing else may be done to it.
guard(
    Payload.__table__,
    only_emptied("evidence_payload", "the evidence log is only ever erased", "seq", ("content", "salt"), "erased_at"),
)
