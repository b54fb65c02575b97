"""The table of which mails about points somebody wants."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Person
from portal.db import Base, UtcDateTime


class PointsMails(Base):
    """What somebody chose; who has no row is written to at each movement and gets no statement."""

    __tablename__ = "points_mails"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    chosen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    movements: Mapped[bool] = mapped_column(default=True)  # a mail each time points move
    monthly_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a statement each month, from the one after

    person: Mapped[Person] = relationship()
