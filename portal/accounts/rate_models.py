"""How often something was asked from one place: counted in the database, so that every server process counts together."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class RateWindow(Base):
    """One count. Its key is a digest (whose address it was cannot be read back); moments are seconds since 1970."""

    __tablename__ = "rate_window"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    hits: Mapped[int]
    ends_at: Mapped[int] = mapped_column(BigInteger, index=True)
