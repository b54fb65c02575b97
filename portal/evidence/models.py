"""Tables of the log. The chain cannot be changed; what it commits to lies beside it and may be erased."""

from datetime import datetime

from sqlalchemy import DDL, CheckConstraint, ForeignKey, LargeBinary, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.schema import ExecutableDDLElement

from portal.db import Base, UtcDateTime
from portal.evidence.chain import Link

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

_FUNCTION = f"""CREATE FUNCTION evidence_entry_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"""
_NO_CHANGE = """CREATE TRIGGER evidence_entry_no_change BEFORE UPDATE OR DELETE ON evidence_entry
FOR EACH ROW EXECUTE FUNCTION evidence_entry_refuse()"""
_NO_TRUNCATE = """CREATE TRIGGER evidence_entry_no_truncate BEFORE TRUNCATE ON evidence_entry
FOR EACH STATEMENT EXECUTE FUNCTION evidence_entry_refuse()"""
_SQLITE = """CREATE TRIGGER evidence_entry_no_{0} BEFORE {0} ON evidence_entry
BEGIN SELECT RAISE(ABORT, '{1}'); END"""

# INSERT OR REPLACE deletes a row without firing its DELETE trigger.
_NO_REPLACE = f"""CREATE TRIGGER evidence_entry_no_replace BEFORE INSERT ON evidence_entry
WHEN EXISTS (SELECT 1 FROM evidence_entry WHERE seq = NEW.seq OR digest = NEW.digest)
BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"""  # noqa: S608 - no word of it comes from outside

#: DDL that makes the database itself refuse, per engine; the migration runs the same lines.
GUARDS: dict[str, tuple[str, ...]] = {
    "sqlite": (_SQLITE.format("update", REFUSAL), _SQLITE.format("delete", REFUSAL), _NO_REPLACE),
    "postgresql": (_FUNCTION, _NO_CHANGE, _NO_TRUNCATE),
}


def _ddl(statement: str, dialect: str) -> ExecutableDDLElement:
    # DDL fills in %-marks: none of ours is one.
    ddl: ExecutableDDLElement = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
    return ddl.execute_if(dialect=dialect)


for _dialect, _statements in GUARDS.items():
    for _statement in _statements:
        event.listen(Entry.__table__, "after_create", _ddl(_statement, _dialect))
event.listen(Entry.__table__, "after_drop", _ddl("DROP FUNCTION IF EXISTS evidence_entry_refuse()", "postgresql"))
