"""The table of the thresholds that people of a client choose."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Person
from portal.contracts.models import Contract
from portal.db import Base, Fixed, UtcDateTime


class ContractAlert(Base):
    """Somebody wants to be told when a contract has this many points left or fewer: once each time it falls there."""

    __tablename__ = "contract_alert"

    id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    threshold: Mapped[Decimal] = mapped_column(Fixed(2))
    reached: Mapped[bool] = mapped_column(default=False)
    reached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    contract: Mapped[Contract] = relationship()
    person: Mapped[Person] = relationship()

    __table_args__ = (UniqueConstraint("contract_id", "person_id", "threshold"),)
