"""The table of the formal notices of contracts."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.contracts.models import Contract
from portal.contracts.notice_rules import Sender
from portal.db import Base, UtcDateTime, one_of


class ContractNotice(Base):
    """A formal notice, either way, as staff recorded it: what is owed, when it was received, how it was answered."""

    __tablename__ = "contract_notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    sender: Mapped[Sender] = mapped_column(one_of(Sender))
    breach: Mapped[str] = mapped_column(Text)
    received_on: Mapped[date]
    received_how: Mapped[str] = mapped_column(String(300))  # what shows it: a receipt, a sealed letter
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str] = mapped_column(String(200))
    made_good_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_good: Mapped[str | None] = mapped_column(Text)  # how, or why it was withdrawn
    made_good_by: Mapped[str | None] = mapped_column(String(200))

    contract: Mapped[Contract] = relationship()

    __table_args__ = (CheckConstraint("(made_good_at IS NULL) = (made_good IS NULL)", name="made_good_in_words"),)
