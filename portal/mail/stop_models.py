"""Addresses that some mails no longer reach: their owner had the use of their data frozen, or objected to it."""

from datetime import datetime

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, UtcDateTime


class MailStop(Base):
    """Mails that one address does not get any more. ``events`` are beginnings of ``OutgoingMail.event``.

    ``all_but``: everything is stopped but those; else those alone are.
    """

    __tablename__ = "mail_stop"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(320))  # lower case
    because: Mapped[str] = mapped_column(String(40))  # "restriction", or the key of the use objected to
    events: Mapped[list[str]] = mapped_column(JSON)
    all_but: Mapped[bool] = mapped_column(default=False)
    since: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("address", "because"),)

    def holds(self, event: str) -> bool:
        """Whether a mail of this event stays here."""
        return event.startswith(tuple(self.events)) is not self.all_but
