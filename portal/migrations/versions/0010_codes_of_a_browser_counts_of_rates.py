"""Codes bound to the browser that asked for them, counts of rates, contents of the log that are only ever erased"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

REFUSAL = "the evidence log is only ever erased"
ERASED = (
    "NEW.seq = OLD.seq AND OLD.content IS NOT NULL AND NEW.content IS NULL AND NEW.salt IS NULL "
    "AND NEW.erased_at IS NOT NULL"
)
GUARDS = {
    "sqlite": (
        f"""CREATE TRIGGER evidence_payload_no_update BEFORE UPDATE ON evidence_payload
WHEN NOT ({ERASED})
BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
        f"""CREATE TRIGGER evidence_payload_no_delete BEFORE delete ON evidence_payload
BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
        f"""CREATE TRIGGER evidence_payload_no_replace BEFORE INSERT ON evidence_payload
WHEN EXISTS (SELECT 1 FROM evidence_payload WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",  # noqa: S608 - no word of it comes from outside
    ),
    "postgresql": (
        f"""CREATE FUNCTION evidence_payload_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF {ERASED} THEN RETURN NEW; END IF; END IF;
RAISE EXCEPTION '{REFUSAL}'; END $$""",
        """CREATE TRIGGER evidence_payload_no_change BEFORE UPDATE OR DELETE ON evidence_payload
FOR EACH ROW EXECUTE FUNCTION evidence_payload_refuse()""",
        """CREATE TRIGGER evidence_payload_no_truncate BEFORE TRUNCATE ON evidence_payload
FOR EACH STATEMENT EXECUTE FUNCTION evidence_payload_refuse()""",
    ),
}


def upgrade() -> None:
    """Towards the new schema."""
    op.create_table(
        "rate_window",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_window")),
    )
    op.create_index(op.f("ix_rate_window_ends_at"), "rate_window", ["ends_at"])
    # A code lives for ten minutes: those on their way are asked for again.
    _make_codes(
        sa.Column("browser", sa.String(length=64), nullable=False), sa.Column("known", sa.Boolean(), nullable=False)
    )
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Back to the old one."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER evidence_payload_no_change ON evidence_payload")
        op.execute("DROP TRIGGER evidence_payload_no_truncate ON evidence_payload")
        op.execute("DROP FUNCTION evidence_payload_refuse()")
    else:
        for name in ("update", "delete", "replace"):
            op.execute(f"DROP TRIGGER evidence_payload_no_{name}")
    _make_codes()
    op.drop_index(op.f("ix_rate_window_ends_at"), table_name="rate_window")
    op.drop_table("rate_window")


def _make_codes(*more: sa.Column[object]) -> None:
    op.drop_index("ix_mail_code_person", table_name="mail_code")
    op.drop_table("mail_code")
    op.create_table(
        "mail_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        *more,
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_mail_code_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_code")),
    )
    op.create_index("ix_mail_code_person", "mail_code", ["person_id", "sent_at"])
