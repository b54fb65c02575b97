"""The table of the last numbers given."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Series(Base):
    """The last number of a series in a year: its row is the queue of those who ask for the next one."""

    __tablename__ = "number_series"

    name: Mapped[str] = mapped_column(String(10), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
