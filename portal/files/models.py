"""What the database knows of a stored file; its content lies in the store under its key."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, UtcDateTime


class StoredFile(Base):
    """One file, written once. ``scanned_at``: when the scanner found nothing, or when there was none to ask."""

    __tablename__ = "stored_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)  # unguessable; where the store keeps it
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))  # by content
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    kept_for: Mapped[str] = mapped_column(String(40), index=True)  # the room: "quotes", "tickets"
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    scanned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: the scanner was away
    infected_as: Mapped[str | None] = mapped_column(
        String(200), index=True
    )  # what the scanner found; the content is gone then
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    infection_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # somebody of the staff took note
    archived_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime
    )  # names an erased person: the archive alone opens it

    __table_args__ = (
        CheckConstraint("size > 0", name="not_empty"),
        CheckConstraint("infected_as IS NULL OR erased_at IS NOT NULL", name="infected_is_gone"),
    )

    @property
    def readable(self) -> bool:
        """Whether its content may be given out."""
        return self.erased_at is None and self.archived_at is None and self.scanned_at is not None
